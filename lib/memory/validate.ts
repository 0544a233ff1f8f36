/**
 * Judges a placement the slow, obvious way: every rule is checked for every buffer, every pair for overlap,
 * O(n²). It shares no code with the planner beyond the records.
 */
import { type BufferId, type Placement, type Pool, type Problem, takes } from "./problem.js";

export interface Violation {
  readonly code: "MISSING" | "UNKNOWN" | "TWICE" | "UNALIGNED" | "MOVED" | "OUTSIDE" | "OVERLAP";
  readonly message: string;
}

/** Returns why the placement is bad; empty when it is sound. */
export function validatePlacement(problem: Problem, placements: readonly Placement[]): readonly Violation[] {
  const violations: Violation[] = [];
  const bad = (code: Violation["code"], message: string) => violations.push({ code, message });

  const given = new Map<BufferId, number[]>(problem.buffers.map(({ id }) => [id, []]));
  for (const { id, address } of placements) {
    const own = given.get(id);
    if (own) own.push(address);
    else bad("UNKNOWN", `no buffer is called '${id}'`);
  }
  for (const buffer of problem.buffers) {
    const { id, alignment, pinned } = buffer;
    const own = given.get(id)!;
    if (own.length === 0) bad("MISSING", `buffer '${id}' has no address`);
    if (own.length > 1) bad("TWICE", `buffer '${id}' has ${own.length} addresses`);
    for (const address of own) {
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
    const { id, start, end } = buffer;
    const from = given.get(id)![0];
    return from === undefined ? [] : [{ id, start, end, from, to: from + takes(buffer) }];
  });
  for (let index = 0; index < placed.length; index++) {
    const a = placed[index]!;
    for (let other = index + 1; other < placed.length; other++) {
      const b = placed[other]!;
      const together = a.start < b.end && b.start < a.end;
      if (!together || a.from >= b.to || b.from >= a.to) continue;
      bad("OVERLAP", `buffers '${a.id}' and '${b.id}' share bytes in step ${Math.max(a.start, b.start)}`);
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
