import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { programOf } from '#lib/commands/program';
import { COMMANDS, CONFIGURATION, NAVIGATION } from './docs/navigation.ts';
import { commandsPage, configurationPage } from './docs/reference.ts';
import { docsSite, STYLE } from './docs/site.ts';

/*
 * The documents as a static site, of the folder of the repository:
 *
 *     node lib/scripts/docs.js [--out FOLDER]
 */

const { out } = parseArgs({ options: { out: { type: 'string', default: 'docs-site' } } }).values;

const generated: Readonly<Record<string, string>> = {
  [COMMANDS]: commandsPage(await programOf(() => undefined)),
  [CONFIGURATION]: configurationPage(readFileSync('content/distributions.schema.json', 'utf8')),
};
const decisions = readdirSync('docs/decisions').map((name) => `docs/decisions/${name}`);
const paths = new Set([...NAVIGATION.flatMap(({ pages }) => pages), ...decisions]);
const texts = new Map([...paths].map((path) => [path, generated[path] ?? readFileSync(path, 'utf8')]));

const files = docsSite(texts);
if (existsSync(out) && !existsSync(join(out, STYLE))) throw new Error(`${out} is no docs site; name another folder`);
rmSync(out, { recursive: true, force: true });
for (const { place, content } of files) {
  mkdirSync(dirname(join(out, place)), { recursive: true });
  writeFileSync(join(out, place), content);
}
process.stdout.write(`${texts.size} pages in ${out}. Open ${resolve(out, 'index.html')}\n`);
