/**
 * Runs a notebook without a front end: a fresh kernel, the cells in their order, the outputs in the record
 * that comes back. The same notebook gives the same record; times and random ids are not in it.
 */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { LabError } from "../lib/errors.js";
import { type Executed, type KernelClient, startKernel } from "./client.js";
import { KERNEL_NAME, kernelSpec } from "./kernelspec.js";
import {
  type Cell,
  type CodeCell,
  type ErrorOutput,
  type JsonRecord,
  type Notebook,
  parseNotebook,
} from "./notebook.js";
import { type OutputBook, outputBook } from "./outputs.js";
import { type Parameters, withParameters } from "./parameters.js";

export interface Progress {
  /** Counts code cells from 1. */
  readonly cell: number;
  readonly of: number;
  /** The cell's first comment, or the last heading above it. */
  readonly title: string;
  readonly state: "running" | "done" | "failed";
  readonly seconds: number;
}

export interface RunNotebookOptions {
  readonly path: string;
  readonly parameters?: Parameters;
  /** For each cell; without it a cell may take as long as it likes. */
  readonly timeoutSeconds?: number;
  /** Go on after a cell has failed. */
  readonly allowErrors?: boolean;
  /** The folder of the cells; the notebook's own when not given. */
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly onProgress?: (progress: Progress) => void;
}

export interface CellFailure {
  /** Index among all cells of the executed notebook. */
  readonly index: number;
  readonly title: string;
  readonly error: ErrorOutput;
}

export interface ExecutedNotebook {
  readonly notebook: Notebook;
  readonly failures: readonly CellFailure[];
  /** False when a cell failed and the rest was not run, or the kernel died. */
  readonly complete: boolean;
}

/** How long an interrupted cell may take to stop before its kernel is ended. */
const STOP_SECONDS = 5;

export async function runNotebook(options: RunNotebookOptions): Promise<ExecutedNotebook> {
  const path = resolve(options.path);
  const original = withParameters(parseNotebook(readText(path), options.path), options.parameters ?? {});
  const kernel = await startKernel({
    cwd: options.cwd ?? dirname(path),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  try {
    // The compiler reads the standard library first; that is not the first cell's time.
    await kernel.execute("", { silent: true });
    return await runCells(kernel, original, options);
  } finally {
    kernel.kill();
    await kernel.died;
  }
}

async function runCells(
  kernel: KernelClient,
  original: Notebook,
  options: RunNotebookOptions,
): Promise<ExecutedNotebook> {
  const book = outputBook();
  const counts = new Map<string, number>();
  const failures: CellFailure[] = [];
  const titles = cellTitles(original.cells);
  const codeCells = original.cells.filter(isRunnable);
  let complete = true;
  let dead = false;

  for (const [index, cell] of original.cells.entries()) {
    if (!isRunnable(cell)) continue;
    const title = titles[index] ?? "";
    const started = performance.now();
    const tell = (state: Progress["state"]) =>
      options.onProgress?.({
        cell: codeCells.indexOf(cell) + 1,
        of: codeCells.length,
        title,
        state,
        seconds: (performance.now() - started) / 1000,
      });

    tell("running");
    const { executionCount, alive } = await runCell({
      kernel,
      cell,
      book,
      timeoutSeconds: options.timeoutSeconds,
    });
    if (executionCount !== undefined) counts.set(cell.id, executionCount);
    const error = book.outputsOf(cell.id).findLast((output) => output.output_type === "error");
    if (error !== undefined) failures.push({ index, title, error });
    tell(error === undefined ? "done" : "failed");
    dead = !alive;
    if (dead || (error !== undefined && options.allowErrors !== true)) {
      complete = codeCells.at(-1) === cell && !dead && error === undefined;
      break;
    }
  }

  // What the last cells left behind (a promise nobody caught) is reported before this answers.
  if (!dead) await kernel.execute("", { silent: true }).catch(() => {});

  const cells = original.cells.map((cell) =>
    cell.cell_type === "code"
      ? {
          ...cell,
          metadata: withoutTimes(cell.metadata),
          execution_count: counts.get(cell.id) ?? null,
          outputs: book.outputsOf(cell.id),
        }
      : cell,
  );
  return {
    notebook: { ...original, cells, metadata: executedMetadata(original.metadata, kernel) },
    failures,
    complete,
  };
}

interface RunCellOptions {
  readonly kernel: KernelClient;
  readonly cell: CodeCell;
  readonly book: OutputBook;
  readonly timeoutSeconds: number | undefined;
}

async function runCell({ kernel, cell, book, timeoutSeconds }: RunCellOptions) {
  const fail = (ename: string, evalue: string) => book.addError(cell.id, { ename, evalue });
  let timedOut = false;
  const timers: NodeJS.Timeout[] = [];
  if (timeoutSeconds !== undefined) {
    const interrupt = () => {
      timedOut = true;
      kernel.interrupt().catch(() => {});
      timers.push(setTimeout(() => kernel.kill(), STOP_SECONDS * 1000));
    };
    timers.push(setTimeout(interrupt, timeoutSeconds * 1000));
  }
  try {
    const { reply }: Executed = await kernel.execute(cell.source, {
      onOutput: (message) => book.add(cell.id, message),
    });
    if (timedOut) fail("Timeout", `the cell ran longer than ${timeoutSeconds} s and was interrupted`);
    const exited = reply.ename === "Exit";
    return { executionCount: Number(reply.execution_count), alive: !exited };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    if (timedOut)
      fail("Timeout", `the cell ran longer than ${timeoutSeconds} s and could not be interrupted`);
    else fail("KernelDied", error.describe());
    return { executionCount: undefined, alive: false };
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

function isRunnable(cell: Cell): cell is CodeCell {
  return cell.cell_type === "code" && cell.source.trim() !== "";
}

/** Returns a title for each cell: its first comment line, else the last heading above it, else its first line. */
export function cellTitles(cells: readonly Cell[]): string[] {
  let heading = "";
  return cells.map((cell) => {
    if (cell.cell_type === "markdown") {
      heading = [...cell.source.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)].at(-1)?.[1] ?? heading;
      return heading;
    }
    const first = cell.source.trimStart().split("\n")[0] ?? "";
    return /^\/\/+\s*(.+)/.exec(first)?.[1] ?? (heading || first);
  });
}

/** JupyterLab records when a cell ran; a reproducible notebook does not. */
function withoutTimes(metadata: JsonRecord): JsonRecord {
  const { execution: _, ExecuteTime: __, ...rest } = metadata;
  return rest;
}

function executedMetadata(metadata: JsonRecord, kernel: KernelClient): JsonRecord {
  const { display_name, language } = kernelSpec();
  return {
    ...metadata,
    kernelspec: metadata.kernelspec ?? { name: KERNEL_NAME, display_name, language },
    language_info: kernel.info.language_info as JsonRecord,
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new LabError({
      code: "NOTEBOOK",
      message: `Cannot read notebook '${path}': ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    });
  }
}
