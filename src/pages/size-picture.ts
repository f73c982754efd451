import { html } from './html.ts';
import type { Content } from './html.ts';
import { packageFolder, shownSize } from './shell.ts';

/*
 * A treemap: each package is a rectangle whose area is its size. The largest go into rows of nearly square rectangles.
 */

interface Sized {
  readonly name: string;
  readonly title: string;
  readonly bytes: number;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const WIDTH = 960;
const HEIGHT = 440;
/** Rectangles; what is left is one more. */
const MOST = 80;

/** The picture of some sizes; nothing where there are none. */
export function sizePicture(packages: readonly Sized[]): Content {
  const sorted = packages
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
  if (sorted.length === 0) return false;
  const rest = sorted.slice(MOST).reduce((sum, { bytes }) => sum + bytes, 0);
  const shown: Sized[] = sorted.slice(0, MOST);
  if (rest > 0) shown.push({ name: '', title: `${sorted.length - MOST} others`, bytes: rest });
  const boxes = layOut(
    shown.map(({ bytes }) => bytes),
    { x: 0, y: 0, width: WIDTH, height: HEIGHT },
  );
  return html`<svg class="sizes" role="group" aria-label="Sizes of packages" viewBox="0 0 ${WIDTH} ${HEIGHT}">
    ${shown.map((one, i) => drawn(one, boxes[i]))}
  </svg>`;
}

function drawn({ name, title, bytes }: Sized, box: Box | undefined): Content {
  if (!box) return false;
  const [x, y, width, height] = [box.x, box.y, box.width, box.height].map((value) => value.toFixed(1));
  const fits = Math.floor((box.width - 10) / 8);
  const label =
    fits >= 4 &&
    box.height > 20 &&
    html`<text x="${(box.x + 6).toFixed(1)}" y="${(box.y + 16).toFixed(1)}"
      >${title.length > fits ? `${title.slice(0, fits - 1)}…` : title}</text
    >`;
  const inner = html`<title>${title}, ${shownSize(bytes)}</title
    ><rect x="${x}" y="${y}" width="${width}" height="${height}" />${label}`;
  return name === '' ? html`<g>${inner}</g>` : html`<a href="${packageFolder(name)}">${inner}</a>`;
}

/** Boxes for sizes, the largest first, that fill a box: "Squarified treemaps" by Bruls, Huizing and van Wijk (2000). */
function layOut(sizes: readonly number[], whole: Box): Box[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const areas = sizes.map((size) => (size / total) * whole.width * whole.height);
  const boxes: Box[] = [];
  let left = whole;
  for (let at = 0; at < areas.length;) {
    const side = Math.min(left.width, left.height);
    let end = at + 1;
    while (end < areas.length && worst(areas.slice(at, end + 1), side) <= worst(areas.slice(at, end), side)) end++;
    const row = areas.slice(at, end);
    const placed = placeRow(row, left);
    boxes.push(...placed.boxes);
    left = placed.left;
    at = end;
  }
  return boxes;
}

/** The worst proportion of the boxes of a row along a side. */
function worst(row: readonly number[], side: number): number {
  const sum = row.reduce((a, b) => a + b, 0);
  return Math.max((side ** 2 * Math.max(...row)) / sum ** 2, sum ** 2 / (side ** 2 * Math.min(...row)));
}

function placeRow(row: readonly number[], { x, y, width, height }: Box): { boxes: Box[]; left: Box } {
  const sum = row.reduce((a, b) => a + b, 0);
  const isWide = width >= height;
  const depth = sum / (isWide ? height : width);
  let at = isWide ? y : x;
  const boxes = row.map((area): Box => {
    const length = area / depth;
    const box = isWide ? { x, y: at, width: depth, height: length } : { x: at, y, width: length, height: depth };
    at += length;
    return box;
  });
  const left = isWide
    ? { x: x + depth, y, width: width - depth, height }
    : { x, y: y + depth, width, height: height - depth };
  return { boxes, left };
}
