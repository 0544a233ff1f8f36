#!/usr/bin/env node
/**
 * The kernel process: `node --no-force-async-hooks-checks main.js CONNECTION_FILE`. This thread runs the
 * user's code and nothing else; the wire thread speaks to Jupyter, and the language process to the compiler.
 *
 * The flag is needed because an interrupt cuts running code wherever it is; without it Node aborts.
 *
 * The compiler takes longest to start, and the wire starts it: so this file loads nothing that the wire could
 * wait for, and the rest of this thread loads beside them.
 */
import { writeSync } from "node:fs";
import { getHeapStatistics } from "node:v8";
import { Worker } from "node:worker_threads";
import { createFlow } from "./flow.js";
import type { ToMain, WireData } from "./threads.js";

const connectionFile = process.argv[2];
if (connectionFile === undefined) {
  writeSync(2, "Cannot start the kernel: no connection file given, expected main.js CONNECTION_FILE\n");
  process.exit(2);
}
const folder = process.cwd();
const flow = createFlow();
const wire = new Worker(new URL("./wire.js", import.meta.url), {
  workerData: {
    connectionFile,
    folder,
    flow: flow.memory,
    heapLimit: getHeapStatistics().heap_size_limit,
  } satisfies WireData,
});
wire.on("error", (error) => {
  writeSync(2, `The kernel cannot go on: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});
// The signal thread takes the signal over; this keeps one that comes before from ending the kernel.
process.on("SIGINT", () => {});

const early: ToMain[] = [];
const keep = (message: ToMain) => early.push(message);
wire.on("message", keep);
const { serveCells } = await import("./cells.js");
wire.off("message", keep);
serveCells({ wire, folder, flow, early });
