import { describe, expect, it } from "vitest";
import { imageAxis, legalStep, valuesOf } from "../../lib/analyze/cliff-axis.js";
import { jumpOf, median, trendAround } from "../../lib/analyze/cliff-criterion.js";
import { findCliffs, type WalkAxis } from "../../lib/analyze/cliffs.js";
import { type AnalyzeOptions, predict } from "../../lib/analyze/predict.js";
import type { CliffFigures, CliffPoint, CliffReport } from "../../lib/analyze/record.js";
import { LabError } from "../../lib/errors.js";
import type { Model } from "../../lib/graph/graph.js";
import { CATALOG } from "../../lib/models/catalog.js";
import { variantOf } from "../../lib/models/variants.js";
import { load } from "../../lib/node/load.js";
import { walkAxis } from "../../lib/node/walk-axis.js";
import { describeShared, requireShared } from "../shared.js";
import { Sketch } from "../targets/epochs-graphs.js";

type Build = (net: Sketch, value: number) => ReturnType<Sketch["node"]>;

function modelOf(build: Build, value: number): Model {
  const net = new Sketch();
  const graph = net.graph(build(net, value));
  return { format: "built", name: "sketch", producer: "", version: "", graph, metadata: new Map() };
}

function sketched(build: Build, range: { from: number; to: number; step: number }): WalkAxis {
  const at = (value: number) => ({ model: modelOf(build, value) });
  return { name: "channels", unit: "channels", values: valuesOf(range), step: 1, at };
}

async function walk(axis: WalkAxis, options: AnalyzeOptions = {}): Promise<CliffReport["runs"][number]> {
  const report = await findCliffs({ model: "sketch", axis, settings: [options] });
  return report.runs[0]!;
}

const depthwise: Build = (net, channels) => net.depthwise(net.input({ shape: [1, 32, 32, channels] }));
const pointwise: Build = (net, filters) => net.conv(net.input({ shape: [1, 16, 16, 64] }), { filters });
const image: Build = (net, side) =>
  net.conv(net.input({ shape: [1, side, side, 16] }), { filters: 16, kernel: 3 });

