import { describe, expect, it } from "vitest";
import type { Graph } from "../../lib/graph/graph.js";
import type { Node } from "../../lib/graph/node.js";
import type { CompileOptions } from "../../lib/targets/neural-art/records.js";
import {
  type Classification,
  classify,
  extraWork,
  SUPPORT_RULES,
} from "../../lib/targets/neural-art/rules/classify.js";
import { kernelParts } from "../../lib/targets/neural-art/rules/convolution.js";
import { operatorPage } from "../../lib/targets/neural-art/rules/document.js";
import { FIXES, fixOf } from "../../lib/targets/neural-art/rules/fixes.js";
import { OPERATORS, placementOf, tablesDisagree } from "../../lib/targets/neural-art/rules/operators.js";
import { siteOf } from "../../lib/targets/neural-art/rules/site.js";
import { readCsv } from "../csv.js";
import { describeShared } from "../shared.js";
import { Sketch } from "./epochs-graphs.js";

const TOOL_2_1: CompileOptions = { tool: "2.1", epochController: false, profile: "O3" };
const MAP = [1, 8, 8, 8];

function last(graph: Graph): Node {
  return graph.nodes.at(-1)!;
}

function verdict(build: (net: Sketch) => ReturnType<Sketch["node"]>, options = TOOL_2_1): Classification {
  const net = new Sketch();
  return classify(last(net.graph(build(net))), options);
}

/** One node per rule that breaks it, and what then happens. */
const BROKEN: Readonly<Record<string, (net: Sketch) => ReturnType<Sketch["node"]>>> = {
  "N6-OP-01": (net) => net.node("NonMaxSuppression", [net.input({ shape: MAP })], { shape: MAP }),
  "N6-TYPE-01": (net) => net.node("Relu", [net.input({ shape: MAP, dtype: "float32" })], { shape: MAP }),
  "N6-TYPE-02": (net) =>
    net.node("PRelu", [net.input({ shape: MAP }), net.constant("s", [8], "float32")], { shape: MAP }),
  "N6-TYPE-03": (net) =>
    net.node("QuantizeLinear", [net.input({ shape: MAP, dtype: "float32" })], { shape: MAP }),
  "N6-MATMUL-01": (net) =>
    net.node("MatMul", [net.input({ shape: [4, 4] }), net.input({ shape: [4, 4] })], { shape: [4, 4] }),
  "N6-CONV-04": (net) => net.conv(net.input({ shape: [1, 1, 1, 1] }), { filters: 4 }),
  "N6-POOL-02": (net) =>
    net.node(
      "AveragePool",
      [net.input({ shape: MAP })],
      { shape: MAP },
      { layout: "NHWC", kernelShape: [5, 5] },
    ),
  "N6-POOL-03": (net) =>
    net.node(
      "MaxPool",
      [net.input({ shape: [1, 64, 64, 8] })],
      { shape: [1, 4, 4, 8] },
      { layout: "NHWC", kernelShape: [3, 3], strides: [16, 16] },
    ),
  "N6-ELT-01": (net) =>
    net.node("Mul", [net.input({ shape: [1, 8, 1, 8] }), net.input({ shape: [1, 1, 8, 8] })], { shape: MAP }),
  "N6-ELT-02": (net) =>
    net.node("Mul", [net.input({ shape: [1, 1, 8, 8, 8] }), net.input({ shape: [1, 1, 8, 8, 8] })], {
      shape: [1, 1, 8, 8, 8],
    }),
  "N6-DIV-01": (net) =>
    net.node("Div", [net.input({ shape: MAP }), net.input({ shape: MAP })], { shape: MAP }),
  "N6-RESIZE-01": (net) =>
    net.node(
      "Resize",
      [net.input({ shape: MAP })],
      { shape: [1, 16, 16, 8] },
      { layout: "NHWC", mode: "linear" },
    ),
  "N6-RESIZE-02": (net) =>
    net.node(
      "Resize",
      [net.input({ shape: MAP })],
      { shape: [1, 16, 16, 8] },
      { layout: "NHWC", mode: "nearest" },
    ),
  "N6-RESIZE-03": (net) =>
    net.node(
      "Resize",
      [net.input({ shape: MAP })],
      { shape: [1, 12, 12, 8] },
      { layout: "NHWC", mode: "nearest" },
    ),
  "N6-CONCAT-01": (net) =>
    net.node(
      "Concat",
      [net.input({ shape: [1, 8, 8, 12] }), net.input({ shape: [1, 8, 8, 3] })],
      { shape: [1, 8, 8, 15] },
      { axis: -1 },
    ),
  "N6-CONCAT-02": (net) =>
    net.node(
      "Concat",
      [net.input({ shape: [1, 40, 18] }), net.input({ shape: [1, 10, 18] })],
      { shape: [1, 50, 18] },
      { axis: 1 },
    ),
  "N6-SPLIT-01": (net) =>
    net.node("Split", [net.input({ shape: MAP })], { shape: [1, 4, 8, 8] }, { axis: 1 }),
  "N6-TRANSPOSE-01": (net) =>
    net.node("Transpose", [net.input({ shape: MAP })], { shape: MAP }, { perm: [0, 2, 1, 3] }),
  "N6-S2D-01": (net) => net.node("DepthToSpace", [net.input({ shape: MAP })], { shape: [1, 16, 16, 2] }),
  "N6-OP-02": (net) => net.node("Mystery", [net.input({ shape: MAP })], { shape: MAP }),
  "N6-OP-03": (net) => net.node("Gather", [net.input({ shape: MAP }), net.integers([0])], { shape: MAP }),
  "N6-OP-04": (net) => net.node("Softmax", [net.input({ shape: MAP })], { shape: MAP }),
};

