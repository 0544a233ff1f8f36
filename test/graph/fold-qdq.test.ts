import { describe, expect, test } from "vitest";
import { tensorNumbers } from "../../lib/graph/elements.js";
import type { Graph } from "../../lib/graph/graph.js";
import { inferShapes } from "../../lib/graph/infer/infer-shapes.js";
import type { Node } from "../../lib/graph/node.js";
import { foldQdq } from "../../lib/graph/passes/fold-qdq.js";
import type { Tensor } from "../../lib/graph/tensor.js";
import { constant, graphOf, ints, node, tensor, zeros } from "./build.js";

function marks(
  name: string,
  scale: readonly number[],
  zero: readonly number[],
  dtype: "int8" | "int32" = "int8",
) {
  const own = scale.length === 1 ? { shape: [] } : {};
  return [constant(`${name}.scale`, scale, own), constant(`${name}.zero`, zero, { ...own, dtype })] as const;
}

function quantize(from: Tensor, to: Tensor, scale: number, zero = 0): Node {
  return node("QuantizeLinear", [from, ...marks(to.name, [scale], [zero])], [to]);
}

function dequantize(from: Tensor, to: Tensor, scale: number, zero = 0): Node {
  return node("DequantizeLinear", [from, ...marks(from.name, [scale], [zero])], [to]);
}

function named(...names: string[]): Tensor[] {
  return names.map((name) => tensor(name));
}

function folded(graph: Graph): string[] {
  inferShapes(graph);
  foldQdq.run(graph);
  return graph.nodes.map(
    ({ op, inputs, outputs }) =>
      `${op}(${inputs.map((own) => (own ? `${own.name}:${own.dtype}` : "-")).join(", ")}) ${outputs.map((own) => `${own.name}:${own.dtype}`).join(", ")}`,
  );
}

/** The layer of the pass' worked example, between a float input and a float output. */
function layer(bias: "stored" | "float" = "stored") {
  const [x, xq, xf, wf, bf, c, r, yq, y] = named("x", "xq", "xf", "wf", "bf", "c", "r", "yq", "y");
  x!.shape = [1, 2, 4, 4];
  const w = constant("w", [1, 2, 3, 4, 5, 6], { dtype: "int8", shape: [3, 2, 1, 1] });
  const b = constant("b", [7, 8, 9], { dtype: "int32" });
  const floatBias = constant("bf", [1, -1, 0.25]);
  const graph = graphOf([
    quantize(x!, xq!, 0.5, -128),
    dequantize(xq!, xf!, 0.5, -128),
    node("DequantizeLinear", [w, ...marks("w", [0.25, 0.5, 1], [0, 0, 0])], [wf!], { axis: 0 }),
    ...(bias === "stored"
      ? [
          node("DequantizeLinear", [b, ...marks("b", [0.125, 0.25, 0.5], [0, 0, 0], "int32")], [bf!], {
            axis: 0,
          }),
        ]
      : []),
    node("Conv", [xf!, wf!, bias === "stored" ? bf! : floatBias], [c!]),
    node("Relu", [c!], [r!]),
    quantize(r!, yq!, 0.125, -128),
    dequantize(yq!, y!, 0.125, -128),
  ]);
  return { graph, w, b, c: c!, yq: yq! };
}

