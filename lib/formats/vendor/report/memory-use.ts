/**
 * Memory pools as a report shows them:
 *
 *   npuRAM5    [0x342E0000 - 0x34350000]:    240.000 kB /    448.000 kB  ( 53.57 % used) -- weights:  …
 */

import { parseOptions } from "../command-line.js";
import type { LineCursor } from "../lines.js";
import type { Compilation, MemoryUse, PoolUse, UsedRange } from "./records.js";

export const COMPILATION = /^\s*Compilation details\s*$/;
export const MEMORY_USE = /^\s*Memory usage information\b/;
export const USED_RANGES = /^\s*Used memory ranges\s*$/;

const SIZE = String.raw`\s*([\d.]+)\s+([kKMG]?B)`;
const SHARE = String.raw`\s*\(\s*[\d.]+ % used\)`;
const WINDOW = String.raw`(\S+)\s+\[(0x[\dA-Fa-f]+) - (0x[\dA-Fa-f]+)\]:`;
const POOL = new RegExp(
  String.raw`^\s+${WINDOW}${SIZE} /${SIZE}${SHARE} -- weights:${SIZE}${SHARE}\s+activations:${SIZE}${SHARE}\s*$`,
);
const TOTAL = new RegExp(String.raw`^\s*Total:${SIZE}\s+-- weights:${SIZE}\s+activations:${SIZE}\s*$`);
const RANGES = new RegExp(String.raw`^\s+${WINDOW}\s*(.*\S)?\s*$`);
const RANGE = /(0x[\dA-Fa-f]+)-(0x[\dA-Fa-f]+)/g;

/** Returns the compiler's version and arguments. */
export function readCompilation(cursor: LineCursor): Compilation {
  const [, version] = cursor.expect(/^Compiler version: (.*\S)\s*$/, "compilation", "the compiler's version");
  const [, line] = cursor.expect(/^Compiler arguments:(.*)$/, "compilation", "the compiler's arguments");
  const commandLine = line!.trim();
  return { version: version!, commandLine, options: parseOptions(commandLine) };
}

/** Returns what each memory pool holds, and the sum. */
export function readMemoryUse(cursor: LineCursor): MemoryUse {
  const pools: PoolUse[] = [];
  for (;;) {
    cursor.content();
    const found = cursor.take(POOL);
    if (!found) break;
    const [, name, start, , used, usedUnit, size, sizeUnit, w, wUnit, a, aUnit] =
      found as unknown as string[];
    const path = `pool ${name}`;
    pools.push({
      name: name!,
      address: cursor.address(start!, path),
      size: cursor.size(size!, sizeUnit!, path),
      used: cursor.size(used!, usedUnit!, path),
      weights: cursor.size(w!, wUnit!, path),
      activations: cursor.size(a!, aUnit!, path),
    });
  }
  const total = cursor.expect(TOTAL, "memory usage", "a pool with sizes, or the line Total:");
  const size = (index: number) => cursor.size(total[index]!, total[index + 1]!, "memory usage, total");
  return { pools, total: size(1), weights: size(3), activations: size(5) };
}

/** Returns the address ranges that the network takes, pool by pool. */
export function readUsedRanges(cursor: LineCursor): readonly UsedRange[] {
  const ranges: UsedRange[] = [];
  for (;;) {
    cursor.content();
    const found = cursor.take(RANGES);
    if (!found) return ranges;
    const [, pool, , , list] = found;
    for (const [, from, to] of (list ?? "").matchAll(RANGE)) {
      const path = `used ranges of ${pool}`;
      ranges.push({ pool: pool!, from: cursor.address(from!, path), to: cursor.address(to!, path) });
    }
  }
}
