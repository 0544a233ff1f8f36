import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layerGeometry } from "../../lib/graph/geometry.js";
import type { Graph } from "../../lib/graph/graph.js";
import type { Tensor } from "../../lib/graph/tensor.js";
import { formEpochs } from "../../lib/targets/neural-art/epochs/form.js";
import { offload } from "../../lib/targets/neural-art/epochs/offload.js";
import { validatePlan } from "../../lib/targets/neural-art/epochs/validate.js";
import { type EpochPlan, TOOL_VERSIONS, type ToolVersion } from "../../lib/targets/neural-art/records.js";
import { Sketch } from "./epochs-graphs.js";

function plan(graph: Graph, tool: ToolVersion = "2.1"): EpochPlan {
  const plan = formEpochs(graph, { tool, epochController: true, profile: "O3" });
  expect(validatePlan(graph, plan)).toEqual([]);
  return plan;
}

/** `hw Conv+Add | sw Softmax`, without the epoch that arranges the input. */
function outline(graph: Graph, tool: ToolVersion = "2.1"): string {
  return plan(graph, tool)
    .epochs.filter(({ ops }) => ops[0] !== "Transpose" || ops.length > 1)
    .map(({ kind, ops }) => `${kind} ${ops.join("+")}`)
    .join(" | ");
}

describe("formEpochs()", () => {
  it("formEpochs() streams residual sum and zero point on from a layer, a pool from the next", () => {
    const net = new Sketch();
    const input = net.input({ shape: [1, 16, 16, 8] });
    const layer = net.conv(input, { filters: 8 });
    const sum = net.node("Add", [layer, input], { shape: [1, 16, 16, 8], zero: -128 });
    const next = net.conv(sum, { filters: 8, kernel: 3 });
    const pool = net.node(
      "MaxPool",
      [next],
      { shape: [1, 8, 8, 8] },
      { layout: "NHWC", kernelShape: [2, 2], strides: [2, 2] },
    );
    const last = net.node("Softmax", [pool], { shape: [1, 8, 8, 8] });
    expect(outline(net.graph(last))).toBe("hw Conv+Add+Sub | hw Conv+MaxPool | sw Softmax");
  });

  it("formEpochs() gives a float operator between integers three epochs with one reason", () => {
    const net = new Sketch();
    const input = net.input({ shape: [1, 8, 8, 8] });
    const slope = net.constant("slope", [8], "float32");
    const result = net.node("PRelu", [net.conv(input, { filters: 8 }), slope], { shape: [1, 8, 8, 8] });
    const graph = net.graph(net.conv(result, { filters: 4 }));
    expect(outline(graph)).toBe("hw Conv | sw DequantizeLinear | sw PRelu | sw QuantizeLinear | hw Conv");
    const off = plan(graph).epochs.filter(({ kind }) => kind === "sw");
    expect(off.map(({ reason }) => reason?.rule)).toEqual(["N6-TYPE-02", "N6-TYPE-02", "N6-TYPE-02"]);
    expect(plan(graph).blobs).toEqual([
      [1, 2],
      [6, 6],
    ]);
  });

  it("formEpochs() splits 5×5 into one epoch, 7×7 into three, 5×5 depthwise into two", () => {
    const forms: [string, (net: Sketch, input: Tensor) => Tensor][] = [
      ["hw Conv", (net, input) => net.conv(input, { filters: 8, kernel: 5 })],
      ["hw Conv | hw Conv | hw Conv", (net, input) => net.conv(input, { filters: 8, kernel: 7 })],
      ["hw Conv | hw Conv", (net, input) => net.depthwise(input, { kernel: 5 })],
    ];
    for (const [expected, form] of forms) {
      const net = new Sketch();
      expect(outline(net.graph(form(net, net.input({ shape: [1, 32, 32, 8] }))))).toBe(expected);
    }
  });

  it("formEpochs() puts a dilated layer between hybrid moves", () => {
    const net = new Sketch();
    const graph = net.graph(
      net.conv(net.input({ shape: [1, 32, 32, 8] }), { filters: 8, kernel: 3, dilation: 2 }),
    );
    expect(outline(graph)).toBe("hybrid SpaceToDepth | hw Conv | hybrid DepthToSpace");
  });

  it("formEpochs() takes reshapes and folded pads for free", () => {
    const net = new Sketch();
    const input = net.input({ shape: [1, 8, 8, 8] });
    const padded = net.node("Pad", [input, net.integers([0, 0, 0, 0, 0, 1, 1, 0])], { shape: [1, 9, 9, 8] });
    const layer = net.conv(padded, { filters: 4, kernel: 3 });
    const flat = net.node("Reshape", [layer, net.integers([1, 324])], { shape: [1, 324] });
    const graph = net.graph(flat);
    expect(outline(graph)).toBe("hw Conv");
    expect(plan(graph).free.map(({ op }) => op)).toEqual(["Pad", "Reshape"]);
    expect(plan(graph).outputs).toEqual([layer]);
  });

  it("formEpochs() copies concatenations together up to 2.2 and writes side by side from 3.0", () => {
    const net = new Sketch();
    const input = net.input({ shape: [1, 8, 8, 8] });
    const [a, b] = [net.conv(input, { filters: 8 }), net.conv(input, { filters: 8 })];
    const graph = net.graph(net.node("Concat", [a, b], { shape: [1, 8, 8, 16] }, { axis: 3 }));
    expect(outline(graph, "2.2")).toBe("hw Conv | hw Conv | hw Concat");
    expect(outline(graph, "3.0")).toBe("hw Conv | hw Conv");
    expect(plan(graph, "3.0").outputs).toEqual([a, b]);
  });

  it("formEpochs() keeps float ends up to 2.2 and drops them from 3.0", () => {
    const net = new Sketch();
    const input = net.input({ shape: [1, 8, 8, 8], dtype: "float32" });
    const stored = net.node("QuantizeLinear", [input, null], { shape: [1, 8, 8, 8] });
    const layer = net.conv(stored, { filters: 4 });
    const graph = net.graph(net.node("DequantizeLinear", [layer], { shape: [1, 8, 8, 4], dtype: "float32" }));
    expect(outline(graph, "2.1")).toBe("sw QuantizeLinear | hw Conv | sw DequantizeLinear");
    expect(outline(graph, "3.0")).toBe("hw Conv");
    expect(plan(graph, "3.0").inputs.map(({ dtype }) => dtype)).toEqual(["int8"]);
  });

  it("formEpochs() computes products of two activations on the CPU, head by head", () => {
    const net = new Sketch();
    const query = net.input({ shape: [1, 4, 30, 32] });
    const key = net.input({ shape: [1, 4, 32, 30] });
    const graph = net.graph(net.node("MatMul", [query, key], { shape: [1, 4, 30, 30] }));
    expect(outline(graph, "4.0")).toBe("sw Conv | sw Conv | sw Conv | sw Conv");
    expect(plan(graph, "4.0").epochs.reduce((sum, { macs }) => sum + macs, 0)).toBe(4 * 30 * 30 * 32);
  });

  it("formEpochs() runs a float network on the CPU, activations by themselves", () => {
    const net = new Sketch();
    const input = net.input({ shape: [1, 8, 8, 3], dtype: "float32" });
    const weights = net.constant("weights", [4, 1, 1, 3], "float32");
    const attributes = { layout: "NHWC", weightLayout: "OHWI", activation: "relu" };
    const graph = net.graph(
      net.node("Conv", [input, weights], { shape: [1, 8, 8, 4], dtype: "float32" }, attributes),
    );
    expect(outline(graph)).toBe("sw Conv | sw Relu");
    expect(offload(plan(graph)).macs).toBe(0);
  });
});

