import { escapePath } from '../core/path.ts';
import { signaturePath, zipPath } from '../tree/layout.ts';
import type { JsonObject } from '../tree/json.ts';
import { decodeText, toByteString } from '../tree/text.ts';
import { changelogBlocks } from './changelog.ts';
import { fieldBlocks } from './fields-page.ts';
import { html } from './html.ts';
import type { Content, Html } from './html.ts';
import { reachOf, reachPicture, reachText } from './kibana-releases.ts';
import type { Reach } from './kibana-releases.ts';
import { listItem } from './list-page.ts';
import { packageFiles } from './package-files.ts';
import type { PackageFiles } from './package-files.ts';
import type { ListItem, PackageFacts, RevisionFacts } from './package-facts.ts';
import { pagesOf, tables } from './paged.ts';
import { LONGEST_MARKDOWN, markdownBlocks } from './readme.ts';
import { REQUIRED_BY } from './required-by.ts';
import { counted, packageFolder, pageOf, shownSize } from './shell.ts';
import type { Page } from './shell.ts';
import { settingBlocks } from './settings-page.ts';
import { iconOf, newestOf, objectIn, objectsIn, textIn } from './values.ts';

/*
 * The pages of a package: what it is and its versions, its readme, its settings, its fields, and what changed.
 */

/** A package's part of the site's pages. */
export interface PackagePages {
  readonly item: ListItem;
  /** The names of the packages that the newest version requires. */
  readonly requires: readonly string[];
  readonly pages: readonly Page[];
}

/** From the pages of a package to the root of the registry. */
const ROOT = '../../';

/** Renders the pages of a package. */
export function packagePages(facts: PackageFacts): PackagePages {
  const { version } = newestOf(facts);
  const files = packageFiles({ name: facts.name, version, files: facts.files }, ROOT);
  const matters = mattersOf(facts, files);
  const links = matters.filter(({ blocks }) => blocks.length > 0);
  const tabs = (current: string): Html =>
    html`<nav class="tabs" aria-label="Package">
      <ul>
        ${[OVERVIEW, ...links].map(
          ({ file, title }) =>
            html`<li>
              <a href="${file === OVERVIEW.file ? './' : file}" ${file === current && html` aria-current="page"`}
                >${title}</a
              >
            </li>`,
        )}
      </ul>
    </nav>`;
  const pages = links.flatMap(({ file, title, blocks, source }) =>
    pagesOf({
      path: packageFolder(facts.name) + file,
      title: `${title} · ${titleOf(facts)}`,
      distribution: facts.distribution,
      top: html`${head(facts, files)}${tabs(file)}
        <h2>${title} of ${version}</h2>`,
      blocks,
      instead: () => tooLong(source === undefined ? undefined : files.passive(source, '')),
    }),
  );
  const requires = requiredIn(facts.index).flatMap((one) => textIn(one, 'package') ?? []);
  return { item: listItem(facts), requires, pages: [overview(facts, files, tabs(OVERVIEW.file)), ...pages] };
}

function tooLong(address: string | undefined): Html {
  return html`<p class="note">
    A part that is too long for a page is left out
    here.${address !== undefined && html` <a href="${address}">The whole file</a> has it.`}
  </p>`;
}

const OVERVIEW = { file: 'index.html', title: 'Overview' };

/** Something that a package says at length. */
interface Matter {
  readonly file: string;
  readonly title: string;
  readonly blocks: readonly Html[];
  /** The file of the package that it is in. */
  readonly source?: string;
}

function mattersOf(facts: PackageFacts, files: PackageFiles): Matter[] {
  return [
    { file: 'readme.html', title: 'Readme', blocks: readmeBlocks(facts, files), source: README },
    { file: 'settings.html', title: 'Settings', blocks: settingBlocks(facts.index) },
    { file: 'fields.html', title: 'Fields', blocks: fieldBlocks(facts) },
    { file: 'changelog.html', title: 'Changes', blocks: changelogBlocks(facts), source: 'changelog.yml' },
  ];
}

const README = 'docs/README.md';

function readmeBlocks(facts: PackageFacts, files: PackageFiles): Html[] {
  const readme = facts.read(README);
  if (!readme) return [];
  const text = decodeText(readme);
  const blocks = markdownBlocks({ text, files, folder: 'docs', level: 2, prefix: 'readme-' });
  return text.length > LONGEST_MARKDOWN ? [...blocks, tooLong(files.passive(README, ''))] : blocks;
}

function titleOf({ name, index }: PackageFacts): string {
  return textIn(index, 'title') ?? name;
}

function head(facts: PackageFacts, files: PackageFiles): Html {
  const icon = iconOf(facts, files);
  return html`<div class="head">
    ${icon !== undefined && html`<img src="${icon}" alt="" width="48" height="48" />`}
    <div>
      <h1>${titleOf(facts)}</h1>
      <p>${facts.name} ${newestOf(facts).version}</p>
    </div>
  </div> `;
}

function overview(facts: PackageFacts, files: PackageFiles, tabs: Html): Page {
  const reach = reachOf(facts.revisions);
  const picture = reachPicture(reach);
  return pageOf({
    path: `${packageFolder(facts.name)}index.html`,
    title: titleOf(facts),
    distribution: facts.distribution,
    body: html`${head(facts, files)}${tabs}${deprecatedNote(facts.index)}
      <p class="lead">${textIn(facts.index, 'description')}</p>
      ${factList(facts)}${screenshots(facts, files)}
      <h2>Versions</h2>
      ${
        picture !== undefined &&
        html`<h3>What each Kibana gets</h3>
          ${picture}
          <p class="note">
            The newest version that is no pre-release and that the last patch of a Kibana release accepts.
          </p>`
      }
      <h3 id="versions">All versions</h3>
      ${versionTables(facts, reach)}`,
  });
}

