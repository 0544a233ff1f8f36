/** The thread of the user's code: it runs cells and says what they print, show, ask and end with. */
import { createRequire } from "node:module";
import type { Worker } from "node:worker_threads";
import { cellRunner } from "./execute/cell-runner.js";
import { connectComms, deliverComm } from "./execute/comms.js";
import { createModules } from "./execute/modules.js";
import { cutPrint, displayJson } from "./execute/printed.js";
import { ask, EXIT_GRACE_MS } from "./execute/question.js";
import { captureStreams, type StreamName } from "./execute/streams.js";
import { tracebacks as createTracebacks } from "./execute/traceback.js";
import * as tslab from "./execute/tslab.js";
import { trackWorkers } from "./execute/workers.js";
import { type Flow, weightOf } from "./flow.js";
import type { DisplayType, FromMain, ToMain } from "./threads.js";

export interface CellsOptions {
  readonly wire: Worker;
  readonly folder: string;
  readonly flow: Flow;
  /** What the wire has said before anybody could hear it. */
  readonly early: readonly ToMain[];
}

/** Serves the wire for as long as the kernel lives. */
export function serveCells({ wire, folder, flow, early }: CellsOptions): void {
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

  const hear = (message: ToMain) => {
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
  };
  for (const message of early) hear(message);
  wire.on("message", hear);
}
