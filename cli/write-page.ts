import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import { renderNotebookHtml } from "../kernel/html/render.js";
import type { Analysis } from "../lib/analyze/record.js";
import { LabError } from "../lib/errors.js";
import { analysisReport } from "../lib/report/analysis-report.js";
import type { Block } from "../lib/report/blocks.js";
import { notebookOf } from "./notebook-of.js";

/** Writes the report of an analysis as one page that needs nothing else. */
export function writePage(path: string, analysis: Analysis): void {
  const title = `${basename(analysis.model.file)} on ${analysis.target.board}`;
  writeBlocks(path, analysisReport(analysis), { title });
}

/** Writes the blocks of a report as one page that needs nothing else. */
export function writeBlocks(
  path: string,
  blocks: readonly Block[],
  { title }: { readonly title: string },
): void {
  const html = renderNotebookHtml(notebookOf(blocks), { title });
  try {
    writeFileSync(path, html);
  } catch (cause) {
    throw new LabError({
      code: "FILE",
      message: `Cannot write '${path}': ${(cause as Error).message}`,
      cause,
    });
  }
}
