/** Small files that use what the golden ones do not: what damaged copies of them must survive. */
import onnxProto from "onnx-proto";
import { tinyOnnx, tinyTflite } from "../../datasets/fixtures/make.js";
import { writeTflite } from "../../datasets/fixtures/write-tflite.js";

const { onnx } = onnxProto;

const floats = (name: string, dims: readonly number[]) => ({
  name,
  type: { tensorType: { elemType: 1, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } },
});

/** If with two bodies, a local function, a sparse constant, an annotation, a sequence, metadata. */
function richOnnx(): Uint8Array {
  const body = (name: string, opType: string) => ({
    name,
    output: [{ name: `${name}_y` }],
    node: [{ opType, input: ["x"], output: [`${name}_y`] }],
  });
  return onnx.ModelProto.encode({
    irVersion: 10,
    opsetImport: [
      { domain: "", version: 21 },
      { domain: "local", version: 1 },
    ],
    metadataProps: [{ key: "task", value: "none" }],
    functions: [
      {
        name: "Twice",
        domain: "local",
        input: ["a"],
        output: ["b"],
        opsetImport: [{ domain: "", version: 21 }],
        node: [{ opType: "Add", input: ["a", "a"], output: ["b"] }],
      },
    ],
    graph: {
      name: "rich",
      input: [floats("x", [2, 3]), { name: "c", type: { tensorType: { elemType: 9, shape: {} } } }],
      output: [floats("z", [2, 3])],
      valueInfo: [
        { name: "s", type: { sequenceType: { elemType: { tensorType: { elemType: 1 } } } } },
        { name: "y", type: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: "n" }, {}] } } } },
      ],
      initializer: [
        { name: "scale", dataType: 1, dims: [], floatData: [0.5] },
        { name: "zero", dataType: 3, dims: [], int32Data: [-1] },
        {
          name: "words",
          dataType: 8,
          dims: [2],
          stringData: [new Uint8Array([104, 105]), new Uint8Array(0)],
        },
        { name: "far", dataType: 7, dims: [3], int64Data: [-1, 0, 2 ** 40] },
        {
          name: "aside",
          dataType: 1,
          dims: [2],
          dataLocation: 1,
          externalData: [
            { key: "location", value: "weights.bin" },
            { key: "offset", value: "4" },
            { key: "length", value: "8" },
          ],
        },
      ],
      sparseInitializer: [
        {
          values: { name: "holes", dataType: 1, dims: [2], floatData: [7, 9] },
          indices: { name: "places", dataType: 7, dims: [2, 2], int64Data: [0, 1, 1, 2] },
          dims: [2, 3],
        },
      ],
      quantizationAnnotation: [
        {
          tensorName: "z",
          quantParameterTensorNames: [
            { key: "SCALE_TENSOR", value: "scale" },
            { key: "ZERO_POINT_TENSOR", value: "zero" },
          ],
        },
      ],
      node: [
        {
          opType: "If",
          name: "if",
          input: ["c"],
          output: ["y"],
          attribute: [
            { name: "then_branch", type: 5, g: body("then", "Relu") },
            { name: "else_branch", type: 5, g: body("else", "Neg") },
          ],
        },
        { opType: "Twice", domain: "local", name: "twice", input: ["y"], output: ["t"] },
        { opType: "SequenceConstruct", input: ["t", "holes"], output: ["s"] },
        {
          opType: "ConcatFromSequence",
          input: ["s"],
          output: ["z"],
          attribute: [{ name: "axis", type: 2, i: 0 }],
        },
      ],
    },
  }).finish();
}

/** Many small typed constants and attributes of every kind. */
function typedOnnx(): Uint8Array {
  const tensor = { name: "t", dataType: 6, dims: [2], int32Data: [1, 2] };
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [
      { domain: "ai.onnx", version: 13 },
      { domain: "ai.onnx.ml", version: 2 },
    ],
    graph: {
      input: [floats("x", [1])],
      output: [floats("y", [1])],
      node: [
        {
          opType: "Everything",
          domain: "ai.onnx.ml",
          input: ["x", "", "w"],
          output: ["y", ""],
          attribute: [
            { name: "f", type: 1, f: 0.5 },
            { name: "i", type: 2, i: -3 },
            { name: "s", type: 3, s: new Uint8Array([97]) },
            { name: "t", type: 4, t: tensor },
            { name: "fs", type: 6, floats: [1, 2] },
            { name: "is", type: 7, ints: [1, 300] },
            { name: "ss", type: 8, strings: [new Uint8Array([98])] },
            { name: "ts", type: 9, tensors: [tensor, tensor] },
          ],
        },
        {
          opType: "Constant",
          output: ["w"],
          attribute: [{ name: "value", type: 4, t: { ...tensor, doubleData: [], name: "v" } }],
        },
      ],
    },
  }).finish();
}

function customTflite(): Uint8Array {
  return writeTflite({
    description: "custom",
    tensors: [
      { name: "x", type: "float32", shape: [1, 4], hasRank: true },
      { name: "far", type: "int8", shape: [4], externalBuffer: 7 },
      { name: "state", type: "float32", shape: [1, 4], isVariable: true },
      { name: "y", type: "float32", shape: [1, 4] },
    ],
    operators: [
      {
        code: 32,
        customCode: "Mine",
        customOptions: new Uint8Array([1, 2, 3]),
        inputs: [0, 1, 2],
        outputs: [3],
      },
    ],
    inputs: [0],
    outputs: [3],
    external: [{ id: 7, file: "weights.bin", offset: 4, length: 4 }],
  });
}

function shapesTflite(): Uint8Array {
  const int32 = (...values: number[]) => new Uint8Array(Int32Array.from(values).buffer);
  return writeTflite({
    tensors: [
      { name: "x", type: "float32", shape: [1, 4] },
      { name: "to", type: "int32", shape: [2], data: int32(2, 2) },
      { name: "flat", type: "float32", shape: [2, 2] },
      { name: "pads", type: "int32", shape: [2, 2], data: int32(0, 1, 0, 1) },
      { name: "y", type: "float32", shape: [3, 3] },
    ],
    operators: [
      {
        code: 22,
        inputs: [0, 1],
        outputs: [2],
        options: { kind: 17, fields: [[4, "int32s", [2, 2]]] },
      },
      { code: 34, inputs: [2, 3], outputs: [4] },
    ],
    inputs: [0],
    outputs: [4],
    metadata: { note: new TextEncoder().encode("text") },
  });
}

/** Three small files per format. */
export const SMALL_FILES: Readonly<Record<"onnx" | "tflite", readonly (() => Uint8Array)[]>> = {
  onnx: [tinyOnnx, richOnnx, typedOnnx],
  tflite: [tinyTflite, customTflite, shapesTflite],
};
