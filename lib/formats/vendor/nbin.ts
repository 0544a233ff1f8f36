/**
 * The head of a relocatable network (`network_rel.bin`, "Relocatable model", ST Edge AI Core 2.1 documentation;
 * ll_aton_reloc_network.h): a magic word and a word of flags, both little endian. Section offsets and entry
 * points follow; their order differs between tools, so they are not read.
 *
 *   4E 42 49 4E   magic, "NBIN"
 *   22 5D 38 80   flags 0x80385D22: version 8.0, secure, debug info, arm-none-eabi, FPU, Cortex-M55
 */
import { DecodeError } from "../../errors.js";

export interface NbinHead {
  readonly title: string;
  readonly flags: number;
  readonly version: { readonly major: number; readonly minor: number };
  readonly secure: boolean;
  readonly debugInfo: boolean;
  readonly asynchronous: boolean;
  /** 8: arm-none-eabi. */
  readonly toolchain: number;
  readonly floatAbi: number;
  readonly fpu: boolean;
  /** Part number of the CPU's id register; 0xD22: Cortex-M55. */
  readonly cpuPart: number;
  readonly fileBytes: number;
}

const MAGIC = 0x4e49424e;
const HEAD_BYTES = 8;

export function isNbin(data: Uint8Array): boolean {
  return data.length >= 4 && new DataView(data.buffer, data.byteOffset).getUint32(0, true) === MAGIC;
}

/** Returns what the first two words say. Throws a DecodeError for another magic or a file without flags. */
export function parseNbinHead(data: Uint8Array, title = "network_rel.bin"): NbinHead {
  if (!isNbin(data)) {
    throw new DecodeError({
      code: "NBIN",
      message: `Cannot read relocatable network '${title}': its first four bytes are not NBIN`,
      offset: 0,
      path: "magic",
    });
  }
  if (data.length < HEAD_BYTES) {
    throw new DecodeError({
      code: "NBIN",
      message: `Cannot read relocatable network '${title}': it has ${data.length} bytes, expected at least ${HEAD_BYTES}`,
      offset: data.length,
      path: "flags",
    });
  }
  const flags = new DataView(data.buffer, data.byteOffset).getUint32(4, true);
  const bits = (high: number, low: number) => (flags >>> low) & ((1 << (high - low + 1)) - 1);
  return {
    title,
    flags,
    version: { major: bits(31, 28), minor: bits(27, 24) },
    secure: bits(20, 20) === 1,
    debugInfo: bits(21, 21) === 1,
    asynchronous: bits(22, 22) === 1,
    toolchain: bits(19, 16),
    floatAbi: bits(14, 13),
    fpu: bits(12, 12) === 1,
    cpuPart: bits(11, 0),
    fileBytes: data.length,
  };
}
