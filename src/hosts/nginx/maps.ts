import type { Answers, Columns, Cut, Runs } from '../../core/columns.ts';

import {
  answerAt,
  CATEGORIES,
  CATEGORIES_OF_TEMPLATES,
  categorySubject,
  clientKind,
  CONTENT_PACKAGES,
  CONTENT_TYPE,
  kibanaClass,
  packageSubject,
  placeAt,
  rangePosition,
  subjectCount,
  WHOLE_SEARCH,
} from '../../core/precomputed.ts';
import type { IndexNames } from '../../tree/names.ts';
import { constant, geo, map, row, variableOf } from './blocks.ts';
import { boundBlocks, classNumber, MOST, NO_KIBANA, NO_NUMBER, releaseBlocks } from './versions.ts';

/*
 * `maps.conf`: from what Kibana asks to the file of the precomputed answer, so that nginx finds it without the registry's
 * code. A `geo` block finds the range of addresses that an address lies in. So a Kibana version is an address
 * (`8.19.4.0`), which leads to its class; so is a spec version (`3.4.0.0`), which leads to the number of specs before it; and so is a
 * question: two numbers of its subject, one of the kind of client, one of the class. Numbers are as in `core/precomputed.ts`. What a block doesn't know, it leaves empty, and the registry's code answers.
 * Directives: https://nginx.org/en/docs/http/ngx_http_map_module.html and ngx_http_geo_module.html.
 */

/** What is asked at a path of its own, and answered by a file. */
export const ENDPOINTS = ['search', 'categories'] as const;

type Endpoint = (typeof ENDPOINTS)[number];

/**
 * The text of `maps.conf`. For each endpoint it sets the name of the answer (`search`), the compressed form that the client gets
 * (`search_form`) and its coding (`search_coding`); `form` and `coding` for every other file; and what else belongs to this build of the
 * site alone: the names of its index (`columns_file`, `rows_file`) and its cache times (`age_search`).
 */
export function mapsConf(distribution: string, columns: Columns, index: Pick<IndexNames, 'columns' | 'rows'>): string {
  const own = (name: string): string => variableOf(distribution, name);
  const { answers, cache } = columns;
  return `# From what Kibana asks to the answer of the registry "${distribution}": for http {}, once. Written by epr-static.

# The site that nginx is started with.
${constant(own('columns_file'), index.columns)}
${constant(own('rows_file'), index.rows)}
${Object.entries(cache)
  .map(([name, age]) => constant(own(`age_${name}`), age))
  .join('\n')}

# The rules answer what is asked in this way: known parameters, each at most once, with plain values.
${map('$args', own('is_plain'), [row('', 1), `"~${plainPattern()}" 1;`])}
${releaseBlocks({ source: asked('kibana'), address: own('release'), number: own('class') }, answers)}
${boundBlocks({ source: asked('min'), address: own('min'), number: own('specs_before') }, answers, { counts: (order) => order < 0, none: 0 })}
${boundBlocks({ source: asked('max'), address: own('max'), number: own('specs_up_to') }, answers, { counts: (order) => order <= 0, none: answers.specs.length })}
${map(`"${asked('prerelease')}/${own('specs_before')}/${own('specs_up_to')}"`, own('kind'), kindRows(answers))}
${map(joined('category', 'package', 'type'), own('search_subject'), searchSubjectRows(columns))}
${map(asked('templates'), own('categories_subject'), [
  `default ${twoNumbers(CATEGORIES)};`,
  row('true', twoNumbers(CATEGORIES_OF_TEMPLATES)),
])}
${ENDPOINTS.map((endpoint) => answerBlocks(own, endpoint, columns)).join('\n')}
# The compressed form that a client takes; "odd" where that takes weighing.
${map('$http_accept_encoding', own('form'), FORMS)}
${codingOf(own('form'), own('coding'))}
`;
}

function answerBlocks(own: (name: string) => string, endpoint: Endpoint, columns: Columns): string {
  const { answers } = columns;
  const address = own(`${endpoint}_address`);
  const parts = [`${endpoint}_subject`, 'kind', 'class'].map(own).join('.');
  const empty = answers.digests.filter((_, i) => (answers.bytes[i] as number) <= LONGEST_EMPTY);
  return `${map(own('is_plain'), address, [`1 ${parts};`])}
${geo(address, own(endpoint), '', answerRows(columns, subjectsOf(endpoint, columns)))}
${map(own(endpoint), own(`${endpoint}_form`), [`default ${own('form')};`, ...empty.map((digest) => row(digest, ''))])}
${codingOf(own(`${endpoint}_form`), own(`${endpoint}_coding`))}`;
}

/** The bytes of the longest answer that finds nothing. Every other one is longer, and has compressed forms. */
const LONGEST_EMPTY = '[]\n'.length;

const NUMBER = '(?:0|[1-9][0-9]{0,2})';
const SPEC = `${NUMBER}\\.${NUMBER}`;
const FLAG = '(?:true|false)';
const NAME = '[a-z0-9_]{1,40}';

/** The parameters that the rules know, with their plain values. An endpoint ignores those of the other, as the core does. */
const PARAMETERS = {
  // No 0.x: 0.0.0.0 is the address of no release.
  kibana: ['kibana.version', `[1-9][0-9]{0,2}\\.${NUMBER}\\.${NUMBER}`],
  min: ['spec.min', SPEC],
  max: ['spec.max', SPEC],
  prerelease: ['prerelease', FLAG],
  templates: ['include_policy_templates', FLAG],
  category: ['category', NAME],
  package: ['package', NAME],
  type: ['type', CONTENT_TYPE],
} as const;

