import { describe, expect, it } from "vitest";
import { k210StreamLayers } from "../../lib/analyze/k210.js";
import { normalizeModel } from "../../lib/graph/passes/normalize.js";
import { mobileNetV1 } from "../../lib/models/mobilenet-v1.js";
import { streamSchedule } from "../../lib/stream/law.js";
import { MAIX_FIGURES, maixComparison, scaledTo } from "../../lib/stream/maixpy.js";
import { MAIX_STORES } from "../../lib/stream/store.js";
import { validateSchedule } from "../../lib/stream/validate.js";

const model = mobileNetV1({ width: 0.75, resolution: 224, classes: 1000, variant: "keras" });
const layers = k210StreamLayers(normalizeModel(model).graph);
const rows = maixComparison(layers);
const errorsOf = (law: string) =>
  rows.filter((row) => row.law === law).map(({ error }) => Number((error * 100).toFixed(1)));

describe("maixComparison()", () => {
  it("finds the network of the post by its bytes: the single-buffered row comes out without being used", () => {
    const constants = layers.reduce((total, layer) => total + layer.bytes, 0);
    expect(constants).toBe(2_645_840);
    expect(errorsOf("single buffer")).toEqual([0]);
  });

  it("predicts the double-buffered rows with the batch that the thread shows", () => {
    // Flash 83 ms, QSPI PSRAM 53 ms, OPI PSRAM 45 ms (expected by its author).
    expect(errorsOf("double, within a layer, batches of 0xC000")).toEqual([-0.8, 10.8, 0.5]);
    expect(errorsOf("double, within a layer, batches of 0x4000")).toEqual([-5.9, 4.6, -3.8]);
    expect(errorsOf("double, within a layer, very small batches")).toEqual([-10, -0.2, -7]);
  });

  it("marks what was learnt from a row: it has no error to show", () => {
    const learnt = rows.filter(({ fitted }) => fitted);
    expect(learnt.map(({ error }) => error)).toEqual([0, 0]);
    expect(learnt.map(({ predictedMs }) => predictedMs)).toEqual([
      expect.closeTo(40, 9),
      expect.closeTo(83, 9),
    ]);
  });

  it("shows why no form gets all rows: the PSRAM row hides more reading than the flash row had time for", () => {
    const [flash, psram] = rows.filter(({ law }) => law.endsWith("0xC000") && law.includes("within"));
    expect(flash!.givenHiddenMs).toBeCloseTo(23, 0);
    expect(psram!.givenHiddenMs).toBeCloseTo(26.8, 1);
  });

  it("plays back without fault", () => {
    const request = {
      layers: scaledTo(layers, MAIX_FIGURES.residentMs.value),
      store: MAIX_STORES.flash,
      streaming: { mode: "double", overlap: "layer", batchBytes: MAIX_FIGURES.batchBytes.value },
    } as const;
    expect(validateSchedule(request, streamSchedule(request))).toEqual([]);
  });
});
