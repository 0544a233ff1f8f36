/** SHA-1, which ONNX names for files of external data. It tells a wrong file from the right one, no more. */
import { LabError } from "../../errors.js";
import type { ByteSource } from "../../source.js";

type Siblings = ((name: string) => ByteSource) | undefined;

const CHUNK = 1 << 20;
const BLOCK = 64;

/** Returns the SHA-1 of a file as hexadecimal digits (FIPS 180-4, section 6.1). The file is read in chunks. */
export function sha1(source: ByteSource): string {
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
  const words = new Int32Array(80);
  const whole = source.size - (source.size % BLOCK);
  for (let offset = 0; offset < whole; offset += CHUNK) {
    mix(state, words, source.read(offset, Math.min(CHUNK, whole - offset)));
  }
  // The rest, a one bit, zeros, and the length in bits.
  const rest = source.size - whole;
  const last = new Uint8Array(rest + 9 > BLOCK ? 2 * BLOCK : BLOCK);
  last.set(source.read(whole, rest));
  last[rest] = 0x80;
  new DataView(last.buffer).setBigUint64(last.length - 8, BigInt(source.size) * 8n);
  mix(state, words, last);
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

function mix(state: Int32Array, words: Int32Array, data: Uint8Array): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at < data.length; at += BLOCK) {
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + 4 * i);
    for (let i = 16; i < 80; i++) {
      const word = words[i - 3]! ^ words[i - 8]! ^ words[i - 14]! ^ words[i - 16]!;
      words[i] = (word << 1) | (word >>> 31);
    }
    let [a, b, c, d, e] = state as unknown as [number, number, number, number, number];
    for (let i = 0; i < 80; i++) {
      const chosen =
        i < 20
          ? ((b & c) | (~b & d)) + 0x5a827999
          : i < 40
            ? (b ^ c ^ d) + 0x6ed9eba1
            : i < 60
              ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
              : (b ^ c ^ d) + 0xca62c1d6;
      const next = (((a << 5) | (a >>> 27)) + chosen + e + words[i]!) | 0;
      e = d;
      d = c;
      c = (b << 30) | (b >>> 2);
      b = a;
      a = next;
    }
    for (const [place, value] of [a, b, c, d, e].entries()) state[place] = (state[place]! + value) | 0;
  }
}

/** Files whose checksum was right once are not summed up again. */
const RIGHT = new WeakMap<ByteSource, string>();

/** Returns what opens files beside the model, each held against the checksum that the model has for it. */
export function checkedSiblings({
  siblings,
  checksum,
  tensor,
}: {
  readonly siblings: Siblings;
  readonly checksum: string | undefined;
  /** For messages. */
  readonly tensor: string;
}): Siblings {
  if (siblings === undefined || checksum === undefined || checksum === "") return siblings;
  const expected = checksum.toLowerCase();
  return (name) => {
    const source = siblings(name);
    if (RIGHT.get(source) === expected) return source;
    const found = sha1(source);
    if (found !== expected) {
      throw new LabError({
        code: "EXTERNAL_DATA",
        message: `Cannot read tensor '${tensor}': the SHA-1 of '${name}' is ${found}, expected ${expected}`,
        hint: "the data file does not belong to this model, or was changed",
      });
    }
    RIGHT.set(source, found);
    return source;
  };
}
