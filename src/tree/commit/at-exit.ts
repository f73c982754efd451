const tasks = new Set<() => void>();

/**
 * Has `task` run when the process ends, also by a signal that the program handles. The task that was added last runs first. Gives
 * a function that takes the task back.
 */
export function atExit(task: () => void): () => void {
  if (tasks.size === 0) process.on('exit', runAll);
  tasks.add(task);
  return () => {
    tasks.delete(task);
    if (tasks.size === 0) process.removeListener('exit', runAll);
  };
}

function runAll(): void {
  for (const task of [...tasks].toReversed())
    try {
      task();
    } catch {
      // Tasks clear up. What one of them leaves, the next process clears away, and the other tasks still have to run.
    }
}
