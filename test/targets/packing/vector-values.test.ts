import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bitsAbove, bitsBelow } from "../../../lib/targets/neural-art/packing/power-of-two.js";
import type { Requantization } from "../../../lib/targets/neural-art/packing/requantization.js";
import { repeatAlongWidth } from "../../../lib/targets/neural-art/packing/vector-content.js";
import {
  accumulatorShift,
  narrowBias,
  vectorValues,
} from "../../../lib/targets/neural-art/packing/vector-values.js";

/** The two channels of the worked example. */
const two: Requantization = {
  inputScale: 1,
  weightScales: [0.0003, 0.0001],
  outputScale: 0.02,
  outputZeroPoint: -128,
  biases: [0.5, -1],
  absoluteSums: [300, 290],
  signedSums: [300, -90],
};

describe("vectorValues()", () => {
  it("reproduces its worked example of 2.x", () => {
    const { scale, bias } = vectorValues(two, "2.1");
    expect([...scale]).toEqual([20133, 6711]);
    expect([...bias]).toEqual([-103 * 2 ** 20, -178 * 2 ** 20]);
  });

  it("reproduces its worked example of 3.0", () => {
    expect(accumulatorShift(two)).toBe(2);
    const { scale, bias } = vectorValues(two, "3.0");
    expect([...scale]).toEqual([31457, 10486]);
    expect([...bias]).toEqual([-103 * 2 ** 19, -178 * 2 ** 19]);
  });

  it("drops channels that cannot move their output in 2.1, keeps them in 2.2", () => {
    // 255 inputs x 20 x 0.0001 / 0.6 = 0.85 steps of the output.
    const dead = { ...two, outputScale: 0.6, absoluteSums: [300, 20] };
    expect([...vectorValues(dead, "2.1").scale]).toEqual([20133, 0]);
    expect([...vectorValues(dead, "2.2").scale]).toEqual([20133, 6711]);
  });

  it("takes fewer fraction bits for scale and bias of 3.0 where a bias needs the room", () => {
    // 40,000 steps need 16 bits of 31, two are kept free: 13 are left of 19.
    const large = { ...two, biases: [0.5, 800] };
    const { scale, bias } = vectorValues(large, "3.0");
    expect([...scale]).toEqual([Math.floor(0.06 * 2 ** 13 + 0.5), Math.floor(0.02 * 2 ** 13 + 0.5)]);
    expect([...bias]).toEqual([-103 * 2 ** 13, (40_000 - 128) * 2 ** 13]);
  });

  it("keeps a scale that rounds up to 2^15 the largest", () => {
    const { scale } = vectorValues({ ...two, weightScales: [0.99999, 0.5] }, "2.2");
    expect([...scale]).toEqual([32767, 16384]);
  });
});

describe("accumulatorShift()", () => {
  it("grows when the largest sum of weights passes a power of two", () => {
    const shifts = [0, 128, 129, 256, 257, -512, -513].map((sum) =>
      accumulatorShift({ signedSums: [1, sum] }),
    );
    expect(shifts).toEqual([0, 0, 1, 1, 2, 2, 3]);
  });
});

describe("narrowBias()", () => {
  it("is the finest fixed point of 16 bits", () => {
    // 178 steps take 8 bits of 15: 7 fraction bits.
    expect([...narrowBias(two)]).toEqual([-103 * 2 ** 7, -178 * 2 ** 7]);
  });
});

describe("repeatAlongWidth()", () => {
  it("reproduces its worked example", () => {
    const repeated = repeatAlongWidth(Int16Array.of(1, 2, 3, 4), { block: 2, columns: 3 });
    expect([...repeated]).toEqual([1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4]);
  });

  it("has every channel once in every column, and nothing else", () => {
    const sizes = fc.record({
      blocks: fc.integer({ min: 1, max: 60 }),
      block: fc.integer({ min: 1, max: 24 }),
      columns: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(sizes, ({ blocks, block, columns }) => {
        const values = Int16Array.from({ length: blocks * block }, (_, channel) => channel - 300);
        const repeated = repeatAlongWidth(values, { block, columns });
        expect(repeated.length).toBe(values.length * columns);
        for (let column = 0; column < columns; column++) {
          const unpacked = values.map((_, channel) => {
            const place = (Math.floor(channel / block) * columns + column) * block + (channel % block);
            return repeated[place]!;
          });
          expect(unpacked).toEqual(values);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe("powers of two", () => {
  it("bitsAbove() and bitsBelow() agree with every neighbour of a power", () => {
    for (let bits = -40; bits <= 40; bits++) {
      const power = 2 ** bits;
      expect([bitsAbove(power), bitsBelow(power)]).toEqual([bits, bits]);
      expect(bitsAbove(power * 1.0000001) - bitsBelow(power * 1.0000001)).toBe(1);
      expect(2 ** bitsAbove(power * 1.0000001)).toBe(2 * power);
    }
    expect(bitsAbove(0)).toBe(Number.NEGATIVE_INFINITY);
  });
});
