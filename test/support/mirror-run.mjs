// Mirrors a registry in a process of its own, by the compiled program. The options come as JSON (`Mirroring`, without its functions); what
// the run gives, or the stop that ended it, goes to standard output as JSON.
import { DEFAULT_LIMITS } from '../../lib/limits.js';
import { mirrorRegistry } from '../../lib/mirror/mirror.js';
import { printFailure } from '../../lib/report.js';

const options = {
  layer: 'elastic',
  wanted: { kind: 'chosen', ranges: [], choose: (list) => list },
  keys: [],
  signatures: 'optional',
  gone: 'keep',
  limits: DEFAULT_LIMITS,
  offline: false,
  refresh: false,
  onWait: () => undefined,
  environment: process.env,
  pace: { attempts: 3, backoff: 1, longestWait: 20 },
};
try {
  process.stdout.write(JSON.stringify(await mirrorRegistry({ ...options, ...JSON.parse(process.argv[2] ?? '{}') })));
} catch (error) {
  printFailure(error, { isJson: true });
  process.exitCode = 2;
}
