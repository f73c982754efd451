/* How the commands of each document run here: what the document takes for granted, and which of them can't run. */

export interface Session {
  /** Commands that make what the page takes for granted. Its blocks begin where they leave the shell. */
  readonly start?: readonly string[];
  /** What the sentences of the page ask for: a command to run before each line that begins so. */
  readonly between?: Readonly<Record<string, string>>;
  /** What `https://packages.example.org` is: the arguments of `serve`. */
  readonly live?: readonly string[];
  /** Whether it needs an object store. */
  readonly hasBucket?: true;
}

const LAST_MONTH =
  'mkdir last-month && cp -a dist/production dist/production.nginx last-month/ && new-version --target nginx';

/** Each begins with a storage in `../storage`, and the site of a distribution `production`. `new-version` adds a version and builds again. */
export const SESSIONS: Readonly<Record<string, Session>> = {
  'docs/air-gap.md': {
    start: [
      'mkdir ../outside ../inside && cd ../outside',
      `cat > distributions.yml <<END
registry: 1.40.1
layers: { upstream: { registry: https://packages.example.org } }
distributions: { all: { layers: [upstream] }, field: { from: all, for: [{ kibana: 8.5.0 }] } }
END`,
      'epr-static build --dist field --config distributions.yml && epr-static bundle --dist field',
      'cp dist/field.tar.contents carried.contents && tar xf dist/field.tar -C ../inside apply.mjs',
      'node ../inside/apply.mjs dist/field.tar --to ../inside/field',
      'new-version',
    ],
    between: {
      'cp /media/usb/': 'cd ../inside',
      'epr-static bundle --dist field --since want.json':
        '! node ../inside/apply.mjs dist/field.delta.tar --to ../other/field && cp ../other/want.json .',
    },
    live: ['--dist', 'production'],
  },
  'docs/deploy.md': {},
  'docs/hosts.md': {
    start: ['mkdir -p build/packages && cp -r ../storage/main/packages/acme build/packages'],
    between: {
      'epr-static serve --dist staging --address': 'cp ../certificate.crt tls.crt && cp ../certificate.key tls.key',
      'epr-static verify dist/production --key': 'cp ../maintainers.asc .',
      'epr-static verify /srv/production --against':
        'cp -a dist/production /srv/ && cp dist/production/_registry/release.json .',
      'cd /srv/registry': 'mkdir /srv/registry && cp dist/production.tar dist/production.tar.sha256 /srv/registry',
      'epr-static bundle --dist production --since': LAST_MONTH,
      'sha256sum -c production.tar.gz.sha256':
        'epr-static bundle --dist production --format tar.gz && mkdir /srv/plain && cp dist/production.tar.gz* /srv/plain && cd /srv/plain',
      'sha256sum -c production.overlay.tar.sha256':
        'epr-static bundle --dist production --format overlay --since last-month/production && mkdir /srv/overlay && cp -a last-month/* dist/production.overlay.tar* /srv/overlay && cd /srv/overlay',
    },
  },
  'docs/monitoring.md': {
    start: [
      'epr-static publish --dist production --to s3://packages/production',
      'epr-static publish --dist production --to /srv/store',
      'mkdir /srv/sites && cp -a dist/production /srv/sites/',
    ],
    live: ['--store', 's3://packages/production'],
    hasBucket: true,
  },
  'docs/publish.md': {
    between: { 'epr-static publish ': 'new-version' },
    live: ['--store', 's3://packages/production'],
    hasBucket: true,
  },
};

/** Commands that don't run here, and why. */
export const ELSEWHERE: readonly (readonly [command: RegExp, reason: string])[] = [
  [
    /^sudo /,
    'changes the machine; test/hosts runs nginx with the same files, and test/unit/deploy.test.ts reads the unit',
  ],
  [/^docker /, 'needs a container daemon; test/e2e/container.test.ts runs what the image runs'],
  [
    /^npm (ci|install|run)\b/,
    'installs or compiles for minutes, or takes hours; test/e2e/package.test.ts runs the package',
  ],
  [/^npx (netlify-cli|wrangler)@/, 'needs an account; test/hosts runs both hosts'],
  [/^(deno|bun) run /, 'needs the published package; test/hosts/netlify.test.ts runs the handler in Deno'],
  [/^(aws|gcloud) /, 'needs an account'],
  [/^zip /, 'packs what the next line sends to AWS'],
  [/^rsync /, 'needs another machine'],
  [/^gpg /, 'needs a secret key; test/e2e/signatures.test.ts makes signatures'],
];

export function runsHere(command: string): boolean {
  return !ELSEWHERE.some(([pattern]) => pattern.test(command));
}