describe("validatePlan()", () => {
  it("validatePlan() finds a lost node, a read before its write and a torn blob", () => {
    const net = new Sketch();
    const first = net.conv(net.input({ shape: [1, 8, 8, 8] }), { filters: 8 });
    const graph = net.graph(net.conv(first, { filters: 8 }));
    const good = plan(graph);
    const [arrange, one, two] = good.epochs;
    expect(validatePlan(graph, { ...good, epochs: [arrange!, two!] })).toEqual([
      expect.stringContaining("planned 0 times"),
      expect.stringContaining("epoch 3 stands at place 2"),
      expect.stringContaining("before it is written"),
    ]);
    expect(validatePlan(graph, { ...good, blobs: [[1, 2]] })).toHaveLength(1);
    expect(one?.layer?.node).toBe(graph.nodes[0]);
  });
});

describe("formEpochs() on random networks", () => {
  const OPS = ["conv", "wide", "depthwise", "add", "concat", "pool", "softmax", "relu", "gather"] as const;
  const choice = fc.record({
    op: fc.constantFrom(...OPS),
    from: fc.nat(5),
    other: fc.nat(5),
    zero: fc.constantFrom(-128, -1),
  });

  function grow(
    steps: readonly { op: (typeof OPS)[number]; from: number; other: number; zero: number }[],
  ): Graph {
    const net = new Sketch();
    const tensors = [net.input({ shape: [1, 8, 8, 8], zero: -128 })];
    const shape = [1, 8, 8, 8];
    for (const { op, from, other, zero } of steps) {
      const a = tensors[from % tensors.length]!;
      const b = tensors[other % tensors.length]!;
      const grown = {
        conv: () => net.conv(a, { filters: 8, kernel: 3, zero }),
        wide: () => net.conv(a, { filters: 8, kernel: 7, zero }),
        depthwise: () => net.depthwise(a, { zero }),
        add: () => net.node("Add", [a, b], { shape, zero }),
        concat: () =>
          net.conv(net.node("Concat", [a, b], { shape: [1, 8, 8, 16], zero }, { axis: 3 }), {
            filters: 8,
            zero,
          }),
        pool: () =>
          net.node("MaxPool", [a], { shape, zero }, { layout: "NHWC", kernelShape: [5, 5], strides: [1, 1] }),
        softmax: () => net.node("Softmax", [a], { shape, zero }),
        relu: () => net.node("Relu", [a], { shape, zero }),
        gather: () => net.node("Gather", [a, net.integers([0])], { shape, zero }),
      }[op];
      tensors.push(grown());
    }
    return net.graph(tensors.at(-1)!, tensors[Math.floor(tensors.length / 2)]!);
  }

  it("formEpochs() makes valid plans and loses no MAC", () => {
    fc.assert(
      fc.property(
        fc.array(choice, { minLength: 1, maxLength: 14 }),
        fc.constantFrom(...TOOL_VERSIONS),
        (steps, tool) => {
          const graph = grow(steps);
          const macs = graph.nodes.reduce((sum, node) => sum + (layerGeometry(node)?.macs ?? 0), 0);
          expect(plan(graph, tool).epochs.reduce((sum, epoch) => sum + epoch.macs, 0)).toBe(macs);
        },
      ),
    );
  });
});
