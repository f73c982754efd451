import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { errorCode, ifThere } from '../errors.ts';
import { readPlain, readRange } from '../hosts/node/folder-reader.ts';
import { writeAside } from '../tree/commit/aside.ts';
import { clearLeftovers, temporariesIn, temporaryName } from '../tree/commit/leftovers.ts';
import { withLock } from '../tree/commit/lock.ts';
import type { LockOptions } from '../tree/commit/lock.ts';
import { makeFolder } from '../tree/make-folder.ts';
import { OBJECTS, POINTER, RELEASES } from '../tree/store-form.ts';
import { noTraffic } from './store.ts';
import type { Listed, ReadOnlyStore, Sent, Store } from './store.ts';

/** A store in a folder, for those who only read it. */
export class ReadOnlyFolder implements ReadOnlyStore {
  readonly url: string;
  readonly traffic = noTraffic();
  protected readonly root: string;

  constructor(url: string) {
    this.url = url;
    this.root = resolve(url);
  }

  async read(key: string): Promise<{ bytes: Buffer; tag: string } | undefined> {
    this.traffic.gets++;
    const bytes = await ifThere(readPlain(this.placeOf(key)));
    return bytes && { bytes, tag: tagOf(bytes) };
  }

  async range(key: string, start: number, end: number): Promise<Buffer | undefined> {
    this.traffic.gets++;
    return await ifThere(readRange(this.placeOf(key), start, end));
  }

  async *list(prefix: string): AsyncGenerator<Listed> {
    this.traffic.lists++;
    yield* filesIn(this.root, prefix);
  }

  /** Where nothing can be written, the clock is that of this machine. */
  now(): Promise<number> {
    return Promise.resolve(clockOf(this.root));
  }

  protected placeOf(key: string): string {
    return join(this.root, key);
  }
}

/**
 * A store in a folder, for rsync and web servers. Files are written aside, brought to the disk and renamed. Clears away what killed runs
 * left.
 */
export class FolderStore extends ReadOnlyFolder implements Store {
  private readonly lock: LockOptions;

  constructor(url: string, lock: LockOptions) {
    super(url);
    this.lock = lock;
    for (const folder of OWN_FOLDERS) clearLeftovers(this.placeOf(folder), '');
  }

  put(object: Sent, { replace = false }: { readonly replace?: boolean } = {}): Promise<boolean> {
    const there = statSync(this.placeOf(object.key), { throwIfNoEntry: false });
    const isWanted = replace || there?.size !== object.bytes.length;
    if (isWanted) this.write(object);
    return Promise.resolve(isWanted);
  }

  async swap(object: Sent, tag: string | undefined): Promise<boolean> {
    makeFolder(this.root);
    const place = this.placeOf(object.key);
    return await withLock(place, this.lock, async (held) => {
      const there = await ifThere(readFile(place));
      if ((there && tagOf(there)) !== tag) return false;
      held.check();
      this.write(object);
      return true;
    });
  }

  async remove(keys: readonly string[]): Promise<void> {
    this.traffic.deletes += keys.length;
    for (const key of keys) await rm(this.placeOf(key), { force: true });
  }

  private write({ key, bytes }: Sent): void {
    this.traffic.puts++;
    this.traffic.sent += bytes.length;
    const path = this.placeOf(key);
    makeFolder(dirname(path));
    if (!OWN_FOLDERS.includes(key.slice(0, key.lastIndexOf('/') + 1))) clearLeftovers(dirname(path), basename(path));
    writeAside({ path, temporary: temporaryName(path) }, (temporary) => {
      writeFileSync(temporary, bytes, { flush: true });
      return true;
    });
  }
}

/** The folders of a store; whatever else is written lies deeper, such as the index of an export. */
const OWN_FOLDERS = ['', OBJECTS, RELEASES];

function tagOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The keys that `publish` makes; whatever else lies in the folder is somebody else's. */
async function* filesIn(root: string, prefix: string): AsyncGenerator<Listed> {
  for (const folder of [OBJECTS, RELEASES, '']) {
    const temporary = new Set(temporariesIn(join(root, folder)).map(({ found }) => found));
    for (const name of (await ifThere(readdir(join(root, folder)))) ?? []) {
      const key = folder + name;
      if (!key.startsWith(prefix) || temporary.has(name) || (folder === '' && key !== POINTER)) continue;
      const found = await ifThere(stat(join(root, key)));
      if (found?.isFile()) yield { key, size: found.size, changed: found.mtimeMs };
    }
  }
}

/** The time that the file system gives a new file: the folder may be another machine's. Where it takes none, that of this machine. */
function clockOf(root: string): number {
  const probe = temporaryName(join(root, '.clock'));
  try {
    writeFileSync(probe, '');
    return statSync(probe).mtimeMs;
  } catch (error) {
    if (!REFUSED.has(errorCode(error))) throw error;
    return Date.now();
  } finally {
    rmSync(probe, { force: true });
  }
}

/** What systems say where somebody may not write. */
const REFUSED = new Set(['EROFS', 'EACCES', 'EPERM']);
