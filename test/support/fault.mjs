// Loaded into the program by `node --import`: counts what it does to files below some folders, and each run of git; at one of these
// steps it kills the program or has the system refuse. Or it copies a folder before each step of the main thread from one on, as a
// kill would leave it. Settings come as JSON in EPR_FAULT (`FaultSettings` in faults.ts); each step is a line of the trace.
import children from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, join } from 'node:path';
import { isMainThread, threadId } from 'node:worker_threads';

const settings = JSON.parse(process.env.EPR_FAULT ?? 'null');

/** What a step that is cut in two does of itself before the kill. */
const halves = {
  writeFile: (path, data) => writeHalf(path, data, 'w'),
  appendFile: (path, data) => writeHalf(path, data, 'a'),
  write: (file, data) => real.writeSync(file, Buffer.from(data).subarray(0, Buffer.byteLength(data) >> 1)),
  rm: (path) => removeSome(path),
};
const GROWS = new Set(['mkdir', 'open', 'writeFile', 'appendFile', 'write', 'writev', 'link', 'copyFile']);

const real = { ...fs };
const realPromises = { ...fs.promises };
/** Descriptors that were opened to write -> path. */
const opened = new Map();
const seen = new Map();
let isInside = false;
let copies = -1;

/** Paths with the parts taken out that differ from run to run; undefined outside of the folders. */
function shown(path) {
  const text = path instanceof URL ? path.pathname : String(path);
  const root = settings.roots.find((one) => text === one || text.startsWith(`${one}/`));
  if (root === undefined) return undefined;
  return `${basename(root)}${text.slice(root.length)}`
    .replaceAll(/[0-9a-f]{12}-\d+-\d+(-[0-9a-f]{8})?/g, 'ID')
    .replaceAll(/\b([0-9a-f]{64})-[0-9a-f]{8}\b/g, '$1-ID')
    .replaceAll(/\b[0-9a-z]{8}-[0-9a-f]{8}\b/g, 'BUILD')
    .replaceAll(/\bBUILD-\d+\b/g, 'BUILD-N')
    .replaceAll(/\b\d{6}-[0-9a-f]{12}\b/g, 'RELEASE');
}

/** Whether there is nothing to be done. */
function isIdle(op, path, options) {
  if (op === 'mkdir') return Boolean(options?.recursive) && real.existsSync(path);
  return op === 'rm' && real.lstatSync(path, { throwIfNoEntry: false }) === undefined;
}

/** Called before each step: records it, and throws or ends the process where the fault is due. */
function step(op, paths, args) {
  const names = paths.map(shown);
  if (names.every((name) => name === undefined) || isIdle(op, args[0], args[1])) return;
  const name = `${op} ${names.map((one) => one ?? 'elsewhere').join(' -> ')}`;
  const count = numberOf(name);
  const key = count === 1 ? name : `${name} #${count}`;
  const isDue = key === settings.at;
  const line = { step: key, main: isMainThread, ...(isDue ? { fault: settings.fault } : {}), ...copied(key) };
  real.appendFileSync(settings.trace, `${JSON.stringify(line)}\n`);
  if (GROWS.has(op) && isFull()) throw failure('ENOSPC', op, args[0]);
  if (!isDue) return;
  if (settings.fault === 'interrupt') return void process.kill(process.pid, 'SIGINT');
  if (settings.fault === 'kill' || settings.fault === 'cut') {
    if (settings.fault === 'cut') halves[op]?.(...args);
    process.kill(process.pid, 'SIGKILL');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); // nothing more happens in this thread
  }
  if (settings.fault === 'ENOSPC') real.writeFileSync(`${settings.trace}.full`, '');
  if (settings.fault !== 'ENOSPC' || GROWS.has(op)) throw failure(settings.fault, op, args[0]);
}

/** Numbers the steps of one name through all threads: which of them does what differs from run to run. */
function numberOf(name) {
  let count = (seen.get(name) ?? 0) + 1;
  while (!isFirst(`${name} ${count}`)) count++;
  seen.set(name, count);
  return count;
}

