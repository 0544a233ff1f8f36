import { readFileSync } from "node:fs";
import { fromCSV } from "arquero";
import { requireShared } from "./shared.js";

export type CsvRow = Readonly<Record<string, string>>;

/** Returns the rows of a CSV file of the reference material, every value as text. */
export function readCsv(relative: string): readonly CsvRow[] {
  const table = fromCSV(readFileSync(requireShared(relative), "utf8"), { autoType: false });
  return (table.objects() as Record<string, string | null | undefined>[]).map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value ?? ""])),
  );
}
