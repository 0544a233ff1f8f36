/**
 * Plans one arena: greedy orders first, then a search that either finds a placement or proves that there is none.
 */
import { LabError } from "../errors.js";
import { type Bytes, bytes } from "../units.js";
import { type SearchParams, searchPlacement } from "./exact/search.js";
import { sectionsOf } from "./exact/sections.js";
import { type LowerBound, lowerBound } from "./lower-bound.js";
import { type Buffer, type Placement, takes } from "./problem.js";
import { solve } from "./solve.js";
import { validatePlacement } from "./validate.js";

export interface ArenaParams extends SearchParams {
  readonly capacityBytes: Bytes;
}

export type ArenaPlan =
  | {
      readonly kind: "placed";
      readonly placements: readonly Placement[];
      /** To the end of the highest buffer. */
      readonly heightBytes: Bytes;
      readonly bound: LowerBound;
      /** Whether no plan takes less. */
      readonly proved: boolean;
      readonly method: string;
    }
  | {
      readonly kind: "impossible";
      /** `load`: more is live at `bound.step` than fits. `search`: every way was tried. */
      readonly proof: "load" | "search";
      readonly bound: LowerBound;
    }
  /** Neither a placement nor a proof within the limits. */
  | { readonly kind: "undecided"; readonly bound: LowerBound; readonly decisions: number };

/** Buffers that are planned; greedy orders compare each with each. */
const MOST = 10_000;

const zero = (buffer: Buffer) => takes(buffer) === 0;

/**
 * Returns offsets from 0, or why there are none, checked by the independent validator. Throws a LabError for more
 * than 10,000 buffers (unless more is live at once than fits) and for pinned ones.
 *
 *   planArena(buffers, { capacityBytes: bytes(1 << 20), nodes: 100_000 })
 */
export function planArena(buffers: readonly Buffer[], params: ArenaParams): ArenaPlan {
  const { capacityBytes } = params;
  const bound = lowerBound(buffers);
  if (bound.bytes > capacityBytes) return { kind: "impossible", proof: "load", bound };
  refuseWhatCannotBePlanned(buffers);

  const method = "exact search";
  const greedy = greedyPlacement(buffers, capacityBytes);
  if (greedy) return judged(buffers, greedy.placements, { bound, method: greedy.method, capacityBytes });

  // Offsets of equal alignment are multiples of it by themselves: sizes are rounded up to it.
  const alignment = buffers.reduce((most, own) => Math.max(most, own.alignment), 1);
  const some = buffers.filter((buffer) => !zero(buffer));
  const spans = some.map((buffer) => ({
    start: buffer.start,
    end: buffer.end,
    size: Math.ceil(takes(buffer) / alignment) * alignment,
  }));
  const result = searchPlacement(spans, capacityBytes, params);
  if (result.kind === "placed") {
    const placements = [
      ...some.map(({ id }, index) => ({ id, address: result.offsets[index]! })),
      ...buffers.filter(zero).map(({ id }) => ({ id, address: 0 })),
    ];
    return judged(buffers, placements, { bound, method, capacityBytes });
  }
  // Rounding up to the widest alignment may be what left no room.
  const exact = some.every((buffer, index) => takes(buffer) === spans[index]!.size);
  if (result.kind === "impossible" && exact) return { kind: "impossible", proof: "search", bound };
  return { kind: "undecided", bound, decisions: result.nodes };
}

function refuseWhatCannotBePlanned(buffers: readonly Buffer[]): void {
  if (buffers.length > MOST) {
    throw new LabError({
      code: "MEMORY_PROBLEM",
      message: `Cannot plan ${buffers.length} buffers: expected at most ${MOST}`,
      hint: "more than a network has; leave out buffers that live all the time, or plan parts of the time apart",
    });
  }
  const pinned = buffers.find((buffer) => buffer.pinned !== null);
  if (pinned) {
    throw new LabError({
      code: "MEMORY_PROBLEM",
      message: `Cannot plan an arena with buffer '${pinned.id}' pinned to ${pinned.pinned}: expected buffers that may go anywhere`,
      hint: "solve() keeps pinned buffers in their place",
    });
  }
}

/** Greedy orders see sections instead of steps: a problem in microseconds is no larger than one in steps. */
function greedyPlacement(buffers: readonly Buffer[], capacityBytes: Bytes) {
  const { from, to } = sectionsOf(buffers);
  const cut = buffers.map((buffer, index) => ({ ...buffer, start: from[index]!, end: to[index]! }));
  return solve({ buffers: cut, pools: [arenaOf(capacityBytes)] });
}

const arenaOf = (sizeBytes: Bytes) =>
  ({
    name: "arena",
    address: 0,
    sizeBytes,
    rights: "write",
    external: false,
    constantsPreferred: false,
  }) as const;

interface Found {
  readonly bound: LowerBound;
  readonly method: string;
  readonly capacityBytes: Bytes;
}

function judged(
  buffers: readonly Buffer[],
  placements: readonly Placement[],
  { bound, method, capacityBytes }: Found,
): ArenaPlan {
  const problem = { buffers: buffers.filter((buffer) => !zero(buffer)), pools: [arenaOf(capacityBytes)] };
  const ids = new Set(problem.buffers.map(({ id }) => id));
  const [violation] = validatePlacement(
    problem,
    placements.filter(({ id }) => ids.has(id)),
  );
  if (violation)
    throw new LabError({ code: "MEMORY_PLAN", message: `Cannot plan memory: ${violation.message}` });
  const address = new Map(placements.map((placement) => [placement.id, placement.address]));
  const top = buffers.reduce((most, own) => Math.max(most, address.get(own.id)! + takes(own)), 0);
  return {
    kind: "placed",
    placements: buffers.map(({ id }) => ({ id, address: address.get(id)! })),
    heightBytes: bytes(top),
    bound,
    proved: top === bound.bytes,
    method,
  };
}
