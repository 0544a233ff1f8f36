import { LabError } from "../errors.js";
import { type Bytes, bytes } from "../units.js";
import { DEFAULT_ALIGNMENT, type Pool } from "./problem.js";

export interface WeightPlacement {
  /** Bytes per pool name; pools without weights are left out. */
  readonly perPool: ReadonlyMap<string, Bytes>;
  /** What is left of the pools for activations, in the same order. */
  readonly rest: readonly Pool[];
}

/**
 * Returns where the weights go, and the pools without them. Read-only pools meant for constants come first
 * (every compiled network seen keeps all weights there), then other pools meant for constants, then on-chip
 * RAM from the pool that activations want least, then external RAM. A set of weights is many small buffers, so
 * it may be cut between pools. Throws a LabError when all pools together are too small.
 */
export function placeWeights(weightBytes: Bytes, pools: readonly Pool[]): WeightPlacement {
  const rank = ({ rights, constantsPreferred, external }: Pool) => {
    if (rights === "read") return constantsPreferred ? 0 : 1;
    if (constantsPreferred) return 2;
    return external ? 4 : 3;
  };
  const order = pools
    .map((pool, index) => ({ pool, index }))
    .sort((a, b) => rank(a.pool) - rank(b.pool) || b.index - a.index);
  const perPool = new Map<string, Bytes>();
  let left: number = weightBytes;
  for (const { pool } of order) {
    const here = Math.min(left, pool.sizeBytes);
    if (here > 0) perPool.set(pool.name, bytes(here));
    left -= here;
  }
  if (left > 0) {
    const offered = pools.filter(({ sizeBytes }) => sizeBytes > 0);
    throw new LabError({
      code: "WEIGHTS_DO_NOT_FIT",
      message: `Cannot place ${weightBytes} bytes of weights: ${offered.map(({ name, sizeBytes }) => `${name} (${sizeBytes} bytes)`).join(", ") || "no pool"} lack ${left} bytes, expected room for all`,
      hint: "give the flash pool a size, or choose a smaller network",
    });
  }
  const rest = pools.map((pool) => {
    const used = Math.ceil((perPool.get(pool.name) ?? 0) / DEFAULT_ALIGNMENT) * DEFAULT_ALIGNMENT;
    if (used === 0) return pool;
    return {
      ...pool,
      address: pool.address + Math.min(used, pool.sizeBytes),
      sizeBytes: bytes(Math.max(0, pool.sizeBytes - used)),
    };
  });
  return { perPool, rest };
}
