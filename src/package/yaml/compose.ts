/**
 * Composes a value from the events of js-yaml's parser, as Go's yaml.v2 does: the last of repeated keys wins, `<<`
 * merges at its place, and a limit applies to what aliases add. It is a loop with its own stack, so that deep nesting
 * can't exhaust the call stack.
 */

import { type Event, EVENT_ID, SCALAR_STYLE, type ScalarEvent } from 'js-yaml';

import { scalarText, type Separators, separatorsOf, type UnifiedText } from './breaks.ts';
import type { Budget } from './budget.ts';
import { KeyRules } from './keys.ts';
import { findBadEscape, resolvePlain, resolveTagged, YAML_TAG } from './scalars.ts';
import {
  isFields,
  isList,
  lineAt,
  MAX_DEPTH,
  noFields,
  type OpenFields,
  toText,
  type Value,
  YamlError,
} from './values.ts';

/** The value of a document. */
export interface Composed {
  readonly value: Value;
  /**
   * The objects that have a key which is not a text (`1: a`). The key stands in the value as its text. YAML allows such
   * keys, manifests don't.
   */
  readonly oddKeys: ReadonlySet<Value>;
}

/**
 * The value of the one document of `events`, which js-yaml has parsed from the text of `source`.
 * @throws YamlError with its line, for what yaml.v2 refuses: unknown anchors, an alias inside its own anchor, lists and
 * objects as keys, `<<` with anything but objects, excessive aliases, texts that don't fit their tag, a YAML version
 * other than 1.1; and for more than `budget` has.
 */
export function compose(events: readonly Event[], source: UnifiedText, budget: Budget): Composed {
  const composer = new Composer(source, budget);
  for (const event of events) composer.take(event);
  return composer;
}

/** A value with a name, as aliases need it. */
interface Anchored {
  value: Value;
  /** The number of nodes inside, itself included. Aliases count as often as they are used. */
  size: number;
  /** The characters of all texts inside, counted in the same way. */
  characters: number;
  /** The number of collections on the deepest path down, itself included. */
  height: number;
  /** Whether it is still being read. An alias for it would then be inside itself. */
  open: boolean;
}

interface Frame {
  readonly items: Value[] | undefined;
  readonly fields: OpenFields | undefined;
  readonly anchored: Anchored | undefined;
  /** Nodes read before this one. */
  readonly start: number;
  /** Characters read before this one. */
  readonly startCharacters: number;
  height: number;
  key: string | undefined;
  oddKey: boolean;
  /** The key is `<<`. */
  merges: boolean;
}

const NONE = -1;

