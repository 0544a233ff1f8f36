import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseIntelHex } from "../../lib/formats/vendor/intel-hex.js";
import { intelHex } from "../../lib/formats/vendor/intel-hex-write.js";
import { bytesForPool } from "../../lib/image/hex-image.js";
import { type DamageKind, swapBytes, type Verdict, verifyImage } from "../../lib/image/verify.js";
import { type Sample, sampleImage, sha256 } from "./samples.js";

const verify = ({ pool }: Sample, data: Uint8Array, origin = 0): Verdict =>
  verifyImage({ pool, found: { data, origin }, sha256 });
const kinds = ({ damages }: Verdict): DamageKind[] => damages.map(({ kind }) => kind);

const images = fc
  .tuple(fc.array(fc.integer({ min: 24, max: 600 }), { minLength: 3, maxLength: 12 }), fc.string())
  .map(([sizes, seed]) => sampleImage(sizes, seed));
const joined = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
const noise = (length: number, seed: string) => sampleImage([length], seed).raw;

describe("verifyImage()", () => {
  it("finds the image right, also with what lies behind it in flash", () => {
    fc.assert(
      fc.property(images, fc.nat(50), (sample, behind) => {
        expect(verify(sample, sample.raw)).toMatchObject({ right: true, damages: [] });
        expect(verify(sample, joined(sample.raw, noise(behind, "b")))).toMatchObject({
          right: true,
          damages: [],
        });
      }),
    );
  });

  it("names an erased flash", () => {
    fc.assert(
      fc.property(images, fc.integer({ min: 1, max: 5000 }), (sample, length) => {
        const verdict = verify(sample, new Uint8Array(length).fill(0xff));
        expect(kinds(verdict)).toEqual(["erased"]);
        expect(verdict.right).toBe(false);
      }),
    );
  });

  it("names a shift and how far it is, forwards", () => {
    fc.assert(
      fc.property(images, fc.integer({ min: 1, max: 300 }), (sample, by) => {
        const verdict = verify(sample, joined(noise(by, "before"), sample.raw));
        expect(verdict.damages[0]).toMatchObject({ kind: "shifted", by });
        expect(verdict.damages).toHaveLength(1);
        expect(verdict.right).toBe(false);
      }),
    );
  });

  it("names a shift backwards and the buffers that it cut off", () => {
    fc.assert(
      fc.property(images, fc.integer({ min: 1, max: 20 }), (sample, by) => {
        const verdict = verify(sample, sample.raw.slice(by));
        expect(verdict.damages[0]).toMatchObject({ kind: "shifted", by: -by });
        expect(verdict.damages[1]).toMatchObject({ kind: "truncated", buffers: ["w0"] });
      }),
    );
  });

  it("names bytes swapped in units of 16, 32 and 64 bits", () => {
    fc.assert(
      fc.property(images, fc.constantFrom(2, 4, 8), (sample, unit) => {
        const verdict = verify(sample, swapBytes(sample.raw, unit));
        expect(verdict.damages).toHaveLength(1);
        expect(verdict.damages[0]).toMatchObject({ kind: "swapped", by: unit, harmful: true });
      }),
    );
  });

  it("names a truncated image and counts what is there", () => {
    fc.assert(
      fc.property(images, fc.double({ min: 0, max: 0.999, noNaN: true }), (sample, part) => {
        const length = Math.floor(sample.raw.length * part);
        const verdict = verify(sample, sample.raw.slice(0, length));
        expect(kinds(verdict)).toEqual(["truncated"]);
        expect(verdict.damages[0]!.message).toContain(`${length.toLocaleString("en-US")} of `);
        const whole = sample.pool.buffers.filter(({ offset, bytes }) => offset + bytes <= length);
        expect(verdict.damages[0]!.buffers).toHaveLength(sample.pool.buffers.length - whole.length);
      }),
    );
  });

  it("names the buffers of a stale image, and no others", () => {
    fc.assert(
      fc.property(images, fc.nat(), fc.integer({ min: 1, max: 255 }), (sample, which, flip) => {
        const index = which % sample.pool.buffers.length;
        const { offset, bytes, name } = sample.pool.buffers[index]!;
        const data = sample.raw.slice();
        data[offset + (which % bytes)]! ^= flip;
        const verdict = verify(sample, data);
        expect(verdict.damages).toHaveLength(1);
        expect(verdict.damages[0]).toMatchObject({ kind: "stale", buffers: [name] });
      }),
    );
  });

  it("names buffers that were never programmed in an image that was programmed in part", () => {
    fc.assert(
      fc.property(images, fc.nat(), (sample, which) => {
        const from = 1 + (which % (sample.pool.buffers.length - 1));
        const data = sample.raw.slice().fill(0xff, sample.pool.buffers[from]!.offset);
        const verdict = verify(sample, data);
        expect(verdict.damages[0]).toMatchObject({
          kind: "partly-erased",
          buffers: sample.pool.buffers.slice(from).map(({ name }) => name),
        });
      }),
    );
  });

  it("names two damages at once: swapped, behind its place, and cut off", () => {
    const sample = sampleImage([512, 400, 300, 80, 40]);
    const shifted = joined(noise(8, "before"), sample.raw);
    const verdict = verify(sample, swapBytes(shifted, 4).subarray(0, 1200));
    expect(kinds(verdict)).toEqual(["swapped", "shifted", "truncated"]);
    expect(verdict.damages[1]!.by).toBe(8);
  });

  it("tells another image, moved buffers and gaps apart", () => {
    const sample = sampleImage([512, 400, 300, 80, 40]);
    expect(kinds(verify(sample, sampleImage([512, 400, 300, 80, 40], "other").raw))).toEqual(["foreign"]);
    const [a, b] = sample.pool.buffers.slice(2, 4) as [
      (typeof sample.pool.buffers)[0],
      (typeof sample.pool.buffers)[0],
    ];
    const moved = sample.raw.slice();
    moved.set(sample.raw.subarray(b.offset, b.offset + b.bytes), a.offset);
    moved.set(sample.raw.subarray(a.offset, a.offset + a.bytes), a.offset + b.bytes);
    expect(verify(sample, moved).damages).toMatchObject([{ kind: "moved", buffers: [a.name, b.name] }]);
    const gaps = sample.raw.slice();
    gaps[a.offset + a.bytes + 1] = 7;
    expect(verify(sample, gaps)).toMatchObject({ right: true, damages: [{ kind: "gaps", harmful: false }] });
  });

  it("judges an empty file and one buffer", () => {
    expect(kinds(verify(sampleImage([64]), new Uint8Array(0)))).toEqual(["truncated"]);
    expect(kinds(verify(sampleImage([64]), noise(64, "x")))).toEqual(["foreign"]);
  });
});

describe("bytesForPool()", () => {
  it("reads Intel HEX back equal, and tells how far from its place it lies", () => {
    fc.assert(
      fc.property(images, fc.integer({ min: -0x20000, max: 0x20000 }), (sample, by) => {
        const { pool, raw } = sample;
        const hex = parseIntelHex(intelHex(raw, pool.address + by));
        const found = bytesForPool(hex, pool);
        expect(found.origin).toBe(by);
        expect(Buffer.compare(found.data, raw)).toBe(0);
        const verdict = verifyImage({ pool, found, sha256 });
        if (by === 0) expect(verdict).toMatchObject({ right: true, damages: [] });
        else expect(verdict.damages[0]).toMatchObject({ kind: "shifted", by });
      }),
      { numRuns: 60 },
    );
  });
});
