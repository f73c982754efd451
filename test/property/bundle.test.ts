import { createHash } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync, crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, indexStreams, zipParts } from '../../src/bundle/assemble.ts';
import { descriptionText, parseDescription } from '../../src/bundle/description.ts';
import type { BundleDescription } from '../../src/bundle/description.ts';
import { streamOffsets } from '../../src/bundle/recipe.ts';
import type { Recipe, Span, Stream } from '../../src/bundle/recipe.ts';
import { readTar, TAR_END, tarHeader, tarPadding } from '../../src/bundle/tar.ts';
import { zipLayout } from '../../src/build/zip-layout.ts';
import { Stop } from '../../src/errors.ts';
import { recipeIn, recipeText } from '../support/bundles.ts';
import { temporaryFolder } from '../support/folder.ts';

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const size = fc.nat({ max: 2 ** 40 });
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const description: fc.Arbitrary<BundleDescription> = fc.record({
  kind: fc.constantFrom('bundle', 'contents'),
  generator: fc.string(),
  distribution: fc.string(),
  site: fc.string(),
  manifest: digest,
  base: fc.option(digest),
  files: size,
  bytes: size,
  members: fc.array(fc.record({ name: fc.string(), size, digest, part: fc.nat() })),
});

describe('bundle.json', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(description, (one) => {
        expect(parseDescription(descriptionText(one), 'F')).toEqual(one);
      }),
    );
  });

  it('is refused if any byte of it is another one', () => {
    fc.assert(
      fc.property(description, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, place, flip) => {
        const bytes = Buffer.from(descriptionText(one));
        bytes[place % bytes.length]! ^= flip;
        expect(() => parseDescription(bytes.toString(), 'F')).toThrow(Stop);
      }),
    );
  });
});

const stream: fc.Arbitrary<Stream> = fc.record({
  digest,
  packedSize: size,
  content: digest,
  size,
  crc32: fc.nat({ max: 0xffffffff }),
  pack: fc.option(fc.integer({ min: 1, max: 3 })),
});
const segment = fc
  .string({ minLength: 1, unit: 'binary' })
  .filter((text) => !/^\.{1,2}$|[/\0]/.test(text) && text.isWellFormed());
const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join('/'));

const recipe: fc.Arbitrary<Recipe> = fc
  .record({
    streams: fc.array(stream, { minLength: 1 }),
    bases: fc.array(fc.record({ digest, size: fc.integer({ min: 100, max: 200 }) }), { minLength: 1 }),
  })
  .chain(({ streams, bases }) => {
    const span: fc.Arbitrary<Span> = fc.oneof(
      fc.tuple(fc.constant('texts' as const), fc.nat(), fc.nat()),
      fc.tuple(
        fc.constant('base' as const),
        fc.nat({ max: bases.length - 1 }),
        fc.nat({ max: 50 }),
        fc.nat({ max: 50 }),
      ),
      fc.tuple(fc.constant('stream' as const), fc.nat({ max: streams.length - 1 })),
    );
    const lengthOf = (one: Span): number =>
      one[0] === 'texts' ? one[2] : one[0] === 'base' ? one[3] : streams[one[1]]!.packedSize;
    const spans = fc.record({ kind: fc.constant('spans' as const), digest, spans: fc.array(span) });
    return fc.record({
      streams: fc.constant(streams),
      bases: fc.constant(bases),
      contents: fc.array(
        fc.oneof(
          spans.map(({ kind, digest: own, spans: all }) => ({
            kind,
            digest: own,
            spans: all,
            size: all.reduce((sum, each) => sum + lengthOf(each), 0),
          })),
          fc.record({
            kind: fc.constant('zip' as const),
            digest,
            size,
            name: fc.string(),
            version: fc.string(),
            folders: fc.array(path),
          }),
        ),
      ),
      files: fc.array(fc.record({ host: fc.constantFrom('', 'nginx'), path, digest, size, isList: fc.boolean() })),
    });
  });

