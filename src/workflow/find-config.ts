import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { commandLine } from '../command-line.ts';
import { DISTRIBUTIONS, isUrl, locationIn, locationOf, openConfig, shownConfig } from '../config.ts';
import type { ConfigFile, ConfigPlace, OwnConfig } from '../config.ts';
import { errorCode, isAbsence, Stop } from '../errors.ts';
import type { Finding } from '../errors.ts';
import { withoutCredentials } from '../storage/git/command.ts';
import { ownFiles } from '../storage/own-files.ts';
import type { OwnFiles } from '../storage/own-files.ts';

/*
 * Which distributions file counts: the one that `--config` names; or else the storage's own, on the default branch of its
 * repository or in its folder; or else the one in the current folder. A build asks in the other order: what somebody serves is
 * for that person to say, and what may happen to a storage is for the storage.
 */

/** The options by which verbs find a distributions file. */
export interface FindOptions {
  /** `--config`. */
  readonly config?: string | undefined;
  /** `--storage`. */
  readonly storage?: string | undefined;
  readonly cache: string;
  readonly offline: boolean;
}

/** A build can have a distributions file that is none on disk. */
export interface FindBuildOptions extends Omit<FindOptions, 'config'> {
  readonly config?: ConfigPlace | undefined;
}

export interface FoundConfig {
  readonly config: ConfigFile;
  /** Whether a storage that is a URL was fetched just now. */
  readonly isFetched: boolean;
  /** A warning where another distributions file is closer at hand than the one that counts. */
  readonly findings: readonly Finding[];
}

/**
 * Finds the distributions file for a verb that asks or changes a storage: the storage's own before that of the current folder.
 * Throws a `Stop` if there is none. `onLocation` is told which storage it is, before that is opened.
 */
export async function findStorageConfig(
  options: FindOptions,
  onLocation: (location: string | undefined) => void = () => undefined,
): Promise<FoundConfig> {
  const { storage } = options;
  if (options.config !== undefined) {
    const config = await openConfig(options.config);
    onLocation(locationIn(config, storage));
    return { config, isFetched: false, findings: [] };
  }
  const here = await fileHere();
  const near = storage === undefined && here ? await openConfig(here.file, here.text) : undefined;
  const location = near ? locationIn(near) : locationOf(storage ?? '.');
  onLocation(location);
  const own = location === undefined ? undefined : await ownConfig(location, options);
  const wasFetched = location !== undefined && isFetched(location, options);
  if (own)
    return { config: await openConfig(own.place, own.text), isFetched: wasFetched, findings: differs(own, here) };
  if (here) return { config: near ?? (await openConfig(here.file, here.text)), isFetched: wasFetched, findings: [] };
  throw noConfig(location ?? '.');
}

/** Finds the distributions file for a build: that of the current folder before the storage's own. Throws a `Stop` if there is none. */
export async function findBuildConfig(options: FindBuildOptions): Promise<FoundConfig> {
  const here = options.config === undefined ? await fileHere() : { file: options.config, text: undefined };
  if (here) return { config: await openConfig(here.file, here.text), isFetched: false, findings: [] };
  const location = locationOf(options.storage ?? '.');
  const own = await ownConfig(location, options);
  if (!own) throw noConfig(location);
  const config = await openConfig(own.place, own.text);
  return { config, isFetched: isFetched(location, options), findings: [] };
}

interface Text {
  readonly text: string;
}

/** The distributions file of the current folder. */
async function fileHere(): Promise<(Text & { readonly file: string }) | undefined> {
  const file = resolve(HERE);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isAbsence(error)) return undefined;
    throw new Stop('no-config', `${file} can't be read: ${errorCode(error)}`, undefined, error);
  });
  return text === undefined ? undefined : { file, text };
}

const HERE = `content/${DISTRIBUTIONS}`;

/** The distributions file that a storage holds about itself. */
async function ownConfig(
  location: string,
  { cache, offline }: Pick<FindOptions, 'cache' | 'offline'>,
): Promise<(Text & { readonly place: OwnConfig }) | undefined> {
  for (const files of await ownFiles(location, { isUrl: isUrl(location), cache, offline }))
    for (const folder of ['content/', '']) {
      const text = await files.read(`${folder}${DISTRIBUTIONS}`);
      if (text !== undefined) return { text, place: configIn(location, folder, files) };
    }
  return undefined;
}

function configIn(location: string, folder: string, { branch, read }: OwnFiles): OwnConfig {
  const place = `${branch === undefined ? '' : ` on ${branch}`} of ${withoutCredentials(location)}`;
  return { location, shown: (name) => `${folder}${name}${place}`, read: (name) => read(`${folder}${name}`) };
}

function isFetched(location: string, { offline }: Pick<FindOptions, 'offline'>): boolean {
  return isUrl(location) && !offline;
}

function differs(
  own: Text & { readonly place: OwnConfig },
  here: (Text & { readonly file: string }) | undefined,
): Finding[] {
  if (!here || here.text === own.text) return [];
  const text = `is not what counts here: ${shownConfig(own.place)} differs; commit yours, or name it with --config`;
  return [{ code: 'other-config', where: here.file, text, level: 'warning' }];
}

function noConfig(location: string): Stop {
  const shown = withoutCredentials(location);
  return new Stop(
    'no-config',
    `there is no ${DISTRIBUTIONS}: ${shown} has none of its own (${HERE} on its default branch, or in its folder), and there is no ${HERE} here`,
    `name one with --config, or start a storage that has one: ${commandLine(['init', 'FOLDER'])}`,
  );
}
