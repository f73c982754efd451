import type { Finding } from '../../errors.ts';
import type { HostName } from '../../hosts/hosts.ts';
import { packageFolders } from '../../tree/layout.ts';
import { checkAnswers } from './answers.ts';
import { assetPlaces } from './assets.ts';
import { walkDisk } from './disk.ts';
import { formCheck } from './forms.ts';
import { hostFindings } from './host-folder.ts';
import { readIndex } from './index-view.ts';
import { fileReader } from './read-file.ts';
import { checkRest } from './rest.ts';
import type { RestKnowledge } from './rest.ts';
import { revisionFindings } from './revisions.ts';
import type { IndexedPackage } from './revisions.ts';
import { checkFiles } from './site-files.ts';
import type { CheckedSite } from './site-files.ts';

/*
 * The work of a thread: to read and compare.
 */

export type Task =
  | {
      readonly kind: 'package';
      readonly name: string;
      readonly lines: Uint8Array;
      readonly index?: IndexedPackage | undefined;
    }
  | { readonly kind: 'rest'; readonly lines: Uint8Array; readonly known: RestKnowledge }
  | { readonly kind: 'answers' }
  | { readonly kind: 'host'; readonly host: HostName };

export interface TaskResult {
  readonly findings: readonly Finding[];
  /** Lines of the list of compressed forms, counted from 0, whose forms were checked. */
  readonly forms: readonly number[];
  /** The digests of answers by path, of the task that computes them. */
  readonly answers?: ReadonlyMap<string, string> | undefined;
}

/** Makes a thread ready for a site. `onRead` is told the bytes of listed files as they are read. */
export function startTasks(folder: string, onRead: (bytes: number) => void): (task: Task) => Promise<TaskResult> {
  const reader = fileReader(onRead);
  const forms = formCheck(folder, reader);
  const site = { folder, reader, forms, assets: assetPlaces(folder) };
  return async (task) => {
    const found = await carryOut(site, task);
    reader.forget(); // packages share few files, and memory stays flat
    return { ...found, forms: forms.takeChecked() };
  };
}

async function carryOut(site: CheckedSite, task: Task): Promise<Omit<TaskResult, 'forms'>> {
  switch (task.kind) {
    case 'package': {
      const disk = packageFolders(task.name).flatMap((path) => Array.from(walkDisk(site.folder, path)));
      const files = checkFiles(site, task.lines, { disk });
      return { findings: [...files.findings, ...revisionFindings(site, task.name, { files, index: task.index })] };
    }
    case 'rest':
      return { findings: checkRest(site, task.lines, task.known) };
    case 'answers': {
      const { index } = readIndex(site.folder);
      const { digests, findings } = index ? checkAnswers(index) : { digests: undefined, findings: [] };
      return { findings, answers: digests };
    }
    case 'host':
      return { findings: await hostFindings(site, task.host) };
  }
}
