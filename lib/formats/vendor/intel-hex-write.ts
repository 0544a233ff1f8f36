/**
 * Bytes as Intel HEX text, as flash programmers read them. A record is `:` LL AAAA TT data CC, all in hex: length,
 * lower half of the address, type, data, and the byte that makes the sum of all of them 0 mod 256.
 *
 *   2 bytes 01 02 at 0x7000_0010:   :02000004 7000 8A   upper half of addresses (type 04)
 *                                   :02001000 0102 EB   data (type 00)
 *                                   :00000001 FF        end (type 01)
 */
import { LabError } from "../../errors.js";

const RECORD = 16;
const TYPES = { data: 0, end: 1, upperAddress: 4 } as const;
const HEX = Array.from({ length: 256 }, (_, value) => value.toString(16).toUpperCase().padStart(2, "0"));

function record(type: number, address: number, data: Uint8Array): string {
  const bytes = [data.length, (address >> 8) & 0xff, address & 0xff, type, ...data];
  const checksum = -bytes.reduce((sum, value) => sum + value, 0) & 0xff;
  return `:${[...bytes, checksum].map((value) => HEX[value]).join("")}`;
}

/**
 * Returns `data` from address `base` on as Intel HEX, lines ended by a line feed. Throws a LabError when the
 * addresses leave 32 bits.
 */
export function intelHex(data: Uint8Array, base: number): string {
  const fits = Number.isSafeInteger(base) && base >= 0 && base + data.length <= 2 ** 32;
  if (!fits) {
    throw new LabError({
      code: "HEX_ADDRESS",
      message: `Cannot write ${data.length} bytes from address ${base}: Intel HEX has addresses of 32 bits, expected a whole number whose last byte is below 4,294,967,296`,
    });
  }
  const lines: string[] = [];
  let upper = -1;
  for (let offset = 0; offset < data.length; ) {
    const address = base + offset;
    const half = Math.floor(address / 0x10000);
    if (half !== upper) {
      lines.push(record(TYPES.upperAddress, 0, Uint8Array.of(half >> 8, half & 0xff)));
      upper = half;
    }
    // A record does not cross into the next 64 KiB.
    const length = Math.min(RECORD, data.length - offset, 0x10000 - (address % 0x10000));
    lines.push(record(TYPES.data, address % 0x10000, data.subarray(offset, offset + length)));
    offset += length;
  }
  lines.push(record(TYPES.end, 0, new Uint8Array(0)));
  return `${lines.join("\n")}\n`;
}
