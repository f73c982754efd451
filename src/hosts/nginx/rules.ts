import { isCompressible, REVISION, SHOWN } from './njs/encoding.ts';
import { answerPath, ENCODED, indexFilePath, packageIndexPath } from '../../tree/layout.ts';
import { JOURNAL } from '../../tree/journal.ts';
import { KNOWN_EXTENSIONS, mediaTypeByExtension } from '../../tree/media-type.ts';
import type { CacheTimes } from '../../config.ts';
import { variableOf } from './blocks.ts';
import { ENDPOINTS } from './maps.ts';

/*
 * The plain rules: locations for GET and HEAD of files, without a range and without escapes, slashes or dots that need
 * cleaning. The registry's code would give the same answers. The location around the rules hands every other request to
 * it.
 */

/** The locations, for the registry of a distribution below `prefix`. Around them, `root` is the site's tree. */
export function plainRules(name: string, prefix: string): string {
  const rules = [...ENDPOINTS.map((endpoint) => queryRule(name, endpoint)), indexRule(name), ...fileRules(name)];
  return rules.map(({ location, lines }) => `    location ${location(prefix)} {\n${indented(lines)}    }\n`).join('');
}

interface Rule {
  location(prefix: string): string;
  readonly lines: readonly string[];
}

/** A prefix as part of a pattern: the characters that it may have are plain ones, but for the dot. */
function pattern(prefix: string): string {
  return prefix.replaceAll('.', String.raw`\.`);
}

function queryRule(name: string, endpoint: (typeof ENDPOINTS)[number]): Rule {
  const answer = variableOf(name, endpoint);
  return {
    location: (prefix) => `= ${prefix}/${endpoint}`,
    lines: [
      handOver('$request_uri != "$uri$is_args$args"'),
      handOver(`${answer} = ''`),
      ...jsonLines(name, endpoint, variableOf(name, `${endpoint}_coding`)),
      ...changeLines(),
      '# The maps are of the site that nginx was started with.',
      handOver(`!-f "$document_root/${indexFilePath(variableOf(name, 'columns_file'))}"`),
      `rewrite ^ /${answerPath(answer)}${variableOf(name, `${endpoint}_form`)} break;`,
    ],
  };
}

function indexRule(name: string): Rule {
  return {
    location: (prefix) =>
      `~ "^${pattern(prefix)}/package/(?<epr_package>[a-z0-9_]+)/(?<epr_version>[0-9A-Za-z.+-]+)/$"`,
    lines: [
      handOver('$request_uri != $uri'),
      ...jsonLines(name, 'index', variableOf(name, 'coding')),
      ...changeLines(),
      `rewrite ^ /${packageIndexPath('$epr_package', '$epr_version')}${variableOf(name, 'form')} break;`,
    ],
  };
}

function jsonLines(name: string, cache: keyof CacheTimes, coding: string): string[] {
  return [
    handOver(`${variableOf(name, 'form')} = odd`),
    ...conditionLines(),
    'default_type application/json;',
    ...headerLines(name, cache),
    'add_header Vary Accept-Encoding;',
    `add_header Content-Encoding ${coding};`,
  ];
}

/** Hands a request over that has some header which nginx doesn't see as the registry does. */
function conditionLines(...more: readonly string[]): string[] {
  const headers = [...more, '$http_if_modified_since', '$http_if_match', '$http_if_unmodified_since'];
  return [`set $epr_odd "${headers.join('')}";`, handOver(`$epr_odd != ''`)];
}

function fileRules(name: string): Rule[] {
  const form = variableOf(name, 'form');
  const rule = (files: string, lines: readonly string[]): Rule => ({
    location: (prefix) => `~ "^${pattern(prefix)}/(?<epr_file>${files})$"`,
    lines: [
      handOver('$request_uri != $uri'),
      ...conditionLines('$http_range'),
      'set $epr_place $epr_file;',
      ...lines,
      'max_ranges 1;',
      ...changeLines(),
      ...headerLines(name, 'files'),
      'rewrite ^ /$epr_place break;',
    ],
  });
  const isText = (extension: string): boolean => isCompressible(typeOf(extension));
  const texts = EXTENSIONS.filter(isText);
  const others = EXTENSIONS.filter((extension) => !isText(extension));
  return [
    rule(String.raw`epr/[a-z0-9_]+/[^/]+\.zip`, [`default_type ${typeOf('zip')};`]),
    ...Object.entries(SHOWN).map(([extension, files]) =>
      rule(`${REVISION}/${files}`, [
        `default_type "${typeOf(extension)}";`,
        handOver(`${form} = odd`),
        `if (${form} != '') { set $epr_place "${ENCODED}/$epr_file${form}"; }`,
        'add_header Vary Accept-Encoding;',
        `add_header Content-Encoding ${variableOf(name, 'coding')};`,
      ]),
    ),
    rule(ofPackages(texts), [
      typesLine(texts),
      '# Which compressed form there is, the list of files knows.',
      handOver(`${form} != ''`),
      'add_header Vary Accept-Encoding;',
    ]),
    rule(ofPackages(others), [typesLine(others)]),
  ];
}

/** The pattern of the files of packages with one of some extensions. */
function ofPackages(extensions: readonly string[]): string {
  return String.raw`${REVISION}/(?:[^/]+/)*[^/]+\.(?:${extensions.join('|')})`;
}

function typesLine(extensions: readonly string[]): string {
  return `types { ${extensions.map((extension) => `"${typeOf(extension)}" ${extension};`).join(' ')} }`;
}

/** Those of the files in packages whose type is not sniffed. */
const EXTENSIONS = KNOWN_EXTENSIONS.map((extension) => extension.slice(1));

function typeOf(extension: string): string {
  return mediaTypeByExtension(`file.${extension}`) ?? '';
}

function headerLines(name: string, cache: keyof CacheTimes): string[] {
  return [
    "add_header Last-Modified '';",
    'add_header Access-Control-Allow-Origin *;',
    `add_header Cache-Control "max-age=${variableOf(name, `age_${cache}`)}, public";`,
  ];
}

/** Hands a request over while the site changes: where its files lie then, the registry's code knows. */
function changeLines(): string[] {
  return [handOver(`-f "$document_root/${JOURNAL}"`)];
}

function handOver(condition: string): string {
  return `if (${condition}) { return 418; }`;
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `        ${line}\n`).join('');
}
