import type { KibanaClient } from '../../src/config.ts';
import type { Running } from './implementations.ts';

/* The requests that Kibanas send to a registry, made up at random, and whether two sites answer them alike. */

/** A line of `for`, as a distributions file in JSON has it. */
export interface WrittenClient {
  readonly kibana: string;
  readonly prerelease?: boolean;
  readonly spec?: string;
  readonly capabilities?: readonly string[];
}

export function toClient({ kibana, prerelease = true, spec, capabilities }: WrittenClient): KibanaClient {
  const [min = '', max = ''] = (spec ?? '').split('-').map((bound) => bound.trim());
  return { kibana, prerelease, spec: spec === undefined ? undefined : { min, max }, capabilities };
}

/** What requests can be about. */
export interface Known {
  readonly names: readonly string[];
  readonly categories: readonly string[];
}

interface Summary {
  readonly name: string;
  readonly version: string;
  readonly download: string;
  readonly path: string;
  readonly signature_path?: string;
}

/** Names of packages and ids of categories that a site knows, and some that it doesn't. */
export async function knownTo(site: Running): Promise<Known> {
  const read = async (target: string) =>
    JSON.parse((await site.ask('GET', target, {})).body.toString('utf8')) as Record<string, string>[];
  const packages = await read('/search?all=true&prerelease=true');
  const categories = await read('/categories?prerelease=true&include_policy_templates=true');
  return {
    names: [...new Set(packages.map(({ name }) => String(name))), 'no_such_package'],
    categories: [...categories.map(({ id }) => String(id)), 'no_such_category'],
  };
}

/**
 * Asks two sites the same requests of Kibanas, and for some of what they find its index, a file of it, its zip and its signature. Gives
 * the requests that they answer differently, and how many were asked.
 */
export async function compareForKibanas(
  [whole, part]: readonly [Running, Running],
  { clients, known, count, seed }: { clients: readonly KibanaClient[]; known: Known; count: number; seed: number },
): Promise<{ readonly different: string[]; readonly asked: number }> {
  const draw = dice(seed);
  const different: string[] = [];
  let asked = 0;
  while (asked < count) {
    const target = requestOf(clients[Math.floor(draw() * clients.length)] as KibanaClient, known, draw);
    const body = await ask(target);
    if (!target.startsWith('/search')) continue;
    const found = JSON.parse(body.toString('utf8')) as Summary[];
    const one = found[Math.floor(draw() * found.length)];
    if (one) await askAbout(one);
  }
  return { different, asked };

  async function ask(target: string): Promise<Buffer> {
    asked++;
    const [left, right] = [await whole.ask('GET', target, {}), await part.ask('GET', target, {})];
    const isEqual =
      left.status === right.status &&
      left.body.equals(right.body) &&
      ['content-type', 'cache-control'].every((name) => left.headers[name] === right.headers[name]);
    if (!isEqual) different.push(`${target}: ${left.status} ${left.body.length}, ${right.status} ${right.body.length}`);
    return left.body;
  }

  async function askAbout({ path, download, signature_path: signature }: Summary): Promise<void> {
    const index = JSON.parse((await ask(`${path}/`)).toString('utf8')) as { readonly assets: readonly string[] };
    const asset = index.assets[Math.floor(draw() * index.assets.length)];
    if (asset !== undefined) await ask(asset.split('/').map(encodeURIComponent).join('/'));
    if (draw() < 0.2) await ask(download);
    await ask(signature ?? `${download}.sig`);
  }
}

/** A request as a Kibana sends it: the parameters are those that its registry client sets, in its order. */
function requestOf({ kibana, prerelease, spec, capabilities }: KibanaClient, known: Known, draw: () => number): string {
  const some = (chance: number, text: () => string): string[] => (draw() < chance ? [text()] : []);
  const one = (list: readonly string[]): string => encodeURIComponent(list[Math.floor(draw() * list.length)] as string);
  const constraints = [
    `kibana.version=${encodeURIComponent(kibana)}`,
    ...some(capabilities ? 0.7 : 0, () => `capabilities=${(capabilities ?? []).map(encodeURIComponent).join(',')}`),
    ...some(spec ? 0.7 : 0, () => `spec.min=${spec?.min ?? ''}&spec.max=${spec?.max ?? ''}`),
  ];
  const asked = [
    ...some(0.5, () => `prerelease=${String(prerelease && draw() < 0.8)}`),
    ...some(0.05, () => 'experimental=true'),
  ];
  const isSearch = draw() < 0.75;
  const about = isSearch
    ? [
        ...some(0.3, () => `category=${one(known.categories)}`),
        ...some(0.3, () => `package=${one(known.names)}`),
        ...some(0.2, () => `type=${one(['integration', 'input', 'content', 'solution'])}`),
      ]
    : some(0.5, () => `include_policy_templates=${String(draw() < 0.8)}`);
  return `/${isSearch ? 'search' : 'categories'}?${[...about, ...asked, ...constraints].join('&')}`;
}

/** Numbers from 0 up to 1 that depend on the seed alone (xorshift). */
function dice(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
