/**
 * Runs one cell at a time in the thread it is called from. A run ends once: by its own end, by an error, or
 * by `stop`. When the debugger cuts a runaway loop, the whole stack above the event loop is gone, `run`
 * included; that is why the state of a run lives in `active` and not in a waiting function.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { join } from "node:path";
import type { CellError, CompiledCell, Execution, MimeBundle } from "../threads.js";
import { INTERRUPTED } from "./interrupted.js";
import { mimeBundle } from "./mime-bundle.js";
import type { Exports, Modules } from "./modules.js";
import type { Tracebacks } from "./traceback.js";

export interface Outcome {
  readonly cell: string;
  readonly result?: MimeBundle;
  readonly error?: CellError;
  readonly defined: readonly string[];
}

export interface CellRunnerOptions {
  readonly folder: string;
  readonly modules: Modules;
  readonly tracebacks: Tracebacks;
  readonly finished: (outcome: Outcome) => void;
}

export interface CellRunner {
  run(execution: Execution): void;
  /** Ends the running cell, if any, with `error`, and returns its name; what it awaits is abandoned. */
  stop(error: CellError): string | undefined;
  /** Runs `work`, which is no cell, so that its output belongs to `name`. */
  attribute(name: string, work: () => void): void;
  /** Returns the module id of the cell that the running code belongs to; the last one where Node cannot say. */
  cellOfOutput(): string;
}

/**
 * Attribution of late output needs AsyncLocalStorage, and cutting a loop inside one aborts Node before 24
 * ("async hook stack has become corrupted").
 */
const context =
  Number(process.versions.node.split(".")[0]) >= 24
    ? new AsyncLocalStorage<{ readonly cell: string }>()
    : undefined;

/** Thrown in a stopped cell where it would go on: what it left open is closed by its `finally`. */
class Stopped extends Error {
  override readonly name = INTERRUPTED.ename;
  constructor() {
    super(INTERRUPTED.evalue);
  }
}

interface Active {
  readonly cell: CompiledCell;
  readonly exports: Exports;
}

export function cellRunner({ folder, modules, tracebacks, finished }: CellRunnerOptions): CellRunner {
  let active: Active | undefined;
  let last = "";

  function end(run: Active, outcome: { readonly result?: MimeBundle; readonly error?: CellError }): void {
    if (active !== run) return;
    active = undefined;
    const { values, types, module } = run.cell;
    const reached =
      outcome.error === undefined ? values : values.filter((name) => hasValue(run.exports, name));
    finished({ cell: module.id, ...outcome, defined: [...reached, ...types] });
  }

  async function execute(run: Active, executionCount: number): Promise<void> {
    const { module } = run.cell;
    try {
      const fileName = join(folder, `${module.id}.ts`);
      tracebacks.register(module, fileName, `Cell In[${executionCount}]`);
      const body = modules.body(module, fileName);
      let value: unknown;
      const handle = modules.handleFor(fileName, {
        result(shown) {
          value = shown;
        },
        resumed() {
          if (active !== run) throw new Stopped();
        },
      });
      const start = () => body(handle, run.exports, modules.require, fileName, folder);
      await (context === undefined ? start() : context.run({ cell: module.id }, start));
      const result = await mimeBundle(value);
      end(run, result === undefined ? {} : { result });
    } catch (error) {
      end(run, { error: tracebacks.describe(error) });
    }
  }

  return {
    run({ cell, executionCount }) {
      const run: Active = { cell, exports: {} };
      active = run;
      last = cell.module.id;
      for (const module of cell.dropped) modules.cells.delete(module);
      modules.addFiles(cell.files);
      modules.cells.set(cell.module.id, run.exports);
      void execute(run, executionCount);
    },
    stop(error) {
      const stopped = active;
      if (stopped !== undefined) end(stopped, { error });
      return stopped?.cell.module.id;
    },
    attribute(name, work) {
      if (context !== undefined) return context.run({ cell: name }, work);
      const before = last;
      last = name;
      try {
        work();
      } finally {
        last = before;
      }
    },
    cellOfOutput: () => context?.getStore()?.cell ?? last,
  };
}

function hasValue(exports: Exports, name: string): boolean {
  try {
    return exports[name] !== undefined;
  } catch {
    return false; // the import behind this name has not happened
  }
}
