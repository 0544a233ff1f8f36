#!/usr/bin/env node
/**
 * The kernel process: `node --no-force-async-hooks-checks main.js CONNECTION_FILE`. This thread runs the
 * user's code and nothing else; the wire thread speaks to Jupyter, the language thread to the compiler.
 *
 * The flag is needed because an interrupt cuts running code wherever it is; without it Node aborts.
 */
import { writeSync } from "node:fs";
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { cellRunner } from "./execute/cell-runner.js";
import { createModules } from "./execute/modules.js";
import { ask, EXIT_GRACE_MS } from "./execute/question.js";
import { captureStreams } from "./execute/streams.js";
import { tracebacks as createTracebacks } from "./execute/traceback.js";
import * as tslab from "./execute/tslab.js";
import type { FromMain, ToMain } from "./threads.js";

const connectionFile = process.argv[2];
if (connectionFile === undefined) {
  writeSync(2, "Cannot start the kernel: no connection file given, expected main.js CONNECTION_FILE\n");
  process.exit(2);
}
const folder = process.cwd();
const wire = new Worker(new URL("./wire.js", import.meta.url), { workerData: { connectionFile, folder } });
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
const output = (type: Extract<FromMain, { op: "output" }>["type"], content: Record<string, unknown>) =>
  post({ op: "output", cell: runner.cellOfOutput(), type, content });

captureStreams((name, text) => output("stream", { name, text }));
tslab.connect({
  emit: (type, content) => output(type, { ...content }),
  versions: { typescript, node: process.version },
});
Reflect.set(globalThis, "display", tslab.displayValue);
Reflect.set(globalThis, "prompt", (question = "") =>
  ask((answer) => post({ op: "input", cell: runner.cellOfOutput(), prompt: String(question), answer })),
);

const leave = process.exit.bind(process);
process.exit = ((code?: number | string) => {
  const release = new SharedArrayBuffer(4);
  const status = Number(code ?? process.exitCode ?? 0);
  post({ op: "exit", cell: runner.cellOfOutput(), code: status, release });
  Atomics.wait(new Int32Array(release), 0, 0, EXIT_GRACE_MS);
  return leave(status);
}) as typeof process.exit;

function report(title: string, error: unknown): void {
  output("stream", {
    name: "stderr",
    text: `${title}: ${tracebacks.describe(error).traceback.join("\n")}\n`,
  });
}
process.on("uncaughtException", (error) => report("Uncaught in the background", error));
process.on("unhandledRejection", (error) => report("Unhandled rejection", error));
const onSignal = () => post({ op: "signal" });
process.on("SIGINT", onSignal);

wire.on("message", (message: ToMain) => {
  // Node's `breakOnSigint` sets handlers aside and puts them back in a `finally`, which a cut skips.
  if (!process.listeners("SIGINT").includes(onSignal)) process.on("SIGINT", onSignal);
  switch (message.op) {
    case "execute":
      return runner.run(message);
    case "askStop":
      return runner.stop();
    case "ping":
      return post({ op: "pong", id: message.id });
    case "leave":
      return leave(message.code);
    default:
      message satisfies never;
  }
});
