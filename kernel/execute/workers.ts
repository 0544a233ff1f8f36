/**
 * The threads that cells have started. A cell that is stopped takes its threads with it: nothing else would
 * ever end a loop in one.
 */
import type { Worker } from "node:worker_threads";

export interface Workers {
  /** Ends the threads that `cell` started; without a cell, those of all cells. */
  stop(cell: string | undefined): void;
}

/** `except` is the kernel's own; `cell` names the cell that the running code belongs to. */
export function trackWorkers({
  except,
  cell,
}: {
  readonly except: Worker;
  readonly cell: () => string;
}): Workers {
  const running = new Map<Worker, string>();
  process.on("worker", (worker) => {
    if (worker === except) return;
    running.set(worker, cell());
    worker.once("exit", () => running.delete(worker));
  });
  return {
    stop(of) {
      for (const [worker, owner] of running) {
        if (of === undefined || of === owner) void worker.terminate();
      }
    },
  };
}
