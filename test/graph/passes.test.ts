import { describe, expect, test } from "vitest";
import type { Graph } from "../../lib/graph/graph.js";
import { inferShapes } from "../../lib/graph/infer/infer-shapes.js";
import { lowerQLinear } from "../../lib/graph/passes/lower-qlinear.js";
import { normalizeModel } from "../../lib/graph/passes/normalize.js";
import { removeIdentity } from "../../lib/graph/passes/remove-identity.js";
import { removeUnused } from "../../lib/graph/passes/remove-unused.js";
import { constant, graphOf, ints, modelOf, node, tensor, zeros } from "./build.js";

describe("removeIdentity", () => {
  test("takes Identity, Dropout, Cast, Reshape and Concat out where they change nothing", () => {
    const [a, b, c, d, e, y] = ["a", "b", "c", "d", "e", "y"].map((name) => tensor(name));
    const x = tensor("x", [1, 4]);
    const graph = graphOf(
      [
        node("Identity", [x], [a!]),
        node("Dropout", [a!], [b!, tensor("mask")]),
        node("Cast", [b!], [c!], { to: "float32" }),
        node("Reshape", [c!, ints("s", [1, -1])], [d!]),
        node("Concat", [d!], [e!], { axis: 0 }),
        node("Relu", [e!], [y!]),
      ],
      { outputs: [y!] },
    );
    inferShapes(graph);
    expect(removeIdentity.run(graph)).toBe(5);
    expect(graph.nodes.map(({ op }) => op)).toEqual(["Relu"]);
    expect(graph.nodes[0]!.input(0)).toBe(x);
  });

  test("keeps the graph's outputs by name", () => {
    const [a, y] = [tensor("a"), tensor("y")];
    const graph = graphOf([node("Relu", [tensor("x", [4])], [a]), node("Identity", [a], [y])]);
    inferShapes(graph);
    expect(removeIdentity.run(graph)).toBe(1);
    expect(graph.outputs).toEqual([y]);
    expect(graph.producer(y)?.op).toBe("Relu");
  });

  test("leaves a node between an input and an output, another type, and another shape", () => {
    const graph = graphOf([
      node("Identity", [tensor("x", [4])], [tensor("y")]),
      node("Cast", [tensor("u", [4])], [tensor("v")], { to: "int8" }),
      node("Reshape", [tensor("s", [4]), ints("t", [2, 2])], [tensor("w")]),
    ]);
    inferShapes(graph);
    expect(removeIdentity.run(graph)).toBe(0);
  });
});

describe("removeUnused", () => {
  test("removes chains that nobody reads and keeps effects", () => {
    const [a, b, y] = [tensor("a"), tensor("b"), tensor("y")];
    const x = tensor("x", [4]);
    const graph = graphOf(
      [
        node("Relu", [x], [a]),
        node("Exp", [a], [b]),
        node("Neg", [x], [y]),
        node("ASSIGN_VARIABLE", [x], []),
      ],
      { outputs: [y] },
    );
    expect(removeUnused.run(graph)).toBe(2);
    expect(graph.nodes.map(({ op }) => op)).toEqual(["Neg", "ASSIGN_VARIABLE"]);
  });
});

