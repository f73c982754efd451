/*
 * Every code of `errors.ts`, and what it means. A code is permanent: scripts and `--json` reports rely on it. A code that is not
 * listed here doesn't compile; docs/errors.md has the same lines, and says what to do about each.
 */

/** The codes of findings. */
export const findingCodes = {
  'answer-differs': 'a live site gives another answer than the current release of the store',
  'asset-count':
    'the site has more different files than Cloudflare takes on the free plan (warning) or on any plan (error)',
  'asset-size': 'a file is larger than Cloudflare takes',
  behind: 'a branch lacks commits of the branch of the same name at `origin`',
  case: 'two paths or names differ only in upper and lower case',
  category: "a package names a category that the registry doesn't know; the category is left out",
  collision: 'two layers hold different content for the same version',
  'file-changed': 'a file of a site is not what the lists of the site say',
  'file-extra': 'a file lies in a site, or in the folder of a host, and no list names it',
  'file-missing': "a file that a list of the site names isn't there",
  'folder-version':
    'the folder of a package is called by another version than its manifest says; they differ in build metadata only',
  'host-stale': 'the folder of a host is of another build than the site beside it',
  gone: 'the cache holds a version that its registry no longer lists',
  installed: "the file of `keep.installed` lists a version that the distribution doesn't have",
  kibana: 'the registry serves this package, and Kibana refuses to install it; the message names what to add',
  damaged: "an object of the repository isn't what its id says, or is none that git writes",
  'large-file': 'a file has more than 25 MiB',
  'large-package': 'a package has more than 250 MB',
  limit: 'something in a storage is larger than a limit of the configuration, and is not read',
  'manifest-changed': 'the site manifest is not the one that `release.json` names',
  missing: 'the git repository lacks something that a layer names',
  modes: 'a change of a published version changes only the modes of files',
  moved: 'with `--locked`, a layer has moved on since the lock file was written; the build uses the locked commit',
  names:
    "a name that some file system can't hold, or that differs from another only by the Unicode form of its letters",
  'no-artifacts': 'the index of a site was exported, and the site has no answers below `/artifacts/`',
  'not-a-file':
    'something that is neither a file nor a folder (a symbolic link, a submodule) stands where a package belongs',
  'not-built': 'while a site is watched, it could not be built; the message says why',
  'not-newer': 'a new version is not newer than those in higher layers, whose clients would never get it',
  'not-promoted': 'a change removes a promoted version before the higher layer has it',
  'object-changed': 'an object of a store is not what the release says that needs it',
  'object-missing': 'a store lacks an object that a release needs',
  'other-name': 'the folder of a host looks for the site in a folder of another name',
  'other-config': "the distributions file at hand differs from the storage's own, which counts",
  'other-site': 'a site is not the one that the given `release.json` or bundle is about',
  overwrite:
    "a change overwrites a published version, which the layer's `overwrite` rule forbids (error) or reports (warning)",
  packages: 'a change touches several packages',
  promoted: 'a version is removed that a higher layer holds with the same content',
  remove:
    "a change removes a version that no higher layer holds; the layer's `remove` rule forbids it (error) or it has a reason (warning)",
  'purge-failed': 'a CDN did not take all URLs that answer otherwise since a release became current',
  refused: 'a registry lists a version and does not give it, or gives something else; nothing of it counts',
  replaced: 'a registry gives other bytes for a version than before; with `--refresh`, the new ones count',
  requires:
    'a package that is promoted, or stays in a subset, requires one that the target layer, or the distribution, lacks',
  repaired: 'somebody changed files of the site since the last build; the build made the site anew',
  signature:
    'the file beside a package is no OpenPGP signature, or, in a layer with `keys`, no signature of that zip by one of them, or it is missing',
  shared:
    'two layers hold the same version with the same content: it was promoted, and not removed from the lower layer',
  'site-disagrees': 'two files of a site say different things of the same package, file or answer',
  stray: 'a file in the folder of packages belongs to no package',
  'takes-nothing': 'a registry lists no packages, or a line of `take` matches none of them',
  'too-old': 'the current release of a store was published longer ago than `--max-age`',
  title: "the title of a pull request doesn't begin with its layer",
  twice: 'a layer holds a version both as a folder and as a zip, or `add` was given a version twice',
  unfit: 'the registry would not serve this package; the message names the file and the reason',
  vanishes: 'a distribution has the lower layer of a promotion and not the higher one, so it loses what is promoted',
};