class Composer implements Composed {
  value: Value = null;
  readonly oddKeys = new Set<Value>();
  readonly #source: string;
  readonly #separators: Separators | undefined;
  readonly #budget: Budget;
  readonly #keys: KeyRules;
  readonly #stack: Frame[] = [];
  readonly #anchors = new Map<string, Anchored>();
  readonly #handles = new Map([
    ['!', '!'],
    ['!!', YAML_TAG],
  ]);
  #nodes = 0;
  #characters = 0;
  #aliased = 0;

  constructor(source: UnifiedText, budget: Budget) {
    this.#source = source.text;
    this.#separators = source.separators === '' ? undefined : separatorsOf(source);
    this.#budget = budget;
    this.#keys = new KeyRules(source.text);
  }

  take(event: Event): void {
    const fault = this.#keys.faultOf(event, this.#atKey());
    if (fault !== undefined) throw this.#error(fault.reason, fault.position);
    switch (event.type) {
      case EVENT_ID.SCALAR:
        return this.#scalar(event);
      case EVENT_ID.SEQUENCE:
        return this.#open([], undefined, event);
      case EVENT_ID.MAPPING:
        return this.#open(undefined, noFields(), event);
      case EVENT_ID.ALIAS:
        return this.#alias(event.anchorStart, event.anchorEnd);
      case EVENT_ID.DOCUMENT:
        return this.#directives(event);
      default:
        return this.#close();
    }
  }

  #directives(event: Extract<Event, { type: typeof EVENT_ID.DOCUMENT }>): void {
    for (const directive of event.directives) {
      if (directive.kind === 'tag') this.#handles.set(directive.handle, directive.prefix);
      else if (directive.version !== '1.1') throw new YamlError(`not YAML 1.1: %YAML ${directive.version}`);
    }
  }

  #scalar(event: ScalarEvent): void {
    const text = scalarText(this.#source, event, this.#separators);
    if (event.style === SCALAR_STYLE.DOUBLE_QUOTED && !event.fast) {
      const escape = findBadEscape(this.#source.slice(event.valueStart, event.valueEnd));
      if (escape !== undefined) throw this.#error(`${escape} is no character`, event.valueStart);
    }
    const tag = event.tagStart === NONE ? undefined : this.#tag(event);
    // With the tag `!`, a scalar is resolved as if it were plain, even a quoted one, but an empty one is a text.
    const plain = (tag === '!' && text !== '') || (tag === undefined && event.style === SCALAR_STYLE.PLAIN);
    const merges = text === '<<' && (plain || tag === `${YAML_TAG}merge`);
    if (merges && this.#atKey()) {
      (this.#stack.at(-1) as Frame).merges = true;
      return;
    }
    this.#count(1, text.length);
    let value: Value = text;
    if (plain) value = resolvePlain(text);
    else if (tag !== undefined) value = this.#tagged(text, tag, event.tagStart);
    if (event.anchorStart !== NONE)
      this.#name(event, { value, size: 1, characters: text.length, height: 0, open: false });
    this.#put(value, 0, event.valueStart);
  }

  #open(items: Value[] | undefined, fields: OpenFields | undefined, event: Positioned): void {
    if (this.#atKey()) throw this.#error('a list or an object as a key', event.start);
    this.#deepen(1, event.start);
    const [start, startCharacters] = [this.#nodes, this.#characters];
    this.#count(1, 0);
    let anchored: Anchored | undefined;
    if (event.anchorStart !== NONE) {
      anchored = { value: null, size: 0, characters: 0, height: 0, open: true };
      this.#name(event, anchored);
    }
    this.#stack.push({
      items,
      fields,
      anchored,
      start,
      startCharacters,
      height: 1,
      key: undefined,
      oddKey: false,
      merges: false,
    });
  }

  #close(): void {
    const frame = this.#stack.pop();
    if (frame === undefined) return;
    const value = (frame.items ?? frame.fields) as Value;
    if (frame.anchored !== undefined) {
      Object.assign(frame.anchored, {
        value,
        size: this.#nodes - frame.start,
        characters: this.#characters - frame.startCharacters,
        height: frame.height,
        open: false,
      });
    }
    this.#put(value, frame.height, NONE);
  }

  #alias(start: number, end: number): void {
    const name = this.#source.slice(start, end);
    const anchored = this.#anchors.get(name);
    if (anchored === undefined) throw this.#error(`unknown anchor ${name}`, start);
    if (anchored.open) throw this.#error(`anchor ${name} contains itself`, start);
    this.#deepen(anchored.height, start);
    this.#count(1 + anchored.size, anchored.characters);
    this.#aliased += anchored.size;
    if (tooManyAliased(this.#aliased, this.#nodes)) throw this.#error('too many aliases', start);
    const merges = this.#stack.at(-1)?.merges === true;
    if (merges && isList(anchored.value)) throw this.#error(WANTS_OBJECTS, start);
    if (this.#atKey() && typeof anchored.value === 'object' && anchored.value !== null) {
      throw this.#error('a list or an object as a key', start);
    }
    this.#put(anchored.value, anchored.height, start);
  }

  /** Puts a finished value into the collection around it. */
  #put(value: Value, height: number, position: number): void {
    const frame = this.#stack.at(-1);
    if (frame === undefined) {
      this.value = value;
      return;
    }
    if (height >= frame.height) frame.height = height + 1;
    if (frame.items !== undefined) frame.items.push(value);
    else if (frame.merges) this.#merge(frame, value, position);
    else if (frame.key === undefined) {
      frame.key = toText(value) as string;
      frame.oddKey = typeof value !== 'string';
    } else {
      const fields = frame.fields as OpenFields;
      fields[frame.key] = value;
      if (frame.oddKey) this.oddKeys.add(fields);
      frame.key = undefined;
    }
  }

  /** The first of several objects wins, and all of them win over keys before the `<<` (yaml.v2 merges at its place). */
  #merge(frame: Frame, value: Value, position: number): void {
    frame.merges = false;
    const fields = frame.fields as OpenFields;
    const sources = isList(value) ? value.toReversed() : [value];
    for (const source of sources) {
      if (!isFields(source)) throw this.#error(WANTS_OBJECTS, position);
      for (const key of Object.keys(source)) fields[key] = source[key] as Value;
      if (this.oddKeys.has(source)) this.oddKeys.add(fields);
    }
  }

  #count(nodes: number, characters: number): void {
    this.#nodes += nodes;
    this.#characters += characters;
    this.#budget.take(nodes, characters);
  }

  #atKey(): boolean {
    const frame = this.#stack.at(-1);
    return frame?.fields !== undefined && frame.key === undefined && !frame.merges;
  }

  #deepen(height: number, position: number): void {
    if (this.#stack.length + height > MAX_DEPTH) throw this.#error(`nested deeper than ${MAX_DEPTH}`, position);
  }

  #name(event: { anchorStart: number; anchorEnd: number }, anchored: Anchored): void {
    const name = this.#source.slice(event.anchorStart, event.anchorEnd);
    if (!ANCHOR.test(name)) throw this.#error(`${name} is no name for an anchor`, event.anchorStart);
    this.#anchors.set(name, anchored);
  }

  /** The full name of a node's tag. */
  #tag(event: ScalarEvent): string {
    const tag = this.#source.slice(event.tagStart, event.tagEnd);
    if (tag.startsWith('!<')) return tag.slice(2, -1);
    const handle = tag.slice(0, tag.indexOf('!', 1) + 1) || '!';
    return `${this.#handles.get(handle) ?? handle}${tag.slice(handle.length)}`;
  }

  #tagged(text: string, tag: string, position: number): Value {
    try {
      return resolveTagged(text, tag);
    } catch (error) {
      if (!(error instanceof YamlError)) throw error;
      throw new YamlError(error.message, lineAt(this.#source, position));
    }
  }

  #error(reason: string, position: number): YamlError {
    return new YamlError(`not YAML: ${reason}`, position === NONE ? undefined : lineAt(this.#source, position));
  }
}

interface Positioned {
  readonly start: number;
  readonly anchorStart: number;
  readonly anchorEnd: number;
}

const WANTS_OBJECTS = '<< takes an object or a list of objects';
/** libyaml allows no other characters in a name. */
const ANCHOR = /^[A-Za-z0-9_-]+$/;

/**
 * The limit of yaml.v2: up to 400,000 nodes, 99% may come from aliases; from 4,000,000 nodes, 10%; in between, the
 * share falls in a straight line. Small documents have no limit.
 */
function tooManyAliased(aliased: number, nodes: number): boolean {
  if (aliased <= 100 || nodes <= 1000) return false;
  const excess = Math.min(Math.max(nodes - 400_000, 0), 3_600_000);
  return aliased / nodes > 0.99 - 0.89 * (excess / 3_600_000);
}
