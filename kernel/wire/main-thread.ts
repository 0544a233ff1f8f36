/**
 * The thread of the user's code as the wire sees it: it runs a cell, and it can be stopped whatever it does.
 * First it is asked; one that answers has stopped by itself (it was waiting). One that does not answer is
 * inside code that never yields, and the debugger cuts that code. Processes that cells have started hear of it
 * as they do of Ctrl-C; one that holds the thread (`execSync`) and does not leave is ended.
 */
import { Session } from "node:inspector";
import type { CellError, CompiledCell, Execution, FromMain, ToMain } from "../threads.js";
import { descendants, processTable, signalAll, youngest } from "./children.js";

export type CellOutcome = Omit<Extract<FromMain, { op: "done" }>, "op" | "cell">;

/** Longer than a busy but willing thread needs to answer, shorter than a person waits. */
const ANSWER_MS = 60;
/** A thread in native code comes back when that code does: after this the cell counts as stopped. */
const CUT_MS = 150;
const MAX_PINGS_AFTER_CUT = 10;
/**
 * Code of a stopped cell may run on once what it awaited is there. For so long after an interrupt a thread is
 * asked before it gets a cell, and what holds it for longer than `HELD_MS` is cut.
 */
const AFTERMATH_MS = 30_000;
const HELD_MS = 300;

export interface MainThread {
  run(execution: Execution): Promise<CellOutcome>;
  /** Ends the running cell with `error`; without one, ends what earlier cells left running. */
  stop(error: CellError): Promise<void>;
  /** Keeps what a compiled cell that never runs would have brought with it for the next one that does. */
  owe(cell: CompiledCell): void;
  /** Returns the bytes of heap that are in use; with `collect`, after what nobody needs has gone. */
  heapUsed(options?: { readonly collect?: boolean }): Promise<number>;
  leave(code: number): void;
  /** Lets go of the debugger; with it held, a leaving process waits for it. */
  close(): void;
  /** Takes what the thread says about itself; returns false when the message is not of that kind. */
  heard(message: FromMain): boolean;
}

interface Run {
  readonly cell: string;
  /** False while the thread still has to be freed for it: there is nothing to cut yet. */
  posted: boolean;
  readonly settle: (outcome: CellOutcome) => void;
}

export interface MainThreadOptions {
  readonly post: (message: ToMain) => void;
  /** Whether a process is the kernel's own, and no cell's. */
  readonly owns: (pid: number) => boolean;
  /** Called when code that outlived its interrupt was cut. */
  readonly cutLate: () => void;
}

export function mainThread({ post, owns, cutLate }: MainThreadOptions): MainThread {
  const inspector = new Session();
  inspector.connectToMainThread();
  let running: Run | undefined;
  let stopping: Promise<void> | undefined;
  let calmFrom = 0;
  let owed: CompiledCell[] = [];
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

  /** Asks first; cuts what does not answer, and settles `run` when that takes long. */
  async function end(error: CellError, run: Run | undefined): Promise<void> {
    post({ op: "askStop", error });
    const waiting = await ping(ANSWER_MS);
    // The cut first: `execSync` of a process that has ended throws, and the cell would end with that error.
    const cutting = waiting ? undefined : cut(() => run?.settle({ error, defined: [] }));
    signalAll(descendants(process.pid, processes()), "SIGINT");
    await cutting;
  }

  async function cut(unanswered: () => void): Promise<void> {
    inspector.post("Runtime.terminateExecution");
    // The cut may fall on a message handler; pings are the messages that can be spared.
    for (let tries = 0; tries < MAX_PINGS_AFTER_CUT; tries++) {
      const alive = await ping(CUT_MS);
      unanswered();
      if (alive) return;
      if (tries === 0) signalAll(youngest(process.pid, processes()), "SIGKILL");
    }
  }

  /** Hands a cell over once no cut is on its way that could fall on it, and nothing old holds the thread. */
  async function begin(execution: Execution, run: Run): Promise<void> {
    await stopping;
    while (running === run && performance.now() < calmFrom && !(await ping(HELD_MS))) {
      cutLate();
      stopping = cut(() => {}).finally(() => {
        stopping = undefined;
      });
      await stopping;
    }
    if (running === run) hand(execution, run);
    else owed.push(execution.cell);
  }

  function hand(execution: Execution, run: Run): void {
    run.posted = true;
    if (owed.length === 0) {
      post(execution);
      return;
    }
    const all = [...owed, execution.cell];
    owed = [];
    const files = all.flatMap((cell) => cell.files);
    post({ ...execution, cell: { ...execution.cell, files, dropped: all.flatMap((cell) => cell.dropped) } });
  }

  return {
    run(execution) {
      return new Promise((resolve) => {
        const run: Run = {
          cell: execution.cell.module.id,
          posted: false,
          settle(outcome) {
            if (running !== run) return;
            running = undefined;
            resolve(outcome);
          },
        };
        running = run;
        if (stopping === undefined && performance.now() >= calmFrom) hand(execution, run);
        else void begin(execution, run);
      });
    },
    stop(error) {
      calmFrom = performance.now() + AFTERMATH_MS;
      if (running?.posted === false) running.settle({ error, defined: [] });
      stopping ??= end(error, running).finally(() => {
        stopping = undefined;
      });
      return stopping;
    },
    owe(cell) {
      owed.push(cell);
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
