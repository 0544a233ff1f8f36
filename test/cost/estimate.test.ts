import { expect, it } from "vitest";
import timing from "../../datasets/measurements/epoch-timing.json" with { type: "json" };
import { estimateLatency } from "../../lib/cost/estimate.js";
import { NEUTRAL_FACTORS } from "../../lib/cost/factors.js";
import { largestDivisor } from "../../lib/cost/hardware.js";
import { layerEpoch, plainEpoch, planOf } from "./layers.js";

it("largestDivisor() finds the kernels of one pass", () => {
  expect([16, 32, 96, 160, 144, 1280, 7, 23].map((count) => largestDivisor(count, 24))).toEqual([
    16, 16, 24, 20, 24, 20, 7, 23,
  ]);
});

it("estimateLatency() reproduces the 52 timed convolution epochs within 5 % on average", () => {
  const epochs = timing.rows.map((row) =>
    layerEpoch(row.epoch, {
      kind: row.op === "dw" ? "depthwise" : "conv",
      kernel: row.op === "1x1" ? 1 : 3,
      input: row.input,
      output: row.output,
      cin: row.cin,
      cout: row.cout,
      stride: row.stride,
    }),
  );
  const { perEpoch, ms } = estimateLatency({
    ...planOf(epochs, false),
    options: { factors: NEUTRAL_FACTORS },
  });
  const errors = perEpoch.map(({ ms: predicted }, index) => {
    const { setupUs, coreUs, endUs } = timing.rows[index]!;
    return predicted / ((setupUs + coreUs + endUs) / 1000) - 1;
  });
  const mean = errors.reduce((total, error) => total + Math.abs(error), 0) / errors.length;
  const measured = timing.rows.reduce((total, row) => total + row.setupUs + row.coreUs + row.endUs, 0) / 1000;
  expect(mean).toBeLessThan(0.05);
  expect(Math.max(...errors.map(Math.abs))).toBeLessThan(0.25);
  expect(Math.abs(ms / measured - 1)).toBeLessThan(0.03);
  expect(perEpoch.filter(({ bound }) => bound === "flash").length).toBeGreaterThan(20);
});

it("estimateLatency() tells the bound of known layers", () => {
  const epochs = [
    // 1x1, 144 → 24 at 56x56: reads bound it (the example of hardware.ts; 84.7 us on the board).
    layerEpoch(1, { kernel: 1, input: 56, output: 56, cin: 144, cout: 24 }),
    // 1x1, 16 → 96 at 112x112: one output per cycle.
    layerEpoch(2, { kernel: 1, input: 112, output: 112, cin: 16, cout: 96 }),
    // 1x1, 320 → 1280 at 7x7: weights.
    layerEpoch(3, { kernel: 1, input: 7, output: 7, cin: 320, cout: 1280 }),
    // 3x3, 3 → 32, stride 2 at 224x224: one unit, four passes of 8 kernels.
    layerEpoch(4, { kernel: 3, input: 224, output: 112, cin: 3, cout: 32, stride: 2 }),
  ];
  const { perEpoch } = estimateLatency({ ...planOf(epochs), options: { factors: NEUTRAL_FACTORS } });
  expect(perEpoch.map(({ bound }) => bound)).toEqual(["input", "output", "flash", "compute"]);
  expect(perEpoch.map(({ ms }) => Number(ms.toFixed(3)))).toEqual([0.089, 1.204, 1.112, 0.602]);
});

it("estimateLatency() prices software epochs as timed, and counts them against the offload", () => {
  const pooled = [1, 7, 7, 1280];
  const { perEpoch, offloadTime } = estimateLatency({
    ...planOf([
      plainEpoch(54, { kind: "sw", ops: ["DequantizeLinear"], shape: pooled }),
      plainEpoch(55, { kind: "sw", ops: ["GlobalAveragePool"], shape: pooled }),
      plainEpoch(56, { kind: "sw", ops: ["QuantizeLinear"], shape: [1, 1280] }),
      plainEpoch(57, { kind: "sw", ops: ["Softmax"], shape: [1, 5] }),
    ]),
    options: { factors: NEUTRAL_FACTORS },
  });
  const timed = timing.others.filter(({ kind }) => kind === "sw");
  timed.forEach(({ epoch, coreCycles, endCycles }, index) => {
    expect(perEpoch[index]!.index).toBe(epoch);
    expect(perEpoch[index]!.cycles / (coreCycles + endCycles)).toBeCloseTo(1, 1);
  });
  expect(perEpoch[3]!.ms).toBeCloseTo(0.007, 3);
  expect(offloadTime).toBe(0);
});

