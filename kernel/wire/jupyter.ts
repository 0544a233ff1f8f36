/**
 * The kernel as Jupyter sees it: five sockets. Control requests and heartbeats are answered and output is published
 * while the user's code runs, because that code is in another thread.
 */
import { writeSync } from "node:fs";
import { createRequire } from "node:module";
import { type MessagePort, parentPort, Worker } from "node:worker_threads";
import { answer, refuse } from "../execute/question.js";
import { createFlow, weightOf } from "../flow.js";
import { readConnection } from "../protocol/connection.js";
import type { JsonObject, Message } from "../protocol/message.js";
import type { CellError, FromMain, ToMain, WireData } from "../threads.js";
import { createComms } from "./comms.js";
import { createExecutor } from "./executor.js";
import { createHistory } from "./history.js";
import { historyFile, historyPath } from "./history-file.js";
import { createIo, type Parent, type RequestChannel } from "./io.js";
import type { LanguageClient } from "./language-client.js";
import { mainThread } from "./main-thread.js";
import { watchMemory } from "./memory-watch.js";
import { createShell } from "./shell.js";

export interface JupyterOptions extends WireData {
  readonly language: LanguageClient;
}

/** Listens where the connection file says and serves until the kernel ends. */
export async function serveJupyter({
  connectionFile,
  flow: flowMemory,
  heapLimit,
  language,
}: JupyterOptions): Promise<void> {
  const port = parentPort as MessagePort;
  const versionOf = (path: string) =>
    (createRequire(import.meta.url)(path) as { readonly version: string }).version;
  const log = (remark: string) => writeSync(2, `npulab kernel: ${remark}\n`);

  const flow = createFlow(flowMemory);
  const io = createIo({
    connection: readConnection(connectionFile),
    streamed: (characters, pieces) => flow.taken(weightOf(characters, pieces)),
    log,
  });
  const post = (message: ToMain) => port.postMessage(message);
  const main = mainThread({
    post,
    owns: language.owns,
    cutLate: () =>
      io.stream(
        "stderr",
        executor.lastHeader,
        "Code of a stopped cell ran on and held the kernel; it was cut.\n",
      ),
  });
  const path = historyPath();
  const history = createHistory(path === undefined ? undefined : historyFile({ path, failed: log }));
  const executor = createExecutor({ io, language, main, history });
  const comms = createComms({ io, executor, post });
  const shell = createShell({
    language,
    history,
    comms,
    typescriptVersion: versionOf("typescript/package.json"),
    implementationVersion: versionOf("npulab/package.json"),
  });

  let question: SharedArrayBuffer | undefined;

  /** A main thread that does not leave by then is busy and is ended. */
  const LEAVE_MS = 400;
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  async function shutdown(channel: RequestChannel, request: Message): Promise<void> {
    io.reply(channel, request, "shutdown_reply", { status: "ok", restart: request.content.restart === true });
    io.publish("status", request.header, { execution_state: "idle" });
    await io.close();
    main.leave(0);
    await pause(LEAVE_MS);
    process.kill(process.pid, "SIGKILL");
  }

  async function onRequest(channel: "shell" | "control", request: Message): Promise<void> {
    const { header } = request;
    io.publish("status", header, { execution_state: "busy" });
    try {
      if (header.msg_type === "shutdown_request") return await shutdown(channel, request);
      if (header.msg_type === "interrupt_request") {
        await executor.interrupt(Date.parse(header.date));
        io.reply(channel, request, "interrupt_reply", { status: "ok" });
      } else {
        const reply = await shell(request);
        if (reply !== undefined) io.reply(channel, request, reply.type, reply.content);
      }
    } catch (error) {
      const evalue = error instanceof Error ? error.message : String(error);
      const type = header.msg_type.replace(/_request$/, "_reply");
      io.reply(channel, request, type, { status: "error", ename: "KernelError", evalue, traceback: [] });
    }
    io.publish("status", header, { execution_state: "idle" });
  }

  function onStdin({ header, content }: Message): void {
    if (header.msg_type !== "input_reply" || question === undefined) return;
    answer(question, String(content.value ?? ""));
    question = undefined;
  }

  /** Tells the front end that the kernel ends while a cell runs, or ran just now. */
  async function lastWords(parent: Parent, error: CellError): Promise<void> {
    io.publish("error", parent, { ...error });
    if (executor.current !== undefined) {
      const { executionCount } = executor;
      io.reply("shell", executor.current, "execute_reply", {
        status: "error",
        execution_count: executionCount,
        ...error,
      });
    }
    io.publish("status", parent, { execution_state: "idle" });
    await io.close();
  }

  async function exit({ cell, code, release }: Extract<FromMain, { op: "exit" }>): Promise<void> {
    await lastWords(executor.parentOf(cell), {
      ename: "Exit",
      evalue: `process.exit(${code}) ended the kernel`,
      traceback: [
        `process.exit(${code}) was called in this cell; the kernel ends and its variables are lost`,
      ],
    });
    main.close();
    Atomics.store(new Int32Array(release), 0, 1);
    Atomics.notify(new Int32Array(release), 0);
  }

  function askPerson({ prompt, password, answer: memory }: Extract<FromMain, { op: "input" }>): void {
    const asker = executor.current;
    if (asker === undefined || asker.content.allow_stdin !== true) {
      refuse(memory, "this front end does not take questions");
      return;
    }
    question = memory;
    io.reply(
      "stdin",
      asker,
      "input_request",
      { prompt, password },
      { sent: (delivered) => delivered || refuse(memory, "the front end that ran this cell has gone") },
    );
  }

  port.on("message", (message: FromMain) => {
    if (main.heard(message) || comms.heard(message)) return;
    switch (message.op) {
      case "print":
        return io.stream(message.name, executor.parentOf(message.cell), message.text);
      case "display":
        return io.publish(
          message.type,
          executor.parentOf(message.cell),
          JSON.parse(message.json) as JsonObject,
          {
            sent: () => flow.taken(weightOf(message.json.length)),
          },
        );
      case "input":
        return askPerson(message);
      case "exit":
        void exit(message);
    }
  });

  await io.listen((channel, request) => {
    if (channel === "stdin") onStdin(request);
    else if (channel === "shell" && request.header.msg_type === "execute_request") executor.submit(request);
    else void onRequest(channel, request);
  });

  // No cell runs before; until then the thread would only hold up the compiler's start.
  void language.settled.then(() => {
    const signals = new Worker(new URL("../signal.js", import.meta.url));
    signals.on("message", () => void executor.interrupt(Date.now()));
  });

  watchMemory({
    heapLimit,
    heapUsed: main.heapUsed,
    stop: (error) => executor.stop(error),
    async hopeless(reason) {
      await lastWords(executor.lastHeader, { ename: "OutOfMemory", evalue: reason, traceback: [reason] });
      process.kill(process.pid, "SIGKILL");
    },
  });

  // A kernel whose front end was killed has nobody left to shut it down; Jupyter's servers set this variable.
  if (process.env.JPY_PARENT_PID !== undefined) {
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) process.kill(process.pid, "SIGKILL");
    }, 1000);
  }
  process.on("uncaughtException", (error) => writeSync(2, `wire: ${error.stack}\n`));
}