describe("findCliffs()", () => {
  it("findCliffs() finds the depthwise kernel that 2.1 widens: 40 channels, not 39", async () => {
    const { cliffs } = await walk(sketched(depthwise, { from: 36, to: 40, step: 4 }), { tool: "2.1" });
    const rom = cliffs.filter(({ jumps }) => jumps.some(({ metric }) => metric === "rom"));
    expect(rom.map(({ from, to }) => [from, to])).toEqual([[39, 40]]);
    const flip = rom[0]!.flips.find(({ rule }) => rule === "N6-PACK-DW-2X")!;
    expect(flip.before).toMatch(/39 channels: stored as it is, 351 B/);
    expect(flip.after).toMatch(/40 channels: inflated to groups of 8, 2,880 B instead of 360 B/);
  });

  it("findCliffs() finds each of several in a row, up and down", async () => {
    const { cliffs } = await walk(sketched(depthwise, { from: 32, to: 48, step: 4 }), { tool: "2.1" });
    const places = cliffs
      .filter(({ jumps }) => jumps.some(({ metric }) => metric === "rom"))
      .map(({ from, to }) => [from, to]);
    expect(places).toEqual([
      [32, 33],
      [39, 40],
      [40, 41],
      [47, 48],
    ]);
  });

  it("findCliffs() finds 513 channels, whose bias is repeated along the width", async () => {
    const { cliffs } = await walk(sketched(pointwise, { from: 480, to: 544, step: 8 }));
    const rom = cliffs.filter(({ jumps }) => jumps.some(({ metric }) => metric === "rom"));
    expect(rom.map(({ from, to }) => [from, to])).toEqual([[512, 513]]);
    expect(rom[0]!.flips.map(({ rule }) => rule)).toContain("N6-PACK-BROADCAST");
  });

  it("findCliffs() finds the map that outgrows a bank: 170 × 170 × 16, as 458,752 B hold 169", async () => {
    const { cliffs } = await walk(sketched(image, { from: 160, to: 192, step: 8 }), { tool: "3.0" });
    const bank = cliffs.filter(({ jumps }) => jumps.some(({ metric }) => metric === "bank"));
    expect(bank.map(({ from, to }) => [from, to])).toEqual([[169, 170]]);
    expect(bank[0]!.flips[0]).toMatchObject({ kind: "memory" });
    expect(bank[0]!.flips.map(({ after }) => after).join()).toMatch(
      /462,400 B, beyond one bank \(npuRAM5, 458,752 B\)/,
    );
  });

  it("findCliffs() finds the map that leaves the chip, and the one for which there is no room", async () => {
    const range = { from: 240, to: 480, step: 40 };
    const outside = (await walk(sketched(image, range))).cliffs.find(({ jumps }) =>
      jumps.some(({ metric }) => metric === "external"),
    )!;
    expect(outside.to - outside.from).toBe(1);
    expect(outside.flips.map(({ after }) => after).join()).toContain("hyperRAM");
    const board = { board: "nucleo-n657x0-q" };
    const { cliffs, points } = await walk(sketched(image, range), board);
    const none = cliffs.find(({ jumps }) => jumps.some(({ metric }) => metric === "fits"))!;
    expect(none.to - none.from).toBe(1);
    expect(() => predict(modelOf(image, none.from), board)).not.toThrow();
    expect(() => predict(modelOf(image, none.to), board)).toThrow(LabError);
    expect(none.flips[0]!.after).toMatch(/^Cannot place/);
    expect(points.find(({ value }) => value === none.to)!.error).toMatch(/^Cannot place/);
  });

  it("findCliffs() finds the kernel that no longer fits one pass, and its rule", async () => {
    const kernels: Build = (net, kernel) =>
      net.conv(net.input({ shape: [1, 32, 32, 16] }), { filters: 16, kernel });
    const { cliffs } = await walk(sketched(kernels, { from: 1, to: 7, step: 3 }));
    const seven = cliffs.find(({ from, to }) => from === 6 && to === 7)!;
    expect(seven.flips.map(({ rule }) => rule)).toContain("N6-CONV-03");
  });

  it("findCliffs() finds none in a family without one", async () => {
    const plain: Build = (net, filters) =>
      net.conv(net.input({ shape: [1, 32, 32, 16] }), { filters, kernel: 3 });
    const widths = await walk(sketched(plain, { from: 24, to: 96, step: 8 }));
    expect(widths.cliffs).toEqual([]);
    expect(widths.points).toHaveLength(10);
    const sizes = await walk(sketched(image, { from: 64, to: 96, step: 4 }), { tool: "3.0" });
    expect(sizes.cliffs).toEqual([]);
  });

  it("findCliffs() keeps points that fail as rows with their error, and goes on", async () => {
    const axis = sketched(depthwise, { from: 33, to: 39, step: 2 });
    const at = (value: number) => {
      if (value === 35) throw new LabError({ code: "TEST", message: "Cannot build 35" });
      return axis.at(value);
    };
    const { points, cliffs, complete } = await walk({ ...axis, step: 2, at });
    expect(points.map(({ value, error }) => [value, error])).toEqual([
      [33, null],
      [35, "Cannot build 35."],
      [37, null],
      [39, null],
    ]);
    expect(cliffs).toEqual([]);
    expect(complete).toBe(true);
  });

  it("findCliffs() says when there is no network at all", async () => {
    const at = () => {
      throw new LabError({ code: "TEST", message: "Cannot build it" });
    };
    const axis = { ...sketched(depthwise, { from: 8, to: 16, step: 8 }), at };
    await expect(walk(axis)).rejects.toThrow(/none of 2 values gives a network/);
  });

  it("findCliffs() keeps what it has when it is ended", async () => {
    const controller = new AbortController();
    const { runs } = await findCliffs({
      model: "sketch",
      axis: sketched(depthwise, { from: 32, to: 64, step: 4 }),
      settings: [{ tool: "2.1" }, { tool: "3.0" }],
      signal: controller.signal,
      onProgress: ({ done, planned }) => {
        expect(planned).toBeGreaterThanOrEqual(18);
        if (done === 3) controller.abort();
      },
    });
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({ complete: false });
    expect(runs[0]!.points.map(({ value }) => value)).toEqual([32, 36, 40]);
    expect(runs[0]!.cliffs.length).toBeGreaterThan(0);
  });
});

const figures: CliffFigures = {
  macs: 1000,
  sourceBytes: 1000,
  romBytes: 1000,
  ramBytes: 1000,
  externalBytes: 0,
  largestBytes: 10,
  activationBytes: 1000,
  epochs: 5,
  hybrid: 0,
  sw: 0,
  ms: 1,
  low: 1,
  high: 1,
};
const point = (value: number, change: Partial<CliffFigures>): CliffPoint => ({
  value,
  figures: { ...figures, ...change },
  error: null,
});

describe("jumpOf()", () => {
  const bank = 100;
  const at = (points: readonly CliffPoint[], index: number, metric: "rom" | "latency" | "bank" = "rom") =>
    jumpOf(metric, points[index]!, points[index + 1]!, { trend: trendAround(metric, points, index), bank });

  it("jumpOf() takes the growth of the weights for no jump", () => {
    const grown = [1, 2, 4, 8].map((n) => point(n, { romBytes: 1000 * n, sourceBytes: 1000 * n }));
    expect([0, 1, 2].map((index) => at(grown, index))).toEqual([null, null, null]);
  });

  it("jumpOf() sees what grows eightfold beside them", () => {
    const widths = [33, 36, 40, 42].map((c) =>
      point(c, { sourceBytes: 9 * c, romBytes: 9 * c * (c % 8 === 0 ? 8 : 1) }),
    );
    expect(at(widths, 0)).toBeNull();
    expect(at(widths, 1)).toMatchObject({ metric: "rom", before: 324, after: 2880 });
    expect(at(widths, 1)!.expected).toBeCloseTo(360, 6);
    expect(at(widths, 2)).toMatchObject({ before: 2880, after: 378 });
  });

  it("jumpOf() does not take a leap of the driver alone for one of the figure", () => {
    const leap = [1000, 1010, 1400, 1410].map((macs, n) => point(n, { macs, ms: 1 + n / 100 }));
    expect([0, 1, 2].map((index) => at(leap, index, "latency"))).toEqual([null, null, null]);
  });

  it("jumpOf() sees a tensor outgrow a bank once", () => {
    const maps = [90, 101, 120].map((largestBytes, n) => point(n, { largestBytes }));
    expect(at(maps, 0, "bank")).toMatchObject({ before: 0, after: 1 });
    expect(at(maps, 1, "bank")).toBeNull();
  });
});

