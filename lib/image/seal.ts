/**
 * Sixteen bytes behind an image, little endian, by which firmware tells an erased flash from another image and
 * from a damaged one. The vendor's tools know nothing of it; it lies in the pool, behind the last buffer.
 *
 *   4E 50 55 57   "NPUW"
 *   length of the image, its CRC-32, and the first four bytes of its SHA-256
 */
import { ALIGNMENT } from "../targets/neural-art/facts-packing.js";

/** "NPUW" as a little-endian word. */
export const SEAL_MAGIC = 0x5755504e;
export const SEAL_BYTES = 16;
/** What flash holds once erased. */
export const ERASED = 0xff;

/** Returns where the seal of an image lies: at the next boundary behind it, counted from its start. */
export function sealOffset(imageBytes: number): number {
  return Math.ceil(imageBytes / ALIGNMENT.value) * ALIGNMENT.value;
}

/** Returns the image with its seal, erased bytes between. */
export function sealed(
  image: Uint8Array,
  { crc32, sha256 }: { readonly crc32: number; readonly sha256: string },
): Uint8Array {
  const at = sealOffset(image.length);
  const all = new Uint8Array(at + SEAL_BYTES).fill(ERASED, image.length, at);
  all.set(image);
  const view = new DataView(all.buffer, at);
  view.setUint32(0, SEAL_MAGIC, true);
  view.setUint32(4, image.length, true);
  view.setUint32(8, crc32, true);
  view.setUint32(12, Number.parseInt(sha256.slice(0, 8), 16), false);
  return all;
}
