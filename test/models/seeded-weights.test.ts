import { describe, expect, it } from "vitest";
import {
  biasQuantization,
  seededBias,
  seededWeights,
  stretch,
  type WeightPlan,
  weightQuantization,
} from "../../lib/models/seeded-weights.js";

const PLAN: WeightPlan = {
  seed: "test/conv",
  channels: 64,
  taps: 144,
  channelAxis: "first",
  granularity: "channel",
};

function int8(plan: WeightPlan): Int8Array {
  return new Int8Array(seededWeights(plan).read());
}

describe("stretch()", () => {
  it("brings the largest to 127: the worked example", () => {
    const noise = Int16Array.of(12, -3, 40, -25);
    expect([...stretch(noise, new Int8Array(4), { start: 0, step: 1 })]).toEqual([38, -10, 127, -79]);
  });

  it("writes an interleaved channel and leaves its neighbours alone", () => {
    const noise = Int16Array.of(-7, 7);
    expect([...stretch(noise, new Int8Array(6), { start: 1, step: 3 })]).toEqual([0, -127, 0, 0, 127, 0]);
  });

  it("gives a channel of zeros one weight", () => {
    expect([...stretch(Int16Array.of(0, 0), new Int8Array(2), { start: 0, step: 1 })]).toEqual([127, 0]);
  });
});

describe("seededWeights()", () => {
  it("reaches ±127 and no further in each channel, first or last", () => {
    for (const channelAxis of ["first", "last"] as const) {
      const weights = int8({ ...PLAN, channelAxis });
      for (let channel = 0; channel < PLAN.channels; channel++) {
        const largest = Math.max(
          ...Array.from({ length: PLAN.taps }, (_, tap) =>
            Math.abs(
              weights[channelAxis === "first" ? channel * PLAN.taps + tap : tap * PLAN.channels + channel]!,
            ),
          ),
        );
        expect(largest).toBe(127);
      }
    }
  });

  it("has, times its scales, the variance that keeps a pre-activation at 1", () => {
    const inputPower = 0.5;
    const { scale } = weightQuantization(PLAN, 0, inputPower);
    const weights = int8(PLAN);
    let squares = 0;
    for (const [index, weight] of weights.entries())
      squares += (weight * scale[Math.floor(index / PLAN.taps)]!) ** 2;
    // One sixteenth of the variance is the bias's share.
    const preActivation = (squares / PLAN.channels) * inputPower;
    expect(preActivation).toBeGreaterThan(0.8);
    expect(preActivation).toBeLessThan(1.1);
  });

  it("gives equal noise to equal names, other noise to others", () => {
    expect(int8(PLAN)).toEqual(int8(PLAN));
    expect(int8({ ...PLAN, seed: "test/other" })).not.toEqual(int8(PLAN));
  });

  it("has one scale for a tensor that asks for one, or has one channel", () => {
    expect(weightQuantization({ ...PLAN, granularity: "tensor" }, 0, 1).scale).toHaveLength(1);
    const single = weightQuantization({ ...PLAN, channels: 1 }, 0, 1);
    expect(single).toMatchObject({ axis: null, zeroPoint: [0] });
  });
});

describe("seededBias()", () => {
  it("stores a quarter of a standard deviation in units of input scale × weight scale", () => {
    const channels = 4000;
    const scales = biasQuantization(0.5, { scale: [0.004], zeroPoint: [0], axis: null });
    expect(scales.scale).toEqual([Math.fround(0.002)]);
    const bytes = seededBias("test/conv", channels, scales).read();
    expect(bytes.byteLength).toBe(4 * channels);
    const stored = new Int32Array(bytes.buffer);
    const deviation = Math.sqrt(stored.reduce((sum, value) => sum + (value * 0.002) ** 2, 0) / channels);
    expect(deviation).toBeGreaterThan(0.235);
    expect(deviation).toBeLessThan(0.265);
  });
});
