/** The language process as the wire sees it: questions with answers. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import {
  discard,
  isFresh,
  languageEnvironment,
  SNAPSHOT_FLAGS,
  type Snapshot,
  snapshotFor,
} from "../language/snapshot.js";
import type { FromLanguage, LanguageReplies, LanguageRequest, ToLanguage } from "../threads.js";

export interface LanguageClient {
  ask<Op extends LanguageRequest["op"]>(
    request: LanguageRequest & { readonly op: Op },
  ): Promise<LanguageReplies[Op]>;
  commit(module: string, names: readonly string[]): void;
  /** Resolves once it answers, or never will. */
  readonly settled: Promise<void>;
  /** Whether a process is the language's, and not one that a cell has started. */
  owns(pid: number): boolean;
}

interface Waiting {
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** After the first cells, before the next kernel. */
const BUILD_AFTER_MS = 2000;

const fileOf = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));

export function startLanguage(folder: string): LanguageClient {
  const waiting = new Map<number, Waiting>();
  const snapshot = snapshotFor({ folder });
  /** What is said before the process listens; one that does not start from its snapshot never does. */
  let unsaid: ToLanguage[] | undefined = [];
  let asked = 0;
  let failed: Error | undefined;
  let settle = () => {};
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  let child = isFresh(snapshot) ? fromSnapshot(snapshot) : fromSource();

  function fromSnapshot({ blob }: Snapshot): ChildProcess {
    const started = start([...SNAPSHOT_FLAGS, "--snapshot-blob", blob, folder]);
    return ended(started, (reason) => {
      if (unsaid === undefined) return fail(reason);
      discard(snapshot);
      child = fromSource();
    });
  }

  function fromSource(): ChildProcess {
    const started = start(["--no-warnings", fileOf("language.js"), folder]);
    started.once("message", () => setTimeout(buildAside, BUILD_AFTER_MS, folder).unref());
    return ended(started, fail);
  }

  function start(args: readonly string[]): ChildProcess {
    const stdio = ["ignore", "ignore", "inherit", "ipc"] as const;
    const started = spawn(process.execPath, args, {
      cwd: folder,
      stdio: [...stdio],
      env: languageEnvironment(),
    });
    started.on("message", hear);
    return started;
  }

  function hear(answer: FromLanguage): void {
    if ("ready" in answer) {
      const before = unsaid ?? [];
      unsaid = undefined;
      for (const message of before) post(message);
      settle();
      return;
    }
    const { resolve, reject } = waiting.get(answer.id) as Waiting;
    waiting.delete(answer.id);
    if ("failure" in answer) reject(new Error(answer.failure));
    else resolve(answer.reply);
  }

  function fail(reason: string): void {
    failed = new Error(`the language process ended (${reason})`);
    for (const { reject } of waiting.values()) reject(failed);
    waiting.clear();
    settle();
  }

  function post(message: ToLanguage): void {
    if (unsaid !== undefined) unsaid.push(message);
    else if (child.connected) child.send(message);
  }

  return {
    commit: (module, names) => post({ commit: { module, names } }),
    settled,
    owns: (pid) => child.pid === pid,
    ask(request) {
      if (failed !== undefined) return Promise.reject(failed);
      const id = ++asked;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve: resolve as (reply: unknown) => void, reject });
        post({ id, request });
      });
    },
  };
}

/** Calls back once when the process has ended, or could not be started. */
function ended(child: ChildProcess, then: (reason: string) => void): ChildProcess {
  child.once("error", (error) => then(error.message));
  child.once("exit", (code, signal) => then(signal ?? `exit code ${code}`));
  return child;
}

/** The builder outlives a kernel that ends meanwhile, and hears none of its signals. */
function buildAside(folder: string): void {
  const args = [fileOf("language/build-snapshot.js"), folder];
  spawn(process.execPath, args, { detached: true, stdio: "ignore", env: languageEnvironment() })
    .once("error", () => {})
    .unref();
}
