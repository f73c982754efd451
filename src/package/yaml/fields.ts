/**
 * Splits dotted keys (docs/contract.md section 6): `a.b: 1` becomes `a: {b: 1}`, merged with everything else in `a`. A
 * part that is a number is a place in a list (`a.0: x`). A list that also gets names becomes an object with the keys
 * `0`, `1`, ….
 */

import type { Budget } from './budget.ts';
import { goInteger } from './scalars.ts';
import { type Fields, isList, MAX_DEPTH, noFields, type Value, YamlError } from './values.ts';

/**
 * Splits and merges every dotted key in `fields`, at any depth. The result shares nothing with `fields`, which stays
 * unchanged.
 * @throws YamlError for an object in `oddKeys` (one with a key that is not a text), for a path with two scalars or with
 * a scalar and something else, for values that are nested too deep, and for more values than `budget` has.
 */
export function splitDottedKeys(fields: Fields, oddKeys: ReadonlySet<Value>, budget: Budget): Fields {
  const branch = new Splitter(oddKeys, budget).branch(fields);
  return branch === undefined ? fields : namedFields(branch);
}

/** An object while keys are put into it: by name, and by number. */
interface Branch {
  readonly names: Map<string, Built>;
  readonly items: (Built | undefined)[];
}

/** A value, finished or still open. A list or an object in a `Built` is always a copy, never one of the input. */
type Built = Value | Branch;

/** A number in a path is a place in a list up to this number, and a name above it. */
const LAST_INDEX = 1024n;
/**
 * The most empty places that numbers may leave in all lists of a manifest, so that a few bytes can't fill the memory.
 */
const MAX_HOLES = 100_000;

class Splitter {
  readonly #oddKeys: ReadonlySet<Value>;
  readonly #budget: Budget;
  /** The keys that lead to the current place. */
  readonly #trail: string[] = [];
  #holes = 0;

  constructor(oddKeys: ReadonlySet<Value>, budget: Budget) {
    this.#oddKeys = oddKeys;
    this.#budget = budget;
  }

  branch(fields: Fields): Branch {
    if (this.#oddKeys.has(fields)) throw this.#error('has a key that is not a text');
    const branch = emptyBranch();
    for (const key of Object.keys(fields)) {
      const depth = this.#trail.length;
      const path = key.split('.');
      this.#enter(path);
      const value = this.#build(fields[key] as Value);
      this.#trail.length = depth;
      this.#place(branch, path, value);
    }
    return branch;
  }

  #build(value: Value): Built {
    if (typeof value !== 'object' || value === null) return value;
    if (isList(value)) {
      return value.map((item, index) => {
        this.#enter([String(index)]);
        const built = finish(this.#build(item));
        this.#trail.pop();
        return built;
      });
    }
    return this.#plain(value) ?? this.branch(value);
  }

  /** A fast path for an object whose keys need no work. */
  #plain(fields: Fields): Fields | undefined {
    if (this.#oddKeys.has(fields)) return undefined;
    const keys = Object.keys(fields);
    if (!keys.every(isName)) return undefined;
    const result = noFields();
    for (const key of keys) {
      this.#enter([key]);
      result[key] = finish(this.#build(fields[key] as Value));
      this.#trail.pop();
    }
    return result;
  }

  #place(branch: Branch, path: readonly string[], value: Built): void {
    let parent = branch;
    const depth = this.#trail.length;
    for (const part of path.slice(0, -1)) {
      this.#trail.push(part);
      const next = this.#opened(get(parent, part) ?? null);
      this.#set(parent, part, next);
      parent = next;
    }
    this.#add(parent, path.at(-1) as string, value);
    this.#trail.length = depth;
  }

  /** An absent value gives way to any other. Objects and lists are merged. Two values for one path are an error. */
  #add(branch: Branch, part: string, value: Built): void {
    const old = get(branch, part) ?? null;
    if (old !== null && value === null) return;
    this.#trail.push(part);
    if (old === null) this.#set(branch, part, value);
    else if (isScalar(old) && isScalar(value)) throw this.#error('is given twice, once by a dotted key');
    else {
      const into = this.#opened(old);
      this.#set(branch, part, into);
      this.#merge(into, this.#opened(value));
    }
    this.#trail.pop();
  }

  #merge(into: Branch, from: Branch): void {
    for (const [name, value] of from.names) this.#add(into, name, value);
    for (const [index, value] of from.items.entries()) this.#add(into, String(index), value ?? null);
  }

  #opened(value: Built): Branch {
    if (isBranch(value)) return value;
    if (isScalar(value) && value !== null) {
      throw this.#error(`is a ${SCALARS[typeof value] ?? 'number'} and, by a dotted key, an object`);
    }
    const branch = emptyBranch();
    if (isList(value)) for (const item of value) branch.items.push(item);
    else if (value !== null) for (const key of Object.keys(value)) this.#set(branch, key, value[key] as Value);
    return branch;
  }

  #set(branch: Branch, part: string, value: Built): void {
    const index = indexOf(part);
    if (index === undefined) {
      branch.names.set(part, value);
      return;
    }
    while (branch.items.length < index) {
      branch.items.push(null);
      if (++this.#holes > MAX_HOLES) throw this.#error('has too many empty places in lists');
    }
    branch.items[index] = value;
  }

  #enter(path: readonly string[]): void {
    if (this.#trail.length + path.length > MAX_DEPTH) throw new YamlError(`nested deeper than ${MAX_DEPTH}`);
    this.#budget.take(path.length, 0);
    this.#trail.push(...path);
  }

  #error(reason: string): YamlError {
    return new YamlError(`${this.#trail.join('.') || 'the manifest'} ${reason}`);
  }
}

const SCALARS: Readonly<Record<string, string>> = { string: 'text', boolean: 'boolean' };

function emptyBranch(): Branch {
  return { names: new Map(), items: [] };
}

function isBranch(value: Built): value is Branch {
  return typeof value === 'object' && value !== null && 'names' in value && value.names instanceof Map;
}

function isScalar(value: Built): value is Exclude<Value, readonly Value[] | Fields> {
  return value === null || typeof value !== 'object';
}

function get(branch: Branch, part: string): Built | undefined {
  const index = indexOf(part);
  return index === undefined ? branch.names.get(part) : branch.items[index];
}

/** Whether a key is one plain name: no dots, no number. */
function isName(key: string): boolean {
  return !key.includes('.') && indexOf(key) === undefined;
}

function indexOf(part: string): number | undefined {
  if (!/^[-+0-9]/.test(part)) return undefined;
  const index = goInteger(part);
  if (index === undefined || index > LAST_INDEX) return undefined;
  if (index < 0n) throw new YamlError(`${part} is a negative number, which no key can be`);
  return Number(index);
}

/** A branch that has only numbers is a list. An empty branch is an empty object. */
function finish(value: Built): Value {
  if (!isBranch(value)) return value;
  if (value.names.size > 0 || value.items.length === 0) return namedFields(value);
  return value.items.map((item) => finish(item ?? null));
}

function namedFields(branch: Branch): Fields {
  const fields = noFields();
  for (const [index, item] of branch.items.entries()) fields[String(index)] = finish(item ?? null);
  for (const [name, value] of branch.names) fields[name] = finish(value);
  return fields;
}
