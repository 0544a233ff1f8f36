import { bytes } from "../../../units.js";
import type { LineCursor } from "../lines.js";
import type { ModuleSize, ModuleTable } from "./records.js";

export const MODULE_TABLE = /^\s*Requested memory size by section - "(.*)" target\s*$/;

const ROW = /^\s*(\S.*?)\s+([\d,]+)\s+([\d,]+)\s+([\d,]+)\s+([\d,]+)\s*$/;

/** Returns the table of program sizes whose title line has been taken; it ends with TOTAL. */
export function readModuleTable(cursor: LineCursor, target: string): ModuleTable {
  cursor.expect(/^\s*module\s+text\s+rodata\s+data\s+bss\s*$/, "sizes by module", "its header");
  const modules: ModuleSize[] = [];
  for (;;) {
    const found = cursor.expect(ROW, "sizes by module", "a module with four sizes, or TOTAL");
    const module = found[1]!;
    const size = (index: number) => bytes(cursor.whole(found[index]!, module));
    const row = { module, text: size(2), rodata: size(3), data: size(4), bss: size(5) };
    if (module === "TOTAL") return { target, modules, total: row };
    modules.push(row);
  }
}
