/** Small images with manifests, made of seeded noise, for tests that damage them. */
import { createHash } from "node:crypto";
import { crc32, crcText } from "../../lib/image/crc32.js";
import type { ManifestPool } from "../../lib/image/manifest.js";
import { RandomStream } from "../../lib/models/random-stream.js";

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export interface Sample {
  readonly raw: Uint8Array;
  readonly pool: ManifestPool;
}

/** Returns an image of buffers of these sizes, largest first at multiples of 16, zeros between. */
export function sampleImage(sizes: readonly number[], seed = "image"): Sample {
  const sorted = sizes.toSorted((a, b) => b - a);
  const offsets: number[] = [];
  let end = 0;
  for (const size of sorted) {
    offsets.push(Math.ceil(end / 16) * 16);
    end = offsets.at(-1)! + size;
  }
  const stream = new RandomStream(seed);
  const raw = new Uint8Array(end);
  const address = 0x71000000;
  const buffers = sorted.map((bytes, index) => {
    const offset = offsets[index]!;
    for (let at = 0; at < bytes; at++) raw[offset + at] = Math.floor(stream.between(0, 256));
    const data = raw.subarray(offset, offset + bytes);
    return {
      ...{
        name: `w${index}`,
        node: `conv${index}`,
        role: "kernel",
        offset,
        address: address + offset,
        bytes,
      },
      ...{ crc32: crcText(crc32(data)), sha256: sha256(data), content: "known" as const },
    };
  });
  return {
    raw,
    pool: {
      ...{ name: "octoFlash", address, bytes: end, crc32: crcText(crc32(raw)), sha256: sha256(raw) },
      ...{ kind: "flash", files: { raw: "x.raw", bin: null, hex: "x.hex" }, seal: null, buffers },
    },
  };
}
