/**
 * The thread of the user's code as the wire sees it: it runs a cell, and it can be stopped whatever it does.
 * First it is asked; one that answers has stopped by itself (it was waiting). One that does not answer is
 * inside code that never yields, and the debugger cuts that code. Processes that cells have started hear of it
 * as they do of Ctrl-C; one that holds the thread (`execSync`) and does not leave is ended.
 */
import { Session } from "node:inspector";
import type { CellError, Execution, FromMain, ToMain } from "../threads.js";
import { descendants, processTable, signalAll, youngest } from "./children.js";

export type CellOutcome = Omit<Extract<FromMain, { op: "done" }>, "op" | "cell">;

/** Longer than a busy but willing thread needs to answer, shorter than a person waits. */
const ANSWER_MS = 60;
/** A thread in native code comes back when that code does: after this the cell counts as stopped. */
const CUT_MS = 150;
const MAX_PINGS_AFTER_CUT = 10;

export interface MainThread {
  run(execution: Execution): Promise<CellOutcome>;
  /** Ends the running cell with `error`; without one, ends what earlier cells left running. */
  stop(error: CellError): Promise<void>;
  /** Returns the bytes of heap that are in use; with `collect`, after what nobody needs has gone. */
  heapUsed(options?: { readonly collect?: boolean }): Promise<number>;
  leave(code: number): void;
  /** Lets go of the debugger; with it held, a leaving process waits for it. */
  close(): void;
  /** Takes what the thread says about itself; returns false when the message is not of that kind. */
  heard(message: FromMain): boolean;
}

export interface MainThreadOptions {
  readonly post: (message: ToMain) => void;
  /** Whether a process is the kernel's own, and no cell's. */
  readonly owns: (pid: number) => boolean;
}

export function mainThread({ post, owns }: MainThreadOptions): MainThread {
  const inspector = new Session();
  inspector.connectToMainThread();
  let running: { readonly cell: string; readonly settle: (outcome: CellOutcome) => void } | undefined;
  const pings = new Map<number, () => void>();
  let pinged = 0;

  function ping(limitMs: number): Promise<boolean> {
    const id = ++pinged;
    return new Promise((resolve) => {
      const answered = (alive: boolean) => {
        clearTimeout(timer);
        pings.delete(id);
        resolve(alive);
      };
      const timer = setTimeout(answered, limitMs, false);
      pings.set(id, () => answered(true));
      post({ op: "ping", id });
    });
  }

  const processes = () => processTable().filter(({ pid }) => !owns(pid));

  return {
    run(execution) {
      return new Promise((resolve) => {
        const cell = execution.cell.module.id;
        running = {
          cell,
          settle(outcome) {
            running = undefined;
            resolve(outcome);
          },
        };
        post(execution);
      });
    },
    async stop(error) {
      const stopped = running;
      post({ op: "askStop", error });
      const waiting = await ping(ANSWER_MS);
      signalAll(descendants(process.pid, processes()), "SIGINT");
      if (waiting) return;
      inspector.post("Runtime.terminateExecution");
      // The cut may fall on a message handler; pings are the messages that can be spared.
      for (let tries = 0; tries < MAX_PINGS_AFTER_CUT; tries++) {
        const alive = await ping(CUT_MS);
        if (running !== undefined && running === stopped) stopped.settle({ error, defined: [] });
        if (alive) return;
        if (tries === 0) signalAll(youngest(process.pid, processes()), "SIGKILL");
      }
    },
    async heapUsed({ collect = false } = {}) {
      if (collect) await new Promise((resolve) => inspector.post("HeapProfiler.collectGarbage", resolve));
      return new Promise((resolve, reject) => {
        inspector.post("Runtime.getHeapUsage", (error, usage) => {
          if (error === null) resolve((usage as { readonly usedSize: number }).usedSize);
          else reject(error);
        });
      });
    },
    leave(code) {
      inspector.disconnect();
      post({ op: "leave", code });
    },
    close: () => inspector.disconnect(),
    heard(message) {
      if (message.op === "pong") pings.get(message.id)?.();
      else if (message.op === "done") {
        const { op: _, cell, ...outcome } = message;
        if (running?.cell === cell) running.settle(outcome);
      } else return false;
      return true;
    },
  };
}
