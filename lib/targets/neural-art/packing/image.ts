import { type Bytes, bytes } from "../../../units.js";
import { ALIGNMENT } from "../facts-packing.js";

export interface Placed<Buffer> {
  readonly buffer: Buffer;
  readonly offset: Bytes;
  /** Bytes from its end to the start of the next buffer; 0 behind the last. */
  readonly gap: Bytes;
}

/** Returns `size` rounded up to the next boundary at which a buffer may start. */
export function aligned(size: number): Bytes {
  return bytes(Math.ceil(size / ALIGNMENT.value) * ALIGNMENT.value);
}

/**
 * Returns the buffers in the order of the image: by decreasing size, in the given order where sizes tie.
 *
 *   [27, 12, 6, 1]  ->  27 at 0 (gap 5), 12 at 32 (gap 4), 6 at 48 (gap 10), 1 at 64: 65 bytes
 */
export function placeBuffers<Buffer extends { readonly bytes: Bytes }>(
  buffers: readonly Buffer[],
): readonly Placed<Buffer>[] {
  const ordered = buffers.toSorted((a, b) => b.bytes - a.bytes);
  let offset = bytes(0);
  return ordered.map((buffer, index) => {
    const end = offset + buffer.bytes;
    const next = aligned(end);
    const isLast = index === ordered.length - 1;
    const placed = { buffer, offset, gap: bytes(isLast ? 0 : next - end) };
    offset = next;
    return placed;
  });
}

/** Returns the size of the image: where its last buffer ends. */
export function imageSize(placed: readonly Placed<{ readonly bytes: Bytes }>[]): Bytes {
  const last = placed.at(-1);
  return bytes(last === undefined ? 0 : last.offset + last.buffer.bytes);
}
