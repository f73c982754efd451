import { parseModule } from './source.ts';

/** Where comments and docs name a file of the repository. */

/** A path below one of the repository's folders, a bare name of a document or a source file, or the maintainers' folder. */
const POINTER =
  /\.\.\/shared\b|(?<![\w./*<>-])(?:(?:src|scripts|docs|test)\/[\w*][\w./*-]*[\w*]|[\w*][\w./*-]*\.(?:md|ts))(?![\w*<])/g;

/** The documents that say what the maintainers' folder is, and that a clone does without it. */
const NAME_SHARED = new Set(['CONTRIBUTING.md', 'docs/performance.md']);

/**
 * `<file>: <pointer>` for each pointer to what isn't there. A pointer may leave out the folders that lead to a file, and hold
 * `*`; any package may have a `docs/README.md`. `texts` are files with their contents, of which TypeScript counts by its comments only; `files` are all of the
 * repository's.
 */
export function danglingPointers(texts: readonly (readonly [string, string])[], files: readonly string[]): string[] {
  const there = files.map((file) => `/${file}`).join('\n');
  return texts.flatMap(([file, text]) => {
    const found = prose(file, text).flatMap((piece) => piece.match(POINTER) ?? []);
    const isThere = (pointer: string): boolean =>
      pointer === '../shared'
        ? NAME_SHARED.has(file)
        : pointer.endsWith('docs/README.md') || patternOf(pointer).test(there);
    return [...new Set(found)].filter((pointer) => !isThere(pointer)).map((pointer) => `${file}: ${pointer}`);
  });
}

function prose(file: string, text: string): string[] {
  return file.endsWith('.ts') ? parseModule(file, text).comments.map(({ value }) => value) : [text];
}

function patternOf(pointer: string): RegExp {
  const escaped = pointer
    .replace(/^(\.\.\/)+/, '')
    .replace(/[.]/g, '\\.')
    .replace(/\*/g, '[^/\n]*');
  return new RegExp(`/${escaped}(/|$)`, 'm');
}
