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
import { type Buffer, type Placement, type Pool, type Problem, takes } from "./problem.js";
import { mergeNeighbours, type Window } from "./windows.js";

/**
 * The buffers by number, a column per field: what the planners ask of a buffer some hundred thousand times lies
 * side by side.
 */
interface Columns {
  readonly count: number;
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly size: Float64Array;
  readonly alignment: Float64Array;
  /** NaN: may go anywhere. */
  readonly pinned: Float64Array;
}

function columnsOf(buffers: readonly Buffer[]): Columns {
  const count = buffers.length;
  const column = () => new Float64Array(count);
  const columns = {
    count,
    start: column(),
    end: column(),
    size: column(),
    alignment: column(),
    pinned: column(),
  };
  buffers.forEach((buffer, index) => {
    columns.start[index] = buffer.start;
    columns.end[index] = buffer.end;
    columns.size[index] = takes(buffer);
    columns.alignment[index] = buffer.alignment;
    columns.pinned[index] = buffer.pinned ?? Number.NaN;
  });
  return columns;
}

/** What makes a buffer come first, by order; the next entry settles ties, and then the given order. */
type Keys = (columns: Columns) => readonly Float64Array[];

const bySize = ({ size }: Columns) => size.map((value) => -value);
const byLifetime = ({ start, end }: Columns) => start.map((from, index) => from - end[index]!);
const byArea = ({ start, end, size }: Columns) =>
  size.map((value, index) => value * (start[index]! - end[index]!));

/** Orders in which buffers are put down, by name. */
const ORDERS = {
  size: (columns) => [bySize(columns), byLifetime(columns), columns.start],
  crowd: (columns) => [byCrowd(columns), bySize(columns), columns.start],
  area: (columns) => [byArea(columns), bySize(columns), columns.start],
  lifetime: (columns) => [byLifetime(columns), bySize(columns), columns.start],
  start: (columns) => [columns.start, bySize(columns)],
} as const satisfies Record<string, Keys>;

export type OrderName = keyof typeof ORDERS;
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

/** Returns the numbers of the buffers in the order of `name`; ties keep the given order. */
function ordered(columns: Columns, name: OrderName): Uint32Array {
  const keys = ORDERS[name](columns);
  const numbers = new Uint32Array(columns.count);
  for (let index = 0; index < numbers.length; index++) numbers[index] = index;
  return numbers.sort((a, b) => {
    for (const key of keys) {
      const result = key[a]! - key[b]!;
      if (result !== 0) return result;
    }
    return a - b;
  });
}

/** The buffers of the most crowded steps come first. */
function byCrowd({ count, start, end, size }: Columns): Float64Array {
  const live = new Float64Array(end.reduce((most, step) => Math.max(most, step), 0));
  for (let index = 0; index < count; index++) {
    for (let step = start[index]!; step < end[index]!; step++) live[step]! += size[index]!;
  }
  return start.map((from, index) => {
    let crowd = 0;
    for (let step = from; step < end[index]!; step++) crowd = Math.max(crowd, live[step]!);
    return -crowd;
  });
}

/** What is put down, by address: side by side again, since every buffer that follows walks over all of it. */
interface Ground {
  readonly address: Float64Array;
  readonly top: Float64Array;
  readonly start: Float64Array;
  readonly end: Float64Array;
  used: number;
}

/** Returns the lowest aligned address of `window` that is free while `buffer` lives; null when there is none. */
function lowestFit(columns: Columns, buffer: number, window: Window, ground: Ground): number | null {
  const { address: addresses, top, start, end, used } = ground;
  const ownStart = columns.start[buffer]!;
  const ownEnd = columns.end[buffer]!;
  const ownSize = columns.size[buffer]!;
  const alignment = columns.alignment[buffer]!;
  const limit = window.address + window.sizeBytes;
  let address = Math.ceil(window.address / alignment) * alignment;
  // By address, so one pass over the neighbours in time finds the lowest gap.
  for (let other = 0; other < used; other++) {
    const from = addresses[other]!;
    if (from >= limit) break;
    if (start[other]! >= ownEnd || ownStart >= end[other]!) continue;
    if (from >= address + ownSize) break;
    const to = top[other]!;
    if (to > address) address = Math.ceil(to / alignment) * alignment;
  }
  return address + ownSize <= limit ? address : null;
}

/** Puts a buffer down behind those of its address. */
function put(columns: Columns, buffer: number, address: number, ground: Ground): void {
  let low = 0;
  let high = ground.used;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ground.address[middle]! <= address) low = middle + 1;
    else high = middle;
  }
  const insert = (column: Float64Array, value: number) => {
    column.copyWithin(low + 1, low, ground.used);
    column[low] = value;
  };
  insert(ground.address, address);
  insert(ground.top, address + columns.size[buffer]!);
  insert(ground.start, columns.start[buffer]!);
  insert(ground.end, columns.end[buffer]!);
  ground.used++;
}

/** Returns the addresses by number when every buffer finds room that ends below `ceiling`, null otherwise. */
function putDown(
  columns: Columns,
  sequence: Uint32Array,
  windows: readonly Window[],
  ceiling: number,
): Float64Array | null {
  const { count, pinned, size } = columns;
  const column = () => new Float64Array(count);
  const ground: Ground = { address: column(), top: column(), start: column(), end: column(), used: 0 };
  const addresses = column();
  for (const buffer of sequence) {
    const address = pinned[buffer]!;
    if (Number.isNaN(address)) continue;
    addresses[buffer] = address;
    put(columns, buffer, address, ground);
  }
  for (const buffer of sequence) {
    if (!Number.isNaN(pinned[buffer]!)) continue;
    let address: number | null = null;
    for (const window of windows) {
      address = lowestFit(columns, buffer, window, ground);
      if (address !== null) break;
    }
    if (address === null || address + size[buffer]! >= ceiling) return null;
    addresses[buffer] = address;
    put(columns, buffer, address, ground);
  }
  return addresses;
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

function scoreOf({ size }: Columns, addresses: Float64Array, pools: readonly Pool[]): Score {
  const ranges = Array.from(addresses, (from, index) => ({ from, to: from + size[index]! }));
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
  const only = usable.length === 1 ? usable[0] : undefined;
  const columns = columnsOf(buffers);
  const sequences = new Map<OrderName, Uint32Array>();

  let best: { score: Score; addresses: Float64Array; method: string } | null = null;
  const attempt = (windows: readonly Window[], label: string): boolean => {
    for (const name of orders) {
      // The first order often ends the search: the others are sorted when they are asked for.
      const sequence = sequences.get(name) ?? ordered(columns, name);
      sequences.set(name, sequence);
      // In a single pool, an order that reaches the best height is no better.
      const ceiling = only && best ? only.address + best.score.arena : Number.POSITIVE_INFINITY;
      const addresses = putDown(columns, sequence, windows, ceiling);
      if (!addresses) continue;
      const score = scoreOf(columns, addresses, usable);
      if (better(score, best?.score ?? null)) best = { score, addresses, method: `by ${name}, ${label}` };
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
  const { addresses, method } = best as { addresses: Float64Array; method: string };
  return { placements: buffers.map(({ id }, index) => ({ id, address: addresses[index]! })), method };
}
