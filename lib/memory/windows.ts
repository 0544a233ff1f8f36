import { type Bytes, bytes } from "../units.js";
import type { Pool } from "./problem.js";

/** A stretch of addresses that a buffer may lie in: one pool, or neighbours merged into a virtual pool. */
export interface Window {
  readonly address: number;
  readonly sizeBytes: Bytes;
}

/**
 * Returns the pools as windows, on-chip neighbours without a gap merged, external ones alone; largest first.
 *
 *   npuRAM3 [0, 448K) npuRAM4 [448K, 896K)   hole   npuRAM6 [1344K, 1792K)
 *   → [0, 896K), [1344K, 1792K)
 */
export function mergeNeighbours(pools: readonly Pool[]): readonly Window[] {
  const merged: { address: number; end: number; external: boolean }[] = [];
  const used = pools.filter(({ sizeBytes }) => sizeBytes > 0);
  for (const pool of [...used].sort((a, b) => a.address - b.address)) {
    const last = merged[merged.length - 1];
    const end = pool.address + pool.sizeBytes;
    if (last && last.end === pool.address && !last.external && !pool.external) last.end = end;
    else merged.push({ address: pool.address, end, external: pool.external });
  }
  return merged
    .map(({ address, end }) => ({ address, sizeBytes: bytes(end - address) }))
    .sort((a, b) => b.sizeBytes - a.sizeBytes || a.address - b.address);
}
