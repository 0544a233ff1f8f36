import { describe, expect, it } from "vitest";
import { BELL_SIGMA, expectedLargest, RandomStream } from "../../lib/models/random-stream.js";

describe("RandomStream", () => {
  it("next() gives the numbers of an independent implementation", () => {
    // xoshiro128** in Python's unbounded integers, state from FNV-1a of the name as described.
    const take = (name: string) => {
      const stream = new RandomStream(name);
      return Array.from({ length: 4 }, () => stream.next());
    };
    expect(take("conv1")).toEqual([1974892941, 909507860, 3200473058, 1076255375]);
    expect(take("poids×2")).toEqual([2770888297, 3929776069, 4200716256, 1959032382]);
  });

  it("bell() is the sum of the four bytes of next() less its mean", () => {
    const stream = new RandomStream("conv1");
    const drawn = Array.from({ length: 8 }, () => stream.bell());
    expect(drawn).toEqual([51, -130, 188, -175, -214, -19, 245, 201]);
  });

  it("bell() has mean 0, the stated deviation and a Gaussian's quartile", () => {
    const stream = new RandomStream("moments");
    const count = 200_000;
    let [sum, squares, inner] = [0, 0, 0];
    for (let index = 0; index < count; index++) {
      const value = stream.bell();
      sum += value;
      squares += value * value;
      if (Math.abs(value) < 0.6745 * BELL_SIGMA) inner++;
    }
    // Five standard errors.
    expect(Math.abs(sum / count)).toBeLessThan((5 * BELL_SIGMA) / Math.sqrt(count));
    expect(Math.sqrt(squares / count) / BELL_SIGMA).toBeCloseTo(1, 2);
    expect(inner / count).toBeCloseTo(0.5, 1);
  });
});

describe("expectedLargest()", () => {
  it("agrees with draws at and between the powers of two of its table", () => {
    for (const count of [1, 9, 27, 144, 1000]) {
      const rounds = 3000;
      const stream = new RandomStream(`largest of ${count}`);
      let sum = 0;
      for (let round = 0; round < rounds; round++) {
        let largest = 0;
        for (let index = 0; index < count; index++) largest = Math.max(largest, Math.abs(stream.bell()));
        sum += largest;
      }
      const seen = sum / rounds / BELL_SIGMA;
      expect(Math.abs(seen / expectedLargest(count) - 1), `${count} draws: ${seen}`).toBeLessThan(0.05);
    }
  });

  it("grows with the count and stays below the largest possible draw", () => {
    const values = [1, 2, 3, 5, 100, 10_000, 1e6, 1e8].map(expectedLargest);
    expect(values).toEqual([...values].sort((a, b) => a - b));
    expect(values.at(-1)).toBeLessThan(510 / BELL_SIGMA);
  });
});
