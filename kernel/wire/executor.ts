/**
 * Runs execute requests in the order they came, one at a time: compile, run, answer. When a cell fails and
 * its request says so, the requests that wait behind it are answered as aborted.
 */
import { INTERRUPTED } from "../execute/interrupted.js";
import type { Header, JsonObject, Message } from "../protocol/message.js";
import type { CellError, Compiled, MimeBundle } from "../threads.js";
import type { History } from "./history.js";
import type { Io } from "./io.js";
import type { LanguageClient } from "./language-client.js";
import type { MainThread } from "./main-thread.js";
import { typeError } from "./type-error.js";

export interface Executor {
  submit(request: Message): void;
  /** Ends the running cell with `error`; without one, stops what an earlier cell left running. */
  stop(error?: CellError): Promise<void>;
  /**
   * Stops what runs; where nothing does, the cell that was sent before the interrupt and is still on its way,
   * by another socket. Resolves when cells that are sent from now on are safe.
   */
  interrupt(sentAt: number): Promise<void>;
  /** Outputs of `module` answer the request with this header from now on. */
  adopt(module: string, header: Header): void;
  /** Returns the request that the output of a module answers. */
  parentOf(module: string): Partial<Header>;
  /** The request that ran last, or runs now; empty before the first. */
  readonly lastHeader: Partial<Header>;
  /** The request that runs now. */
  readonly current: Message | undefined;
  readonly executionCount: number;
}

export interface ExecutorOptions {
  readonly io: Io;
  readonly language: LanguageClient;
  readonly main: MainThread;
  readonly history: History;
}

interface Evaluation {
  readonly result?: MimeBundle;
  readonly error?: CellError;
}

/** For a cell that was sent before an interrupt to arrive after it. */
const ON_ITS_WAY_MS = 20;

/** Late output of cells older than this goes to the running cell. */
const MAX_PARENTS = 1000;

export function createExecutor({ io, language, main, history }: ExecutorOptions): Executor {
  const queue: Message[] = [];
  const parents = new Map<string, Header>();
  let executionCount = 0;
  let current: Message | undefined;
  let lastHeader: Partial<Header> = {};
  let draining = false;
  /** A cell that is stopped while it is compiled must not start, nor be waited for. */
  let stopped: CellError | undefined;
  let giveUp = () => {};
  let interruptedUntil = Number.NEGATIVE_INFINITY;

  async function evaluate(code: string, header: Header): Promise<Evaluation> {
    if (stopped !== undefined) return { error: stopped };
    const asked = language.ask({ op: "compile", code });
    const stop = new Promise<undefined>((resolve) => {
      giveUp = () => resolve(undefined);
    });
    let compiled: Compiled | undefined;
    try {
      compiled = await Promise.race([asked, stop]);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      return { error: { ename: "KernelError", evalue: `the compiler failed: ${text}`, traceback: [text] } };
    }
    if (compiled === undefined || stopped !== undefined) {
      asked.then((late) => late.ok && main.owe(late)).catch(() => {}); // nobody waits for it any more
      return { error: stopped ?? INTERRUPTED };
    }
    if (!compiled.ok) return { error: typeError(compiled.diagnostics, executionCount) };
    adopt(compiled.module.id, header);
    const { defined, ...outcome } = await main.run({ op: "execute", cell: compiled, executionCount });
    language.commit(compiled.module.id, defined);
    return outcome;
  }

  function adopt(module: string, header: Header): void {
    parents.set(module, header);
    if (parents.size <= MAX_PARENTS) return;
    for (const oldest of parents.keys()) {
      parents.delete(oldest);
      break;
    }
  }

  async function execute(request: Message): Promise<void> {
    const { header, content } = request;
    const code = String(content.code ?? "");
    const silent = content.silent === true;
    current = request;
    lastHeader = header;
    stopped = Date.parse(header.date) <= interruptedUntil ? INTERRUPTED : undefined;
    interruptedUntil = Number.NEGATIVE_INFINITY;
    io.publish("status", header, { execution_state: "busy" });
    if (!silent && content.store_history !== false) history.add(++executionCount, code);
    if (!silent) io.publish("execute_input", header, { code, execution_count: executionCount });

    const { result, error } = await evaluate(code, header);
    if (error !== undefined) {
      if (!silent) io.publish("error", header, { ...error });
      answer(request, { status: "error", ...error });
    } else {
      if (result !== undefined && !silent) {
        io.publish("execute_result", header, { execution_count: executionCount, ...result });
      }
      const expressions = await userExpressions(content.user_expressions, header);
      answer(request, { status: "ok", payload: [], user_expressions: expressions });
    }
    io.publish("status", header, { execution_state: "idle" });
    current = undefined;
    if (error !== undefined && content.stop_on_error !== false) await abortQueue(header.session);
  }

  function answer(request: Message, content: JsonObject): void {
    io.reply("shell", request, "execute_reply", { ...content, execution_count: executionCount });
  }

  async function userExpressions(expressions: unknown, header: Header): Promise<JsonObject> {
    if (typeof expressions !== "object" || expressions === null) return {};
    const values: Record<string, unknown> = {};
    for (const [name, code] of Object.entries(expressions)) {
      const { result, error } = await evaluate(String(code), header);
      values[name] =
        error === undefined
          ? { status: "ok", ...(result ?? { data: { "text/plain": "undefined" }, metadata: {} }) }
          : { status: "error", ...error };
    }
    return values;
  }

  /** Another front end's cells do not depend on the one that failed: they run. */
  async function abortQueue(session: string): Promise<void> {
    // Requests that were sent together with this one may still be on their way from the socket.
    await new Promise((resolve) => setImmediate(resolve));
    const kept: Message[] = [];
    for (const request of queue.splice(0)) {
      if (request.header.session !== session) {
        kept.push(request);
        continue;
      }
      io.publish("status", request.header, { execution_state: "busy" });
      answer(request, { status: "aborted" });
      io.publish("status", request.header, { execution_state: "idle" });
    }
    queue.push(...kept);
  }

  function stop(error = INTERRUPTED): Promise<void> {
    stopped = error;
    giveUp();
    return main.stop(error);
  }

  async function drain(): Promise<void> {
    draining = true;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await execute(next);
    draining = false;
  }

  return {
    submit(request) {
      queue.push(request);
      if (!draining) void drain();
    },
    stop,
    async interrupt(sentAt) {
      const idle = current === undefined;
      void stop();
      if (!idle) return;
      interruptedUntil = sentAt;
      await new Promise((resolve) => setTimeout(resolve, ON_ITS_WAY_MS));
      interruptedUntil = Number.NEGATIVE_INFINITY;
    },
    adopt,
    parentOf: (module) => parents.get(module) ?? current?.header ?? {},
    get lastHeader() {
      return lastHeader;
    },
    get current() {
      return current;
    },
    get executionCount() {
      return executionCount;
    },
  };
}
