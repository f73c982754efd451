import type { Json, JsonObject } from '../tree/json.ts';
import type { PackageFiles } from './package-files.ts';
import type { PackageFacts, RevisionFacts } from './package-facts.ts';

/* Values of a package index, which says what a package says. */

/** A member as a text; undefined where it is none. */
export function textIn(object: JsonObject, key: string): string | undefined {
  const value = object[key];
  return typeof value === 'string' ? value : undefined;
}

/** The objects in a list; none where it is no list. */
export function objectsIn(object: JsonObject, key: string): JsonObject[] {
  const value = object[key];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The object at some keys. */
export function objectIn(object: JsonObject, ...keys: readonly string[]): JsonObject {
  let found: Json | undefined = object;
  for (const key of keys) found = isObject(found) ? found[key] : undefined;
  return isObject(found) ? found : {};
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map);
}

/** The newest revision of a package. */
export function newestOf({ revisions }: PackageFacts): RevisionFacts {
  return revisions.at(-1) as RevisionFacts;
}

/** The address of the package's icon: the smallest that is as large as it is shown, or else the first. */
export function iconOf({ index }: PackageFacts, files: PackageFiles): string | undefined {
  const sources = objectsIn(index, 'icons').flatMap((icon) => textIn(icon, 'src') ?? []);
  return sources.flatMap((source) => files.image(source, '') ?? [])[0];
}
