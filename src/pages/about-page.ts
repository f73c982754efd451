import { RELEASE } from '../tree/layout.ts';
import { html } from './html.ts';
import type { Content } from './html.ts';
import { counted, packageFolder, pageOf, shownSize, UPDATES, WAITING } from './shell.ts';
import type { Page } from './shell.ts';
import { tables } from './paged.ts';
import { sizePicture } from './size-picture.ts';
import { feedLinks, feedNote, updateBlock } from './updates.ts';
import type { UpdateFacts } from './updates.ts';
import { waitingAnchor } from './waiting-page.ts';
import type { WaitingLayer } from './waiting-page.ts';

/* The page about the distribution itself. */

export interface AboutFacts {
  readonly distribution: string;
  /** The version that the registry reports. */
  readonly registry: string;
  /** In rank order. */
  readonly layers: readonly { readonly name: string; readonly versions: number }[];
  /** What waits in each layer below the first. */
  readonly waiting: readonly WaitingLayer[];
  /** Undefined if none is known. */
  readonly newest: UpdateFacts | undefined;
  /** Each package, with the bytes of its zips and the number of its versions. */
  readonly packages: readonly SizedPackage[];
  /** What the build warned of. */
  readonly findings: readonly { readonly code: string; readonly where: string; readonly text: string }[];
}

export interface SizedPackage {
  readonly name: string;
  readonly title: string;
  readonly versions: number;
  readonly bytes: number;
}

export function aboutPage(facts: AboutFacts): Page {
  const { distribution, registry, layers, waiting, newest, packages, findings } = facts;
  const total = packages.reduce((sum, { bytes }) => sum + bytes, 0);
  const layerRows = layers.map(
    ({ name, versions }, rank) =>
      html`<tr>
        <th scope="row">${name}</th>
        <td>${counted(versions, 'version')}</td>
        ${waiting.length > 0 && html`<td>${waitingNote(waiting[rank - 1], rank - 1)}</td>`}
      </tr> `,
  );
  return pageOf({
    path: 'about.html',
    title: `About ${distribution}`,
    distribution,
    head: newest && feedLinks(distribution),
    body: html`<h1>About ${distribution}</h1>
      <p>
        An Elastic Package Registry that reports version ${registry}.
        <a href="../${RELEASE}">Which commits it is built from</a>.
      </p>
      <h2>Layers</h2>
      <p>If two layers hold the same version of a package, the first one wins.</p>
      ${tables(waiting.length > 0 ? ['Layer', 'It serves', 'What waits'] : ['Layer', 'It serves'], layerRows, 'Layers')}
      ${newest && newestUpdate(newest)}
      <h2>Sizes</h2>
      <p>${counted(packages.length, 'package')}, ${shownSize(total)} of zips.</p>
      ${sizePicture(packages)} ${sizeTable(packages)}
      <h2>Findings of the build</h2>
      ${findingList(findings)}`,
  });
}

function waitingNote(layer: WaitingLayer | undefined, i: number): Content {
  if (!layer) return 'Nothing: it is the highest';
  return html`<a href="${WAITING}#${waitingAnchor(i)}"
    >${counted(layer.packages.length, 'package')} for ${layer.for}</a
  >`;
}

function newestUpdate(newest: UpdateFacts): Content {
  return html`<h2>The last update</h2>
    ${updateBlock(newest, 3)}
    <p><a href="${UPDATES}">All updates</a>. ${feedNote()}</p>`;
}

function sizeTable(packages: readonly SizedPackage[]): Content {
  const largest = [...packages].sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1)).slice(0, MOST_ROWS);
  const rows = largest.map(
    ({ name, title, versions, bytes }) =>
      html`<tr>
        <th scope="row"><a href="${packageFolder(name)}">${title}</a></th>
        <td>${versions}</td>
        <td>${shownSize(bytes)}</td>
      </tr> `,
  );
  return rows.length > 0 && tables(['The largest packages', 'Versions', 'Size'], rows, 'The largest packages');
}

const MOST_ROWS = 25;

function findingList(findings: AboutFacts['findings']): Content {
  if (findings.length === 0) return html`<p>None.</p>`;
  const shown = findings.slice(0, MOST_FINDINGS);
  const rest = findings.length - shown.length;
  return html`<ul>
      ${shown.map(({ code, where, text }) => html`<li><code>${code}</code> ${where} ${text}</li> `)}
    </ul>
    ${rest > 0 && html`<p class="note">And ${counted(rest, 'more finding')}.</p>`}`;
}

const MOST_FINDINGS = 100;
