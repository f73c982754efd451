import { EVENT_ID, getScalarValue, parseEvents, YAMLException } from 'js-yaml';

/**
 * The line, counted from 1, of a place such as `policy_templates.0.title` in a YAML text. If the text lacks the place,
 * the line of the nearest object around it. Keys may be dotted. Undefined if the text lacks even the first part, or is
 * not YAML.
 */
export function lineOf(text: string, place: string): number | undefined {
  let best = { length: 0, position: -1 };
  for (const { path, position } of placesOf(text))
    if (path.length > best.length && (place === path || place.startsWith(`${path}.`)))
      best = { length: path.length, position };
  return best.position < 0 ? undefined : text.slice(0, best.position).split(/\r\n?|\n/).length;
}

interface Place {
  readonly path: string;
  readonly position: number;
}

interface Frame {
  readonly path: string;
  readonly isList: boolean;
  /** In an object, the key whose value comes next. */
  key: string | undefined;
  items: number;
}

/** Every key and item with its place. There are none if the text is not YAML. */
function placesOf(text: string): Place[] {
  const found: Place[] = [];
  const frames: Frame[] = [];
  const enter = (position: number): string => {
    const frame = frames.at(-1);
    if (!frame) return '';
    const path = [frame.path, frame.isList ? String(frame.items++) : frame.key].filter((part) => part !== '').join('.');
    if (frame.isList) found.push({ path, position });
    frame.key = undefined;
    return path;
  };
  for (const event of eventsOf(text)) {
    const frame = frames.at(-1);
    if (event.type === EVENT_ID.POP) frames.pop();
    else if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE)
      frames.push({ path: enter(event.start), isList: event.type === EVENT_ID.SEQUENCE, key: undefined, items: 0 });
    else if (event.type === EVENT_ID.SCALAR && frame && !frame.isList && frame.key === undefined) {
      frame.key = getScalarValue(text, event);
      found.push({ path: [frame.path, frame.key].filter((part) => part !== '').join('.'), position: event.valueStart });
    } else if (event.type === EVENT_ID.SCALAR) enter(event.valueStart);
    else if (event.type === EVENT_ID.ALIAS) enter(-1);
  }
  return found;
}

function eventsOf(text: string): ReturnType<typeof parseEvents> {
  try {
    return parseEvents(text, {});
  } catch (error) {
    if (error instanceof YAMLException) return [];
    throw error;
  }
}
