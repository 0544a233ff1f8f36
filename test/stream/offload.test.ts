import { describe, expect, it } from "vitest";
import { claimsOf, rankCorrelation } from "../../lib/analyze/offload-claims.js";
import { offloadStudy } from "../../lib/analyze/offload-study.js";
import { GENERATOR, MOVENET } from "../../lib/analyze/polimi.js";
import { predict } from "../../lib/analyze/predict.js";
import { lineThrough } from "../../lib/analyze/resolution-line.js";
import { whatIf } from "../../lib/analyze/what-if.js";
import { countModel } from "../../lib/graph/count.js";
import { normalizeModel } from "../../lib/graph/passes/normalize.js";
import { findPreset } from "../../lib/models/catalog.js";
import { poseHeatmaps } from "../../lib/models/pose-heatmaps.js";
import { publishedOffloadModels } from "../../lib/node/offload-models.js";
import { offloadStudyFigure, resolutionFigure } from "../../lib/plot/offload-study.js";
import {
  claimsTable,
  offloadSourcesTable,
  offloadTable,
  removeTable,
  resolutionTable,
  whatIfTable,
} from "../../lib/table/offload.js";

const study = offloadStudy(publishedOffloadModels());
const rowOf = (name: string) => study.rows.find(({ model }) => model === name)!;
const claimOf = (start: string) => study.claims.find(({ sentence }) => sentence.startsWith(start))!;

describe("poseHeatmaps()", () => {
  it("is the published network: its parameters to the byte", () => {
    const { graph } = normalizeModel(poseHeatmaps({ resolution: 192, joints: 13 }));
    const { weightBytes, biasBytes } = countModel(graph);
    expect(weightBytes + biasBytes).toBe(2_355_908);
  });
});

describe("offloadStudy()", () => {
  it("sets MoveNet beside its published figures", () => {
    const { published, predicted } = rowOf(MOVENET);
    expect([published!.epochs, published!.sw]).toEqual([75, 4]);
    expect([predicted!.epochs, predicted!.sw]).toEqual([74, 4]);
    // Pages round up to the last 16-byte boundary; the image ends with its last byte.
    expect(published!.flashBytes! - predicted!.imageBytes).toBe(15);
    expect(Math.abs(predicted!.time.ms / published!.ms! - 1)).toBeLessThan(0.25);
  });

  it("finds the products, softmaxes and transposes of the transformer off the NPU, as published", () => {
    const { published, predicted } = rowOf(GENERATOR);
    // Published: 48 products, 6 softmax, 18 transposes, 12 each of Dequantize, Reciprocal and Quantize, which are
    // predicted; 12 each of Quantize, Mul and Sub and 6 Split, which are not.
    expect(predicted!.sw + predicted!.hybrid).toBe(48 + 6 + 18 + 12 + 12 + 12);
    expect(published!.sw! - predicted!.sw - predicted!.hybrid).toBe(12 + 12 + 12 + 6);
  });

  it("answers each claim with numbers and rows", () => {
    for (const { sentence, finding, numbers, rows } of study.claims) {
      expect(Object.values(numbers).every(Number.isFinite), sentence).toBe(true);
      expect([finding.length > 40, rows.length > 0], sentence).toEqual([true, true]);
    }
  });

  it("bounds what an epoch in software costs by the whole inference", () => {
    const { verdict, numbers } = claimOf("An epoch in software");
    expect(numbers.mostMeanMs).toBeCloseTo(42.38 / 150, 9);
    expect(verdict).toBe("contradicted");
  });

  it("lays the published line through the published times", () => {
    const { published } = study.line;
    expect(published!.interceptMs).toBeCloseTo(4.48, 2);
    expect(published!.usPerPixel).toBeCloseTo(0.47, 3);
    expect(published!.worstErrorMs).toBeCloseTo(0.44, 2);
    expect(claimOf("Latency grows").verdict).toBe("supported");
  });

  it("takes the predicted intercept apart without a rest", () => {
    const { intercept, predicted, remove } = study.line;
    const total = Object.values(intercept!).reduce((sum, ms) => sum + ms, 0);
    expect(total).toBeCloseTo(predicted.interceptMs, 9);
    expect(intercept!.flash).toBeGreaterThan(total / 2);
    expect(remove[0]).toMatchObject({ op: "Resize" });
  });

  it("refuses to judge without the published rows", () => {
    expect(() => claimsOf([], study.line)).toThrow(/is not among the published rows/);
  });

  it("has tables and figures of all of it", () => {
    expect(offloadTable(study).numRows()).toBe(study.rows.length);
    expect(offloadSourcesTable(study).numRows()).toBe(study.rows.length);
    expect(claimsTable(study).numRows()).toBe(study.claims.length);
    expect(resolutionTable(study).array("resolution")).toEqual([192, 224, 256]);
    expect(removeTable(study).numRows()).toBe(study.line.remove.length);
    expect(whatIfTable(study).numRows()).toBeGreaterThan(5);
    expect(offloadStudyFigure(study).alt).toContain("YOLOv8n-pose 87.9 %, 32 ms");
    expect(resolutionFigure(study).alt).toContain("published 35.5 ms");
  });
});

describe("whatIf()", () => {
  const transformer = predict(publishedOffloadModels().models.find(({ name }) => name === GENERATOR)!.model);

  it("brings softmax back, one epoch each, and says what that gains", () => {
    const answer = whatIf(transformer, "softmax")!;
    expect([answer.nodes, answer.offNow - answer.offThen]).toEqual([6, 6]);
    expect(answer.saving!.ms).toBeGreaterThan(0);
    expect(answer.saving!.low).toBeLessThanOrEqual(answer.saving!.ms);
  });

  it("takes more of the epochs back than of the time: layer normalisation is many small steps", () => {
    const answer = whatIf(transformer, "layer normalisation")!;
    expect(answer.offNow - answer.offThen).toBe(36);
    expect(answer.saving!.ms / answer.now.ms).toBeLessThan(0.02);
  });

  it("brings products of activations back head by head, as one epoch each", () => {
    const answer = whatIf(transformer, "products of activations")!;
    expect([answer.nodes, answer.offNow - answer.offThen]).toEqual([12, 48]);
    expect(answer.saving!.ms).toBeGreaterThan(1);
  });

  it("is null when nothing of the kind left", () => {
    expect(whatIf(predict(findPreset("resnet8_32").build()), "transpose")).toBeNull();
  });
});

describe("lineThrough()", () => {
  it("is the least-squares line over pixels", () => {
    const line = lineThrough([
      { side: 10, ms: 3 },
      { side: 20, ms: 6 },
    ]);
    expect(line.usPerPixel).toBeCloseTo(10, 9);
    expect(line.interceptMs).toBeCloseTo(2, 9);
    expect(() => lineThrough([{ side: 10, ms: 3 }])).toThrow(/expected at least two sizes/);
  });
});

describe("rankCorrelation()", () => {
  it("is 1 for one order, −1 for the reverse, 0 where nothing varies", () => {
    expect(rankCorrelation([1, 5, 9], [2, 3, 100])).toBe(1);
    expect(rankCorrelation([1, 5, 9], [3, 2, 1])).toBe(-1);
    expect(rankCorrelation([1, 1, 1], [3, 2, 1])).toBe(0);
  });
});
