import { describe, expect, test } from "vitest";
import { LabError } from "../../lib/errors.js";
import { inferShapes } from "../../lib/graph/infer/infer-shapes.js";
import type { Attributes, NodeSource } from "../../lib/graph/node.js";
import type { Shape } from "../../lib/graph/shape.js";
import type { Tensor } from "../../lib/graph/tensor.js";
import { constant, graphOf, ints, node, tensor, zeros } from "./build.js";

/** Returns the shapes that one node gives. */
function infer(
  op: string,
  inputs: readonly (Tensor | null)[],
  attributes: Attributes = {},
  { outputs = 1, format = "onnx" as NodeSource["format"] } = {},
): (Shape | null)[] {
  const results = Array.from({ length: outputs }, (_, index) => tensor(`out${index}`));
  inferShapes(graphOf([node(op, inputs, results, attributes, format)]));
  return results.map(({ shape }) => shape);
}

const x = (...shape: number[]) => tensor("x", shape);

function errorOf(run: () => unknown): LabError {
  try {
    run();
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error("Cannot find the error: nothing was thrown");
}

describe("inferShapes() operator by operator", () => {
  test.each<[string, string, (Tensor | null)[], Attributes, Shape[]]>([
    [
      "Conv in NCHW with groups",
      "Conv",
      [x(1, 8, 9, 7), zeros("w", [4, 2, 3, 3])],
      { group: 4, pads: [1, 1, 1, 1], strides: [2, 2] },
      [[1, 4, 5, 4]],
    ],
    [
      "Conv in NHWC with SAME",
      "Conv",
      [x(1, 9, 7, 2), zeros("w", [4, 3, 3, 2])],
      { layout: "NHWC", weightLayout: "OHWI", autoPad: "SAME_UPPER", strides: [2, 2] },
      [[1, 5, 4, 4]],
    ],
    [
      "depthwise Conv",
      "Conv",
      [x(1, 9, 7, 3), zeros("w", [1, 3, 3, 6])],
      { layout: "NHWC", weightLayout: "1HWO", group: 3, autoPad: "VALID" },
      [[1, 7, 5, 6]],
    ],
    [
      "Conv over a series",
      "Conv",
      [x(1, 257, 40), zeros("w", [64, 257, 3])],
      { dilations: [2], pads: [2, 2] },
      [[1, 64, 40]],
    ],
    [
      "ConvTranspose",
      "ConvTranspose",
      [x(1, 4, 5, 5), zeros("w", [4, 3, 2, 2])],
      { strides: [2, 2] },
      [[1, 3, 10, 10]],
    ],
    [
      "MaxPool with ceil and indices",
      "MaxPool",
      [x(1, 4, 5, 5)],
      { kernelShape: [2, 2], strides: [2, 2], ceilMode: 1 },
      [
        [1, 4, 3, 3],
        [1, 4, 3, 3],
      ],
    ],
    ["GlobalAveragePool", "GlobalAveragePool", [x(1, 4, 5, 6)], {}, [[1, 4, 1, 1]]],
    ["Gemm with transposed weights", "Gemm", [x(3, 8), zeros("w", [5, 8])], { transB: 1 }, [[3, 5]]],
    ["MatMul of batches", "MatMul", [x(2, 1, 3, 4), zeros("w", [5, 4, 6])], {}, [[2, 5, 3, 6]]],
    ["MatMul of vectors", "MatMul", [x(4), zeros("w", [4])], {}, [[]]],
    ["Add that broadcasts", "Add", [x(1, 4, 4, 8), zeros("b", [8])], {}, [[1, 4, 4, 8]]],
    ["Where", "Where", [tensor("c", [3, 1], "bool"), x(4), zeros("b", [1])], {}, [[3, 4]]],
    ["Reshape with 0 and −1", "Reshape", [x(2, 3, 4), ints("s", [0, -1])], {}, [[2, 12]]],
    ["Flatten", "Flatten", [x(2, 3, 4)], { axis: 2 }, [[6, 4]]],
    ["Squeeze of all", "Squeeze", [x(1, 3, 1)], {}, [[3]]],
    ["Unsqueeze", "Unsqueeze", [x(3), ints("a", [0, -1])], {}, [[1, 3, 1]]],
    ["Transpose", "Transpose", [x(1, 2, 3, 4)], { perm: [0, 3, 1, 2] }, [[1, 4, 2, 3]]],
    [
      "Slice backwards",
      "Slice",
      [x(6), ints("s", [5]), ints("e", [-100]), ints("a", [0]), ints("t", [-2])],
      {},
      [[3]],
    ],
    ["Gather", "Gather", [x(5, 7), ints("i", [0, 1, 2])], { axis: 1 }, [[5, 3]]],
    [
      "GatherND",
      "GatherND",
      [x(5, 7, 9), constant("i", [0, 0, 1, 1], { dtype: "int64", shape: [2, 2] })],
      {},
      [[2, 9]],
    ],
    [
      "Split in unequal parts",
      "Split",
      [x(1, 7), ints("s", [3, 4])],
      { axis: 1 },
      [
        [1, 3],
        [1, 4],
      ],
    ],
    ["Concat", "Concat", [x(1, 2, 4), zeros("b", [1, 3, 4])], { axis: -2 }, [[1, 5, 4]]],
    ["Stack", "Stack", [x(2, 3), zeros("b", [2, 3])], { axis: -1 }, [[2, 3, 2]]],
    ["Unstack", "Unstack", [x(2, 3)], { axis: 0 }, [[3], [3]]],
    ["Expand both ways", "Expand", [x(3, 1), ints("s", [2, 1, 6])], {}, [[2, 3, 6]]],
    ["Tile", "Tile", [x(2, 3), ints("r", [2, 1])], {}, [[4, 3]]],
    ["Pad", "Pad", [x(1, 4, 4, 2), ints("p", [0, 1, 0, 0, 0, 1, 2, 0])], {}, [[1, 6, 6, 2]]],
    ["ReduceMean", "ReduceMean", [x(1, 7, 7, 8), ints("a", [1, 2])], { keepdims: 0 }, [[1, 8]]],
    ["ArgMax", "ArgMax", [x(1, 10)], { axis: 1, keepdims: 0 }, [[1]]],
    [
      "TopK",
      "TopK",
      [x(1, 10), ints("k", [3])],
      {},
      [
        [1, 3],
        [1, 3],
      ],
    ],
    ["Resize by scales", "Resize", [x(1, 2, 5, 5), null, constant("s", [1, 1, 2, 1.5])], {}, [[1, 2, 10, 7]]],
    ["Resize to sizes", "Resize", [x(1, 2, 5, 5), null, null, ints("s", [1, 2, 9, 8])], {}, [[1, 2, 9, 8]]],
    ["DepthToSpace", "DepthToSpace", [x(1, 8, 3, 3)], { blocksize: 2 }, [[1, 2, 6, 6]]],
    ["SpaceToDepth", "SpaceToDepth", [x(1, 6, 6, 2)], { blocksize: 2, layout: "NHWC" }, [[1, 3, 3, 8]]],
    [
      "SpaceToBatchND",
      "SpaceToBatchND",
      [x(1, 4, 5, 2), ints("b", [2, 2]), constant("p", [0, 0, 0, 1], { dtype: "int32", shape: [2, 2] })],
      {},
      [[4, 2, 3, 2]],
    ],
    [
      "BatchToSpaceND",
      "BatchToSpaceND",
      [x(4, 2, 3, 2), ints("b", [2, 2]), constant("p", [0, 0, 0, 1], { dtype: "int32", shape: [2, 2] })],
      {},
      [[1, 4, 5, 2]],
    ],
    [
      "LSTM of ONNX",
      "LSTM",
      [x(9, 1, 4), zeros("w", [2, 12, 4]), zeros("r", [2, 12, 3])],
      { direction: "bidirectional" },
      [
        [9, 2, 1, 3],
        [2, 1, 3],
        [2, 1, 3],
      ],
    ],
    ["SVDF", "SVDF", [x(1, 40), zeros("w", [32, 40])], { rank: 2 }, [[1, 16]]],
    [
      "BatchNormalization",
      "BatchNormalization",
      [x(1, 4, 2, 2), ...["s", "b", "m", "v"].map((name) => zeros(name, [4]))],
      {},
      [[1, 4, 2, 2]],
    ],
    [
      "OneHot",
      "OneHot",
      [tensor("x", [2, 3], "int64"), ints("d", [5]), constant("v", [0, 1])],
      {},
      [[2, 3, 5]],
    ],
    ["NonZero of constants", "NonZero", [constant("c", [1, 0, 1, 1], { shape: [2, 2] })], {}, [[2, 3]]],
    [
      "an SVM with four classes",
      "ai.onnx.ml:SVMClassifier",
      [x(1, 20)],
      { classlabelsInts: [0, 1, 2, 3] },
      [[1], [1, 4]],
    ],
  ])("infers %s", (_, op, inputs, attributes, expected) => {
    expect(infer(op, inputs, attributes, { outputs: expected.length })).toEqual(expected);
  });

  test("reads the masks of StridedSlice: ellipsis, new axis, shrunk axis, open ends", () => {
    const bounds = (begin: number[], end: number[], strides: number[]) => [
      ints("b", begin),
      ints("e", end),
      ints("s", strides),
    ];
    // x[..., newaxis, 1]
    expect(
      infer("StridedSlice", [x(4, 5, 6), ...bounds([0, 0, 1], [0, 0, 2], [1, 1, 1])], {
        ellipsisMask: 1,
        newAxisMask: 2,
        shrinkAxisMask: 4,
      }),
    ).toEqual([[4, 5, 1]]);
    // x[:, ::-1, 2:-1]
    expect(
      infer("StridedSlice", [x(4, 5, 6), ...bounds([0, 0, 2], [0, 0, -1], [1, -1, 1])], {
        beginMask: 3,
        endMask: 3,
      }),
    ).toEqual([[4, 5, 3]]);
  });

  test("sees any input of a TFLite dense layer as rows", () => {
    const weights = zeros("w", [5, 8]);
    expect(infer("Gemm", [x(2, 4, 8), weights], { transB: 1 }, { format: "tflite" })).toEqual([[8, 5]]);
    expect(infer("Gemm", [x(2, 4, 8), weights], { transB: 1, keepDims: true }, { format: "tflite" })).toEqual(
      [[2, 4, 5]],
    );
  });
});

describe("inferShapes() shape arithmetic", () => {
  /** x ─▶ Shape ─▶ Gather(0) ─▶ Unsqueeze ─▶ Concat(·, −1) ─▶ Reshape: PyTorch's view(n, −1). */
  function viewed(input: Tensor) {
    const [shape, batch, row, target, y] = ["shape", "batch", "row", "target", "y"].map((name) =>
      tensor(name),
    );
    const graph = graphOf([
      node("Shape", [input], [shape!]),
      node("Gather", [shape!, constant("zero", [0], { dtype: "int64", shape: [] })], [batch!]),
      node("Unsqueeze", [batch!, ints("axes", [0])], [row!]),
      node("Concat", [row!, ints("rest", [-1])], [target!], { axis: 0 }),
      node("Reshape", [input, target!], [y!]),
    ]);
    return { graph, target: target!, y: y! };
  }

  test("follows values from a shape into a reshape", () => {
    const { graph, target, y } = viewed(x(2, 3, 4));
    const { values } = inferShapes(graph);
    expect(y.shape).toEqual([2, 12]);
    expect([...Array.from(values.get(target)!)]).toEqual([2, -1]);
    expect(target.dtype).toBe("int64");
  });

  test("infers again at another resolution", () => {
    const { graph, y } = viewed(x(2, 3, 4));
    inferShapes(graph);
    inferShapes(graph, { inputShapes: new Map([["x", [5, 3, 8]]]) });
    expect(y.shape).toEqual([5, 24]);
  });

  test("computes halves of sizes as integers, towards zero", () => {
    const [shape, half, y] = ["shape", "half", "y"].map((name) => tensor(name));
    const graph = graphOf([
      node("Shape", [x(7, 5)], [shape!]),
      node("Div", [shape!, ints("two", [2])], [half!]),
      node("ConstantOfShape", [half!], [y!]),
    ]);
    inferShapes(graph);
    expect(y!.shape).toEqual([3, 2]);
  });
});

describe("inferShapes() contracts", () => {
  test("binds a symbol of an input wherever it is recorded", () => {
    const input = tensor("x", ["batch", 3]);
    const y = tensor("y", ["batch", 4]);
    inferShapes(graphOf([node("MatMul", [input, zeros("w", [3, 4])], [y])]), {
      inputShapes: new Map([["x", [2, 3]]]),
    });
    expect(y.shape).toEqual([2, 4]);
  });

  test("says how to size an input that is free", () => {
    const input = tensor("image", [null, 3, "h", "w"]);
    const error = errorOf(() => inferShapes(graphOf([node("Relu", [input], [tensor("y")])])));
    expect(error.code).toBe("INPUT_FREE");
    expect(error.hint).toBe("give the sizes: --input image=1x3x224x224");
  });

  test("names the node and both shapes where the file contradicts its inputs", () => {
    const y = tensor("y", [1, 4, 9, 9]);
    const graph = graphOf([node("Conv", [x(1, 3, 8, 8), zeros("w", [4, 3, 3, 3])], [y])]);
    const error = errorOf(() => inferShapes(graph));
    expect(error.code).toBe("SHAPE_CONTRADICTION");
    expect(error.message).toMatch(
      /Conv_.* with inputs 1x3x8x8, 4x3x3x3.*'y' is recorded as 1x4x9x9.*give 1x4x6x6/,
    );
  });

  test("does not hold the record against another resolution", () => {
    const y = tensor("y", [1, 4, 6, 6]);
    const graph = graphOf([node("Conv", [x(1, 3, 8, 8), zeros("w", [4, 3, 3, 3])], [y])]);
    inferShapes(graph, { inputShapes: new Map([["x", [1, 3, 10, 10]]]) });
    expect(y.shape).toEqual([1, 4, 8, 8]);
  });

  test("believes the record of an operator without a rule, and says so", () => {
    const y = tensor("y", [1, 4]);
    const graph = graphOf([node("CUSTOM:Magic", [x(1, 3)], [y], {}, "tflite")]);
    const { assumed } = inferShapes(graph);
    expect(assumed.map(({ why }) => why)).toEqual(["no rule infers the shapes of CUSTOM:Magic"]);
    expect(y.shape).toEqual([1, 4]);
  });

  test("does not believe a record that was made for other inputs", () => {
    const make = () => graphOf([node("CUSTOM:Magic", [x(1, 3)], [tensor("y", [1, 4])], {}, "tflite")]);
    const inputShapes = new Map([["x", [1, 5]]]);
    expect(errorOf(() => inferShapes(make(), { inputShapes })).message).toMatch(/record is for other inputs/);
    const graph = make();
    const { unknown } = inferShapes(graph, { inputShapes, onUnknown: "keep" });
    expect(unknown).toHaveLength(1);
    expect(graph.outputs[0]!.shape).toBeNull();
  });

  test("refuses a name that is no input, a wrong rank, and parts that do not fit", () => {
    const graph = () => graphOf([node("Relu", [x(1, 3)], [tensor("y")])]);
    expect(errorOf(() => inferShapes(graph(), { inputShapes: new Map([["z", [1]]]) })).code).toBe(
      "INPUT_NAME",
    );
    expect(errorOf(() => inferShapes(graph(), { inputShapes: new Map([["x", [1]]]) })).code).toBe(
      "INPUT_RANK",
    );
    const add = graphOf([node("Add", [x(1, 3), zeros("b", [2])], [tensor("y")])]);
    expect(errorOf(() => inferShapes(add)).message).toMatch(/1x3 and 2 do not broadcast/);
    const conv = graphOf([node("Conv", [x(1, 5, 8, 8), zeros("w", [4, 3, 3, 3])], [tensor("y")])]);
    expect(errorOf(() => inferShapes(conv)).message).toMatch(
      /read 3 channels in each of 1 groups, the input has 5/,
    );
  });

  test("keeps the type of a TFLite output and infers that of an ONNX one", () => {
    const a = tensor("a", null, "int32");
    const b = tensor("b", null, "float32");
    inferShapes(graphOf([node("Shape", [x(1, 3)], [a], {}, "tflite"), node("Shape", [x(1, 3)], [b])]));
    expect([a.dtype, b.dtype]).toEqual(["int32", "int64"]);
  });

  test("says how large a result may become whose size the data decide", () => {
    const selected = tensor("selected");
    const boxes = [tensor("boxes", [1, 100, 4]), tensor("scores", [1, 3, 100])];
    const graph = graphOf([node("NonMaxSuppression", [...boxes, ints("most", [20])], [selected])]);
    expect(errorOf(() => inferShapes(graph)).message).toMatch(
      /NonMaxSuppression.*the scores decide how many boxes remain, at most 60/,
    );
    const { unknown } = inferShapes(graph, { onUnknown: "keep" });
    expect(unknown.map(({ why }) => why)).toEqual(["the scores decide how many boxes remain, at most 60"]);
    expect([selected.dtype, selected.shape]).toEqual(["int64", ["≤60", 3]]);
  });

  test("goes on where a condition leaves two shapes, with what they have in common", () => {
    const [yes, no, y] = [tensor("yes"), tensor("no"), tensor("y")];
    const value = tensor("v", [2, 3]);
    const thenBranch = graphOf([node("Neg", [value], [yes])], { inputs: [] });
    const elseBranch = graphOf([node("Concat", [value, value], [no], { axis: 0 })], { inputs: [] });
    const condition = tensor("c", [], "bool");
    const graph = graphOf([node("If", [condition], [y], { thenBranch, elseBranch })], {
      inputs: [condition, value],
    });
    expect(errorOf(() => inferShapes(graph)).message).toMatch(/its branches give different shapes/);
    inferShapes(graph, { onUnknown: "keep" });
    expect(y.shape).toEqual([null, 3]);
  });

  test("stacks a Loop's slices as often as it runs, and refuses to guess how often", () => {
    const loop = (most: Tensor) => {
      const [trip, on, x, next, state, slices] = ["trip", "on", "x", "next", "state", "slices"].map((name) =>
        tensor(name),
      );
      const body = graphOf([node("Add", [x!, x!], [next!])], {
        inputs: [trip!, on!, x!],
        outputs: [on!, next!, next!],
      });
      const start = tensor("start", [2, 3]);
      const nodes = [node("Loop", [most, null, start], [state!, slices!], { body })];
      return { graph: graphOf(nodes), slices: slices! };
    };
    const known = loop(ints("most", [5]));
    inferShapes(known.graph);
    expect(known.slices.shape).toEqual([5, 2, 3]);
    const open = loop(tensor("most", [], "int64"));
    expect(errorOf(() => inferShapes(open.graph)).message).toMatch(/stacks a slice per trip/);
    inferShapes(open.graph, { onUnknown: "keep" });
    expect(open.slices.shape).toEqual(["trips", 2, 3]);
  });
});
