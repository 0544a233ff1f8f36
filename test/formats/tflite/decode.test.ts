import { describe, expect, it } from "vitest";
import { tinyTflite } from "../../../datasets/fixtures/make.js";
import {
  type ModelDraft,
  type OperatorDraft,
  type OptionDraft,
  type TensorDraft,
  writeTflite,
} from "../../../datasets/fixtures/write-tflite.js";
import { LabError } from "../../../lib/errors.js";
import { BUILTIN_OPERATORS, builtinCode } from "../../../lib/formats/tflite/builtin-operators.js";
import { decodeTflite } from "../../../lib/formats/tflite/decode.js";
import { tensorNumbers } from "../../../lib/graph/elements.js";
import { layerGeometry } from "../../../lib/graph/geometry.js";
import type { Node } from "../../../lib/graph/node.js";
import type { Tensor } from "../../../lib/graph/tensor.js";
import { bufferSource } from "../../../lib/source.js";

const int32 = (...values: number[]) => new Uint8Array(Int32Array.from(values).buffer);
const float32 = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

const decode = (draft: ModelDraft) => decodeTflite(bufferSource("draft.tflite", writeTflite(draft)));

/** An int32 constant, as TFLite gives axes, shapes and pads. */
const ints = (name: string, values: readonly number[], shape: readonly number[] = [values.length]) =>
  ({ name, type: "int32", shape, data: int32(...values) }) as const;

const activation = (name: string, shape: readonly number[]): TensorDraft => ({ name, type: "int8", shape });

/** Decodes one operator whose inputs and outputs are `tensors`, in order. */
function decodeOne({
  builtin,
  inputs,
  outputs,
  kind,
  fields = [],
  order,
}: {
  readonly builtin: string;
  readonly inputs: readonly TensorDraft[];
  readonly outputs: readonly TensorDraft[];
  readonly kind?: number;
  readonly fields?: readonly OptionDraft[];
  /** Indices of the operator's inputs, when they are not all of `inputs` in order. */
  readonly order?: readonly number[];
}): Node {
  const operator: OperatorDraft = {
    code: BUILTIN_OPERATORS.indexOf(builtin),
    inputs: order ?? inputs.map((_, index) => index),
    outputs: outputs.map((_, index) => inputs.length + index),
    ...(kind === undefined ? {} : { options: { kind, fields } }),
  };
  const fed = inputs.flatMap((tensor, index) => (tensor.data ? [] : [index]));
  const model = decode({
    tensors: [...inputs, ...outputs],
    operators: [operator],
    inputs: fed,
    outputs: operator.outputs,
  });
  expect(model.graph.nodes).toHaveLength(1);
  return model.graph.nodes[0]!;
}

/** Inputs as names, constants as their values. */
const inputsOf = (node: Node) =>
  node.inputs.map((tensor) =>
    tensor === null ? null : tensor.isConstant ? [...tensorNumbers(tensor)] : tensor.name,
  );

describe("builtinCode()", () => {
  it("takes the byte in old files and the wider field for codes from 127 on", () => {
    expect(BUILTIN_OPERATORS[builtinCode({ narrow: 3, wide: 0 })]).toBe("CONV_2D");
    expect(BUILTIN_OPERATORS[builtinCode({ narrow: 3, wide: 3 })]).toBe("CONV_2D");
    expect(BUILTIN_OPERATORS[builtinCode({ narrow: 127, wide: 150 })]).toBe("GELU");
  });
});