describe("foldQdq", () => {
  test("folds the layer of its worked example", () => {
    const { graph, w, b, c, yq } = layer();
    expect(folded(graph)).toEqual([
      "QuantizeLinear(x:float32) xq:int8",
      "Conv(xq:int8, w:int8, b:int32) c:int8",
      "Relu(c:int8) yq:int8",
      "DequantizeLinear(yq:int8) y:float32",
    ]);
    expect(w.quantization).toEqual({ scale: [0.25, 0.5, 1], zeroPoint: [0, 0, 0], axis: 0 });
    expect(b.quantization?.scale).toEqual([0.125, 0.25, 0.5]);
    expect(yq.quantization).toEqual({ scale: [0.125], zeroPoint: [-128], axis: null });
    expect(c.quantization).toBe(yq.quantization);
  });

  test("changes nothing when it runs again, and shapes still agree", () => {
    const { graph } = layer();
    const once = folded(graph);
    expect(folded(graph)).toEqual(once);
  });

  test("stores a bias that was left in float in steps of data scale × weight scale", () => {
    const { graph } = layer("float");
    expect(folded(graph)[1]).toBe("Conv(xq:int8, w:int8, bf:int32) c:int8");
    const bias = graph.nodes[1]!.input(2);
    expect(bias.quantization?.scale).toEqual([0.125, 0.25, 0.5]);
    expect([...tensorNumbers(bias)]).toEqual([8, -4, 0]);
  });

  test("keeps an operator in float whose output is not quantised", () => {
    const [xq, xf, s] = named("xq", "xf", "s");
    xq!.shape = [1, 4];
    xq!.dtype = "int8";
    expect(folded(graphOf([dequantize(xq!, xf!, 0.5), node("Softmax", [xf!], [s!])]))).toEqual([
      "DequantizeLinear(xq:int8) xf:float32",
      "Softmax(xf:float32) s:float32",
    ]);
  });

  test("keeps an operator in float with a float operand, and the quantised ones around it", () => {
    const [xq, xf, a, yq, yf, z, zq] = named("xq", "xf", "a", "yq", "yf", "z", "zq");
    xq!.shape = [1, 4];
    xq!.dtype = "int8";
    const graph = graphOf([
      dequantize(xq!, xf!, 0.5),
      node("PRelu", [xf!, zeros("slope", [4])], [a!]),
      quantize(a!, yq!, 0.25),
      dequantize(yq!, yf!, 0.25),
      node("Sigmoid", [yf!], [z!]),
      quantize(z!, zq!, 1 / 256, -128),
    ]);
    expect(folded(graph)).toEqual([
      "DequantizeLinear(xq:int8) xf:float32",
      "PRelu(xf:float32, slope:float32) a:float32",
      "QuantizeLinear(a:float32) yq:int8",
      "Sigmoid(yq:int8) zq:int8",
    ]);
  });

  test("keeps a layer in float whose result is also read in float", () => {
    const [xq, xf, a, aq, out] = named("xq", "xf", "a", "aq", "out");
    xq!.shape = [1, 4];
    xq!.dtype = "int8";
    const graph = graphOf([
      dequantize(xq!, xf!, 0.5),
      node("Tanh", [xf!], [a!]),
      quantize(a!, aq!, 0.25),
      node("Softmax", [a!], [out!]),
    ]);
    expect(folded(graph)[1]).toBe("Tanh(xf:float32) a:float32");
  });

  test("merges equal QuantizeLinear and serves every reader", () => {
    const [x, q1, q2, f1, f2, s, sq] = named("x", "q1", "q2", "f1", "f2", "s", "sq");
    x!.shape = [1, 4];
    const graph = graphOf([
      quantize(x!, q1!, 0.5),
      quantize(x!, q2!, 0.5),
      dequantize(q1!, f1!, 0.5),
      dequantize(q2!, f2!, 0.5),
      node("Add", [f1!, f2!], [s!]),
      quantize(s!, sq!, 1),
    ]);
    expect(folded(graph)).toEqual(["QuantizeLinear(x:float32) q1:int8", "Add(q1:int8, q1:int8) sq:int8"]);
  });

  test("turns a change of scale into one node, stored to stored", () => {
    const [x, a, f, b] = named("x", "a", "f", "b");
    x!.shape = [4];
    const graph = graphOf([quantize(x!, a!, 0.5), dequantize(a!, f!, 0.5), quantize(f!, b!, 0.25)]);
    expect(folded(graph)).toEqual(["QuantizeLinear(x:float32) a:int8", "QuantizeLinear(a:int8) b:int8"]);
  });

  test("stores float weights that are quantised in the graph", () => {
    const [xq, xf, wq, wf, y, yq] = named("xq", "xf", "wq", "wf", "y", "yq");
    xq!.shape = [1, 2];
    xq!.dtype = "int8";
    const graph = graphOf([
      dequantize(xq!, xf!, 0.5),
      quantize(constant("w", [0.3, -9, 9, 0.25], { shape: [2, 2] }), wq!, 0.0625),
      dequantize(wq!, wf!, 0.0625),
      node("MatMul", [xf!, wf!], [y!]),
      quantize(y!, yq!, 1),
    ]);
    expect(folded(graph)).toEqual(["MatMul(xq:int8, wq:int8) yq:int8"]);
    expect([...tensorNumbers(wq!)]).toEqual([5, -128, 127, 4]);
  });

  test("pads stored values with zeros, where the padded tensor has no quantisation of its own", () => {
    const padded = (value: number | null, zero = -128) => {
      const [xq, xf, p, wf, c, yq] = named("xq", "xf", "p", "wf", "c", "yq");
      xq!.shape = [1, 2, 4, 4];
      xq!.dtype = "int8";
      const w = constant("w", [1, 2], { dtype: "int8", shape: [1, 2, 1, 1] });
      const fill = value === null ? [] : [constant("v", [value], { shape: [] })];
      return graphOf([
        dequantize(xq!, xf!, 0.5, zero),
        node("Pad", [xf!, ints("pads", [0, 0, 0, 0, 0, 0, 1, 1]), ...fill], [p!]),
        dequantize(w, wf!, 0.25),
        node("Conv", [p!, wf!], [c!], { strides: [2, 2] }),
        quantize(c!, yq!, 1),
      ]);
    };
    for (const value of [null, 0]) {
      const graph = padded(value);
      const [pad, conv, ...others] = folded(graph);
      expect([pad?.startsWith("Pad(xq:int8"), conv, others]).toEqual([
        ...[true, "Conv(p/stored:int8, w:int8) yq:int8", []],
      ]);
      const { quantization, shape } = graph.nodes[0]!.output();
      expect([quantization, shape]).toEqual([{ scale: [0.5], zeroPoint: [-128], axis: null }, [1, 2, 5, 5]]);
    }
    // A value that the scale may not hold stays in float, and must be seen.
    expect(folded(padded(0.3)).map((text) => text.split("(")[0])).toEqual([
      ...["DequantizeLinear", "Pad", "DequantizeLinear", "Conv", "QuantizeLinear"],
    ]);
  });

  test("turns stored weights instead of their values, and the axis of their scales with them", () => {
    const [xq, xf, wf, t, c, yq] = named("xq", "xf", "wf", "t", "c", "yq");
    xq!.shape = [1, 2, 4, 4];
    xq!.dtype = "int8";
    // HWIO, one scale per output channel.
    const w = constant("w", [1, 2, 3, 4, 5, 6], { dtype: "int8", shape: [1, 1, 2, 3] });
    const graph = graphOf([
      dequantize(xq!, xf!, 0.5),
      node("DequantizeLinear", [w, ...marks("w", [0.25, 0.5, 1], [0, 0, 0])], [wf!], { axis: 3 }),
      node("Transpose", [wf!], [t!], { perm: [3, 2, 0, 1] }),
      node("Conv", [xf!, t!], [c!]),
      quantize(c!, yq!, 1),
    ]);
    expect(folded(graph)).toEqual(["Conv(xq:int8, w:int8) yq:int8"]);
    const weights = graph.nodes[0]!.input(1);
    expect([weights.shape, weights.quantization?.axis]).toEqual([[3, 2, 1, 1], 0]);
    expect([...tensorNumbers(weights)]).toEqual([1, 4, 2, 5, 3, 6]);
  });

  test("reads a constant that two nodes scale differently as two", () => {
    const shared = constant("w", [1, 2], { dtype: "int8" });
    const [xq, xf, w1, w2, a, aq, af, b, bq] = named("xq", "xf", "w1", "w2", "a", "aq", "af", "b", "bq");
    xq!.shape = [1, 2];
    xq!.dtype = "int8";
    const graph = graphOf([
      dequantize(xq!, xf!, 0.5),
      dequantize(shared, w1!, 0.5),
      dequantize(shared, w2!, 0.25),
      node("Mul", [xf!, w1!], [a!]),
      quantize(a!, aq!, 1),
      dequantize(aq!, af!, 1),
      node("Mul", [af!, w2!], [b!]),
      quantize(b!, bq!, 1),
    ]);
    folded(graph);
    expect(graph.nodes.map((own) => own.input(1).quantization?.scale)).toEqual([[0.5], [0.25]]);
    expect(graph.nodes[0]!.input(1).data).toBe(graph.nodes[1]!.input(1).data);
  });

  test("takes positions from stored values and shapes as they are", () => {
    const [xq, xf, p] = named("xq", "xf", "p");
    xq!.shape = [1, 4];
    xq!.dtype = "int8";
    const graph = graphOf([dequantize(xq!, xf!, 0.5), node("ArgMax", [xf!], [p!], { axis: 1 })]);
    expect(folded(graph)).toEqual(["ArgMax(xq:int8) p:int64"]);
    const [rq, rf, s, sq] = named("rq", "rf", "s", "sq");
    rq!.shape = [1, 4];
    rq!.dtype = "int8";
    expect(
      folded(
        graphOf([
          dequantize(rq!, rf!, 0.5),
          node("Reshape", [rf!, ints("t", [2, 2])], [s!]),
          quantize(s!, sq!, 0.5),
        ]),
      ),
    ).toEqual(["Reshape(rq:int8, t:int64) sq:int8"]);
  });

  test("leaves a TFLite graph alone: there the operators are what they say", () => {
    const [xq, xf, y, yq] = named("xq", "xf", "y", "yq");
    for (const own of [xq!, xf!, y!, yq!]) own.shape = [4];
    const graph = graphOf([
      node("DequantizeLinear", [xq!], [xf!], {}, "tflite"),
      node("Exp", [xf!], [y!], {}, "tflite"),
      node("QuantizeLinear", [y!], [yq!], {}, "tflite"),
    ]);
    expect(foldQdq.run(graph)).toBe(0);
  });

  test("refuses scales in blocks and scales that contradict", () => {
    const [f, y] = named("f", "y");
    const blocked = graphOf([
      node(
        "DequantizeLinear",
        [zeros("w", [4, 4], "int8"), zeros("s", [4, 2]), zeros("z", [4, 2], "int8")],
        [f!],
      ),
      node("Relu", [f!], [y!]),
    ]);
    expect(() => folded(blocked)).toThrow(/scales have 2 dimensions \(blocks\)/);
    const [x, q, r] = named("x", "q", "r");
    x!.shape = [4];
    const contradicting = graphOf([quantize(x!, q!, 0.5), dequantize(q!, r!, 0.25)]);
    expect(() => folded(contradicting)).toThrow(/takes tensor 'q' with scale 0.25 .* another node with 0.5/);
  });
});
