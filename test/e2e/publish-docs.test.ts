import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startStandIn } from '../support/cdn.ts';
import { cleanEnvironment, program, startServer, temporaryFolder } from '../support/cli.ts';
import { packageFiles, under, writeFiles } from '../support/repository.ts';
import { REPOSITORY } from '../support/source.ts';
import { BUCKET, hasVersitygw, startVersitygw } from '../support/versitygw.ts';

/*
 * The commands of docs/publish.md as they stand, in order. Only the names that a reader replaces are replaced: the bucket, the address of the
 * object store and of the site, folders of the machine, the id of a release.
 */

/** Verbs whose lines run; the others need a host. */
const VERBS = /^epr-static (build|publish|releases|rollback|prune|purge|verify|export|reader) /;

const root = temporaryFolder();

/** Each has other packages than the one before. */
function writeStorage(version: number): void {
  const readme = { 'docs/README.md': `# version ${version}\n` };
  writeFiles(
    root,
    under('storage/main/packages', packageFiles('acme', '1.0.0', readme), packageFiles('more', `${version}.0.0`)),
  );
}

if (hasVersitygw())
  test('every command of docs/publish.md does its work', { timeout: 300_000 }, async () => {
    const bin = join(root, 'bin');
    mkdirSync(bin);
    chmodSync(program, 0o755);
    symlinkSync(program, join(bin, 'epr-static'));
    writeFiles(root, {
      'content/distributions.yml':
        'registry: 1.40.1\nstorage: ../storage\nlayers: { main: {} }\n' +
        'distributions: { production: { layers: [main], artifacts: true, cache: { index: 0 } } }\n',
    });
    const [store, cdn] = [await startVersitygw(), await startStandIn()];
    const env = {
      ...cleanEnvironment(),
      ...store.env,
      PATH: `${bin}:${process.env['PATH']}`,
      AWS_ENDPOINT_URL_S3: store.endpoint,
      CLOUDFLARE_API_BASE_URL: cdn.address,
      CLOUDFLARE_API_TOKEN: 'token',
      CLOUDFLARE_ZONE_ID: 'zone',
    };
    // Commands wait for the stand-in of this process, so they must not block it.
    const shell = async (line: string): Promise<{ status: number; printed: string }> =>
      await new Promise((resolve) => {
        execFile('bash', ['-c', `exec 2>&1; ${line}`], { cwd: root, env }, (error, printed) =>
          resolve({ status: error ? Number(error.code ?? 1) : 0, printed }),
        );
      });
    let site: Awaited<ReturnType<typeof startServer>> | undefined;
    let release = '';
    const replaced = (line: string): string =>
      line
        .replaceAll('s3://packages/', `s3://${BUCKET}/`)
        .replaceAll('http://127.0.0.1:7070', store.endpoint)
        .replaceAll(/--site https:\/\/packages\.example\.org(?= --at)/g, `--site ${site?.url}`)
        .replaceAll(/(?<= )\/srv\//g, `${root}/srv/`)
        .replaceAll('--since RELEASE', `--since ${release}`);
    const lines = commandLines(readFileSync(`${REPOSITORY}docs/publish.md`, 'utf8'));
    const wrong: string[] = [];
    for (const [at, line] of lines.entries()) {
      if (line.startsWith('epr-static publish ') || line.startsWith('epr-static build ')) {
        writeStorage(at + 1);
        await shell('epr-static build --dist production');
      }
      const { status, printed } = await shell(replaced(line));
      if (status !== 0) wrong.push(`${line}\n${printed}`);
      const [, id] = /^published (\S+) in s3:/m.exec(printed) ?? [];
      release ||= id ?? '';
      if (id !== undefined) site ??= await startServer(['--store', `s3://${BUCKET}/production`], { cwd: root, env });
    }
    await site?.stop();
    await cdn.stop();
    store.stop();
    expect(wrong).toEqual([]);
    expect(lines.length).toBeGreaterThan(12);
    expect(cdn.asked.length).toBeGreaterThan(2);
  });

/** The lines of a page that are commands to run here. */
function commandLines(page: string): string[] {
  const lines = page.split('\n').filter((line) => line.startsWith('    '));
  return lines.map((line) => line.trim()).filter((line) => VERBS.test(line));
}
