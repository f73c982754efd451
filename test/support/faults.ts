import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { treesOf } from '../../src/tree/current.ts';
import { run } from './cli.ts';
import type { Run } from './cli.ts';

/*
 * Faults in the middle of a run: the program is started with a module that counts its steps (each call that changes a file) and
 * kills it, or has the system refuse, at one of them.
 */

/**
 * `kill` ends the process before the step, `cut` in the middle of it (half of a file written, half of a folder removed), and
 * `interrupt` is Ctrl-C. `EIO` fails this one step; `ENOSPC` fails it and all later ones that need room.
 */
export type Fault = 'kill' | 'cut' | 'interrupt' | 'EIO' | 'ENOSPC';

export interface Step {
  /** The operation and its paths, without what differs from run to run, such as `rename dist/.all.ID.tmp -> dist/all`. */
  readonly step: string;
  /** Whether the main thread did it. */
  readonly main: boolean;
  /** What was injected here. */
  readonly fault?: Fault;
  /** The copy that was made before it. */
  readonly copy?: number;
}

/** What `fault.mjs` is told. */
interface FaultSettings {
  /** Absolute; steps are counted below these folders. */
  readonly roots: readonly string[];
  readonly trace: string;
  readonly at?: string;
  readonly fault?: Fault;
  /** Copies `folder` to a new one in `to`, before the step `since` and each after it. */
  readonly copy?: { readonly folder: string; readonly to: string; readonly since: string };
}

/** A command, and the folder in which it runs. */
export interface Scenario {
  /** Holds everything that the command reads and writes. */
  readonly folder: string;
  readonly args: readonly string[];
  /** Names in `folder` of the folders that the command changes: steps count there. */
  readonly roots: readonly string[];
  /** Relative to `folder`: what the command makes or changes, and that must be the old or the new one whatever happens. */
  readonly products: readonly string[];
}

/** A scenario that has run once without a fault, and can be run again from where it began. */
export interface Rehearsed {
  readonly steps: readonly Step[];
  /** The products before and after. */
  readonly old: State;
  readonly fresh: State;
  /** Runs it from its beginning with a fault, then once more without. What is wrong with either, a line each. */
  disturb(at: Step, fault: Fault): Promise<string[]>;
  /** Runs it without a fault, and looks at its products before a step and each after it. What is wrong, a line each. */
  watch(since: Step): Promise<string[]>;
}

/** Product -> its files with their digests; undefined where it isn't there. */
type State = Readonly<Record<string, readonly string[] | undefined>>;

