import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { questionsTo } from '../../src/thread-answers.ts';
import type { Questions } from '../../src/thread-answers.ts';

/* Whoever waits for a thread gets an answer or an error, however the thread ends. */

/** A thread that answers 2 to question 1, and does `then` at question 2. */
function thread(then: string): { readonly questions: Questions<number>; ask(id: number): Promise<number> } {
  const code = `const { parentPort } = require('node:worker_threads');
    parentPort.on('message', (id) => { if (id === 2) { ${then} } else parentPort.postMessage({ id, result: id * 2 }); });`;
  const worker = new Worker(code, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 10 } });
  const questions = questionsTo<number>(worker, 'doubles');
  worker.on('message', questions.settle);
  const ask = async (id: number): Promise<number> => {
    worker.postMessage(id);
    return await questions.wait(id);
  };
  return { questions, ask };
}

describe('a thread', () => {
  test.each([
    ['process.exit()', { message: 'the thread that doubles ended without an answer' }],
    ["throw new Error('broken')", { message: 'broken' }],
    [
      'const all = []; for (;;) all.push({ id })',
      { code: 'no-memory', message: 'the thread that doubles ran out of memory' },
    ],
  ])('that does `%s` fails what it was asked, and what it is asked afterwards', async (then, error) => {
    const { questions, ask } = thread(then);
    expect(await ask(1)).toBe(2);
    const [second, third] = await Promise.allSettled([ask(2), ask(3)]);
    expect([second, third]).toMatchObject([{ reason: error }, { reason: error }]);
    expect(questions.count).toBe(0);
    await expect(ask(4)).rejects.toMatchObject(error);
  });

  test('that is closed answers nothing more', async () => {
    const { questions, ask } = thread('');
    let answers = 0;
    void ask(2).finally(() => answers++);
    await questions.close();
    expect([answers, questions.count]).toEqual([0, 1]);
  });
});