/** The variable of a parameter's value. All registries share it, since PCRE knows no long names. */
function asked(parameter: keyof typeof PARAMETERS): string {
  return `$epr_asked_${parameter}`;
}

function joined(...parameters: (keyof typeof PARAMETERS)[]): string {
  return `"${parameters.map(asked).join('/')}"`;
}

/**
 * Matches a query of plain parameters in any order, each at most once, and sets their variables. nginx doesn't ask it about an
 * empty query.
 */
function plainPattern(): string {
  const one = Object.entries(PARAMETERS).map(([parameter, [name, value]]) => {
    const written = name.replaceAll('.', '\\.');
    return `${written}=(?<epr_asked_${parameter}>${value})(?!.*&${written}=)`;
  });
  return `^(?:(?:${one.join('|')})(?:&(?=.)|$))*$`;
}

const FORMS = [
  'default odd;',
  '"" "";',
  'gzip .gz;',
  'br .br;',
  '"gzip,deflate" .gz;',
  '"gzip, deflate" .gz;',
  '"gzip, deflate, br" .br;',
  String.raw`"~*^([^;]*,)?[ \t]*br[ \t]*(,[^;]*)?$" .br;`,
  String.raw`"~*^([^;]*,)?[ \t]*gzip[ \t]*(,[^;]*)?$" .gz;`,
  '"~^[^;]*$" "";',
];

/** nginx adds no header whose value is empty. */
function codingOf(form: string, coding: string): string {
  return map(`$status${form}`, coding, ['200.br br;', '200.gz gzip;']);
}

/** From what is sent of `prerelease`, and the numbers of specs before and up to the bounds, to the kind of client. */
function kindRows({ specs, ranges }: Answers): string[] {
  const numbers = Array.from({ length: specs.length + 1 }, (_, number) => number);
  const rows = numbers.flatMap((from) =>
    numbers.flatMap((to) => {
      const position = rangePosition(ranges, from < to ? [from, to] : [0, 0]);
      return ['', 'false', 'true'].flatMap((prerelease) => {
        const kind = clientKind(ranges, position, prerelease === 'true');
        return position < 0 || kind > MOST ? [] : [row(`${prerelease}/${from}/${to}`, kind)];
      });
    }),
  );
  return [row('default', NO_NUMBER), ...rows];
}

/** The subject of `/search`: all packages, those of content or of a category, or one package. */
function searchSubjectRows(columns: Columns): string[] {
  const ids = [
    { text: '//', subject: WHOLE_SEARCH },
    { text: `//${CONTENT_TYPE}`, subject: CONTENT_PACKAGES },
    ...columns.categories.map(({ id }, i) => ({ text: `${id}//`, subject: categorySubject(i) })),
    ...columns.names.map((name, i) => ({ text: `/${name}/`, subject: packageSubject(columns, i) })),
  ];
  const isPlain = new RegExp(`^(?:(?:${NAME})?/|/${NAME})/(?:${CONTENT_TYPE})?$`);
  const rows = ids.flatMap(({ text, subject }) =>
    isPlain.test(text) && subject < MOST_SUBJECTS ? [row(text, twoNumbers(subject))] : [],
  );
  return [row('default', `${NO_NUMBER}.0`), ...rows];
}

/** Without the one whose addresses are those of invalid ones. */
const MOST_SUBJECTS = 256 ** 2 - 1;

function twoNumbers(subject: number): string {
  return `${Math.floor(subject / 256)}.${subject % 256}`;
}

const OF_CATEGORIES: ReadonlySet<number> = new Set([CATEGORIES, CATEGORIES_OF_TEMPLATES]);

function subjectsOf(endpoint: Endpoint, columns: Columns): number[] {
  const all = Array.from({ length: Math.min(subjectCount(columns), MOST_SUBJECTS) }, (_, subject) => subject);
  return all.filter((subject) => OF_CATEGORIES.has(subject) === (endpoint === 'categories'));
}

/** From the address of a question to the name of its answer. */
function answerRows(columns: Columns, subjects: readonly number[]): string[] {
  const { answers } = columns;
  const kinds = Array.from({ length: Math.min(2 * answers.ranges.length, MOST + 1) }, (_, kind) => kind);
  const stretches = answers.runs.map((runs) => stretchesOf(runs, answers.releaseCuts));
  return subjects.flatMap((subject) =>
    kinds.flatMap((kind) => {
      const question = `${twoNumbers(subject)}.${kind}`;
      const own = stretches[answers.places[placeAt(columns, kind, subject)] as number] ?? [];
      return own.map(({ from, to, answer }) =>
        row(`${question}.${from}-${question}.${to}`, answers.digests[answer] as string),
      );
    }),
  );
}

interface Stretch {
  readonly from: number;
  to: number;
  readonly answer: number;
}

/** The same answer for the numbers of classes `from` to `to`, without those that have none. */
function stretchesOf(runs: Runs, releaseCuts: readonly Cut[]): Stretch[] {
  const found: Stretch[] = [];
  const add = (number: number, answer: number): void => {
    const last = found.at(-1);
    if (last?.to === number - 1 && last.answer === answer) last.to = number;
    else if (answer >= 0) found.push({ from: number, to: number, answer });
  };
  add(NO_KIBANA, answerAt(runs, kibanaClass({ releaseCuts, prereleaseCuts: [] }, undefined)));
  for (let behind = 0; behind <= releaseCuts.length; behind++) {
    const number = classNumber(releaseCuts, behind);
    if (number > NO_KIBANA) add(number, answerAt(runs, 1 + behind));
  }
  return found;
}