it("estimateLatency() scales compute with the clock and leaves the flash alone", () => {
  const compute = planOf([layerEpoch(1, { kernel: 1, input: 112, output: 112, cin: 16, cout: 96 })]);
  const flash = planOf([layerEpoch(1, { kernel: 1, input: 7, output: 7, cin: 320, cout: 1280 })]);
  const ms = (plan: typeof compute, clock: "normal" | "overdrive") =>
    estimateLatency({ ...plan, options: { clock, factors: NEUTRAL_FACTORS } }).ms;
  expect(ms(compute, "normal") / ms(compute, "overdrive")).toBeCloseTo(1.25, 6);
  expect(ms(flash, "normal")).toBeCloseTo(ms(flash, "overdrive"), 9);
});

it("estimateLatency() gains from weights on the chip and from the epoch controller", () => {
  const epochs = [layerEpoch(1, { kernel: 1, input: 7, output: 7, cin: 320, cout: 1280 })];
  const of = (epochController: boolean, weights: "octoFlash" | "hyperRAM" | "internal") =>
    estimateLatency({ ...planOf(epochs, epochController), options: { weights } });
  expect(of(true, "internal").ms).toBeLessThan(of(true, "hyperRAM").ms);
  expect(of(true, "hyperRAM").ms).toBeLessThan(of(true, "octoFlash").ms);
  expect(of(true, "octoFlash").ms).toBeLessThan(of(false, "octoFlash").ms);
  expect(of(false, "octoFlash").level).toContain("no epoch controller");
});

it("estimateLatency() adds up: the total is the sum of its epochs, inside its interval", () => {
  const epochs = [
    layerEpoch(1, { kernel: 3, input: 32, output: 32, cin: 16, cout: 32 }),
    plainEpoch(2, { kind: "hybrid", ops: ["Transpose"], shape: [1, 32, 32, 32] }),
    plainEpoch(3, { kind: "hw", ops: ["Add"], shape: [1, 32, 32, 32] }),
  ];
  const estimate = estimateLatency(planOf(epochs));
  const total = estimate.perEpoch.reduce((sum, { ms }) => sum + ms, 0);
  expect(estimate.ms).toBeCloseTo(total, 12);
  expect(estimate.low).toBeLessThan(estimate.ms);
  expect(estimate.high).toBeGreaterThan(estimate.ms);
  expect(estimate.offloadTime).toBeGreaterThan(0.5);
});

it("estimateLatency() waits for activations outside the chip, says so, and widens its interval by their doubt", () => {
  const request = planOf([
    plainEpoch(1, { kind: "hw", ops: ["Add"], shape: [1, 56, 56, 256] }),
    layerEpoch(2, { kernel: 1, input: 56, output: 56, cin: 256, cout: 64 }),
  ]);
  const inside = estimateLatency(request);
  const outside = estimateLatency({
    ...request,
    options: { isExternal: ({ size }) => size === 56 * 56 * 256 },
  });
  // 3 tensors of 802,816 bytes at 93 MB/s, beside which the rest is small.
  expect(outside.ms).toBeCloseTo((3 * 802_816) / 93_000, 0);
  expect(outside.perEpoch.map(({ bound }) => bound)).toEqual(["external", "external"]);
  expect(outside.level).toContain("activations in external RAM");
  expect(inside.level).not.toContain("external");
  const width = ({ low, high }: typeof inside) => high / low;
  expect(width(outside)).toBeGreaterThan(3 * width(inside));
});

it("estimateLatency() says when an inference is shorter or longer than any that it learnt from", () => {
  const tiny = planOf([layerEpoch(1, { kernel: 1, input: 4, output: 4, cin: 8, cout: 8 })]);
  expect(estimateLatency(tiny).level).toMatch(/an inference of [\d.]+ ms, those took [\d.]+ to [\d.]+ ms/);
});