/** Remembers how things are, runs the command, and remembers how they are then. */
export async function rehearse(scenario: Scenario): Promise<Rehearsed> {
  const { folder, products } = scenario;
  const start = `${folder}.start`;
  copyAll(folder, start, scenario.roots);
  const stateOf = (): State => stateIn(folder, products);
  const old = stateOf();
  const { run: first, steps } = await traced(scenario, {});
  if (first.status !== 0) throw new Error(first.stderr);
  const fresh = stateOf();
  const leftBy = (): string[] => scenario.roots.flatMap((root) => temporaries(join(folder, root)));
  const neighbours = neighboursOf(scenario);

  /** Runs it until the fault hits: whether threads have a step of a name so often differs a little. A run without it has to make the new. */
  const hit = async (at: Step, fault: Fault): Promise<{ disturbed: Traced; complaints: string[] }> => {
    const complaints: string[] = [];
    for (let tries = 1; ; tries++) {
      copyAll(start, folder, scenario.roots);
      const disturbed = await traced(scenario, { at: at.step, fault });
      if (tries === MOST_TRIES || disturbed.steps.some((step) => step.fault === fault))
        return { disturbed, complaints };
      if (disturbed.run.status !== 0) complaints.push(`missed: ${disturbed.run.stderr}`);
      const state = stateOf();
      for (const product of products)
        if (!isSame(state[product], fresh[product])) complaints.push(`missed: the run makes another ${product}`);
    }
  };
  const disturb = async (at: Step, fault: Fault): Promise<string[]> => {
    const { disturbed, complaints } = await hit(at, fault);
    complaints.push(...endOf(disturbed, fault));
    complaints.push(...wholeness(seenByReader(scenario, old, fresh), old, fresh));
    if (clearsUp(at, fault)) complaints.push(...leftIn(join(folder, 'dist')).map((path) => `left by the run: ${path}`));
    const again = await run(scenario.args, { cwd: folder });
    if (again.status !== 0) complaints.push(`the next run fails: ${again.stderr}`);
    const state = stateOf();
    for (const product of products)
      if (!isSame(state[product], fresh[product])) complaints.push(`the next run makes another ${product}`);
    complaints.push(...leftBy().map((path) => `left by the next run: ${path}`));
    if (neighboursOf(scenario).join() !== neighbours.join())
      complaints.push(`there is more: ${neighboursOf(scenario).join()}`);
    return complaints.map((complaint) => `${fault} at ${at.step}: ${complaint}`);
  };
  const watch = async (since: Step): Promise<string[]> => {
    copyAll(start, folder, scenario.roots);
    const to = `${folder}.copies`;
    const copy = { folder: join(folder, 'dist'), to, since: since.step };
    const copied = (await traced(scenario, { copy })).steps.filter((step) => step.copy !== undefined);
    const complaints = copied.flatMap(({ step, copy: number }) => {
      const seen = seenByReader({ ...scenario, folder: join(to, String(number)) }, old, fresh);
      return wholeness(seen, old, fresh).map((complaint) => `before ${step}: ${complaint}`);
    });
    rmSync(to, { recursive: true, force: true });
    return copied.length === 0 ? ['no step was seen'] : complaints;
  };
  return { steps, old, fresh, disturb, watch };
}

function stateIn(folder: string, products: readonly string[]): State {
  return Object.fromEntries(products.map((product) => [product, filesOf(join(folder, product))]));
}

/**
 * The products as their readers see them: of a site, the files that are in the old or the new one, by its journal; of everything else,
 * what lies there.
 */
function seenByReader({ folder, products }: Scenario, old: State, fresh: State): State {
  const seen = (product: string): readonly string[] | undefined => {
    const place = join(folder, product);
    if (!existsSync(join(place, '.epr-static')) || HOST_FOLDER.test(product)) return restOf(filesOf(place));
    const known = [...(old[product] ?? []), ...(fresh[product] ?? [])].map(pathIn);
    return [...new Set(known)].flatMap((path) => lineOf(place, path)).sort();
  };
  return Object.fromEntries(products.map((product) => [product, seen(product)]));
}

/** Without what a change that is under way keeps for itself. */
function restOf(lines: readonly string[] | undefined): readonly string[] | undefined {
  return lines?.filter((line) => !line.startsWith('".epr-static/'));
}

/** The line of a path in a listing, as a reader who honours journals finds it. */
function lineOf(folder: string, path: string): string[] {
  for (const tree of treesOf(folder, Buffer.from(path).toString('latin1'))) {
    const place = join(tree, path);
    if (statSync(place, { throwIfNoEntry: false })?.isFile()) return [lineFor(tree, place)];
  }
  return [];
}

function pathIn(line: string): string {
  return JSON.parse(line.slice(0, line.lastIndexOf(' '))) as string;
}

function lineFor(folder: string, file: string): string {
  return `${JSON.stringify(relative(folder, file))} ${digestOf(file)}`;
}

/** Most files that are looked at are links to a few. */
const digests = new Map<string, string>();

function digestOf(file: string): string {
  const { ino, size, mtimeMs, birthtimeMs } = statSync(file);
  const key = [ino, size, mtimeMs, birthtimeMs].join(' ');
  const digest = digests.get(key) ?? createHash('sha256').update(readFileSync(file)).digest('hex');
  digests.set(key, digest);
  return digest;
}

const MOST_TRIES = 5;

interface Traced {
  readonly run: Run;
  readonly steps: readonly Step[];
}

