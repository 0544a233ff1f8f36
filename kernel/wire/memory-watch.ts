/**
 * Watches the memory of the cells' thread. V8 ends the whole process when its heap is full, without a word
 * to the front end; so a cell that comes near is stopped, and says why.
 *
 * Asking V8 costs the running cell a little; the size of the process costs nothing and is never less than
 * the heap, so V8 is asked only when the process is large.
 */
import type { CellError } from "../threads.js";

export interface MemoryWatchOptions {
  readonly heapLimit: number;
  readonly heapUsed: (options?: { readonly collect?: boolean }) => Promise<number>;
  readonly stop: (error: CellError) => Promise<void>;
  /** Called when what the cells keep fills the memory by itself: only a fresh kernel helps. */
  readonly hopeless: (reason: string) => Promise<void>;
}

const EVERY_MS = 50;
/** Shares of the limit. V8 collects garbage for seconds when it is nearly full; 0.8 leaves time to act. */
const ASK_AT = 0.5;
const STOP_AT = 0.8;
const HOPELESS_AT = 0.7;

/**
 * V8 counts room for new objects into its limit, which what a cell keeps cannot use: of 700 MB asked for, Node
 * 20 and 22 tell 748 MB and Node 24 tells 892 MB (`v8.getHeapStatistics()`), and all end at 700 MB.
 */
const NEW_OBJECTS = 192 << 20;

export function watchMemory({ heapLimit: told, heapUsed, stop, hopeless }: MemoryWatchOptions): void {
  const heapLimit = Math.max(told - NEW_OBJECTS, told / 2);
  let asking = false;

  async function look(): Promise<void> {
    const used = await heapUsed();
    if (used < STOP_AT * heapLimit) return;
    const sizes = `${megabytes(used)} of ${megabytes(heapLimit)}`;
    const evalue = `the cell filled the kernel's memory (${sizes}) and was stopped`;
    await stop({
      ename: "OutOfMemory",
      evalue,
      traceback: [
        `\u001b[31mOutOfMemory\u001b[39m: ${evalue}`,
        "Hint: keep less at a time, or start Jupyter with NODE_OPTIONS=--max-old-space-size=MEGABYTES",
      ],
    });
    const kept = await heapUsed({ collect: true });
    if (kept < HOPELESS_AT * heapLimit) return;
    await hopeless(
      `The variables of the cells keep ${megabytes(kept)} of ${megabytes(heapLimit)}: the kernel ends, a fresh one has none of them.`,
    );
  }

  setInterval(() => {
    if (asking || process.memoryUsage.rss() < ASK_AT * heapLimit) return;
    asking = true;
    look()
      .catch(() => {}) // the thread is leaving
      .finally(() => {
        asking = false;
      });
  }, EVERY_MS).unref();
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / (1 << 20))} MB`;
}
