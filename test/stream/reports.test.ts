import { describe, expect, it } from "vitest";
import { analyzeK210, largestResolution } from "../../lib/analyze/k210.js";
import { movesOf } from "../../lib/analyze/moves.js";
import { predict } from "../../lib/analyze/predict.js";
import { JUPYTER_DISPLAY } from "../../lib/display.js";
import { findPreset } from "../../lib/models/catalog.js";
import { mobileNetV1 } from "../../lib/models/mobilenet-v1.js";
import { resNet18 } from "../../lib/models/resnet-18.js";
import { epochMemoriesFigure, movesFigure } from "../../lib/plot/moves.js";
import { k210MemoryFigure, maixFigure, streamFigure } from "../../lib/plot/stream.js";
import { k210Report, k210Sentences } from "../../lib/report/k210-report.js";
import { movesReport, movesSentences } from "../../lib/report/moves-report.js";
import { maixComparison } from "../../lib/stream/maixpy.js";
import {
  k210LayersTable,
  k210ObstaclesTable,
  k210RunsTable,
  maixTable,
  streamLayersTable,
} from "../../lib/table/stream.js";
import { bytes } from "../../lib/units.js";

const wide = mobileNetV1({ width: 1, resolution: 288, classes: 10, variant: "keras" });
const analysis = analyzeK210(wide);
const largest = largestResolution({ model: wide });

describe("k210Sentences()", () => {
  it("says what does not fit, and what would", () => {
    const [fit, picture] = k210Sentences(analysis, largest);
    expect(fit).toMatch(/it does not fit; 'conv_pw_1': reads [\d,]+ B and writes/);
    expect(picture).toBe("The largest square picture that fits is 256 × 256.");
  });

  it("does not pass the time of a part for that of the whole", () => {
    const sentences = k210Sentences(analyzeK210(resNet18({ width: 1, resolution: 224, classes: 10 })), null);
    expect(sentences.join(" ")).toMatch(
      /Without the 2 nodes that the format has no layer for, a frame would take [\d.]+ ms if RAM held its weights/,
    );
  });
});

describe("k210Report()", () => {
  it("shows the memory of the unit and both ways to hold the weights", () => {
    const text = JSON.stringify(k210Report(analysis, largest));
    for (const part of ["Memory of the unit", "Weights in RAM, or streamed", "K210-KPU-RAM"]) {
      expect(text).toContain(part);
    }
    expect(k210LayersTable(analysis).numRows()).toBe(analysis.layers.length);
    expect(k210ObstaclesTable(analysis).numRows()).toBe(analysis.obstacles.length);
    expect(k210RunsTable(analysis).numRows()).toBe(1 + analysis.runs.length);
  });
});

describe("streamFigure()", () => {
  it("has every batch on its lane, and a picture where no script runs", () => {
    const { schedule } = analysis.runs.find(({ mode }) => mode === "double")!;
    const drawn = streamFigure(schedule, "two buffers");
    const [load, compute] = drawn.data as readonly { readonly x: readonly number[] }[];
    expect(load!.x.length + compute!.x.length).toBe(schedule.steps.length);
    expect(drawn[JUPYTER_DISPLAY]()["image/svg+xml"]).toContain("<svg");
    expect(streamLayersTable(schedule).numRows()).toBe(schedule.layers.length);
  });
});

describe("k210MemoryFigure()", () => {
  it("names the layers beyond the memory in words", () => {
    expect(k210MemoryFigure(analysis).alt).toContain("Too large: conv_pw_1");
  });
});

describe("maixFigure()", () => {
  it("has a dot per form of the law and store", () => {
    const rows = maixComparison([{ name: "all", computeMs: 40, bytes: bytes(2_645_840) }]);
    const dots = maixFigure(rows).data as readonly { readonly x: readonly number[] }[];
    expect(dots.map(({ x }) => x.length)).toEqual([6, 6, 6]);
    expect(maixTable(rows).numRows()).toBe(rows.length);
  });
});

describe("movesReport()", () => {
  it("says what to move first, the room, and the total with its interval", () => {
    const moves = movesOf("mobilenet_v2", predict(findPreset("mobilenet_v2_1.0_224").build()));
    const text = movesSentences(moves).join(" ");
    expect(text).toContain(`Move '${moves.moves[0]!.layer}' first`);
    expect(text).toMatch(/of internal RAM the best set \(proved\)/);
    expect(movesReport(moves).length).toBeGreaterThan(5);
    expect(movesFigure(moves).alt).toContain("with all weights in flash");
    expect(epochMemoriesFigure(moves).alt).toContain("from PSRAM");
  });
});
