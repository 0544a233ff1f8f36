/**
 * The thread of the user's code as the wire sees it: it runs a cell, and it can be stopped whatever it does.
 * First it is asked; one that answers has stopped by itself (it was waiting). One that does not answer is
 * inside code that never yields, and the debugger cuts that code.
 */
import { Session } from "node:inspector";
import { INTERRUPTED } from "../execute/interrupted.js";
import type { Execution, FromMain, ToMain } from "../threads.js";

export type CellOutcome = Omit<Extract<FromMain, { op: "done" }>, "op" | "cell">;

/** Longer than a busy but willing thread needs to answer, shorter than a person waits. */
const ANSWER_MS = 60;
/** A thread in native code comes back when that code does: after this the cell counts as stopped. */
const CUT_MS = 150;
const MAX_PINGS_AFTER_CUT = 10;

export interface MainThread {
  run(execution: Execution): Promise<CellOutcome>;
  interrupt(): Promise<void>;
  leave(code: number): void;
  /** Lets go of the debugger; with it held, a leaving process waits for it. */
  close(): void;
  /** Takes what the thread says about itself; returns false when the message is not of that kind. */
  heard(message: FromMain): boolean;
}

export function mainThread(post: (message: ToMain) => void): MainThread {
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
    async interrupt() {
      const stopped = running;
      post({ op: "askStop" });
      if (await ping(ANSWER_MS)) return;
      inspector.post("Runtime.terminateExecution");
      // The cut may fall on a message handler; pings are the messages that can be spared.
      for (let tries = 0; tries < MAX_PINGS_AFTER_CUT; tries++) {
        const alive = await ping(CUT_MS);
        if (running !== undefined && running === stopped) stopped.settle({ error: INTERRUPTED, defined: [] });
        if (alive) return;
      }
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
