import { describe, expect, it } from "vitest";
import { gainsOf, savingOf } from "../../lib/analyze/gain.js";
import { predict } from "../../lib/analyze/predict.js";
import { analyze } from "../../lib/analyze/study.js";
import type { Model } from "../../lib/graph/graph.js";
import { CATALOG } from "../../lib/models/catalog.js";
import { preset } from "../../lib/node/load.js";
import { TOOL_VERSIONS } from "../../lib/targets/neural-art/records.js";
import { Sketch } from "../targets/epochs-graphs.js";

const MAP = [1, 32, 32, 16];

/** `gains` of a hand-made network, and how it is scheduled now. */
function ask(build: (net: Sketch) => ReturnType<Sketch["node"]>) {
  const net = new Sketch();
  const graph = net.graph(build(net));
  const model: Model = {
    format: "built",
    name: "sketch",
    producer: "",
    version: "",
    graph,
    metadata: new Map(),
  };
  const now = predict(model);
  return { now, gains: gainsOf(now) };
}

describe("gainsOf()", () => {
  it("gainsOf() saves both conversions of a float island, and the cut through the schedule", () => {
    const { now, gains } = ask((net) => {
      const features = net.conv(net.input({ shape: MAP }), { filters: 16, kernel: 3 });
      const curve = net.node("Pow", [features], { shape: MAP });
      return net.conv(curve, { filters: 16, kernel: 3 });
    });
    // An epoch arranges the image; then Conv, DequantizeLinear, Pow, QuantizeLinear, Conv.
    expect(now.plan.epochs.map(({ kind }) => kind)).toEqual(["hw", "hw", "sw", "sw", "sw", "hw"]);
    expect(gains).toHaveLength(1);
    const [gain] = gains;
    expect(gain).toMatchObject({ epochs: [3, 4, 5], savedEpochs: 3, savedBlobs: 1 });
    expect(gain!.nodes).toMatchObject([{ op: "Pow", rule: "N6-OP-03", aloneMs: gain!.saving!.ms }]);
    expect(gain!.saving!.ms).toBeGreaterThan(0.9 * gain!.nowMs);
  });

  it("gainsOf() takes neighbours together: alone, each would still be wrapped in conversions", () => {
    const { gains } = ask((net) => {
      const features = net.conv(net.input({ shape: MAP }), { filters: 16, kernel: 3 });
      const first = net.node("Pow", [features], { shape: MAP });
      const second = net.node("Elu", [first], { shape: MAP });
      return net.conv(second, { filters: 16, kernel: 3 });
    });
    expect(gains).toHaveLength(1);
    const alone = gains[0]!.nodes.map(({ aloneMs }) => aloneMs!);
    expect(gains[0]!.nodes.map(({ op }) => op)).toEqual(["Pow", "Elu"]);
    expect(Math.max(...alone)).toBeLessThan(gains[0]!.saving!.ms);
  });

  it("gainsOf() counts what hardware takes for the work: a product of activations is not free there", () => {
    const { now, gains } = ask((net) => {
      const a = net.input({ shape: [1, 64, 64] });
      return net.node("MatMul", [a, net.input({ shape: [1, 64, 64] })], { shape: [1, 64, 64] });
    });
    expect(gains[0]!.nodes[0]).toMatchObject({ rule: "N6-MATMUL-01" });
    // 64³ multiply-adds on the convolution units take more than a set-up of an epoch.
    expect(gains[0]!.saving!.ms).toBeLessThan(now.latency.ms - 0.001);
    expect(gains[0]!.saving!.ms).toBeGreaterThan(0);
  });

  it("gainsOf() does not guess for operators that no unit computes", () => {
    const { gains } = ask((net) => {
      const features = net.conv(net.input({ shape: MAP }), { filters: 16 });
      return net.node("Mystery", [features], { shape: MAP });
    });
    expect(gains).toMatchObject([
      { nodes: [{ rule: "N6-OP-02", aloneMs: null }], saving: null, savedEpochs: 0 },
    ]);
  });

  it("gainsOf() is empty when everything runs on the NPU", () => {
    expect(analyze(preset("ad01")).gains).toEqual([]);
  });

  it("gainsOf() finds little in a Softmax at the end: 9 µs of 1.1 ms", () => {
    const { gains, latency } = analyze(preset("mobilenet_v1_0.25_96"));
    expect(gains).toHaveLength(1);
    expect(gains[0]!.nodes.map(({ op }) => op)).toEqual(["Softmax", "DequantizeLinear"]);
    expect(gains[0]!.saving!.ms / latency.ms).toBeLessThan(0.01);
  });
});

describe("reasons", () => {
  it.each(CATALOG.map(({ id }) => [id]))(
    "each epoch of %s off the NPU has a rule, a value, a fix and a gain",
    (id) => {
      for (const tool of TOOL_VERSIONS) {
        const { epochs, gains } = analyze(preset(id), { tool });
        const left = epochs.list.filter(({ kind }) => kind !== "hw");
        expect(left.filter(({ reason }) => !reason?.rule || !reason.why || !reason.fix)).toEqual([]);
        expect(gains.flatMap((gain) => gain.epochs).sort((a, b) => a - b)).toEqual(
          left.map(({ index }) => index),
        );
        expect(gains.every(({ saving }) => saving !== null && saving.ms > 0)).toBe(true);
      }
    },
  );
});

describe("savingOf()", () => {
  it("savingOf() has the difference in its interval, wider where the CPU has more of it", () => {
    const { latency } = predict(preset("mobilenet_v1_0.25_96").model);
    const none = { ...latency, ms: 0, perEpoch: [] } as unknown as typeof latency;
    const { ms, low, high } = savingOf(latency, none);
    expect(ms).toBe(latency.ms);
    expect(low).toBeLessThan(ms);
    expect(high).toBeGreaterThan(ms);
    expect(savingOf(latency, latency)).toEqual({ ms: 0, low: 0, high: 0 });
  });
});
