/**
 * The signal thread: hears Ctrl-C and SIGINT while the cells' thread is in a loop that never yields. Node
 * delivers signals through the event loop of the main thread, which such a loop holds; only
 * `breakOnSigint` listens elsewhere, and it wakes a thread that sleeps as well.
 *
 *     guard (breakOnSigint) ─ sleep (breakOnSigint) ◀─ SIGINT     the inner one is cut and starts again,
 *                                                                 the outer one keeps the handler in place
 */

import vm from "node:vm";
import { type MessagePort, parentPort } from "node:worker_threads";

const port = parentPort as MessagePort;
const never = new Int32Array(new SharedArrayBuffer(4));
const KEY = Symbol.for("npulab.kernel.signal");
const enter = new vm.Script("globalThis[Symbol.for('npulab.kernel.signal')]()", {
  filename: "node:internal/npulab",
});

/** Runs `wait` until SIGINT cuts it; anything else that ends it ends this thread. */
function interruptible(wait: () => void): void {
  Reflect.set(globalThis, KEY, wait);
  try {
    enter.runInThisContext({ breakOnSigint: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_INTERRUPTED") throw error;
    port.postMessage("SIGINT");
  }
}

function guard(): void {
  for (;;) interruptible(() => Atomics.wait(never, 0, 0));
}

for (;;) interruptible(guard);