function deprecatedNote(index: JsonObject): Content {
  if (index['deprecated'] === undefined) return false;
  const deprecated = objectIn(index, 'deprecated');
  const replacement = textIn(objectIn(deprecated, 'replaced_by'), 'package');
  return html`<p class="warning">
    <b>Deprecated</b>${textIn(deprecated, 'since') !== undefined && html` since ${textIn(deprecated, 'since')}`}.
    ${textIn(deprecated, 'description')}${replacement !== undefined && html` Use ${packageLink(replacement)} instead.`}
  </p>`;
}

function packageLink(name: string): Html {
  return /^[a-z0-9_]+$/.test(name) ? html`<a href="../${packageFolder(name)}">${name}</a>` : html`${name}`;
}

function factList(facts: PackageFacts): Html {
  const { index, categories, name } = facts;
  const newest = newestOf(facts);
  const conditions = objectIn(index, 'conditions');
  const elastic = objectIn(conditions, 'elastic');
  const zip = zipPath(name, newest.version);
  const owner = objectIn(index, 'owner');
  const rows: [string, Content][] = [
    ['Newest version', html`${newest.version}, from the layer ${newest.layer}`],
    [
      'Download',
      html`<a href="${ROOT}${address(zip)}" download>${zip.slice(zip.lastIndexOf('/') + 1)}</a>,
        ${shownSize(newest.size)}`,
    ],
    ['Kibana', newest.kibana],
    ['Agent', textIn(objectIn(conditions, 'agent'), 'version')],
    ['Subscription', textIn(elastic, 'subscription')],
    ['Capabilities', listed(elastic['capabilities'])],
    [
      'Categories',
      Array.isArray(index['categories']) &&
        index['categories'].map((id) => categories.get(String(id)) ?? String(id)).join(', '),
    ],
    ['Type', textIn(index, 'type')],
    ['Release', textIn(index, 'release')],
    ['Owner', [textIn(owner, 'github'), textIn(owner, 'type')].filter((text) => text !== undefined).join(', ')],
    ['License', textIn(index, 'license')],
    ['Requires', requirements(index)],
  ];
  const shown = rows.filter(([, value]) => value !== undefined && value !== false && value !== '');
  return html`<dl class="facts">
    ${shown.map(
      ([title, value]) =>
        html`<div>
          <dt>${title}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
    ${REQUIRED_BY}
  </dl> `;
}

function listed(value: JsonObject[string] | undefined): string {
  return Array.isArray(value) ? value.map(String).join(', ') : '';
}

function requiredIn(index: JsonObject): JsonObject[] {
  const requires = objectIn(index, 'requires');
  return ['input', 'content'].flatMap((kind) => objectsIn(requires, kind));
}

function requirements(index: JsonObject): Content {
  const all = requiredIn(index);
  if (all.length === 0) return false;
  return all.map(
    (one, i) => html`${i > 0 && ', '}${packageLink(textIn(one, 'package') ?? '')} ${textIn(one, 'version')}`,
  );
}

function screenshots({ index }: PackageFacts, files: PackageFiles): Content {
  const shown = objectsIn(index, 'screenshots').flatMap((one) => {
    const source = files.image(textIn(one, 'src') ?? '', '');
    return source === undefined
      ? []
      : html`<img src="${source}" alt="${textIn(one, 'title') ?? 'Screenshot'}" loading="lazy" />`;
  });
  return (
    shown.length > 0 && html`<div class="screenshots" tabindex="0" role="group" aria-label="Screenshots">${shown}</div>`
  );
}

function address(path: string): string {
  return escapePath(toByteString(path));
}

function versionTables(facts: PackageFacts, reach: Reach): Content {
  const rows = facts.revisions.toReversed().map((revision) => versionRow(facts.name, revision, reach));
  const shown = rows.slice(0, MOST_ROWS);
  const rest =
    rows.length > shown.length &&
    html`<p class="note">And ${counted(rows.length - shown.length, 'older version')}.</p>`;
  return html`${tables(['Version', 'Layer', 'Since', 'Kibana', 'Gets it', 'Zip'], shown, 'Versions')}${rest}`;
}

/** So many rows fit on the page. */
const MOST_ROWS = 160;

function versionRow(name: string, revision: RevisionFacts, reach: Reach): Html {
  const { version, layer, arrived, kibana, isExperimental, size, isSigned } = revision;
  const day = arrived?.slice(0, 10);
  const signature = isSigned && html` <a href="${ROOT}${address(signaturePath(name, version))}" download>signature</a>`;
  return html`<tr>
    <th scope="row">${version}${isExperimental && ' (experimental)'}</th>
    <td>${layer}</td>
    <td>${day !== undefined && html`<time datetime="${arrived}">${day}</time>`}</td>
    <td>${kibana}</td>
    <td>${reachText(reach, version)}</td>
    <td>
      <a
        href="${ROOT}${address(zipPath(name, version))}"
        download
        aria-label="${shownSize(size)}, zip of ${name} ${version}"
        >${shownSize(size)}</a
      >${signature}
    </td>
  </tr> `;
}