describe("median()", () => {
  it("median() is the middle, or the mean of both middles, or 0 of nothing", () => {
    expect([median([]), median([3]), median([1, 9, 2]), median([4, 1, 2, 3])]).toEqual([0, 3, 2, 2.5]);
  });
});

describe("valuesOf()", () => {
  it("valuesOf() has both ends, without the dirt of binary fractions", () => {
    expect(valuesOf({ from: 0.25, to: 0.4, step: 0.05 })).toEqual([0.25, 0.3, 0.35, 0.4]);
    expect(() => valuesOf({ from: 96, to: 96, step: 16 })).toThrow(/from 96 to 96 in steps of 16/);
    expect(() => valuesOf({ from: 1, to: 1e6, step: 1 })).toThrow(LabError);
  });
});

describe("legalStep()", () => {
  it("legalStep() is the smallest divisor of the walk's step that gives a network", () => {
    const at = (value: number) => {
      if (value % 8 !== 0) throw new LabError({ code: "TEST", message: "Cannot build it" });
      return { model: modelOf(image, value) };
    };
    expect(legalStep(at, [64, 96, 128])).toBe(8);
  });
});

describe("walkAxis()", () => {
  it.each(CATALOG.map(({ id }) => [id]))("walks over %s", async (id) => {
    const entry = CATALOG.find((preset) => preset.id === id)!;
    const resolution = (entry.config as { resolution?: number }).resolution;
    const hidden = entry.family === "autoencoder" ? 128 : 64;
    const axis =
      resolution === undefined
        ? walkAxis(`built:${id}`, { name: "channels", from: hidden, to: hidden + 8, step: 8 })
        : walkAxis(`built:${id}`, { name: "resolution", from: resolution, to: resolution + 16, step: 16 });
    const { points, complete } = await walk(axis);
    expect(complete).toBe(true);
    expect(points.length).toBeGreaterThanOrEqual(2);
    // The preset itself is the first point.
    const { rom, plan } = predict(entry.build());
    expect(points[0]!.figures).toMatchObject({ romBytes: rom.imageBytes, epochs: plan.epochs.length });
  });

  it("walkAxis() walks over widths by thousandths", async () => {
    const axis = walkAxis("built:mobilenet_v1_0.25_96", { name: "width", from: 0.3, to: 0.35, step: 0.05 });
    expect(axis.step).toBe(0.001);
    const widest = axis.at(0.35).model.graph.nodes.find(({ name }) => name === "conv_pw_13")!;
    expect(widest.output().staticShape().at(-1)).toBe(358);
  });

  it("walkAxis() says what a family has instead of a width", () => {
    const width = { name: "width", from: 0.25, to: 1, step: 0.25 } as const;
    expect(() => walkAxis("built:dscnn_kws", width)).toThrow(/family ds-cnn have none, expected channels/);
    expect(() => walkAxis("model.tflite", width)).toThrow(/weights of a file have settled its channels/);
    expect(() => variantOf(CATALOG[0]!, "channels", 8)).toThrow(/expected resolution or width/);
  });
});

describeShared("findCliffs() on files", () => {
  it("walks over the resolution of a file, and lists sizes that a Reshape forbids", async () => {
    const name = "models/facedetect_front/blazeface_front_128_quant_pc_ff_od_wider_face.tflite";
    const axis = walkAxis(requireShared(name), { name: "resolution", from: 112, to: 144, step: 16 });
    const { points } = await walk(axis);
    expect(points.map(({ figures }) => figures !== null)).toEqual([false, true, false]);
    expect(points[0]!.error).toMatch(/Reshape/i);
  });

  it("finds in a file what it finds in the network built alike", async () => {
    const file = requireShared("models/mobilenetv1/flowers_mobilenet_v1_0.25_96_tfs_int8.tflite");
    const range = { from: 96, to: 160, step: 16 };
    const fromFile = await walk(imageAxis(load(file).model, file, range));
    const built = await walk(walkAxis("built:mobilenet_v1_0.25_96", { name: "resolution", ...range }));
    const places = ({ cliffs }: typeof built) => cliffs.map(({ from, to, jumps }) => [from, to, jumps]);
    expect(places(fromFile)).toEqual(places(built));
    expect(built.cliffs.length).toBeGreaterThan(0);
  });
});
