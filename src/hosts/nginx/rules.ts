import { isCompressible, SHOWN } from './njs/encoding.ts';
import { answerPath, ENCODED, indexFilePath, packageIndexPath } from '../../tree/layout.ts';
import { KNOWN_EXTENSIONS, mediaTypeByExtension } from '../../tree/media-type.ts';
import type { Places } from './places.ts';
import { ENDPOINTS, variableOf } from './maps.ts';

/*
 * The plain rules: locations for GET and HEAD of files, without a range and without escapes, slashes or dots that need
 * cleaning. The registry's code would give the same answers. The location around the rules hands every other request to
 * it.
 */

/** The locations, for the registry below `prefix`. */
export function plainRules(places: Places, prefix: string): string {
  const rules = [...ENDPOINTS.map((endpoint) => queryRule(places, endpoint)), indexRule(places), ...fileRules(places)];
  return rules.map(({ location, lines }) => `    location ${location(prefix)} {\n${indented(lines)}    }\n`).join('');
}

interface Rule {
  location(prefix: string): string;
  readonly lines: readonly string[];
}

function queryRule({ name, site, cache, index }: Places, endpoint: (typeof ENDPOINTS)[number]): Rule {
  const answer = variableOf(name, endpoint);
  return {
    location: (prefix) => `= ${prefix}/${endpoint}`,
    lines: [
      handOver('$request_uri != "$uri$is_args$args"'),
      handOver(`${answer} = ''`),
      ...jsonLines(name, cache[endpoint], variableOf(name, `${endpoint}_coding`)),
      '# The maps are of the site that nginx was started with.',
      handOver(`!-f "${site}/${indexFilePath(index.columns)}"`),
      `alias "${site}/${answerPath(answer)}${variableOf(name, `${endpoint}_form`)}";`,
    ],
  };
}

function indexRule({ name, cache }: Places): Rule {
  return {
    location: (prefix) => `~ "^${prefix}/package/(?<epr_package>[a-z0-9_]+)/(?<epr_version>[0-9A-Za-z.+-]+)/$"`,
    lines: [
      handOver('$request_uri != $uri'),
      ...jsonLines(name, cache.index, variableOf(name, 'coding')),
      `rewrite ^ /${packageIndexPath('$epr_package', '$epr_version')}${variableOf(name, 'form')} break;`,
    ],
  };
}

function jsonLines(name: string, maxAge: number, coding: string): string[] {
  return [
    handOver(`${variableOf(name, 'form')} = odd`),
    handOver(`$http_if_modified_since != ''`),
    'default_type application/json;',
    ...headerLines(maxAge),
    'add_header Vary Accept-Encoding;',
    `add_header Content-Encoding ${coding};`,
  ];
}

function fileRules({ name, site, cache }: Places): Rule[] {
  const form = variableOf(name, 'form');
  const rule = (pattern: string, lines: readonly string[]): Rule => ({
    location: (prefix) => `~ "^${prefix}/(?<epr_file>${pattern})$"`,
    lines: [
      handOver('$request_uri != $uri'),
      'set $epr_odd "$http_range$http_if_modified_since";',
      handOver(`$epr_odd != ''`),
      `set $epr_place "${site}/$epr_file";`,
      ...lines,
      'max_ranges 1;',
      ...headerLines(cache.files),
      'alias $epr_place;',
    ],
  });
  const isText = (extension: string): boolean => isCompressible(typeOf(extension));
  const texts = EXTENSIONS.filter(isText);
  const others = EXTENSIONS.filter((extension) => !isText(extension));
  return [
    rule(String.raw`epr/[a-z0-9_]+/[^/]+\.zip`, [`default_type ${typeOf('zip')};`]),
    rule(SHOWN, [
      typesLine(texts),
      handOver(`${form} = odd`),
      `if (${form} != '') { set $epr_place "${site}/${ENCODED}/$epr_file${form}"; }`,
      'add_header Vary Accept-Encoding;',
      `add_header Content-Encoding ${variableOf(name, 'coding')};`,
    ]),
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
  return String.raw`package/[a-z0-9_]+/[^/]+/(?:[^/]+/)*[^/]+\.(?:${extensions.join('|')})`;
}

function typesLine(extensions: readonly string[]): string {
  return `types { ${extensions.map((extension) => `"${typeOf(extension)}" ${extension};`).join(' ')} }`;
}

/** Those of the files in packages whose type is not sniffed. */
const EXTENSIONS = KNOWN_EXTENSIONS.map((extension) => extension.slice(1));

function typeOf(extension: string): string {
  return mediaTypeByExtension(`file.${extension}`) ?? '';
}

function headerLines(maxAge: number): string[] {
  return [
    "add_header Last-Modified '';",
    'add_header Access-Control-Allow-Origin *;',
    `add_header Cache-Control "max-age=${maxAge}, public";`,
  ];
}

function handOver(condition: string): string {
  return `if (${condition}) { return 418; }`;
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `        ${line}\n`).join('');
}
