/** The language thread as the wire sees it: questions with answers. */
import { Worker } from "node:worker_threads";
import type { FromLanguage, LanguageReplies, LanguageRequest, ToLanguage } from "../threads.js";

export interface LanguageClient {
  ask<Op extends LanguageRequest["op"]>(
    request: LanguageRequest & { readonly op: Op },
  ): Promise<LanguageReplies[Op]>;
  commit(module: string, names: readonly string[]): void;
}

interface Waiting {
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
}

export function startLanguage(folder: string): LanguageClient {
  const worker = new Worker(new URL("../language.js", import.meta.url), { workerData: { folder } });
  const waiting = new Map<number, Waiting>();
  let asked = 0;
  let failed: Error | undefined;
  worker.on("message", (answer: FromLanguage) => {
    const { resolve, reject } = waiting.get(answer.id) as Waiting;
    waiting.delete(answer.id);
    if ("failure" in answer) reject(new Error(answer.failure));
    else resolve(answer.reply);
  });
  worker.on("error", (error) => {
    failed = error instanceof Error ? error : new Error(String(error));
    for (const { reject } of waiting.values()) reject(failed);
    waiting.clear();
  });
  const post = (message: ToLanguage) => worker.postMessage(message);

  return {
    commit: (module, names) => post({ commit: { module, names } }),
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
