import { describe, expect, it } from "vitest";
import type { Analysis } from "../../lib/analyze/record.js";
import { analyze } from "../../lib/analyze/study.js";
import { JUPYTER_DISPLAY } from "../../lib/display.js";
import { preset } from "../../lib/node/load.js";
import { PLOTLY_MIME } from "../../lib/plot/figure.js";
import { offloadLatencyFigure, offloadSentence } from "../../lib/plot/latency.js";
import { poolsFigure } from "../../lib/plot/memory.js";
import { romCausesFigure, romGrowthFigure } from "../../lib/plot/rom.js";
import { timelineFigure } from "../../lib/plot/timeline.js";
import { chipGrowthFigure, romWaterfallFigure, waterfallSteps } from "../../lib/plot/waterfall.js";

const of = (id: string, tool: "2.1" | "3.0" = "2.1") => analyze(preset(id), { tool });
const mobilenet = of("mobilenet_v1_0.25_96");
const resnet = of("resnet8_32");

type Trace = Readonly<Record<string, unknown>> & {
  readonly name: string;
  readonly x: number[];
  readonly y: number[];
};
const traces = (figure: { readonly data: readonly unknown[] }) => figure.data as readonly Trace[];

describe("romGrowthFigure()", () => {
  it("has a bar for the file and one per setting, with the growth written on it", () => {
    const figure = romGrowthFigure([mobilenet, resnet, of("mobilenet_v1_0.25_96", "3.0")]);
    const [source, older, newer] = traces(figure);
    expect(traces(figure)).toHaveLength(3);
    expect(source!.y.map((kib) => kib * 1024)).toEqual([mobilenet.rom.sourceBytes, resnet.rom.sourceBytes]);
    expect(older!.text).toEqual(["×1.31", "×0.98"]);
    expect(newer!.y[1]).toBeNull();
  });

  it("says in words what it shows", () => {
    expect(romGrowthFigure([mobilenet]).alt).toContain("219,844 B to 287,297 B");
  });
});

describe("romCausesFigure()", () => {
  it("stacks every cause to the share that the image has of the file", () => {
    const figure = romCausesFigure([mobilenet, resnet]);
    for (const [index, { rom }] of [mobilenet, resnet].entries()) {
      const stacked = traces(figure).reduce((sum, { x }) => sum + x[index]!, 0);
      expect(stacked).toBeCloseTo((rom.imageBytes / rom.sourceBytes) * 100, 6);
    }
  });
});

describe("romWaterfallFigure()", () => {
  it.each([
    ["mobilenet", mobilenet],
    ["resnet", resnet],
  ])("leads from the file of %s to its image, to the byte", (_, analysis) => {
    const steps = waterfallSteps(analysis);
    const changes = steps.filter(({ kind }) => kind === "change").reduce((sum, { bytes }) => sum + bytes, 0);
    expect(analysis.rom.sourceBytes + changes).toBe(analysis.rom.imageBytes);
    const [bars] = romWaterfallFigure(analysis).data as unknown as readonly { base: number[]; y: number[] }[];
    const last = steps.length - 2;
    expect((bars!.base[last]! + bars!.y[last]!) * 1024).toBeCloseTo(analysis.rom.imageBytes, 6);
  });
});

describe("chipGrowthFigure()", () => {
  it("measures each chip against the unpacked constants", () => {
    const [cpu, , npu] = traces(chipGrowthFigure([mobilenet, resnet]));
    expect(cpu!.y).toEqual([1, 1]);
    expect(npu!.y[0]! * mobilenet.rom.elsewhere[0]!.bytes).toBeCloseTo(mobilenet.rom.imageBytes, 6);
  });
});

describe("offloadLatencyFigure()", () => {
  it("puts each model at its rate and latency, interval included", () => {
    const [points] = traces(offloadLatencyFigure([mobilenet, resnet], "epochs"));
    expect(points!.x).toEqual([mobilenet.offload.epochs * 100, resnet.offload.epochs * 100]);
    expect(points!.y).toEqual([mobilenet.latency.ms, resnet.latency.ms]);
    const { array, arrayminus } = points!.error_y as { array: number[]; arrayminus: number[] };
    expect(points!.y[0]! + array[0]!).toBeCloseTo(mobilenet.latency.high, 12);
    expect(points!.y[0]! - arrayminus[0]!).toBeCloseTo(mobilenet.latency.low, 12);
  });
});

describe("timelineFigure()", () => {
  it("lays each resource on a lane of its own, the last epoch ending with the inference", () => {
    const figure = timelineFigure(mobilenet);
    const lanes = traces(figure) as readonly (Trace & { readonly base: number[] })[];
    expect(lanes.map(({ name }) => name)).toEqual(["NPU", "CPU", "flash", "bus ports"]);
    const [npu, cpu] = lanes;
    expect(cpu!.base.at(-1)! + cpu!.x.at(-1)!).toBeCloseTo(mobilenet.latency.ms, 9);
    expect(npu!.base.every((start, index, all) => index === 0 || start >= all[index - 1]!)).toBe(true);
  });
});

describe("poolsFigure()", () => {
  it("leaves out pools without a size", () => {
    const [weights] = traces(poolsFigure(mobilenet));
    expect(weights!.y).toContain("octoFlash");
    expect(weights!.y).not.toContain("flexMEM");
  });
});

describe("offloadSentence()", () => {
  it("gives all three rates", () => {
    const fake = { offload: { epochs: 0.941, macs: 1, time: 0.5 } } as Analysis;
    expect(offloadSentence(fake)).toBe(
      "On the NPU run 94.1 % of the epochs, 100.0 % of the multiply-adds, 50.0 % of the time.",
    );
  });
});

describe("every figure", () => {
  it("shows itself as Plotly JSON with words beside it", () => {
    for (const figure of [romGrowthFigure([mobilenet]), timelineFigure(mobilenet), poolsFigure(mobilenet)]) {
      const bundle = figure[JUPYTER_DISPLAY]();
      expect(JSON.parse(JSON.stringify(bundle[PLOTLY_MIME]))).toMatchObject({ layout: { title: {} } });
      expect(bundle["text/plain"].length).toBeGreaterThan(40);
    }
  });
});
