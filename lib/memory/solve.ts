/**
 * A portfolio of greedy planners. Buffers are put down one by one, each at the lowest free address of the first
 * window that takes it; what differs is the order of the buffers and the windows that are offered.
 *
 *   steps    0   1   2          a (4 KB) lives in 0–1, b (2 KB) in 1–2, c (4 KB) in 2
 *   6 KB   ┌───┐───┬───┐
 *          │   │ b │ b │        by size: a at 0, c at 0 (a is gone), b at 4 KB: 6 KB,
 *   4 KB   ├───┴───┼───┤        which is what is live in step 1: no plan takes less
 *          │   a   │ c │
 *   0      └───────┴───┘
 *
 * Pools come in order of preference. Stage k offers the first k on-chip pools, neighbours merged; the first
 * stage that takes every buffer ends the search, so a small network stays in the preferred bank and a tensor
 * larger than a bank makes banks merge. External pools are offered only when all on-chip pools together do not
 * do, and then the plan with the fewest bytes outside wins. Deterministic; O(orders × stages × n²).
 */
import type { Bytes } from "../units.js";
import { lowerBound } from "./lower-bound.js";
import { type Buffer, liveTogether, type Placement, type Pool, type Problem, takes } from "./problem.js";
import { mergeNeighbours, type Window } from "./windows.js";

type Compare = (a: Buffer, b: Buffer) => number;

const byStart: Compare = (a, b) => a.start - b.start;
const bySize: Compare = (a, b) => takes(b) - takes(a);
const byLifetime: Compare = (a, b) => b.end - b.start - (a.end - a.start);
const byArea: Compare = (a, b) => takes(b) * (b.end - b.start) - takes(a) * (a.end - a.start);

/** Orders in which buffers are put down, by name. */
const ORDERS = {
  size: [bySize, byLifetime, byStart],
  area: [byArea, bySize, byStart],
  lifetime: [byLifetime, bySize, byStart],
  start: [byStart, bySize],
} as const satisfies Record<string, readonly Compare[]>;

export type OrderName = keyof typeof ORDERS | "crowd";
export const ORDER_NAMES: readonly OrderName[] = ["size", "crowd", "area", "lifetime", "start"];

export interface SolveParams {
  /** Orders to try; fewer is faster. */
  readonly orders?: readonly OrderName[];
  /** Whether on-chip neighbours may be merged into virtual pools. */
  readonly merge?: boolean;
}

export interface Solution {
  readonly placements: readonly Placement[];
  /** How it was found: `by size, 1 pool`. */
  readonly method: string;
}

/** Returns the buffers in the order of `name`; ties keep the given order. */
function ordered(buffers: readonly Buffer[], name: OrderName): readonly Buffer[] {
  if (name === "crowd") return byCrowd(buffers);
  const compares: readonly Compare[] = ORDERS[name];
  return [...buffers].sort((a, b) => {
    for (const compare of compares) {
      const result = compare(a, b);
      if (result !== 0) return result;
    }
    return 0;
  });
}

/** Returns the buffers so that those of the most crowded steps come first, largest first among equals. */
function byCrowd(buffers: readonly Buffer[]): readonly Buffer[] {
  const last = buffers.reduce((most, { end }) => Math.max(most, end), 0);
  const live = new Float64Array(last);
  for (const buffer of buffers) {
    for (let step = buffer.start; step < buffer.end; step++) live[step]! += takes(buffer);
  }
  const crowd = new Map(
    buffers.map((buffer) => [
      buffer,
      live.subarray(buffer.start, buffer.end).reduce((a, b) => Math.max(a, b), 0),
    ]),
  );
  return [...buffers].sort((a, b) => crowd.get(b)! - crowd.get(a)! || bySize(a, b) || byStart(a, b));
}

interface Placed {
  readonly buffer: Buffer;
  readonly address: number;
}

/** Returns the lowest aligned address of `window` that is free while `buffer` lives; null when there is none. */
function lowestFit(buffer: Buffer, window: Window, placed: readonly Placed[]): number | null {
  const { alignment } = buffer;
  const size = takes(buffer);
  const limit = window.address + window.sizeBytes;
  let address = Math.ceil(window.address / alignment) * alignment;
  // `placed` is sorted by address, so one pass over the neighbours in time finds the lowest gap.
  for (const other of placed) {
    if (other.address >= limit) break;
    if (other.address >= address + size) {
      if (liveTogether(buffer, other.buffer)) return address + size <= limit ? address : null;
      continue;
    }
    const otherEnd = other.address + takes(other.buffer);
    if (otherEnd <= address || !liveTogether(buffer, other.buffer)) continue;
    address = Math.ceil(otherEnd / alignment) * alignment;
  }
  return address + size <= limit ? address : null;
}

