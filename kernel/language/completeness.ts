/** Whether a console should run what was typed or open another line. */

import type { Completeness } from "../threads.js";
import { ts } from "./typescript.js";

/** Unterminated template, comment and regular expression: TypeScript's diagnosticMessages.json. */
const UNTERMINATED: ReadonlySet<number> = new Set([1160, 1010, 1161]);

/** Returns "incomplete" when the parser ran into the end of the text, "invalid" when it stumbled before. */
export function completeness(code: string): Completeness {
  const file = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const errors = (file as unknown as { readonly parseDiagnostics: readonly ts.DiagnosticWithLocation[] })
    .parseDiagnostics;
  if (errors.length === 0) return { status: "complete" };
  const end = code.trimEnd().length;
  if (errors.some(({ start, code: number }) => start >= end || UNTERMINATED.has(number))) {
    return { status: "incomplete", indent: indentAfter(code) };
  }
  return { status: "invalid" };
}

/** Returns the last line's indent, two spaces deeper behind an opening bracket. */
function indentAfter(code: string): string {
  const last = code.trimEnd().split("\n").at(-1) ?? "";
  const indent = /^\s*/.exec(last)?.[0] ?? "";
  return /[{([]\s*$/.test(last) ? `${indent}  ` : indent;
}
