import { parseYaml, toList, YamlError } from '../package/yaml/yaml.ts';
import type { Fields, Value } from '../package/yaml/yaml.ts';
import { isFields } from '../package/yaml/values.ts';
import { compareText } from '../tree/text.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import type { PackageFacts } from './package-facts.ts';
import { tables } from './paged.ts';
import { yamlText } from './yaml-texts.ts';

/*
 * The fields of a package, a table for each data stream.
 */

interface Field {
  readonly name: string;
  readonly type: string;
  readonly description: string;
}

const FIELDS_FILE = /^(?:data_stream\/([^/]+)\/)?fields\/[^/]+\.yml$/;

/** The fields of the newest revision. A file that is no list of fields has none. */
export function fieldBlocks(facts: PackageFacts): Html[] {
  const byStream = new Map<string, Field[]>();
  for (const { path } of facts.files) {
    const found = FIELDS_FILE.exec(path);
    if (!found) continue;
    const fields = byStream.get(found[1] ?? '') ?? [];
    fields.push(...fieldsIn(facts, path));
    byStream.set(found[1] ?? '', fields);
  }
  const filled = [...byStream].filter(([, fields]) => fields.length > 0);
  return filled.flatMap(([stream, fields]) => {
    const rows = fields.toSorted((a, b) => compareText(a.name, b.name)).map(row);
    const head = html`<h3>${stream === '' ? 'Of the package' : stream}</h3>`;
    return [head].concat(tables(['Field', 'Type', 'Description'], rows, `Fields ${stream}`));
  });
}

function row({ name, type, description }: Field): Html {
  return html`<tr>
    <th scope="row"><code>${name}</code></th>
    <td>${type}</td>
    <td>${description}</td>
  </tr> `;
}

function fieldsIn(facts: PackageFacts, path: string): Field[] {
  const bytes = facts.read(path);
  const found: Field[] = [];
  try {
    if (bytes) collect(toList(parseYaml(bytes)) ?? [], '', found);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error; // the build has said what is wrong with the file
  }
  return found;
}

function collect(items: readonly Value[], prefix: string, found: Field[]): void {
  for (const item of items) {
    if (!isFields(item) || found.length >= MOST) continue;
    const name = prefix + yamlText(item, 'name');
    const inner = item['fields'];
    if (inner === undefined || inner === null)
      found.push({ name, type: typeOf(item), description: cut(yamlText(item, 'description')) });
    else if (name.length < LONGEST) collect(toList(inner) ?? [], `${name}.`, found);
  }
}

function typeOf(field: Fields): string {
  return yamlText(field, 'type') || (yamlText(field, 'external') === 'ecs' ? 'ECS' : '');
}

function cut(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

/** Characters of a description, or of a name that has fields below it. */
const LONGEST = 300;
/** Fields of a file: a hostile one may name any number. */
const MOST = 10_000;
