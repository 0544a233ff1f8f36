/**
 * The wire thread: Jupyter's five sockets. It answers control requests and heartbeats and keeps publishing
 * while the user's code runs, because that code is in another thread.
 */
import { writeSync } from "node:fs";
import { createRequire } from "node:module";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { answer, refuse } from "./execute/question.js";
import { readConnection } from "./protocol/connection.js";
import type { Message } from "./protocol/message.js";
import type { FromMain, ToMain } from "./threads.js";
import { createExecutor } from "./wire/executor.js";
import { createHistory } from "./wire/history.js";
import { createIo, type RequestChannel } from "./wire/io.js";
import { startLanguage } from "./wire/language-client.js";
import { mainThread } from "./wire/main-thread.js";
import { createShell } from "./wire/shell.js";

const port = parentPort as MessagePort;
const { connectionFile, folder } = workerData as { readonly connectionFile: string; readonly folder: string };
const versionOf = (path: string) =>
  (createRequire(import.meta.url)(path) as { readonly version: string }).version;

const language = startLanguage(folder);
const io = createIo(readConnection(connectionFile));
const main = mainThread((message: ToMain) => port.postMessage(message));
const history = createHistory();
const executor = createExecutor({ io, language, main, history });
const shell = createShell({
  language,
  history,
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

async function onShell(request: Message): Promise<void> {
  const { header, content } = request;
  io.publish("status", header, { execution_state: "busy" });
  try {
    if (header.msg_type === "shutdown_request") return await shutdown("shell", request);
    // No targets are registered: a comm that is opened is closed at once, so that its opener knows.
    if (header.msg_type === "comm_open")
      io.publish("comm_close", header, { comm_id: content.comm_id, data: {} });
    const reply = await shell(request);
    if (reply !== undefined) io.reply("shell", request, reply.type, reply.content);
  } catch (error) {
    const evalue = error instanceof Error ? error.message : String(error);
    const type = header.msg_type.replace(/_request$/, "_reply");
    io.reply("shell", request, type, { status: "error", ename: "KernelError", evalue, traceback: [] });
  }
  io.publish("status", header, { execution_state: "idle" });
}

async function onControl(request: Message): Promise<void> {
  const { header } = request;
  io.publish("status", header, { execution_state: "busy" });
  if (header.msg_type === "shutdown_request") return shutdown("control", request);
  if (header.msg_type === "interrupt_request") {
    executor.interrupt();
    io.reply("control", request, "interrupt_reply", { status: "ok" });
  } else {
    const reply = await shell(request);
    if (reply !== undefined) io.reply("control", request, reply.type, reply.content);
  }
  io.publish("status", header, { execution_state: "idle" });
}

function onStdin({ header, content }: Message): void {
  if (header.msg_type !== "input_reply" || question === undefined) return;
  answer(question, String(content.value ?? ""));
  question = undefined;
}

async function exit({ cell, code, release }: Extract<FromMain, { op: "exit" }>): Promise<void> {
  const parent = executor.parentOf(cell);
  const error = {
    ename: "Exit",
    evalue: `process.exit(${code}) ended the kernel`,
    traceback: [`process.exit(${code}) was called in this cell; the kernel ends and its variables are lost`],
  };
  io.publish("error", parent, error);
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
  main.close();
  Atomics.store(new Int32Array(release), 0, 1);
  Atomics.notify(new Int32Array(release), 0);
}

port.on("message", (message: FromMain) => {
  if (main.heard(message)) return;
  switch (message.op) {
    case "output": {
      const parent = executor.parentOf(message.cell);
      const { name, text } = message.content;
      if (message.type === "stream") io.stream(String(name), parent, String(text));
      else io.publish(message.type, parent, message.content);
      return;
    }
    case "input": {
      const asker = executor.current;
      if (asker === undefined || asker.content.allow_stdin !== true) {
        refuse(message.answer, "this front end does not take questions");
        return;
      }
      question = message.answer;
      io.reply("stdin", asker, "input_request", { prompt: message.prompt, password: false });
      return;
    }
    case "signal":
      executor.interrupt();
      return;
    case "exit":
      void exit(message);
  }
});

await io.listen((channel, request) => {
  if (channel === "stdin") onStdin(request);
  else if (channel === "control") void onControl(request);
  else if (request.header.msg_type === "execute_request") executor.submit(request);
  else void onShell(request);
});

// A kernel whose front end was killed has nobody left to shut it down; Jupyter's servers set this variable.
if (process.env.JPY_PARENT_PID !== undefined) {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, "SIGKILL");
  }, 1000);
}
process.on("uncaughtException", (error) => writeSync(2, `wire: ${error.stack}\n`));
