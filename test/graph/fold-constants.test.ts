import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tensorNumbers } from "../../lib/graph/elements.js";
import { inferShapes } from "../../lib/graph/infer/infer-shapes.js";
import type { Attributes } from "../../lib/graph/node.js";
import { dequantizeConstants, foldConstants } from "../../lib/graph/passes/fold-constants.js";
import type { Tensor } from "../../lib/graph/tensor.js";
import { constant, graphOf, ints, node, perTensor, tensor, zeros } from "./build.js";

/** Folds one node on constants and returns the values of its first output. */
function fold(op: string, inputs: readonly (Tensor | null)[], attributes: Attributes = {}): number[] {
  const folded = tensor("folded");
  const graph = graphOf([node(op, inputs, [folded], attributes), node("Relu", [folded], [tensor("y")])]);
  inferShapes(graph);
  expect(foldConstants.run(graph)).toBe(1);
  return Array.from(tensorNumbers(folded));
}

const matrix = constant("m", [0, 1, 2, 3, 4, 5], { shape: [2, 3] });

describe("foldConstants", () => {
  test.each<[string, (Tensor | null)[], Attributes, number[]]>([
    ["Transpose", [matrix], { perm: [1, 0] }, [0, 3, 1, 4, 2, 5]],
    ["Reshape", [matrix, ints("s", [3, 2])], {}, [0, 1, 2, 3, 4, 5]],
    ["Slice", [matrix, ints("s", [2]), ints("e", [-100]), ints("a", [1]), ints("t", [-2])], {}, [2, 0, 5, 3]],
    ["Concat", [matrix, constant("n", [6, 7], { shape: [2, 1] })], { axis: 1 }, [0, 1, 2, 6, 3, 4, 5, 7]],
    ["Stack", [constant("a", [0, 1]), constant("b", [2, 3])], { axis: 1 }, [0, 2, 1, 3]],
    ["Gather", [matrix, ints("i", [2, -3])], { axis: 1 }, [2, 0, 5, 3]],
    ["Expand", [constant("a", [1, 2]), ints("s", [2, 2])], {}, [1, 2, 1, 2]],
    ["Tile", [constant("a", [1, 2], { shape: [1, 2] }), ints("r", [2, 2])], {}, [1, 2, 1, 2, 1, 2, 1, 2]],
    ["Pad", [constant("a", [1, 2]), ints("p", [1, -1]), constant("v", [9], { shape: [] })], {}, [9, 1]],
    ["Pad", [constant("a", [1, 2, 3]), ints("p", [-2, 1])], {}, [3, 0]],
    ["ReduceSum", [matrix, ints("a", [1])], { keepdims: 0 }, [3, 12]],
    ["ReduceMean", [matrix], {}, [2.5]],
    ["Add", [matrix, constant("b", [10, 20], { shape: [2, 1] })], {}, [10, 11, 12, 23, 24, 25]],
    ["Div", [ints("a", [7, -7]), ints("b", [2, 2])], {}, [3, -3]],
    ["Mod", [ints("a", [-7]), ints("b", [3])], {}, [2]],
    ["Cast", [constant("a", [1.9, -1.9])], { to: 7 }, [1, -1]],
    [
      "Range",
      [0, 7, 3].map((value, index) => constant(`r${index}`, [value], { dtype: "int64", shape: [] })),
      {},
      [0, 3, 6],
    ],
    ["NonZero", [constant("a", [0, 5, 6, 0], { shape: [2, 2] })], {}, [0, 1, 1, 0]],
    ["ConstantOfShape", [ints("s", [2])], { value: constant("v", [4]) }, [4, 4]],
  ])("computes %s", (op, inputs, attributes, expected) => {
    expect(fold(op, inputs, attributes)).toEqual(expected);
  });

  test("gives each output of a Split its part", () => {
    const [a, b] = [tensor("a"), tensor("b")];
    const graph = graphOf([
      node("Split", [matrix, ints("s", [1, 2])], [a, b], { axis: 1 }),
      node("Concat", [a, b], [tensor("c")], { axis: 1 }),
      node("Relu", [a], [tensor("y")]),
    ]);
    inferShapes(graph);
    foldConstants.run(graph);
    expect([a, b].map((part) => [...tensorNumbers(part)])).toEqual([
      [0, 3],
      [1, 2, 4, 5],
    ]);
  });

  test("undoes a Transpose with the inverse permutation", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2], { minLength: 3 }), (perm) => {
        const values = Array.from({ length: 24 }, (_, index) => index);
        const [there, back] = [tensor("there"), tensor("back")];
        const inverse = perm.map((_, axis) => perm.indexOf(axis));
        const graph = graphOf([
          node("Transpose", [constant("c", values, { shape: [2, 3, 4] })], [there], { perm }),
          node("Transpose", [there], [back], { perm: inverse }),
          node("Relu", [back], [tensor("y")]),
        ]);
        inferShapes(graph);
        foldConstants.run(graph);
        expect([...tensorNumbers(back)]).toEqual(values);
      }),
    );
  });

  test("leaves weights of any size unread, and shares bytes that only change shape", () => {
    const [filled, reshaped, transposed] = [tensor("filled"), tensor("reshaped"), tensor("transposed")];
    const weights = zeros("w", [4, 4]);
    const graph = graphOf([
      node("ConstantOfShape", [ints("s", [100_000, 100_000])], [filled]),
      node("MatMul", [tensor("x", [1, 100_000]), filled], [tensor("y")]),
      node("Reshape", [weights, ints("t", [2, 8])], [reshaped]),
      node("Transpose", [reshaped], [transposed], { perm: [1, 0] }),
      node("MatMul", [tensor("z", [1, 8]), transposed], [tensor("v")]),
    ]);
    inferShapes(graph);
    expect(foldConstants.run(graph)).toBe(3);
    expect(filled.data?.byteLength).toBe(4e10);
    expect(reshaped.data).toBe(weights.data);
  });

  test("does not compute with stored integers as if they were the values", () => {
    const stored = (name: string) => constant(name, [1, 2], { dtype: "int8", quantization: perTensor(0.5) });
    const y = tensor("y", [2], "int8");
    y.quantization = perTensor(0.25);
    const graph = graphOf([
      node("Add", [stored("a"), stored("b")], [y], {}, "tflite"),
      node("Relu", [y], [tensor("z")]),
    ]);
    inferShapes(graph);
    expect(foldConstants.run(graph)).toBe(0);
  });

  test("leaves quantised constants to foldQdq; dequantizeConstants takes them, per channel", () => {
    const w = tensor("w");
    const graph = graphOf([
      node(
        "DequantizeLinear",
        [
          constant("q", [2, 4, 6, 8], { dtype: "int8", shape: [2, 2] }),
          constant("scale", [0.5, 0.25]),
          constant("zero", [0, 4], { dtype: "int8" }),
        ],
        [w],
        { axis: 0 },
      ),
      node("MatMul", [tensor("x", [1, 2]), w], [tensor("y")]),
    ]);
    inferShapes(graph);
    expect(foldConstants.run(graph)).toBe(0);
    expect(dequantizeConstants.run(graph)).toBe(1);
    expect([w.dtype, ...tensorNumbers(w)]).toEqual(["float32", 1, 2, 0.5, 1]);
  });

  test("widens float16 weights of TFLite", () => {
    const w = tensor("w", [2]);
    const half = constant("half", [0.5, -2], { dtype: "float16" });
    const graph = graphOf([
      node("DequantizeLinear", [half], [w], {}, "tflite"),
      node("Add", [tensor("x", [2]), w], [tensor("y", [2])], {}, "tflite"),
    ]);
    inferShapes(graph);
    expect(dequantizeConstants.run(graph)).toBe(1);
    expect([...tensorNumbers(w)]).toEqual([0.5, -2]);
  });
});
