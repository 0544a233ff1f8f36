/** The language thread: a TypeScript language service, so that typing help never waits for a running cell. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { languageSession } from "./language/session.js";
import { keepCompiler } from "./language/typescript.js";
import type { FromLanguage, ToLanguage } from "./threads.js";

const port = parentPort as MessagePort;
const { folder } = workerData as { readonly folder: string };
const session = languageSession(folder);

port.on("message", (message: ToLanguage) => {
  if ("commit" in message) {
    session.commit(message.commit.module, message.commit.names);
    return;
  }
  let answer: FromLanguage;
  try {
    answer = { id: message.id, reply: session.answer(message.request) };
  } catch (error) {
    answer = {
      id: message.id,
      failure: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
  port.postMessage(answer);
});

// The first look reads the standard library: do it before somebody waits for it.
session.answer({ op: "compile", code: "const warm = [1].map((each) => each); warm" });
keepCompiler();
