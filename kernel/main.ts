#!/usr/bin/env node
/**
 * The kernel process: `node --no-force-async-hooks-checks main.js CONNECTION_FILE`. This thread runs the
 * user's code and nothing else; the wire thread speaks to Jupyter, and the language process to the compiler.
 *
 * The flag is needed because an interrupt cuts running code wherever it is; without it Node aborts.
 */
import { writeSync } from "node:fs";
import { createRequire } from "node:module";
import { getHeapStatistics } from "node:v8";
import { Worker } from "node:worker_threads";
import { cellRunner } from "./execute/cell-runner.js";
import { connectComms, deliverComm } from "./execute/comms.js";
import { createModules } from "./execute/modules.js";
import { cutPrint, displayJson } from "./execute/printed.js";
import { ask, EXIT_GRACE_MS } from "./execute/question.js";
import { captureStreams, type StreamName } from "./execute/streams.js";
import { tracebacks as createTracebacks } from "./execute/traceback.js";
import * as tslab from "./execute/tslab.js";
import { trackWorkers } from "./execute/workers.js";
import { createFlow, weightOf } from "./flow.js";
import type { DisplayType, FromMain, ToMain, WireData } from "./threads.js";

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
const { version: typescript } = createRequire(import.meta.url)("typescript/package.json") as {
  readonly version: string;
};
const post = (message: FromMain) => wire.postMessage(message);

const tracebacks = createTracebacks(folder);
const modules = createModules({
  folder,
  displayModule: tslab,
  register: (module, fileName) => {
    if (module.cellMap === undefined)
      tracebacks.register(module, fileName, module.id.slice(folder.length + 1));
  },
});
const runner = cellRunner({
  folder,
  modules,
  tracebacks,
  finished: (outcome) => post({ op: "done", ...outcome }),
});
const workers = trackWorkers({ except: wire, cell: () => runner.cellOfOutput() });

function print(cell: string, name: StreamName, written: string): void {
  const text = cutPrint(written);
  flow.waitForRoom();
  post({ op: "print", cell, name, text });
  flow.sent(weightOf(text.length));
}

function show(type: DisplayType, content: object): void {
  const json = displayJson({ ...content });
  flow.waitForRoom();
  post({ op: "display", cell: runner.cellOfOutput(), type, json });
  flow.sent(weightOf(json.length));
}

captureStreams((name, text) => print(runner.cellOfOutput(), name, text));
tslab.connect({ emit: show, versions: { typescript, node: process.version } });
connectComms({ post, cell: () => runner.cellOfOutput() });
Reflect.set(globalThis, "display", tslab.displayValue);
Reflect.set(
  globalThis,
  "prompt",
  (question = "", { password = false }: { readonly password?: boolean } = {}) =>
    ask((answer) =>
      post({ op: "input", cell: runner.cellOfOutput(), prompt: String(question), password, answer }),
    ),
);

const leave = process.exit.bind(process);
process.exit = ((code?: number | string) => {
  const release = new SharedArrayBuffer(4);
  const status = Number(code ?? process.exitCode ?? 0);
  post({ op: "exit", cell: runner.cellOfOutput(), code: status, release });
  Atomics.wait(new Int32Array(release), 0, 0, EXIT_GRACE_MS);
  return leave(status);
}) as typeof process.exit;

/** Shows an error that no cell caught, in the cell it comes from where nothing else is known. */
function report(
  title: string,
  error: unknown,
  cell = tracebacks.cellOf(error) ?? runner.cellOfOutput(),
): void {
  const text = `${title}: ${tracebacks.describe(error).traceback.join("\n")}\n`;
  print(cell, "stderr", text);
}
process.on("uncaughtException", (error) => report("Uncaught in the background", error));
process.on("unhandledRejection", (error) => report("Unhandled rejection", error));
// The signal thread takes the signal over; this keeps one that comes before from ending the kernel.
process.on("SIGINT", () => {});

wire.on("message", (message: ToMain) => {
  switch (message.op) {
    case "execute":
      return runner.run(message);
    case "askStop":
      return workers.stop(runner.stop(message.error));
    case "comm":
      runner.attribute(message.cell, () => {
        try {
          deliverComm(message);
        } catch (error) {
          report(`Error in the comm '${message.target}'`, error, message.cell);
        }
      });
      return post({ op: "commHandled", id: message.id });
    case "ping":
      return post({ op: "pong", id: message.id });
    case "leave":
      return leave(message.code);
    default:
      message satisfies never;
  }
});
