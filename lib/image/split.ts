/**
 * Which weights go to which memory, buffer by buffer. Pools that are read-only and meant for constants come
 * first, then others meant for constants, then on-chip RAM from the pool that activations want least: the order
 * that `placeWeights` fills by bytes. A buffer is not cut; each pool takes what still fits, largest first.
 *
 *   pools 100 and 64, buffers 60, 40, 30, 16   ->   first: 60 (at 0), 30 (at 64)    second: 40 (at 0), 16 (at 48)
 */
import { LabError } from "../errors.js";
import type { Pool } from "../memory/problem.js";
import { ALIGNMENT } from "../targets/neural-art/facts-packing.js";

export interface PlacedPiece<Piece> {
  readonly piece: Piece;
  /** From the start of the pool. */
  readonly offset: number;
}

export interface PoolShare<Piece> {
  readonly pool: Pool;
  /** By rising offset. */
  readonly pieces: readonly PlacedPiece<Piece>[];
  /** End of the last piece. */
  readonly bytes: number;
}

function rank({ rights, constantsPreferred, external }: Pool): number {
  if (rights === "read") return constantsPreferred ? 0 : 1;
  if (constantsPreferred) return 2;
  return external ? 4 : 3;
}

/**
 * Returns what each pool holds, in the order in which pools are filled; pools that hold nothing are left out.
 * `pools` come in the order in which activations use them. Throws a LabError that names the first buffer without
 * a place.
 */
export function splitOverPools<Piece extends { readonly tensor: string; readonly bytes: number }>(
  pieces: readonly Piece[],
  pools: readonly Pool[],
): readonly PoolShare<Piece>[] {
  const order = pools
    .map((pool, index) => ({ pool, index }))
    .filter(({ pool }) => pool.sizeBytes > 0)
    .sort((a, b) => rank(a.pool) - rank(b.pool) || b.index - a.index);
  const shares = order.map(({ pool }) => ({ pool, pieces: [] as PlacedPiece<Piece>[], bytes: 0 }));
  for (const piece of pieces.toSorted((a, b) => b.bytes - a.bytes)) {
    const next = (share: { readonly bytes: number }) =>
      Math.ceil(share.bytes / ALIGNMENT.value) * ALIGNMENT.value;
    const share = shares.find((held) => next(held) + piece.bytes <= held.pool.sizeBytes);
    if (!share) {
      const room = shares.map((held) => `${held.pool.name} ${held.pool.sizeBytes - next(held)}`).join(", ");
      throw new LabError({
        code: "WEIGHTS_DO_NOT_FIT",
        message: `Cannot place '${piece.tensor}': it takes ${piece.bytes} bytes, and the pools have left: ${room || "none is used"}`,
        hint: "give the flash pool a size, or allow external RAM",
        at: piece.tensor,
      });
    }
    const offset = next(share);
    share.pieces.push({ piece, offset });
    share.bytes = offset + piece.bytes;
  }
  return shares.filter(({ pieces: held }) => held.length > 0);
}
