/** A cell that the compiler refuses, as the error message that a notebook shows. */
import type { CellDiagnostic, CellError } from "../threads.js";

const red = (text: string) => `\u001b[31m${text}\u001b[39m`;

/** Returns one error for all findings; each points at its line and column, as people count them. */
export function typeError(diagnostics: readonly CellDiagnostic[], executionCount: number): CellError {
  const [first] = diagnostics;
  return {
    ename: "TypeScriptError",
    evalue: first === undefined ? "the cell does not compile" : `TS${first.code}: ${first.message}`,
    traceback: diagnostics.flatMap((each) => describe(each, executionCount)),
  };
}

function describe(diagnostic: CellDiagnostic, executionCount: number): string[] {
  const { line, column, length, code, message, source, file } = diagnostic;
  const where = `${file ?? `Cell In[${executionCount}]`}:${line}:${column}`;
  const width = Math.max(1, Math.min(length, source.length - column + 1));
  const gutter = `  ${line} | `;
  return [
    `${red(where)} - TS${code}: ${message}`,
    `${gutter}${source}`,
    `${" ".repeat(gutter.length + column - 1)}${red("~".repeat(width))}`,
  ];
}
