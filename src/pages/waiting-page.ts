import { html } from './html.ts';
import type { Html } from './html.ts';
import { pagesOf, tables } from './paged.ts';
import { counted, packageFolder, WAITING } from './shell.ts';
import type { Page } from './shell.ts';

/*
 * What waits in lower layers: the versions that no higher layer holds yet.
 */

/** A layer below another one. */
export interface WaitingLayer {
  readonly name: string;
  /** The next layer up. */
  readonly for: string;
  readonly versions: number;
  readonly packages: readonly WaitingPackage[];
}

/** The versions of a package that wait in a layer. */
export interface WaitingPackage {
  readonly name: string;
  readonly title: string;
  /** The newest of them, and the date on which it came there, in ISO 8601. */
  readonly version: string;
  readonly since: string | undefined;
  readonly versions: number;
  /** The newest version in the higher layers. */
  readonly above: string | undefined;
  /** Whether the newest that waits is newer than all in the higher layers. */
  readonly outdates: boolean;
}

/** The page of what waits, from the highest layer to the lowest. */
export function waitingPages(distribution: string, layers: readonly WaitingLayer[]): Page[] {
  return pagesOf({
    path: WAITING,
    title: `What waits in ${distribution}`,
    distribution,
    top: html`<h1>What waits in ${distribution}</h1>
      <p>Versions that lie in a lower layer and in no higher one.</p>`,
    blocks: layers.flatMap(layerBlocks),
    instead: () => html``,
  });
}

function layerBlocks(layer: WaitingLayer, i: number): Html[] {
  const sorted = [...layer.packages].sort((a, b) => Number(b.outdates) - Number(a.outdates));
  const newer = sorted.filter(({ outdates }) => outdates).length;
  const words =
    layer.versions === 0
      ? html`Nothing waits for ${layer.for}.`
      : html`${counted(layer.versions, 'version')} of ${counted(layer.packages.length, 'package')}
        ${layer.versions === 1 ? 'waits' : 'wait'} for ${layer.for}. ${newer} of the packages
        ${newer === 1 ? 'has' : 'have'} a newer version here than in any higher layer.`;
  const head = html`<h2 id="${waitingAnchor(i)}">${layer.name}</h2>
    <p>${words}</p>`;
  const rows = sorted.map(packageRow);
  return [head, ...tables(['Package', 'Newest here', 'Since', 'Versions', 'Newest above'], rows, layer.name)];
}

/** The place of the i-th layer below the highest. */
export function waitingAnchor(i: number): string {
  return `layer-${i + 2}`;
}

function packageRow({ name, title, version, since, versions, above, outdates }: WaitingPackage): Html {
  return html`<tr>
    <th scope="row"><a href="${packageFolder(name)}">${title}</a></th>
    <td>${outdates ? html`<b>${version}</b>` : version}</td>
    <td>${since !== undefined && html`<time datetime="${since}">${since.slice(0, 10)}</time>`}</td>
    <td>${versions}</td>
    <td>${above ?? 'none'}</td>
  </tr> `;
}