const spansLine = (span: unknown): string =>
  `${JSON.stringify({ kind: 'spans', digest: 'a'.repeat(64), size: 5, spans: [span] })}\n`;

describe('a recipe', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(recipe, (one) => {
        expect(recipeIn(recipeText(one))).toEqual(one);
      }),
    );
  });

  it('is parsed or refused, whatever it is, and never an accident', () => {
    const line = fc.oneof(
      fc.json(),
      fc
        .constantFrom('stream', 'base', 'zip', 'spans', 'file')
        .chain((kind) =>
          fc
            .dictionary(fc.constantFrom('digest', 'size', 'spans', 'host', 'path', 'pack', 'folders'), fc.jsonValue())
            .map((rest) => JSON.stringify({ kind, ...rest })),
        ),
    );
    fc.assert(
      fc.property(line, (text) => {
        try {
          recipeIn(`${text}\n`);
        } catch (error) {
          expect(error).toBeInstanceOf(Stop);
        }
      }),
    );
  });

  it('has no path that leads out of a folder', () => {
    for (const bad of ['', '/a', 'a/', 'a//b', '../a', 'a/../b', './a', 'a\0b'])
      expect(() =>
        recipeIn(`${JSON.stringify({ kind: 'file', host: '', path: bad, digest: 'a'.repeat(64), size: 1 })}\n`),
      ).toThrow(Stop);
  });

  it('has no span of what is not there', () => {
    const base = `${JSON.stringify({ kind: 'base', digest: 'a'.repeat(64), size: 9 })}\n`;
    expect(recipeIn(base + spansLine(['base', 0, 4, 5])).contents).toHaveLength(1);
    for (const bad of [
      ['base', 0, 5, 5],
      ['base', 1, 0, 5],
      ['stream', 0],
      ['texts', 0, 4],
      ['texts', -1, 5],
      ['other', 5],
    ])
      expect(() => recipeIn(base + spansLine(bad))).toThrow(Stop);
  });
});

describe('spans', () => {
  it('make the content that they were taken from', () => {
    const blob = fc.uint8Array({ minLength: 1, maxLength: 50 });
    const cut = fc.record({ from: fc.constantFrom('texts', 'base', 'stream'), a: fc.nat(), b: fc.nat() });
    fc.assert(
      fc.property(
        blob,
        fc.array(blob, { minLength: 1 }),
        fc.array(blob, { minLength: 1 }),
        fc.array(cut),
        (texts, bases, streams, cuts) => {
          const expected: Uint8Array[] = [];
          const spans = cuts.map(({ from, a, b }): Span => {
            const of =
              from === 'texts' ? texts : from === 'base' ? bases[a % bases.length]! : streams[a % streams.length]!;
            const [start, length] =
              from === 'stream' ? [0, of.length] : [b % of.length, (of.length - (b % of.length)) >> 1];
            expected.push(of.subarray(start, start + length));
            if (from === 'texts') return [from, start, length];
            return from === 'base' ? [from, a % bases.length, start, length] : ['stream', a % streams.length];
          });
          const made = bytesOf(spans, {
            texts: (offset, length) => texts.subarray(offset, offset + length),
            base: (number, offset, length) => bases[number]!.subarray(offset, offset + length),
            stream: (number) => streams[number]!,
          });
          expect(Buffer.concat([...made])).toEqual(Buffer.concat(expected));
        },
      ),
    );
  });

  it('of packs lie one behind another', () => {
    fc.assert(
      fc.property(fc.array(stream), (streams) => {
        const offsets = streamOffsets({ streams });
        for (const pack of [1, 2, 3]) {
          const own = streams.flatMap((one, i) => (one.pack === pack ? [{ ...one, offset: offsets[i] }] : []));
          for (const [i, one] of own.entries())
            expect(one.offset).toBe(i === 0 ? 0 : own[i - 1]!.offset! + own[i - 1]!.packedSize);
        }
      }),
    );
  });
});