/** Nodes that stay on the NPU and cost epochs there. */
const COSTLY: Readonly<Record<string, (net: Sketch) => ReturnType<Sketch["node"]>>> = {
  "N6-CONV-02": (net) => net.conv(net.input({ shape: [1, 32, 32, 8] }), { filters: 8, kernel: 5 }),
  "N6-CONV-03": (net) => net.conv(net.input({ shape: [1, 32, 32, 8] }), { filters: 8, kernel: 7 }),
  "N6-CONV-05": (net) =>
    net.conv(net.input({ shape: [1, 32, 32, 8] }), { filters: 8, kernel: 3, dilation: 2 }),
  "N6-CONV-06": (net) => net.depthwise(net.input({ shape: [1, 32, 32, 8] }), { kernel: 7 }),
  "N6-CONV-07": (net) => net.conv(net.input({ shape: [1, 80, 80, 64] }), { filters: 64, kernel: 3 }),
  "N6-CONV-08": (net) => net.depthwise(net.input({ shape: [1, 4, 4, 120] })),
  "N6-POOL-01": (net) =>
    net.node(
      "MaxPool",
      [net.input({ shape: MAP })],
      { shape: MAP },
      { layout: "NHWC", kernelShape: [5, 5], strides: [1, 1] },
    ),
  "N6-PAD-01": (net) =>
    net.node("Pad", [net.input({ shape: MAP }), net.integers([0, 0, 0, 0, 0, 0, 0, 4])], {
      shape: [1, 8, 8, 12],
    }),
};

describe("classify()", () => {
  it("classify() leaves what keeps all rules on the NPU", () => {
    const kept = verdict((net) => net.conv(net.input({ shape: MAP }), { filters: 8, kernel: 3 }));
    expect(kept).toEqual({ kind: "hw", kernel: null, unsupported: false, unit: "convolution", reason: null });
    const outcome = (net: Sketch) =>
      net.node("QuantizeLinear", [net.input({ shape: MAP, dtype: "uint8" })], { shape: MAP });
    expect(verdict(outcome).kind).toBe("hw");
  });

  it.each(Object.entries(BROKEN))(
    "classify() sends what breaks %s off the NPU, with its reason",
    (id, build) => {
      const { kind, reason } = verdict(build);
      expect(kind).not.toBe("hw");
      expect(reason?.rule).toBe(id);
      expect(reason?.why).not.toBe("");
      expect(reason?.fix).not.toBe("");
    },
  );

  it.each(Object.entries(COSTLY))("extraWork() names %s, and the node stays on the NPU", (id, build) => {
    const net = new Sketch();
    const node = last(net.graph(build(net)));
    const site = siteOf(node, TOOL_2_1, "NHWC");
    expect(extraWork(site).map(({ rule }) => rule)).toContain(id);
    expect(classify(node, TOOL_2_1).kind).toBe("hw");
  });

  it("classify() judges by the tool: 3.0 concatenates any number of channels on the NPU", () => {
    const uneven = BROKEN["N6-CONCAT-01"]!;
    expect(verdict(uneven, { ...TOOL_2_1, tool: "3.0" }).kind).toBe("hw");
  });

  it("classify() flags what the compiler refuses, and says may where the table is silent", () => {
    expect(verdict(BROKEN["N6-OP-01"]!).unsupported).toBe(true);
    const unknown = verdict(BROKEN["N6-OP-02"]!);
    expect(unknown.unsupported).toBe(false);
    expect(unknown.reason?.why).toBe("Mystery is not in the table: the vendor's compiler may refuse it");
  });
});

