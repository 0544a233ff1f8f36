/**
 * Judges a placement the slow, obvious way: every rule is checked for every buffer, every pair for overlap,
 * O(n²). It shares no code with the planner beyond the records.
 */
import { type Placement, type Pool, type Problem, takes } from "./problem.js";

export interface Violation {
  readonly code: "MISSING" | "UNKNOWN" | "TWICE" | "UNALIGNED" | "MOVED" | "OUTSIDE" | "OVERLAP";
  readonly message: string;
}

/** Returns why the placement is bad; empty when it is sound. */
export function validatePlacement(problem: Problem, placements: readonly Placement[]): readonly Violation[] {
  const violations: Violation[] = [];
  const bad = (code: Violation["code"], message: string) => violations.push({ code, message });

  for (const { id } of placements) {
    if (!problem.buffers.some((buffer) => buffer.id === id)) bad("UNKNOWN", `no buffer is called '${id}'`);
  }
  for (const buffer of problem.buffers) {
    const own = placements.filter(({ id }) => id === buffer.id);
    if (own.length === 0) bad("MISSING", `buffer '${buffer.id}' has no address`);
    if (own.length > 1) bad("TWICE", `buffer '${buffer.id}' has ${own.length} addresses`);
    for (const { address } of own) {
      const { id, alignment, pinned } = buffer;
      if (address % alignment !== 0)
        bad("UNALIGNED", `buffer '${id}' at ${address} is not ${alignment}-aligned`);
      if (pinned !== null && address !== pinned)
        bad("MOVED", `buffer '${id}' at ${address} is pinned to ${pinned}`);
      if (!covered(address, address + takes(buffer), problem.pools)) {
        bad("OUTSIDE", `buffer '${id}' at ${address} is not inside writable pools`);
      }
    }
  }
  const placed = problem.buffers.flatMap((buffer) => {
    const placement = placements.find(({ id }) => id === buffer.id);
    return placement ? [{ buffer, from: placement.address, to: placement.address + takes(buffer) }] : [];
  });
  for (const [index, a] of placed.entries()) {
    for (const b of placed.slice(index + 1)) {
      const together = a.buffer.start < b.buffer.end && b.buffer.start < a.buffer.end;
      if (!together || a.from >= b.to || b.from >= a.to) continue;
      const step = Math.max(a.buffer.start, b.buffer.start);
      bad("OVERLAP", `buffers '${a.buffer.id}' and '${b.buffer.id}' share bytes in step ${step}`);
    }
  }
  return violations;
}

/** Whether writable pools hold [from, to) without a gap; on-chip neighbours may share it, external ones not. */
function covered(from: number, to: number, pools: readonly Pool[]): boolean {
  let reached = from;
  let first: Pool | undefined;
  while (reached < to) {
    const pool = pools.find(
      ({ address, sizeBytes, rights }) =>
        rights === "write" && address <= reached && reached < address + sizeBytes,
    );
    if (!pool) return false;
    first ??= pool;
    if (pool !== first && (pool.external || first.external)) return false;
    reached = pool.address + pool.sizeBytes;
  }
  return true;
}
