import type { HexImage } from "../formats/vendor/intel-hex.js";
import { ERASED } from "./seal.js";

/** Bytes beside the place where a pool's image should be. */
export interface LocatedBytes {
  readonly data: Uint8Array;
  /** Address of the first byte less that of the pool: 0 where the image lies as it should. */
  readonly origin: number;
}

/** What one pool may hold at most; segments that lie this far apart are not joined. */
const LARGEST = 256 * 1024 * 1024;

/**
 * Returns what a HEX file holds for a pool: all segments that touch it, erased bytes between them; when none
 * does, the largest segment, wherever it lies.
 */
export function bytesForPool(
  { segments }: HexImage,
  pool: { readonly address: number; readonly bytes: number },
): LocatedBytes {
  const inside = segments.filter(
    ({ address, data }) => address < pool.address + pool.bytes && address + data.length > pool.address,
  );
  const [largest] = segments.toSorted((a, b) => b.data.length - a.data.length);
  const taken = inside.length > 0 ? inside : largest ? [largest] : [];
  const from = Math.min(...taken.map(({ address }) => address));
  const to = Math.max(...taken.map(({ address, data }) => address + data.length));
  if (taken.length === 0 || to - from > LARGEST) return { data: new Uint8Array(0), origin: 0 };
  const data = new Uint8Array(to - from).fill(ERASED);
  for (const segment of taken) data.set(segment.data, segment.address - from);
  return { data, origin: from - pool.address };
}
