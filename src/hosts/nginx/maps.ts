import type { Answers, Columns } from '../../core/columns.ts';
import { versionOf } from '../../core/find.ts';
import { parseQuery } from '../../core/query.ts';
import { kibanaClass, precomputedAnswer } from '../../core/precomputed.ts';
import { parseQueryString } from '../../core/query-string.ts';

/*
 * `maps.conf`: from what Kibana asks most to the file that answers it, so that nginx finds it without the registry's code.
 * A version of Kibana leads to its class, and a class to the answer of each question. What a map doesn't know, it leaves
 * empty, and the registry's code answers. Every map stays within nginx's own sizes of hashes.
 */

/** The variable of a registry by one of its names: two registries may live in one nginx. */
export function variableOf(distribution: string, name: string): string {
  const id = distribution.replace(/[^A-Za-z0-9]/g, (char) => `_${char.charCodeAt(0).toString(16)}`);
  return `$epr_${id}_${name}`;
}

/** The text of `maps.conf`. It sets `search` and `categories`, names of answers, and `form` and `coding`, the client's. */
export function mapsConf(distribution: string, columns: Columns): string {
  const variable = (name: string): string => variableOf(distribution, name);
  const { classes, ...versions } = versionClasses(columns.answers);
  const question = (name: string, query: string): string => {
    const answers = [...classes].map(([kibana, version]) => row(kibana, answerTo(columns, query, version)));
    return map(variable('class'), variable(name), answers);
  };
  return `# From what Kibana asks most to the answer of the registry "${distribution}": for http {}, once. Written by epr-static.

# The class of a Kibana version: that of its minor version, but for some patches.
${map('$args', variable('class'), [`"~${asked(variable)}" ${variable('version_class')};`])}
${map(variable('version'), variable('version_class'), [`default ${variable('minor_class')};`, ...versions.patches])}
${map(variable('minor'), variable('minor_class'), versions.minors)}
${question('search_released', 'search?')}
${question('search_all', 'search?prerelease=true')}
${choice('$arg_prerelease', variable('search'), [variable('search_released'), variable('search_all')])}
${question('categories_released', 'categories?')}
${question('categories_all', 'categories?prerelease=true')}
${question('categories_released_templates', 'categories?include_policy_templates=true')}
${question('categories_all_templates', 'categories?prerelease=true&include_policy_templates=true')}
${['', '_templates']
  .map((kind) => {
    const names = [variable(`categories_released${kind}`), variable(`categories_all${kind}`)];
    return choice('$arg_prerelease', variable(`categories_by_release${kind}`), names);
  })
  .join('\n')}
${choice('$arg_include_policy_templates', variable('categories'), [variable('categories_by_release'), variable('categories_by_release_templates')])}
# The compressed form that a client takes; "odd" where that takes weighing.
${map('$http_accept_encoding', variable('form'), FORMS)}
${map(`$status${variable('form')}`, variable('coding'), ['200.br br;', '200.gz gzip;'])}`;
}

/** Of a parameter that is there twice the first one counts, for nginx's `$arg_` as well. */
function asked(variable: (name: string) => string): string {
  const flag = '(?:prerelease|include_policy_templates)=(?:true|false)';
  const number = '(?:0|[1-9][0-9]{0,3})';
  const name = (of: string): string => variable(of).slice(1);
  const version = `(?<${name('version')}>(?<${name('minor')}>${number}\\.${number})\\.${number})`;
  return `^(?:${flag}&)*kibana\\.version=${version}(?:&${flag})*$`;
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

interface VersionClasses {
  /** Rows of the maps. */
  readonly minors: readonly string[];
  readonly patches: readonly string[];
  /** Each class that they lead to, with a version of it. */
  readonly classes: ReadonlyMap<number, string>;
}

/** The classes of the released versions that Kibana has or may have soon. */
function versionClasses(answers: Answers): VersionClasses {
  const classes = new Map<number, string>();
  const minors: string[] = [];
  const patches: string[] = [];
  const classOf = (version: string): number => {
    const found = kibanaClass(answers, versionOf(version));
    classes.set(found, version);
    return found;
  };
  for (const minor of MAJORS.flatMap((major) => Array.from({ length: MINORS }, (_, i) => `${major}.${i}`))) {
    const cut = lastCut(answers, minor);
    if (patches.length + cut > MOST_PATCHES) continue;
    const behind = classOf(`${minor}.${cut + 1}`);
    minors.push(row(minor, behind));
    for (let patch = 0; patch <= cut; patch++) {
      const version = `${minor}.${patch}`;
      const own = kibanaClass(answers, versionOf(version));
      if (own !== behind) patches.push(row(version, classOf(version)));
    }
  }
  return { minors, patches, classes };
}

const MAJORS = [7, 8, 9];
const MINORS = 30;
/** So many patches with a row of their own fit a hash; further minor versions that need some are left to the code. */
const MOST_PATCHES = 300;

/** The patch of the last cut inside a minor version, 0 where there is none. */
function lastCut({ releaseCuts }: Answers, minor: string): number {
  const patches = releaseCuts
    .filter(([version]) => version.startsWith(`${minor}.`))
    .map(([version]) => versionOf(version));
  return Math.max(0, ...patches.map(({ patch }) => Number(patch)));
}

/** The name of the answer's file, '' where it is composed when it is asked. */
function answerTo(columns: Columns, query: string, version: string): string {
  const [endpoint, flags] = query.split('?') as ['search' | 'categories', string];
  const parsed = parseQuery(endpoint, parseQueryString(`kibana.version=${version}&${flags}`));
  return ('query' in parsed && precomputedAnswer(columns, parsed.query)?.digest) || '';
}

function choice(flag: string, target: string, [whenFalse = '', whenTrue = '']: readonly string[]): string {
  return map(flag, target, [`default ${whenFalse};`, `true ${whenTrue};`]);
}

function row(key: string | number, value: string | number): string {
  return `${key} ${value === '' ? '""' : value};`;
}

function map(source: string, target: string, rows: readonly string[]): string {
  return `map ${source} ${target} {\n${rows.map((line) => `    ${line}\n`).join('')}}`;
}