/** Whether no thread has asked this of the text before. */
function isFirst(text) {
  const digest = createHash('sha256').update(text).digest('hex');
  try {
    real.closeSync(real.openSync(join(`${settings.trace}.steps`, digest), 'wx'));
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Which copy was made before a step, where copies are wanted. */
function copied(key) {
  const { copy } = settings;
  if (!copy || !isMainThread || (copies < 0 && key !== copy.since)) return {};
  copies++;
  real.mkdirSync(`${copy.to}/${copies}`, { recursive: true });
  realSpawnSync('cp', ['-al', copy.folder, `${copy.to}/${copies}`]);
  return { copy: copies };
}

/** A disk that is full stays so, for every thread. */
function isFull() {
  return settings.fault === 'ENOSPC' && real.existsSync(`${settings.trace}.full`);
}

function failure(code, syscall, path) {
  const text = code === 'ENOSPC' ? 'no space left on device' : 'i/o error';
  const where = typeof path === 'number' ? {} : { path: String(path) };
  const error = new Error(`${code}: ${text}, ${syscall}${where.path ? ` '${where.path}'` : ''}`);
  return Object.assign(error, { code, errno: code === 'ENOSPC' ? -28 : -5, syscall, ...where });
}

function writeHalf(path, data, flag) {
  const bytes = Buffer.from(data);
  real.writeFileSync(path, bytes.subarray(0, bytes.length >> 1), { flag });
}

function removeSome(path) {
  if (!real.lstatSync(path).isDirectory()) return;
  for (const name of real.readdirSync(path).filter((_, i) => i % 2 === 0))
    real.rmSync(join(path, name), { recursive: true });
}

/** The paths that a call changes. */
const pathsOf = (op, args) => {
  if (op === 'write' || op === 'writev') return opened.has(args[0]) ? [opened.get(args[0])] : [];
  return ['rename', 'link', 'copyFile'].includes(op) ? [args[0], args[1]] : [args[0]];
};
const isStep = (op, args) => op !== 'open' || /[wa+]/.test(String(args[1] ?? 'r'));

const OPS = ['rename', 'link', 'unlink', 'rm', 'rmdir', 'mkdir', 'writeFile', 'appendFile', 'copyFile', 'open'];

function wrapSync(op, name) {
  fs[name] = (...args) => {
    if (isInside) return real[name](...args);
    if (isStep(op, args)) step(op, pathsOf(op, args), args);
    isInside = true;
    try {
      const result = real[name](...args);
      if (op === 'open' && isStep(op, args)) opened.set(result, args[0]);
      return result;
    } finally {
      isInside = false;
    }
  };
}

function wrapCallback(op) {
  fs[op] = (...args) => {
    try {
      if (isStep(op, args)) step(op, pathsOf(op, args), args);
    } catch (error) {
      return void process.nextTick(args.at(-1), error);
    }
    if (op !== 'open') return real[op](...args);
    return real.open(...args.slice(0, -1), (error, file) => {
      if (!error && isStep(op, args)) opened.set(file, args[0]);
      args.at(-1)(error, file);
    });
  };
}

const realSpawn = children.spawn;
const realSpawnSync = children.spawnSync;

if (settings) {
  children.spawn = (command, args, ...rest) => {
    if (command === 'git')
      step(`git ${args.filter((arg) => /^[a-z][a-z-]+$/.test(arg)).join(' ')}`, [settings.roots[0]], args);
    return realSpawn(command, args, ...rest);
  };
  for (const op of [...OPS, 'write', 'writev']) wrapSync(op, `${op}Sync`);
  for (const op of ['open', 'write', 'writev', 'rename', 'unlink', 'mkdir']) wrapCallback(op);
  for (const op of OPS)
    fs.promises[op] = async (...args) => {
      if (isStep(op, args)) step(op, pathsOf(op, args), args);
      return await realPromises[op](...args);
    };
  syncBuiltinESMExports();
  if (threadId === 0) {
    real.rmSync(`${settings.trace}.steps`, { recursive: true, force: true });
    real.mkdirSync(`${settings.trace}.steps`);
    real.writeFileSync(settings.trace, '');
  }
}
