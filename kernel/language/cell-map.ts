/**
 * Where a place in a cell lies in the module that is made of it, and back. The module is a header line, then
 * the cell with `export ` put before some statements, then a tail:
 *
 *     cell                     module
 *     let n = 0                import { a } from "./__cell_1"; export {};
 *     n + a                    export let n = 0
 *                              n + a
 *
 * Here headerLength is 43 and insertions is [0]; offset 4 of the cell (`n`) is offset 54 of the module.
 */
export interface CellMap {
  readonly headerLength: number;
  /** Offsets in the cell, ascending, before which `export ` was put. */
  readonly insertions: readonly number[];
  readonly codeLength: number;
}

export const INSERTED = "export ";

/** One-based, as people and editors count. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Returns the offset in the module of an offset in the cell; after the inserted word where they meet. */
export function toModule(map: CellMap, offset: number): number {
  const before = map.insertions.filter((at) => at <= offset).length;
  return map.headerLength + offset + before * INSERTED.length;
}

/** Returns the offset in the cell of an offset in the module; header and tail map to the cell's ends. */
export function toCell(map: CellMap, offset: number): number {
  let inserted = 0;
  const inBody = offset - map.headerLength;
  for (const at of map.insertions) {
    const start = at + inserted;
    if (inBody <= start) break;
    if (inBody < start + INSERTED.length) return at;
    inserted += INSERTED.length;
  }
  return Math.min(Math.max(inBody - inserted, 0), map.codeLength);
}

/** Returns line and column of an offset; an offset past the end is the end. */
export function placeOf(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: before.length - lineStart + 1 };
}

/** Returns the offset of a place; a place past the end of its line is the end of the line. */
export function offsetOf(text: string, { line, column }: Place): number {
  let start = 0;
  for (let passed = 1; passed < line; passed++) {
    const next = text.indexOf("\n", start);
    if (next < 0) return text.length;
    start = next + 1;
  }
  const end = text.indexOf("\n", start);
  return Math.min(start + column - 1, end < 0 ? text.length : end);
}