/** The codes of stops. */
export const stopCodes = {
  'bad-bundle': 'a file is no bundle, or a damaged one; the message names the part of it that is wrong',
  'bad-certificate': "a certificate or its key can't be used for TLS; the message says why",
  'bad-config': 'the distributions file, or a table beside it, is wrong; every mistake is listed with its place',
  'bad-installed': "the file of `keep.installed` can't be read, or doesn't list packages",
  'bad-key': "a file of `keys` can't be read, or holds no armored public key",
  'bad-lock': "the lock file can't be read or is not one",
  'bad-output':
    "a file or folder that would be written is a link; or a build's folder lies in the storage, or holds the storage or the cache",
  'bad-path': "the path of a site has a character that a configuration of nginx can't hold",
  'bad-registry': 'the URL of a registry, its token or the URL of a proxy is no such thing',
  'bad-release': 'what is given as a `release.json` is none, or its seal is broken',
  'bad-request': '`explain --url` is not a query, or the registry answers 400 to it',
  'bad-version': 'a version is not written as the option needs it',
  'branch-exists': 'the branch that a command would make exists and holds something else',
  changed: 'a file was changed while it was read',
  'checked-out': '`--apply` would move a branch that a work tree has checked out',
  damaged: "the commit or the folder of packages of a layer isn't what its id says, or is none that git writes",
  'diff-kinds': '`diff` was given two things of different kinds',
  'git-failed': 'git ended with an error, which the message repeats',
  'lacks-contents': 'a folder lacks contents on which a bundle builds; `want.json` says what it holds',
  'layer-twice': 'a distribution names a layer twice',
  'lock-lost':
    'another build took over the lock of the site, since this one showed no sign of life for a while; perhaps it was suspended',
  'lost-race': 'another release became current in a store while this one was published',
  missing: 'the repository lacks an object',
  moved:
    'a branch was moved by somebody else meanwhile; or, with `--locked`, a layer is no longer what the lock file has',
  'no-bundle': 'the code for a host was not compiled',
  'no-commit': 'a folder storage has no commits to lock',
  'no-commits': 'a folder storage has no commits to compare',
  'no-config': "there is no distributions file, or it can't be read",
  'no-git': 'git is not installed',
  'no-identity': "git doesn't know whose commits these are",
  'no-layer': 'the storage has no branch, tag, commit or folder for a layer; or no layer was named',
  'no-package': 'a path given to `add` is not a package',
  'no-packages': 'a layer has no folder of packages',
  'not-watched': "a storage that is a URL can't be watched for changes",
  'no-port': "the port can't be opened",
  'no-registry':
    "a registry can't be asked, gives no list of its packages, or with `gone: drop` an empty one though some are held",
  'no-release': 'nothing was published to a store, or it has no such release',
  'no-revision': 'a layer has no such version of a package',
  'no-site': 'no site was named, or there is none in the folder',
  'no-space': 'the disk has too little room for what a bundle makes',
  'no-storage': "the storage doesn't exist, or is a file that is no git bundle",
  'not-a-folder': 'a path of a layer is a file where a folder is needed',
  'not-a-site': 'a folder is no site, or not a whole one',
  'not-empty': '`init` was given a folder that is not empty',
  'not-higher': 'the target of a promotion is not above its source in any distribution',
  'not-locked': "the lock file doesn't have this distribution",
  'not-writable': "the storage can't be changed from here: it is a URL, a folder or a bundle",
  'no-target': 'an option was given that another target needs',
  offline: 'with `--offline`, a storage that was never fetched, or a registry of which the cache lacks something',
  'other-distribution': 'a store holds another distribution than the site that is published',
  outside: 'a layer, or its folder of packages, is a link or a path out of the storage',
  'registry-layer': 'a layer is a registry: it has no refs, and nobody can change it from here',
  reserved: "a file in `static/` would lie among the site's own files",
  'store-damaged': "an object of a store is missing, or isn't what its name says",
  'store-failed': 'an object store refused a request, or gave no answer',
  'tag-exists': 'the tag of a release exists already',
  twice: 'a layer holds a version both as a folder and as a zip',
  'unknown-distribution': 'the configuration has no such distribution',
  'unknown-layer': 'the configuration or the distribution has no such layer',
  'unknown-package': 'the distribution has no such package',
  usage: "the arguments don't go together",
};

export type FindingCode = keyof typeof findingCodes;
export type StopCode = keyof typeof stopCodes;
