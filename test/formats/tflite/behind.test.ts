/** Constants behind the FlatBuffer, at offsets that 32 bits do not hold. */
import { ByteBuffer } from "flatbuffers";
import { describe, expect, it } from "vitest";
import { DecodeError } from "../../../lib/errors.js";
import { decodeTflite } from "../../../lib/formats/tflite/decode.js";
import { encodeTflite } from "../../../lib/formats/tflite/encode.js";
import { findPreset } from "../../../lib/models/catalog.js";
import type { ByteSource } from "../../../lib/source.js";

/** Eight GiB of nothing between the structure of a file and its constants. */
const GAP = 2 ** 33;

/** Returns where each buffer of a file keeps its 64-bit offset. */
function offsetsOf(file: Uint8Array): number[] {
  const bb = new ByteBuffer(file);
  const root = bb.readInt32(0);
  const buffers = root + bb.__offset(root, 12);
  return Array.from({ length: bb.__vector_len(buffers) }, (_, index) => {
    const buffer = bb.__indirect(bb.__vector(buffers) + 4 * index);
    const offset = bb.__offset(buffer, 6);
    return offset === 0 ? 0 : buffer + offset;
  }).filter((at) => at > 0);
}

/** A file of over eight GiB, of which only what was written exists. `cut` bytes are missing at its end. */
function spread(cut = 0): { source: ByteSource; whole: Uint8Array; read: () => number } {
  const whole = encodeTflite(findPreset("resnet8_32").build(), { constants: "behind" });
  const file = whole.slice();
  const view = new DataView(file.buffer);
  const first = Math.min(...offsetsOf(file).map((at) => Number(view.getBigUint64(at, true))));
  for (const at of offsetsOf(file)) view.setBigUint64(at, view.getBigUint64(at, true) + BigInt(GAP), true);
  const size = GAP + file.length - cut;
  let total = 0;
  const source: ByteSource = {
    name: "spread.tflite",
    size,
    read(offset, length) {
      total += length;
      if (offset + length > size) throw new Error(`read ${offset + length} of ${size}`);
      if (offset >= GAP + first) return file.subarray(offset - GAP, offset - GAP + length);
      const target = new Uint8Array(length);
      if (offset < first) target.set(file.subarray(offset, Math.min(first, offset + length)));
      return target;
    },
  };
  return { source, whole, read: () => total };
}

describe("decodeTflite() on a file of 8 GiB", () => {
  it("reads the structure alone, and each constant where it lies", () => {
    const { source, whole, read } = spread();
    const { graph } = decodeTflite(source);
    expect(read()).toBeLessThan(1 << 20);
    const expected = decodeTflite({
      ...source,
      size: whole.length,
      bytes: whole,
      read: (at, length) => whole.subarray(at, at + length),
    });
    const pairs = graph
      .constants()
      .map((tensor, index) => [tensor, expected.graph.constants()[index]!] as const);
    expect(pairs.length).toBeGreaterThan(10);
    for (const [found, same] of pairs) {
      expect(found.name).toBe(same.name);
      expect(Buffer.compare(found.data!.read(), same.data!.read())).toBe(0);
    }
  });

  it("refuses a constant that ends after the file, saying where", () => {
    const { source } = spread(1);
    const refusal = (() => {
      try {
        return decodeTflite(source);
      } catch (error) {
        return error;
      }
    })();
    expect(refusal).toBeInstanceOf(DecodeError);
    expect(refusal).toMatchObject({ code: "OUT_OF_FILE", path: expect.stringMatching(/^buffers\[\d+\]/) });
    expect((refusal as DecodeError).offset).toBeGreaterThan(2 ** 32);
  });
});
