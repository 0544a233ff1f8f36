/**
 * One process for all inferences of this one: started with the first session, ended with us, and started anew
 * by the next call when something has ended it.
 */
import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LabError } from "../errors.js";
import type { HostCall, HostReply, HostRequest } from "./host-messages.js";

export interface Host {
  /** Resolves with the answer; rejects with a LabError when the process ends before it has answered. */
  call(call: HostCall): Promise<HostReply>;
  readonly alive: boolean;
}

let current: Host | undefined;

/** Returns the process at hand; a fresh one, which knows no sessions, when the last has ended. */
export function host(): Host {
  if (current === undefined || !current.alive) current = startHost();
  return current;
}

function startHost(): Host {
  const child = fork(hostFile(), {
    serialization: "advanced",
    execArgv: [],
    // What the runtime writes about itself is no output of ours, but its last words say why it died.
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const waiting = new Map<number, { resolve(reply: HostReply): void; reject(error: LabError): void }>();
  let calls = 0;
  let alive = true;
  let lastWords = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    lastWords = (lastWords + text).slice(-2000);
  });
  rest(child);

  child.on("message", (reply: HostReply) => {
    waiting.get(reply.id)?.resolve(reply);
    waiting.delete(reply.id);
    if (waiting.size === 0) rest(child);
  });
  const end = (how: string) => {
    if (!alive) return;
    alive = false;
    const error = new LabError({
      code: "RUNTIME",
      message: `Cannot finish the inference: its process ended (${how})`,
      hint: lastWords.trim() || "the next run starts a fresh one",
    });
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  child.once("error", (error) => end(error.message));
  child.once("exit", (code, signal) => end(signal ?? `exit status ${code}`));

  return {
    get alive() {
      return alive;
    },
    call(call) {
      return new Promise((resolve, reject) => {
        const id = ++calls;
        waiting.set(id, { resolve, reject });
        work(child);
        child.send({ ...call, id } satisfies HostRequest, (error) => {
          if (error !== null) end(error.message);
        });
      });
    },
  };
}

/** A process without work does not keep ours from ending. */
function rest(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
  (child.stderr as unknown as { unref?(): void } | null)?.unref?.();
}

function work(child: ChildProcess): void {
  child.ref();
  child.channel?.ref();
}

/** Returns the compiled program beside this file or, when this file is the source, the one in `dist/`. */
function hostFile(): string {
  const beside = fileURLToPath(new URL("./onnxruntime-host.js", import.meta.url));
  const built = fileURLToPath(new URL("../../dist/lib/run/onnxruntime-host.js", import.meta.url));
  const found = [beside, built].find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new LabError({
    code: "NO_RUNTIME",
    message: `Cannot run the model: '${built}' does not exist`,
    hint: "Build it first: npm run build",
  });
}
