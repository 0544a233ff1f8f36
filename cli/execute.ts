/** Runs a notebook headless with a line per cell, and writes what came out: the page and the notebook. */
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { renderNotebookHtml } from "../kernel/html/render.js";
import { formatNotebook } from "../kernel/notebook.js";
import type { Parameters } from "../kernel/parameters.js";
import { type CellFailure, type Progress, runNotebook } from "../kernel/run-notebook.js";

export interface ExecuteRequest {
  readonly path: string;
  readonly parameters: Parameters;
  /** Where to write; null leaves the file out. */
  readonly html: string | null;
  readonly ipynb: string | null;
  readonly timeoutSeconds?: number;
  readonly allowErrors?: boolean;
}

function progressLine({ cell, of, title, state, seconds }: Progress): string {
  const mark = { running: "…", done: "✓", failed: "✗" }[state];
  const time = state === "running" ? "" : `  ${seconds.toFixed(1)} s`;
  return `  ${mark} cell ${String(cell).padStart(String(of).length)}/${of}  ${title}${time}`;
}

/** On a terminal a running cell's line is replaced when it ends; elsewhere each cell gets one line, at its end. */
function showProgress(progress: Progress): void {
  const line = progressLine(progress);
  if (process.stderr.isTTY)
    process.stderr.write(`\r\x1b[2K${line}${progress.state === "running" ? "" : "\n"}`);
  else if (progress.state !== "running") process.stderr.write(`${line}\n`);
}

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/**
 * Returns the cells that failed. Files are written even then, so that the page shows what went wrong.
 */
export async function execute(request: ExecuteRequest): Promise<readonly CellFailure[]> {
  const { path, parameters, html, ipynb, timeoutSeconds, allowErrors = false } = request;
  const executed = await runNotebook({
    path,
    parameters,
    allowErrors,
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    onProgress: showProgress,
  });
  if (ipynb !== null) write(ipynb, formatNotebook(executed.notebook));
  if (html !== null) write(html, renderNotebookHtml(executed.notebook, { title: basename(path, ".ipynb") }));
  for (const { title, error } of executed.failures) {
    process.stderr.write(`npulab: cell '${title}' failed: ${error.ename}: ${error.evalue}\n`);
  }
  return executed.failures;
}
