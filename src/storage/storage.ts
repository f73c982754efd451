import type { Finding } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Repository } from './git/repository.ts';
import type { Lack } from './lack.ts';

/** `name@version`: what a revision is called, whichever layer holds it. */
export type RevisionId = string & { readonly __brand: 'RevisionId' };

/** A file of a revision: its path in the package, and its content. */
export interface PackageFile {
  /** Parts joined by `/`; any characters but NUL. */
  readonly path: string;
  /** git's object id of the content: equal ids are equal bytes, whatever the kind of storage. */
  readonly content: string;
}

/** A package at one version as one layer holds it, before anything inside is read. */
export interface Revision {
  readonly id: RevisionId;
  readonly name: string;
  readonly version: string;
  readonly layer: string;
  /** Its place in the storage, for messages: `packages/acme/1.0.0`. */
  readonly where: string;
  /** git's id of what it is: of a tree, or of the zip. Equal ids are equal content, whatever the kind of storage. */
  readonly source: string;
  /** Whether `source` is a published zip, which is served byte for byte. */
  readonly zipped: boolean;
  /** The content id of the signature beside it. */
  readonly signature: string | undefined;
}

/** The files of one revision, and findings that the listing alone shows, such as symbolic links. */
export interface RevisionFiles {
  /** In walk order (`comparePaths`); of a zip in the order of its entries. */
  readonly files: readonly PackageFile[];
  /** The empty folders of a folder package. Of a zip, the folders that have an entry. */
  readonly folders: readonly string[];
  /** The content id of the zip, if the revision is one. */
  readonly zip: string | undefined;
  readonly findings: readonly Finding[];
}

/** How much something takes in a site. */
export interface Extent {
  /** Files and folders. */
  readonly files: number;
  /** Of all files; of a zip package those of the zip, too. */
  readonly bytes: number;
}

/** One branch at one commit, one folder, or what is held of a registry. */
export interface Layer {
  readonly name: string;
  /** The branch, tag or commit as the configuration names it; the folder; or the URL of the registry, without credentials. */
  readonly ref: string;
  /** The full commit id; undefined for a folder. For a registry, the digest of what is held of it. */
  readonly commit: string | undefined;
  readonly revisions: readonly Revision[];
  /** Findings about the layer itself, and not about one of its revisions. */
  readonly findings: readonly Finding[];
}

/** The repository or folder that holds layers. */
export type OwnStorage = GitStorage | DirectoryStorage;

/** Everything that holds layers of a distribution. */
export type Storage = OwnStorage | MixedStorage;

export interface GitStorage extends Reading {
  readonly kind: 'git';
  readonly repository: Repository;
  /** Whether it is a copy in the cache, of a bundle or of a repository elsewhere, which nobody must change. */
  readonly isClone: boolean;
}

export interface DirectoryStorage extends Reading {
  readonly kind: 'directory';
  /** Takes in a package from anywhere, a folder or a zip: its `source`, by which this storage lists it. */
  take(path: string): Promise<string>;
}

/** Layers that the cache holds of registries, beside those of a storage. */
export interface MixedStorage extends Reading {
  readonly kind: 'mixed';
  /** Undefined if no layer lies in a storage. */
  readonly own: OwnStorage | undefined;
  /** The layers that are registries, by name. */
  readonly registries: ReadonlyMap<string, Layer>;
  /** The bytes of each zip that is held, by content. */
  readonly zipSizes: ReadonlyMap<string, number>;
}

/** What can be asked of every storage. */
interface Reading {
  /** What is larger is not read. */
  readonly limits: Limits;
  /** Throws a `Stop` if there is no such layer. */
  readLayer(spec: LayerSource): Promise<Layer>;
  listFiles(revision: Revision): Promise<RevisionFiles>;
  /** How much a revision is, before anything of it is read. Undefined where `listFiles` tells why there is nothing of it. */
  extent(revision: Revision): Promise<Extent | undefined>;
  /** The bytes of a content that this storage listed, without reading it; undefined where that isn't known. */
  size(content: string): Promise<number | undefined>;
  /** The content of an id that this storage listed. Its bytes are what the id says. */
  read(content: string): Promise<Buffer | Lack>;
  /** Those of the contents, all listed by this storage, that it is known to lack. Throws a `Stop` where it can't be asked. */
  lacks(contents: readonly string[]): Promise<ReadonlyMap<string, Lack>>;
  close(): Promise<void>;
}

/** Which layer to read. `packages` is the folder that holds `<name>/<version>/`; '' is the layer itself. */
export interface LayerSource {
  readonly name: string;
  readonly ref: string;
  readonly packages: string;
}

/** The repository that holds layers; undefined if they lie in a folder, or all of them are registries. */
export function repositoryOf(storage: Storage): Repository | undefined {
  const own = storage.kind === 'mixed' ? storage.own : storage;
  return own?.kind === 'git' ? own.repository : undefined;
}

/** The id of a revision, from the names of its folders. */
export function revisionId(name: string, version: string): RevisionId {
  return `${name}@${version}` as RevisionId;
}