/** Returns the placements when every buffer finds room, null otherwise. */
function putDown(buffers: readonly Buffer[], windows: readonly Window[]): readonly Placed[] | null {
  const placed: Placed[] = [];
  const insert = (entry: Placed) => {
    let low = 0;
    let high = placed.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (placed[middle]!.address <= entry.address) low = middle + 1;
      else high = middle;
    }
    placed.splice(low, 0, entry);
  };
  for (const buffer of buffers) {
    if (buffer.pinned !== null) insert({ buffer, address: buffer.pinned });
  }
  for (const buffer of buffers) {
    if (buffer.pinned !== null) continue;
    let address: number | null = null;
    for (const window of windows) {
      address = lowestFit(buffer, window, placed);
      if (address !== null) break;
    }
    if (address === null) return null;
    insert({ buffer, address });
  }
  return placed;
}

/** Returns the bytes of `pool` from its start to the last one that a buffer takes. */
export function highWater(
  pool: Pool,
  ends: Iterable<{ readonly from: number; readonly to: number }>,
): number {
  const poolEnd = pool.address + pool.sizeBytes;
  let mark = 0;
  for (const { from, to } of ends) {
    if (from < poolEnd && to > pool.address) mark = Math.max(mark, Math.min(to, poolEnd) - pool.address);
  }
  return mark;
}

interface Score {
  readonly outside: number;
  readonly arena: number;
}

function scoreOf(placed: readonly Placed[], pools: readonly Pool[]): Score {
  const ranges = placed.map(({ buffer, address }) => ({ from: address, to: address + takes(buffer) }));
  let arena = 0;
  let outside = 0;
  for (const pool of pools) {
    const mark = highWater(pool, ranges);
    arena += mark;
    if (pool.external) outside += mark;
  }
  return { outside, arena };
}

function better(a: Score, b: Score | null): boolean {
  return b === null || a.outside < b.outside || (a.outside === b.outside && a.arena < b.arena);
}

/**
 * Returns a placement of every buffer, or null when no planner of the portfolio finds one (which proves
 * nothing). Pinned buffers keep their address and are not checked against each other: validate the result.
 */
export function solve({ buffers, pools }: Problem, params: SolveParams = {}): Solution | null {
  const { orders = ORDER_NAMES, merge = true } = params;
  const usable = pools.filter(({ rights, sizeBytes }) => rights === "write" && sizeBytes > 0);
  const inside = usable.filter(({ external }) => !external);
  const outside = usable.filter(({ external }) => external);
  const bound: Bytes = lowerBound(buffers).bytes;
  const sequences = orders.map((name) => ({ name, buffers: ordered(buffers, name) }));

  let best: { score: Score; placed: readonly Placed[]; method: string } | null = null;
  const attempt = (windows: readonly Window[], label: string): boolean => {
    for (const sequence of sequences) {
      const placed = putDown(sequence.buffers, windows);
      if (!placed) continue;
      const score = scoreOf(placed, usable);
      if (better(score, best?.score ?? null))
        best = { score, placed, method: `by ${sequence.name}, ${label}` };
      if (score.outside === 0 && score.arena === bound) return true;
    }
    return false;
  };

  for (let count = 1; count <= inside.length && best === null; count++) {
    const offered = inside.slice(0, count);
    if (offered.reduce((room, { sizeBytes }) => room + sizeBytes, 0) < bound) continue;
    const label = count === 1 ? "1 pool" : `${count} pools`;
    // Single banks first: a merged window gives up the order of preference, but takes larger tensors.
    const exact = attempt(offered, label);
    if (!exact && merge && count > 1) attempt(mergeNeighbours(offered), `${label} merged`);
  }
  if (best === null && outside.length > 0) {
    attempt([...inside, ...outside], "with external pools");
    if (merge) attempt([...mergeNeighbours(inside), ...outside], "merged, with external pools");
  }
  if (best === null) return null;
  // Assigned inside a closure, which control flow analysis does not see.
  const { placed, method } = best as { placed: readonly Placed[]; method: string };
  const address = new Map(placed.map((entry) => [entry.buffer.id, entry.address]));
  return { placements: buffers.map(({ id }) => ({ id, address: address.get(id)! })), method };
}