describe("lowerQLinear", () => {
  const scale = (name: string, value: number) => constant(name, [value], { shape: [] });
  const zero = (name: string, value: number) => constant(name, [value], { dtype: "uint8", shape: [] });

  test("turns QLinearConv into a Conv on quantised tensors, per channel", () => {
    const x = tensor("x", [1, 2, 4, 4], "uint8");
    const w = zeros("w", [3, 2, 3, 3], "int8");
    const b = zeros("b", [3], "int32");
    const y = tensor("y");
    const graph = graphOf([
      node(
        "QLinearConv",
        [
          ...[x, scale("xs", 0.5), zero("xz", 128)],
          ...[w, constant("ws", [1, 2, 4]), constant("wz", [0, 0, 0], { dtype: "int8" })],
          ...[scale("ys", 0.25), zero("yz", 3), b],
        ],
        [y],
        { pads: [1, 1, 1, 1] },
      ),
    ]);
    expect(lowerQLinear.run(graph)).toBe(1);
    const [conv] = graph.nodes;
    expect([conv!.op, conv!.inputs, y.dtype]).toEqual(["Conv", [x, w, b], "uint8"]);
    expect(w.quantization).toEqual({ scale: [1, 2, 4], zeroPoint: [0, 0, 0], axis: 0 });
    expect(b.quantization?.scale).toEqual([0.5, 1, 2]);
    expect(y.quantization).toEqual({ scale: [0.25], zeroPoint: [3], axis: null });
    inferShapes(graph);
    expect([y.shape, y.dtype]).toEqual([[1, 3, 4, 4], "uint8"]);
  });

  test("takes com.microsoft's QuantizeLinear for ONNX's", () => {
    const x = tensor("x", [4]);
    const operands = [x, scale("s", 1), constant("z", [0], { dtype: "int16", shape: [] })];
    const graph = graphOf([node("com.microsoft:QuantizeLinear", operands, [tensor("y")])]);
    expect(lowerQLinear.run(graph)).toBe(1);
    expect(graph.nodes[0]).toMatchObject({ op: "QuantizeLinear", inputs: operands });
  });

  test("turns QLinearConcat into Concat and QLinearAdd into Add", () => {
    const [a, b] = [tensor("a", [1, 2], "uint8"), tensor("b", [1, 2], "uint8")];
    const [sum, both] = [tensor("sum"), tensor("both")];
    const operand = (data: typeof a, name: string) => [data, scale(`${name}s`, 0.5), zero(`${name}z`, 0)];
    const graph = graphOf([
      node(
        "com.microsoft:QLinearAdd",
        [...operand(a, "a"), ...operand(b, "b"), scale("ss", 1), zero("sz", 0)],
        [sum],
      ),
      node(
        "com.microsoft:QLinearConcat",
        [scale("cs", 1), zero("cz", 0), ...operand(a, "a"), sum, scale("ss", 1), zero("sz", 0)],
        [both],
        { axis: 1 },
      ),
    ]);
    lowerQLinear.run(graph);
    inferShapes(graph);
    expect(graph.nodes.map(({ op, inputs }) => [op, inputs])).toEqual([
      ["Add", [a, b]],
      ["Concat", [a, sum]],
    ]);
    expect(both.shape).toEqual([1, 4]);
  });
});