async function traced(
  { folder, args, roots }: Scenario,
  fault: Pick<FaultSettings, 'at' | 'fault' | 'copy'>,
): Promise<Traced> {
  const trace = `${folder}.trace`;
  rmSync(`${trace}.full`, { force: true });
  const settings: FaultSettings = { ...fault, trace, roots: roots.map((root) => join(folder, root)) };
  const preload = new URL('fault.mjs', import.meta.url).href;
  const env = { EPR_FAULT: JSON.stringify(settings), NODE_OPTIONS: `--import=${preload}` };
  const ended = await run(args, { cwd: folder, env });
  const lines = readFileSync(trace, 'utf8').trimEnd().split('\n');
  return { run: ended, steps: lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Step) };
}

/** What is wrong with how a disturbed run ended: whether the fault hit, and whether the program said so like a program. */
function endOf({ run: ended, steps }: Traced, fault: Fault): string[] {
  if (!steps.some((step) => step.fault === fault)) return ['the fault did not hit'];
  if (fault === 'kill' || fault === 'cut') return ended.status === null ? [] : [`exit status ${ended.status}`];
  if (fault === 'interrupt') return [0, 130, null].includes(ended.status) ? [] : [`exit status ${ended.status}`];
  const complaints = /^\s+at /m.test(ended.stderr) ? [`a stack trace: ${ended.stderr}`] : [];
  return ended.status === 0 || ended.stderr.startsWith('error ') ? complaints : [...complaints, `says ${ended.stderr}`];
}

/** Whether each product is the old or the new one. A host's folder may be out of sight. */
function wholeness(state: State, old: State, fresh: State): string[] {
  return Object.keys(state).flatMap((product) =>
    isSame(state[product], old[product]) ||
    isSame(state[product], fresh[product]) ||
    (HOST_FOLDER.test(product) && state[product] === undefined)
      ? []
      : [`${product} is neither the old nor the new one`],
  );
}

const HOST_FOLDER = /\.(nginx|netlify|cloudflare)$/;

function isSame(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return a?.join('\n') === b?.join('\n');
}

function filesOf(path: string): readonly string[] | undefined {
  if (!existsSync(path)) return undefined;
  if (!statSync(path).isDirectory()) return [digestOf(path)];
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => lineFor(path, join(parentPath, name))).sort();
}

function neighboursOf({ folder, products }: Scenario): string[] {
  const parents = [...new Set(products.map((product) => join(folder, product, '..')))];
  return parents.flatMap((parent) => readdirSync(parent)).sort();
}

/** Whether a disturbed run clears away what it made: it was not killed, and the fault was not that it couldn't. */
function clearsUp({ step }: Step, fault: Fault): boolean {
  return fault !== 'kill' && fault !== 'cut' && !/^(rm|rmdir|unlink) /.test(step);
}

/** What a run should have cleared away; a change that is written down and under way is left to be completed. */
function leftIn(folder: string): string[] {
  return temporaries(folder).filter((path) => !/\.(epr-static|aside)$/.test(path));
}

function temporaries(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return paths
    .filter((path) => /\.(tmp|old|lock|aside|epr-static)$/.test(path))
    .map((path) => `${basename(folder)}/${path}`);
}

/** Makes some folders in `to` what they are in `from`, with the links between their files. */
function copyAll(from: string, to: string, folders: readonly string[]): void {
  for (const name of folders) rmSync(join(to, name), { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  const there = folders.map((name) => join(from, name)).filter((path) => existsSync(path));
  if (there.length > 0) execFileSync('cp', ['-a', ...there, to]);
}

/** At most `count` of a list, evenly, with the first and the last. */
export function sampled<T>(list: readonly T[], count: number): T[] {
  if (list.length <= count) return [...list];
  const stride = (list.length - 1) / Math.max(1, count - 1);
  const chosen = new Set(Array.from({ length: count }, (_, i) => Math.round(i * stride)));
  return list.filter((_, i) => chosen.has(i));
}