describe("decodeTflite()", () => {
  const model = decodeTflite(bufferSource("models/tiny.tflite", tinyTflite()));
  const [stem, depthwise, reshape, head, softmax] = model.graph.nodes as [Node, Node, Node, Node, Node];

  it("says what the file says about itself", () => {
    expect(model).toMatchObject({ name: "tiny", format: "tflite", version: "schema 3", producer: "tiny" });
    expect(model.metadata.get("min_runtime_version")).toBe("1.14.0");
    expect(model.graph.inputs.map(({ name }) => name)).toEqual(["image"]);
    expect(model.graph.outputs.map(({ name }) => name)).toEqual(["classes"]);
  });

  it("names nodes by their first output and keeps the file's words", () => {
    expect(model.graph.nodes.map(({ name }) => name)).toEqual([
      "stem",
      "depthwise",
      "flat",
      "head",
      "classes",
    ]);
    expect(head.source).toMatchObject({ format: "tflite", op: "FULLY_CONNECTED", index: 3 });
  });

  it("reads a convolution with its fused activation", () => {
    expect(stem.op).toBe("Conv");
    expect(stem.attributes).toEqual({
      strides: [2, 2],
      dilations: [1, 1],
      autoPad: "SAME_UPPER",
      layout: "NHWC",
      activation: "relu6",
      group: 1,
      weightLayout: "OHWI",
    });
    expect(layerGeometry(stem)).toMatchObject({ kind: "conv", macs: 2 * 2 * 3 * 9 * 2 });
  });

  it("reads a depthwise convolution as one group per channel, without its bias", () => {
    expect(depthwise.attributes).toMatchObject({ group: 3, weightLayout: "1HWO" });
    expect(depthwise.attributes).not.toHaveProperty("activation");
    expect(depthwise.inputs[2]).toBeNull();
    expect(layerGeometry(depthwise)).toMatchObject({ kind: "depthwise", groups: 3, macs: 2 * 2 * 3 * 9 });
  });

  it("reads the dense end", () => {
    expect(inputsOf(reshape)).toEqual(["depthwise", [1, 12]]);
    expect(head.op).toBe("Gemm");
    expect(head.attributes).toEqual({ transB: 1, keepDims: false, activation: "relu" });
    expect(softmax.attributes).toEqual({ axis: -1 });
  });

  it("reads scales per tensor and per channel", () => {
    expect(stem.input(0).quantization).toEqual({ scale: [0.5], zeroPoint: [-1], axis: null });
    expect(stem.input(1).quantization).toEqual({ scale: [0.25, 0.5, 0.125], zeroPoint: [0, 0, 0], axis: 0 });
    expect(depthwise.input(1).quantization).toMatchObject({ zeroPoint: [0, 0, 0], axis: 3 });
    expect([...tensorNumbers(stem.input(2))]).toEqual([1, -2, 3]);
  });

  it("reads weights as views into the file", () => {
    const bytes = tinyTflite();
    const { graph } = decodeTflite(bufferSource("tiny", bytes));
    expect(graph.nodes[0]!.input(1).data!.read().buffer).toBe(bytes.buffer);
  });
});