describe("SUPPORT_RULES", () => {
  it("SUPPORT_RULES has one id per rule, and a source for each rule and constant", () => {
    const ids = SUPPORT_RULES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { source, facts, sentence } of SUPPORT_RULES) {
      expect(source).not.toBe("");
      expect(sentence).toMatch(/\.$/);
      for (const fact of Object.values(facts)) expect(fact.source).not.toBe("");
    }
  });

  it("SUPPORT_RULES has a breaking case for each rule here", () => {
    const tried = new Set([...Object.keys(BROKEN), ...Object.keys(COSTLY)]);
    const untried = SUPPORT_RULES.map(({ id }) => id).filter((id) => !tried.has(id));
    expect(untried).toEqual(["N6-SHAPE-01", "N6-CONVT-01"]);
  });
});

describe("kernelParts()", () => {
  it("kernelParts() cuts rows of 3 and columns of 6, or 12 at stride 2", () => {
    expect(kernelParts({ height: 5, width: 5, stride: 1 })).toEqual({ rows: [3, 2], columns: [5] });
    expect(kernelParts({ height: 7, width: 7, stride: 1 })).toEqual({ rows: [3, 3, 1], columns: [6, 1] });
    expect(kernelParts({ height: 7, width: 7, stride: 2 })).toEqual({ rows: [3, 3, 1], columns: [7] });
  });
});

describe("fixOf()", () => {
  it("fixOf() has an own answer for each operator that a table keeps off the NPU", () => {
    const off = new Set(["SW_INT", "SW_FLOAT", "UNSUPPORTED"]);
    const kept = Object.entries(OPERATORS)
      .filter(([, { onnx, tflite }]) =>
        [onnx, ...Object.values(tflite ?? {})].some((at) => at && off.has(at)),
      )
      .map(([op]) => op);
    expect(kept.filter((op) => !Object.hasOwn(FIXES, op))).toEqual([]);
    expect(kept.length).toBeGreaterThan(45);
    expect(fixOf("Mystery")).toMatch(/replace it/);
  });
});

describe("operatorPage()", () => {
  it("operatorPage() lists each operator on which the two tables disagree, and what npulab follows", () => {
    const section = operatorPage().split("## Where the two tables disagree")[1]!;
    for (const [op, row] of Object.entries(OPERATORS)) {
      expect([op, section.includes(`| ${op} |`)]).toEqual([op, tablesDisagree(row)]);
    }
  });

  it("operatorPage() is what docs/operators.md says", async () => {
    await expect(operatorPage()).toMatchFileSnapshot("../../docs/operators.md");
  });
});

describe("placementOf()", () => {
  it("placementOf() answers from the table of the node's own format", () => {
    expect(placementOf("Exp", null)?.mapping).toBe("HW");
    expect(placementOf("Exp", "EXP")?.mapping).toBe("SW_FLOAT");
    expect(placementOf("constructor", null)).toBeNull();
  });
});

describeShared("OPERATORS beside the recorded tables", () => {
  it("OPERATORS disagrees between formats where the record says so", () => {
    const noted = readCsv("facts/op-support.csv")
      .filter(({ note }) => note!.includes("ONNX and TFLite tables disagree"))
      .map(({ onnx }) => onnx!);
    const found = Object.entries(OPERATORS)
      .filter(([, row]) => tablesDisagree(row))
      .map(([op]) => op);
    // Resize disagrees too: its two TFLite builtins share one ONNX row.
    expect(found.filter((op) => op !== "Resize").sort()).toEqual(noted.sort());
  });
});
