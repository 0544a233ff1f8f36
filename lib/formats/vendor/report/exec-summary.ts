import { type Bytes, bytes } from "../../../units.js";
import type { LineCursor } from "../lines.js";
import type { ExecSummary } from "./records.js";

export const EXEC_SUMMARY = /^\s*Exec\/report summary \((\w+)\)\s*$/;

const ENTRY = /^\s*(\S.*?)\s+: {3}(.*\S)?\s*$/;
const NOTE = /^\s*\(\*\)/;

/** Returns the summary whose title line has been taken: pairs of key and value, the figures as numbers. */
export function readExecSummary(cursor: LineCursor, command: string): ExecSummary {
  const entries: { key: string; value: string }[] = [];
  for (;;) {
    cursor.content();
    const found = cursor.take(ENTRY);
    if (!found) break;
    entries.push({ key: found[1]!, value: found[2] ?? "" });
  }
  if (entries.length === 0) throw cursor.refuse("exec summary", "lines of the form key : value");
  cursor.take(NOTE);
  const figure = (key: string): number | null => {
    const value = entries.find((entry) => entry.key === key)?.value;
    const [digits] = /^[\d,]+/.exec(value ?? "") ?? [];
    return digits === undefined ? null : cursor.whole(digits, key);
  };
  const size = (key: string): Bytes | null => {
    const value = figure(key);
    return value === null ? null : bytes(value);
  };
  return {
    command,
    entries,
    params: figure("params #"),
    macs: figure("macc"),
    weightBytes: size("weights (ro)"),
    activationBytes: size("activations (rw)"),
    ramBytes: size("ram (total)"),
  };
}