describe("lower()", () => {
  const x = activation("x", [1, 4, 6, 2]);

  it("moves the inputs of TRANSPOSE_CONV to ONNX's places", () => {
    const weights: TensorDraft = { name: "w", type: "int8", shape: [3, 2, 2, 2], data: new Uint8Array(24) };
    const kind = { builtin: "TRANSPOSE_CONV", outputs: [activation("y", [1, 8, 12, 3])], kind: 49 };
    const fields: OptionDraft[] = [
      [4, "int8", 0],
      [6, "int32", 2],
      [8, "int32", 2],
    ];
    const node = decodeOne({ ...kind, fields, inputs: [ints("shape", [1, 8, 12, 3]), weights, x] });
    expect(node.inputs.map((tensor) => tensor?.name)).toEqual(["x", "w"]);
    expect(node.attributes).toMatchObject({
      outputShape: [1, 8, 12, 3],
      weightLayout: "OHWI",
      strides: [2, 2],
    });
    const free = decodeOne({
      ...kind,
      fields,
      inputs: [{ name: "shape", type: "int32", shape: [4] }, weights, x],
    });
    expect(free.inputs.map((tensor) => tensor?.name ?? null)).toEqual(["x", "w", null, "shape"]);
    expect(free.attributes).not.toHaveProperty("outputShape");
  });

  it("orders pads as ONNX does: all befores, then all afters", () => {
    const node = decodeOne({
      builtin: "PADV2",
      inputs: [x, ints("pads", [0, 0, 1, 2, 3, 4, 0, 0], [4, 2]), ints("value", [9], [])],
      outputs: [activation("y", [1, 7, 13, 2])],
    });
    expect(node.op).toBe("Pad");
    expect(inputsOf(node)).toEqual(["x", [0, 1, 3, 0, 0, 2, 4, 0], [9]]);
    expect(node.input(1).dtype).toBe("int64");
  });

  it("turns begin and size of SLICE into starts and ends", () => {
    const node = decodeOne({
      builtin: "SLICE",
      inputs: [x, ints("begin", [0, 1, 2, 0]), ints("size", [1, 2, -1, 2])],
      outputs: [activation("y", [1, 2, 4, 2])],
    });
    expect(inputsOf(node)).toEqual(["x", [0, 1, 2, 0], [1, 3, Number.MAX_SAFE_INTEGER, 2]]);
  });

  it("keeps STRIDED_SLICE as recorded, with its masks", () => {
    const node = decodeOne({
      builtin: "STRIDED_SLICE",
      inputs: [x, ints("begin", [0]), ints("end", [1]), ints("strides", [1])],
      outputs: [activation("y", [4, 6, 2])],
      kind: 32,
      fields: [[12, "int32", 1]],
    });
    expect(node.op).toBe("StridedSlice");
    expect(node.attributes).toMatchObject({ shrinkAxisMask: 1, beginMask: 0, offset: false });
  });

  it("completes the sizes of RESIZE and says how it samples", () => {
    const resize = (builtin: string, kind: number, fields: readonly OptionDraft[]) =>
      decodeOne({
        builtin,
        inputs: [x, ints("size", [8, 12])],
        outputs: [activation("y", [1, 8, 12, 2])],
        kind,
        fields,
      });
    const bilinear = resize("RESIZE_BILINEAR", 15, [[10, "bool", 1]]);
    expect(inputsOf(bilinear)).toEqual(["x", null, null, [1, 8, 12, 2]]);
    expect(bilinear.attributes).toEqual({
      mode: "linear",
      coordinateTransformationMode: "half_pixel",
      layout: "NHWC",
    });
    expect(resize("RESIZE_NEAREST_NEIGHBOR", 74, []).attributes).toMatchObject({
      coordinateTransformationMode: "asymmetric",
      nearestMode: "floor",
    });
    expect(resize("RESIZE_NEAREST_NEIGHBOR", 74, [[4, "bool", 1]]).attributes).toMatchObject({
      coordinateTransformationMode: "align_corners",
      nearestMode: "round_prefer_ceil",
    });
  });

  it("takes axes from constants and options", () => {
    const y = activation("y", [1]);
    const axis = ints("axis", [2], []);
    const mean = { builtin: "MEAN", inputs: [x, ints("axes", [1, 2])], outputs: [y], kind: 27 };
    expect(decodeOne({ ...mean, fields: [[4, "bool", 1]] })).toMatchObject({
      op: "ReduceMean",
      attributes: { keepdims: 1 },
    });
    expect(inputsOf(decodeOne(mean))).toEqual(["x", [1, 2]]);
    expect(decodeOne({ builtin: "ARG_MAX", inputs: [x, axis], outputs: [y] })).toMatchObject({
      op: "ArgMax",
      attributes: { axis: 2, keepdims: 0 },
    });
    expect(inputsOf(decodeOne({ builtin: "EXPAND_DIMS", inputs: [x, axis], outputs: [y] }))).toEqual([
      "x",
      [2],
    ]);
    const squeeze = { builtin: "SQUEEZE", inputs: [x], outputs: [y], kind: 30 };
    expect(inputsOf(decodeOne({ ...squeeze, fields: [[4, "int32s", [0]]] }))).toEqual(["x", [0]]);
    expect(inputsOf(decodeOne(squeeze))).toEqual(["x"]);
    const perm = ints("perm", [0, 3, 1, 2]);
    expect(decodeOne({ builtin: "TRANSPOSE", inputs: [x, perm], outputs: [y] }).attributes).toEqual({
      perm: [0, 3, 1, 2],
    });
  });

  it("reads the axis of SPLIT from input 0 and fills in the open size of SPLIT_V", () => {
    const parts = [activation("a", [1, 4, 3, 2]), activation("b", [1, 4, 3, 2])];
    const split = decodeOne({
      builtin: "SPLIT",
      inputs: [ints("axis", [2], []), x],
      outputs: parts,
      kind: 35,
    });
    expect(inputsOf(split)).toEqual(["x"]);
    expect(split.attributes).toEqual({ axis: 2, numOutputs: 2 });
    const sizes = [x, ints("sizes", [2, -1]), ints("axis", [2], [])];
    expect(inputsOf(decodeOne({ builtin: "SPLIT_V", inputs: sizes, outputs: parts, kind: 79 }))).toEqual([
      "x",
      [2, 4],
    ]);
  });

  it("takes the new shape of RESHAPE from the option in old files", () => {
    const node = decodeOne({
      builtin: "RESHAPE",
      inputs: [x],
      outputs: [activation("y", [1, 48])],
      kind: 17,
      fields: [[4, "int32s", [1, -1]]],
    });
    expect(inputsOf(node)).toEqual(["x", [1, -1]]);
  });

  it("leaves an operator under its own name when a constant that it needs is computed", () => {
    const node = decodeOne({
      builtin: "TRANSPOSE",
      inputs: [x, { name: "perm", type: "int32", shape: [4] }],
      outputs: [activation("y", [1])],
    });
    expect(node.op).toBe("TRANSPOSE");
    expect(inputsOf(node)).toEqual(["x", "perm"]);
  });

  it("keeps recurrent operators with all their options", () => {
    const node = decodeOne({
      builtin: "SVDF",
      inputs: [x],
      outputs: [activation("y", [1])],
      kind: 6,
      fields: [
        [4, "int32", 2],
        [6, "int8", 1],
      ],
    });
    expect(node.op).toBe("SVDF");
    expect(node.attributes).toEqual({ rank: 2, activation: "relu", asymmetricQuantizeInputs: false });
  });

  it("keeps custom operators by name, their options as bytes", () => {
    const { graph } = decode({
      tensors: [activation("x", [1]), activation("y", [1])],
      operators: [
        { code: 32, customCode: "Detect", customOptions: Uint8Array.of(1, 2), inputs: [0], outputs: [1] },
      ],
      inputs: [0],
      outputs: [1],
    });
    expect(graph.nodes[0]!.op).toBe("CUSTOM:Detect");
    expect([...tensorNumbers(graph.nodes[0]!.attributes.customOptions as Tensor)]).toEqual([1, 2]);
  });

  it("merges the on and off values of ONE_HOT into ONNX's one input", () => {
    const node = decodeOne({
      builtin: "ONE_HOT",
      inputs: [
        { name: "indices", type: "int32", shape: [4] },
        ints("depth", [3], []),
        { name: "on", type: "float32", shape: [], data: float32(1) },
        { name: "off", type: "float32", shape: [], data: float32(0.5) },
      ],
      outputs: [{ name: "y", type: "float32", shape: [4, 3] }],
      kind: 61,
      fields: [[4, "int32", -1]],
    });
    expect(inputsOf(node)).toEqual(["indices", [3], [0.5, 1]]);
  });
});