it('the parts of a zip are those of its layout, with the first deflated stream of each content', () => {
  const files = fc.dictionary(segment, fc.string());
  fc.assert(
    fc.property(files, (contents) => {
      const streams = [...new Set(Object.values(contents))].flatMap((text): (Stream & { bytes: Buffer })[] => {
        const content = Buffer.from(text);
        const [own, check] = [sha256(content), crc32(content)];
        return [content, deflateRawSync(content), deflateRawSync(content, { level: 0 })].map((bytes) => ({
          digest: sha256(bytes),
          packedSize: bytes.length,
          content: own,
          size: content.length,
          crc32: check,
          pack: 1,
          bytes,
        }));
      });
      const packaged = Object.entries(contents).map(([name, text]) => ({
        path: name,
        digest: sha256(Buffer.from(text)),
      }));
      const parts = zipParts({ name: 'a', version: '1.0.0', folders: ['f/g'] }, packaged, indexStreams(streams))!;
      const deflated = new Map(Object.values(contents).map((text) => [text, deflateRawSync(Buffer.from(text))]));
      const layout = zipLayout(
        'a-1.0.0',
        Object.entries(contents).map(([name, text]) => ({
          path: name,
          text,
          size: Buffer.byteLength(text),
          crc32: crc32(text),
          deflatedSize: deflated.get(text)!.length,
        })),
        ['f/g'],
      );
      const expected = [...layout.files.flatMap(({ text }, i) => [layout.heads[i]!, deflated.get(text)!]), layout.tail];
      const made = bytesOf(parts, {
        texts: () => expect.fail(),
        base: () => expect.fail(),
        stream: (number) => streams[number]!.bytes,
      });
      expect(Buffer.concat([...made]).equals(Buffer.concat(expected))).toBe(true);
      if (packaged.length > 0)
        expect(zipParts({ name: 'a', version: '1.0.0', folders: [] }, packaged, indexStreams([]))).toBeUndefined();
    }),
  );
});

const tarOf = (members: readonly { name: string; content: Uint8Array }[]): Buffer =>
  Buffer.concat([
    ...members.flatMap(({ name, content }) => [
      tarHeader(name, content.length),
      content,
      Buffer.alloc(tarPadding(content.length)),
    ]),
    TAR_END,
  ]);
const reading = (folder: string, bytes: Buffer): ReturnType<typeof readTar> => {
  writeFileSync(join(folder, 'F'), bytes);
  const file = openSync(join(folder, 'F'), 'r');
  try {
    return readTar(file, 'F');
  } finally {
    closeSync(file);
  }
};

describe('a tar', () => {
  const member = fc.record({
    name: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,98}$/),
    content: fc.uint8Array({ maxLength: 1500 }),
  });
  it('has its members where they lie', () => {
    const folder = temporaryFolder();
    fc.assert(
      fc.property(fc.array(member), (members) => {
        const tar = tarOf(members);
        const read = reading(folder, tar);
        expect(read.map(({ name }) => name)).toEqual(members.map(({ name }) => name));
        for (const [i, { offset, size: length }] of read.entries())
          expect(tar.subarray(offset, offset + length).equals(members[i]!.content)).toBe(true);
      }),
    );
  });

  it('is refused if a byte outside of contents is another one, or it is longer or shorter', () => {
    const folder = temporaryFolder();
    fc.assert(
      fc.property(
        fc.array(member, { minLength: 1, maxLength: 3 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (members, place, flip) => {
          const tar = tarOf(members);
          const contents = reading(folder, tar);
          const at = place % tar.length;
          if (contents.some(({ offset, size: length }) => at >= offset && at < offset + length)) return;
          const altered = Buffer.from(tar);
          altered[at]! ^= flip;
          expect(() => reading(folder, altered)).toThrow(/^F is damaged, or no bundle, at byte \d+: /);
          expect(() => reading(folder, tar.subarray(0, at))).toThrow(Stop);
          expect(() => reading(folder, Buffer.concat([tar, Buffer.alloc(flip)]))).toThrow(Stop);
        },
      ),
    );
  });
});
