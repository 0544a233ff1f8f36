/**
 * CRC-32 as zip files and STM32's own checks use it (ISO-HDLC: polynomial 0x04C11DB7 reflected, register and
 * result inverted), and the search for a stretch of bytes by its CRC alone.
 *
 *   "123456789" -> cbf43926
 */
const POLYNOMIAL = 0xedb88320;

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value >>> 0;
});

/** Returns the CRC-32 of bytes; 0 for none. */
export function crc32(bytes: Uint8Array): number {
  let register = 0xffffffff;
  for (let index = 0; index < bytes.length; index++) {
    register = (register >>> 8) ^ TABLE[(register ^ bytes[index]!) & 0xff]!;
  }
  return (register ^ 0xffffffff) >>> 0;
}

/** Returns a CRC as manifests write it: eight hexadecimal digits. */
export function crcText(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}

/** Returns, for each byte, what it adds to a register that starts at 0 once `length` zeros followed it. */
function fadedBytes(length: number): Uint32Array {
  const faded = new Uint32Array(256);
  for (let bit = 0; bit < 8; bit++) {
    let register = TABLE[1 << bit]!;
    for (let step = 0; step < length; step++) register = (register >>> 8) ^ TABLE[register & 0xff]!;
    faded[1 << bit] = register >>> 0;
  }
  // The register is linear: a byte adds what its bits add.
  for (let byte = 1; byte < 256; byte++) {
    const lowest = byte & -byte;
    faded[byte] = (faded[lowest]! ^ faded[byte ^ lowest]!) >>> 0;
  }
  return faded;
}

/**
 * Returns the offsets at which `length` bytes have this CRC, at most `limit` of them. A register that starts at 0
 * is linear in its bytes, so a window moves on by adding the byte that enters and taking away the one that leaves:
 *
 *   [a b c] d      register(b c d) = step(register(a b c), d) xor (what `a` adds once 3 zeros followed it)
 *
 * O(bytes), whatever the length.
 */
export function findByCrc(
  bytes: Uint8Array,
  { length, crc, limit = 64 }: { readonly length: number; readonly crc: number; readonly limit?: number },
): readonly number[] {
  if (length < 1 || length > bytes.length) return [];
  const wanted = (crc ^ crc32(new Uint8Array(length))) >>> 0;
  const leaving = fadedBytes(length);
  const found: number[] = [];
  let register = 0;
  for (let index = 0; index < bytes.length; index++) {
    register = (register >>> 8) ^ TABLE[(register ^ bytes[index]!) & 0xff]!;
    if (index >= length) register ^= leaving[bytes[index - length]!]!;
    if (index >= length - 1 && register >>> 0 === wanted) {
      found.push(index - length + 1);
      if (found.length === limit) break;
    }
  }
  return found;
}