describe("normalizeModel()", () => {
  test("takes an open batch as 1, says so, and leaves the model as it is", () => {
    const x = tensor("x", ["N", 3]);
    const model = modelOf(graphOf([node("Identity", [x], [tensor("a")]), node("Relu", [x], [tensor("y")])]));
    const { graph, report } = normalizeModel(model);
    expect(graph.inputs[0]!.shape).toEqual([1, 3]);
    expect(report.assumedDims).toEqual([{ input: "x", axis: 0, recorded: "N", size: 1 }]);
    expect(x.shape).toEqual(["N", 3]);
    expect(model.graph.outputs.every(({ shape }) => shape === null)).toBe(true);
  });

  test("may run again at another resolution", () => {
    const [s, b, y] = ["s", "b", "y"].map((name) => tensor(name));
    const x = tensor("x", [1, 3, 8, 8]);
    const model = modelOf(
      graphOf(
        [
          node("Shape", [x], [s!]),
          node("Slice", [s!, ints("from", [0]), ints("to", [2])], [b!]),
          node("Concat", [b!, ints("rest", [-1])], [tensor("t")], { axis: 0 }),
          node("GlobalAveragePool", [x], [y!]),
        ],
        { outputs: [y!] },
      ),
    );
    for (const side of [8, 16]) {
      const { graph } = normalizeModel(model, { inputShapes: new Map([["x", [1, 3, side, side]]]) });
      expect(graph.nodes.map(({ op }) => op)).toEqual(["GlobalAveragePool"]);
      expect(graph.inputs[0]!.shape).toEqual([1, 3, side, side]);
    }
  });

  test("keeps what the body of a subgraph reads, and copies bodies with the graph", () => {
    const [a, b, y] = [tensor("a"), tensor("b", [4]), tensor("y", [4])];
    const body = graphOf([node("Neg", [a], [b])], { inputs: [] });
    const x = tensor("x", [4]);
    const condition = tensor("c", [], "bool");
    const model = modelOf(
      graphOf(
        [node("Identity", [x], [a]), node("If", [condition], [y], { thenBranch: body, elseBranch: body })],
        {
          inputs: [x, condition],
        },
      ),
    );
    const { graph, report } = normalizeModel(model);
    expect(graph.nodes.map(({ op }) => op)).toEqual(["Identity", "If"]);
    const copied = graph.nodes[1]!.attributes.thenBranch as Graph;
    expect(copied.nodes[0]!.input(0)).toBe(graph.nodes[0]!.output());
    expect(copied).not.toBe(body);
    expect(graph.nodes[1]!.output().shape).toEqual([4]);
    expect(report.assumed).toEqual([]);
  });

  test("takes the branch that the shapes decide, and what the branch computes from constants", () => {
    const [x, s, r, c, inner, yes, no, y] = [
      ...[tensor("x", [2, 1, 3]), tensor("s"), tensor("r"), tensor("c"), tensor("inner")],
      ...[tensor("yes"), tensor("no"), tensor("y")],
    ];
    const squeeze = graphOf(
      [node("Concat", [ints("a", [1])], [inner!], { axis: 0 }), node("Squeeze", [x!, inner!], [yes!])],
      { inputs: [] },
    );
    // Axis 0 has two elements: this branch would be wrong.
    const wrong = graphOf([node("Squeeze", [x!, ints("b", [0])], [no!])], { inputs: [] });
    const { graph } = normalizeModel(
      modelOf(
        graphOf(
          [
            node("Shape", [x!], [s!]),
            node("Gather", [s!, constant("i", [1], { dtype: "int64", shape: [] })], [r!], { axis: 0 }),
            node("Equal", [r!, constant("one", [1], { dtype: "int64", shape: [] })], [c!]),
            node("If", [c!], [y!], { thenBranch: squeeze, elseBranch: wrong }),
          ],
          { inputs: [x!], outputs: [y!] },
        ),
      ),
    );
    expect(graph.nodes.map(({ op }) => op)).toEqual(["Squeeze"]);
    expect([graph.outputs[0]!.name, graph.outputs[0]!.shape]).toEqual(["y", [2, 3]]);
  });

  test("goes on behind shapes that depend on the data when told to keep them", () => {
    const names = ["picked", "rows", "float", "y"];
    const [picked, rows, float, y] = names.map((name) => tensor(name));
    const model = modelOf(
      graphOf([
        node("NonZero", [tensor("x", [1, 8])], [picked!]),
        node("Gather", [tensor("stored", [8, 4], "int8"), picked!], [rows!]),
        node("DequantizeLinear", [rows!, constant("s", [0.5], { shape: [] })], [float!]),
        node("Softmax", [float!], [y!]),
      ]),
    );
    expect(() => normalizeModel(model)).toThrow(
      /Cannot infer the shape of 'picked'.*the data decide how many elements differ from zero, at most 8/,
    );
    const { graph, report } = normalizeModel(model, { onUnknown: "keep" });
    expect(report.unknown.map(({ node: own }) => own.op)).toEqual([
      "NonZero",
      "Gather",
      "DequantizeLinear",
      "Softmax",
    ]);
    expect(graph.outputs[0]!.shape).toBeNull();
  });

  test("refuses any other open dimension with the option to give", () => {
    const model = modelOf(graphOf([node("Relu", [tensor("x", [null, 3, null, 224])], [tensor("y")])]));
    expect(() => normalizeModel(model)).toThrow(/Cannot size input 'x'/);
  });
});