describe("decodeTflite() refuses", () => {
  const refusal = (draft: Partial<ModelDraft>): LabError => {
    try {
      decode({ tensors: [activation("x", [2])], operators: [], inputs: [0], outputs: [0], ...draft });
    } catch (error) {
      if (error instanceof LabError) return error;
      throw error;
    }
    throw new Error("expected a LabError");
  };
  const x = activation("x", [1, 2, 2, 3]);
  const y = activation("y", [1, 2, 2, 3]);

  it.each<[claim: string, draft: Partial<ModelDraft>, code: string, text: RegExp]>([
    ["other schema versions", { version: 2 }, "VERSION", /schema 2, expected 3/],
    [
      "constants whose bytes do not fit their shape",
      { tensors: [{ name: "w", type: "int8", shape: [4], data: new Uint8Array(3) }] },
      "DATA_SIZE",
      /'w': its buffer has 3 bytes, expected 4 for int8 4/,
    ],
    ["tensors that do not exist", { outputs: [5] }, "TENSOR_INDEX", /tensor 5 .* has 1 tensors/],
    [
      "operators that no schema has",
      { operators: [{ code: 1000, inputs: [0], outputs: [0] }] },
      "OPERATOR_CODE",
      /code is 1000/,
    ],
    [
      "options of another operator",
      {
        tensors: [x, y],
        outputs: [1],
        operators: [{ code: 25, inputs: [0], outputs: [1], options: { kind: 1, fields: [] } }],
      },
      "OPTIONS",
      /SOFTMAX: .* kind 1, expected 9/,
    ],
    [
      "scales that fit no axis",
      { tensors: [{ name: "w", type: "int8", shape: [2], scale: [1, 1, 1] }] },
      "QUANTIZATION",
      /3 scales along axis 0, expected one for each of 2/,
    ],
    [
      "a convolution whose channels make no groups",
      {
        tensors: [x, { name: "w", type: "int8", shape: [3, 1, 1, 2], data: new Uint8Array(6) }, y],
        outputs: [2],
        operators: [
          {
            code: 3,
            inputs: [0, 1],
            outputs: [2],
            options: {
              kind: 1,
              fields: [
                [6, "int32", 1],
                [8, "int32", 1],
              ],
            },
          },
        ],
      },
      "OPERATOR",
      /3 channels and its weights take 2/,
    ],
    [
      "external files outside of the model's folder",
      {
        tensors: [{ name: "w", type: "int8", shape: [2], externalBuffer: 1 }],
        external: [{ id: 1, file: "../w.bin", offset: 0, length: 2 }],
      },
      "EXTERNAL_DATA",
      /'\.\.\/w\.bin', expected a file below/,
    ],
  ])("%s", (_, draft, code, text) => {
    const error = refusal(draft);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(text);
  });
});

describe("decodeTflite() reads beside the model", () => {
  it("constants in external files, when they are asked for", () => {
    const opened: string[] = [];
    const bytes = writeTflite({
      tensors: [{ name: "w", type: "int8", shape: [2], externalBuffer: 1 }],
      operators: [],
      inputs: [],
      outputs: [0],
      external: [{ id: 1, file: "w.bin", offset: 1, length: 2 }],
    });
    const { graph } = decodeTflite(bufferSource("m.tflite", bytes), {
      siblings: (name) => {
        opened.push(name);
        return bufferSource(name, Uint8Array.of(9, 5, 6));
      },
    });
    expect(opened).toEqual([]);
    expect([...tensorNumbers(graph.outputs[0]!)]).toEqual([5, 6]);
    expect(opened).toEqual(["w.bin"]);
  });
});
