import { Stop } from '../../errors.ts';

/** Where the parts of a registry lie, for nginx. */
export interface Places {
  /** The name of the distribution. */
  readonly name: string;
  /** The site's tree, and the folder of nginx's own files. */
  readonly site: string;
  readonly host: string;
  /** The path below which the registry lies, without a slash at its end: '' is the root of the server. */
  readonly prefix: string;
  readonly port: number;
}

/** Throws a `Stop` where a path can't stand in a configuration of nginx: nothing escapes these characters there. */
export function refuseSpecial(path: string): void {
  const special = /[$'\\\x00-\x1f\x7f]/.exec(path);
  if (special)
    throw new Stop(
      'bad-path',
      `${path} has ${JSON.stringify(special[0])} in it, which a configuration of nginx can't hold`,
      'choose another place with --out or --root',
    );
}

/** A text as a parameter in a configuration of nginx. */
export function parameter(text: string): string {
  return `"${text.replaceAll(/[\\"]/g, '\\$&')}"`;
}

/** A path as the parameter of `include`, which takes some characters for a pattern. */
export function includePath(path: string): string {
  return parameter(path.replaceAll(/[*?[]/g, '\\$&'));
}
