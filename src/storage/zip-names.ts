import { type Entry, getFileNameLowLevel } from 'yauzl';
import { quoted, refuse } from './zip-error.ts';

/**
 * Reads the name as UTF-8, whatever the flag says. Info-ZIP's Unicode path, which some readers use instead, must be the
 * same.
 */
export function entryName(entry: Entry): string {
  const raw = entry.fileNameRaw;
  const name = raw.toString('utf8');
  if (!Buffer.from(name).equals(raw)) refuse(name, 'has a name that is not UTF-8');
  if (getFileNameLowLevel(0x800, raw, entry.extraFields, true) !== name)
    refuse(name, 'has another name in an extra field');
  return name;
}

/** A file, or a folder with its contents by name. */
interface Node {
  readonly children: Map<string, Node> | undefined;
  /** Whether the zip has an entry for it. */
  listed: boolean;
}

/**
 * Checks names against earlier ones. It keeps a tree, because a list of all folders that a name goes through can be far
 * larger than the name.
 */
export class Names {
  private readonly root: Node = { children: new Map(), listed: false };
  /** The one top folder, once there is a name. */
  top: string | undefined;

  /** The path inside the top folder. That of a folder ends with a slash. Throws a `ZipError`. */
  add(name: string): string {
    const fault = nameFault(name);
    if (fault !== undefined) refuse(name, fault);
    const isFile = !name.endsWith('/');
    const segments = (isFile ? name : name.slice(0, -1)).split('/');
    const [top = ''] = segments;
    if (isFile && segments.length === 1) refuse(name, `lies outside of the top folder {name}-{version}/${REPACK}`);
    if (this.top === undefined && !/[^-]-./s.test(top)) refuse(name, `is not in a folder {name}-{version}/${REPACK}`);
    this.top ??= top;
    if (top !== this.top) refuse(name, `lies outside of the top folder ${quoted(this.top)}${REPACK}`);
    this.enter(name, segments, isFile);
    return name.slice(top.length + 1);
  }

  private enter(name: string, segments: readonly string[], isFile: boolean): void {
    let node: Node = this.root;
    for (const [depth, segment] of segments.entries()) {
      const wantsFile = isFile && depth === segments.length - 1;
      const known = node.children?.get(segment);
      if (known !== undefined && (known.children === undefined) !== wantsFile) {
        refuse(name, `makes ${quoted(segments.slice(0, depth + 1).join('/'))} both a file and a folder`);
      }
      const next = known ?? { children: wantsFile ? undefined : new Map<string, Node>(), listed: false };
      node.children?.set(segment, next);
      node = next;
    }
    if (node.listed) refuse(name, `is there twice${REPACK}`);
    node.listed = true;
  }
}

/** Kibana refuses these zips as well. */
const REPACK = '; Kibana refuses such a zip, so pack it again: zip -X -r {name}-{version}.zip {name}-{version}';

function nameFault(name: string): string | undefined {
  if (name.includes('\0')) return 'has a NUL in its name';
  if (name.includes('\\')) return 'has a backslash in its name';
  if (name.startsWith('/') || /^[a-z]:/i.test(name)) return 'is an absolute path';
  const segments = name.replace(/\/$/, '').split('/');
  if (segments.includes('..') || segments.includes('.')) return 'has a segment "." or ".." in its path';
  return segments.includes('') ? 'has an empty segment in its path' : undefined;
}
