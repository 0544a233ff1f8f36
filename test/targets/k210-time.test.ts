import { describe, expect, it } from "vitest";
import { analyzeK210, largestResolution } from "../../lib/analyze/k210.js";
import { normalizeModel } from "../../lib/graph/passes/normalize.js";
import { autoencoder } from "../../lib/models/autoencoder.js";
import { mobileNetV1 } from "../../lib/models/mobilenet-v1.js";
import { resNet18 } from "../../lib/models/resnet-18.js";
import { MAIX_FIGURES } from "../../lib/stream/maixpy.js";
import { KPU_SPEED } from "../../lib/targets/k210/facts.js";
import { mapBytes, rowPitch, unitLayers } from "../../lib/targets/k210/kpu-memory.js";
import { kpuCycles } from "../../lib/targets/k210/kpu-time.js";

const mobilenet = (width: number, resolution = 224) =>
  mobileNetV1({ width, resolution, classes: 1000, variant: "keras" });
const three = mobilenet(0.75);
const analysis = analyzeK210(three);

describe("mapBytes()", () => {
  it("pads rows to lines, and lets narrow ones share a line", () => {
    expect(mapBytes({ height: 112, width: 112, channels: 24 })).toBe(344_064);
    expect(mapBytes({ height: 7, width: 7, channels: 768 })).toBe(86_016);
    expect(mapBytes({ height: 1, width: 1, channels: 768 })).toBe((4 * 768 * 64) / 4);
    expect([7, 16, 17, 32, 33, 64, 65].map(rowPitch)).toEqual([16, 16, 32, 32, 64, 64, 128]);
  });
});

describe("kpuCycles()", () => {
  it("takes the cycles of the worked example", () => {
    const layer = unitLayers(normalizeModel(three).graph).find(
      ({ geometry }) => geometry.inputChannels === 384 && geometry.outputChannels === 768,
    );
    expect(layer?.geometry.inputWidth).toBe(7);
    expect(kpuCycles(layer!.geometry)).toBeCloseTo(951_268, 0);
  });

  it("leaves the factor that the one measured network teaches", () => {
    const documented = analysis.resident.totalMs / KPU_SPEED.overhead.value;
    expect(MAIX_FIGURES.residentMs.value / documented).toBeCloseTo(KPU_SPEED.overhead.value, 3);
  });
});

describe("analyzeK210()", () => {
  it("fits MobileNetV1 0.75 at 224 and says when loading it once pays", () => {
    expect(analysis.fits).toBe(true);
    expect(analysis.loadOnceMs).toBeCloseTo(422, 0);
    const flash = analysis.runs.filter(({ store }) => store.includes("flash"));
    expect(flash.map(({ mode, breakEvenFrames }) => [mode, Math.ceil(breakEvenFrames!)])).toEqual([
      ["single", 7],
      ["double", 10],
    ]);
  });

  it("names the layer that does not fit, and its bytes", () => {
    const { fits, obstacles } = analyzeK210(mobilenet(1, 288));
    expect(fits).toBe(false);
    expect(obstacles[0]).toMatchObject({ node: "conv_pw_1", rule: "K210-KPU-RAM" });
    expect(obstacles[0]!.why).toMatch(/together \d+ B of 2097152 B/);
  });

  it("names operators that the format has no layer for", () => {
    const { obstacles } = analyzeK210(resNet18({ width: 1, resolution: 224, classes: 1000 }));
    expect(obstacles.map(({ rule }) => rule)).toContain("K210-NO-LAYER");
    expect(obstacles[0]!.why).toContain("kernel 7x7");
  });
});

describe("largestResolution()", () => {
  it("finds the largest picture of which every layer fits, and what stops the next", () => {
    const found = largestResolution({ model: three, from: 512 });
    expect(found?.side).toBe(288);
    expect(found?.stops.map(({ node }) => node)).toContain("conv_pw_1");
    expect(analyzeK210(mobilenet(0.75, 288)).fits).toBe(true);
    expect(analyzeK210(mobilenet(0.75, 304)).fits).toBe(false);
  });

  it("is null when no size helps", () => {
    expect(
      largestResolution({ model: resNet18({ width: 1, resolution: 224, classes: 10 }), step: 64 }),
    ).toBeNull();
  });

  it("refuses what has no single image", () => {
    expect(() => largestResolution({ model: autoencoder({ features: 640 }) })).toThrow(/expected one image/);
  });
});
