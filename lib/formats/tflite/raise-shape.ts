/** Operators that move or pick elements back into TFLite's: the mirror image of lower-shape.ts. */
import { flagAttribute, numberAttribute, numbersAttribute, stringAttribute } from "../../graph/node.js";
import { constantOf, Tensor } from "../../graph/tensor.js";
import {
  asInt32,
  constants,
  operand,
  type Raised,
  type Raising,
  refuse,
  requireAttribute,
} from "./raised.js";

/** A shape that an old file has as an option is an int64 constant in the graph; it goes back to being one. */
export const reshape: Raising = (node) => {
  const [x, shape] = [node.input(0), node.input(1)];
  if (!shape.isConstant) return { builtin: "RESHAPE", inputs: [x, shape], options: { newShape: [] } };
  const newShape = constants(node, 1);
  if (newShape.includes(0) && !flagAttribute(node, "allowzero")) {
    throw refuse(node, "a 0 in its shape copies a size, expected the size itself");
  }
  if (shape.dtype === "int64") return { builtin: "RESHAPE", inputs: [x], options: { newShape } };
  const recorded = node.source.recorded?.options.newShape;
  const repeated = Array.isArray(recorded) && recorded.length > 0;
  return { builtin: "RESHAPE", inputs: [x, shape], options: { newShape: repeated ? newShape : [] } };
};

/** ONNX lists all befores, then all afters; the file pairs them per axis. */
export const padding: Raising = (node) => {
  const pads = constants(node, 1);
  const rank = pads.length / 2;
  const pairs = pads.slice(0, rank).flatMap((before, axis) => [before, pads[rank + axis]!]);
  const inputs = [node.input(0), operand(node, "paddings", pairs, [rank, 2])];
  const mode = stringAttribute(node, "mode", "constant");
  if (node.inputs[3]) throw refuse(node, "it names the axes to pad, expected all of them");
  if (mode === "constant") {
    const fill = node.inputs[2];
    return fill
      ? { builtin: "PADV2", inputs: [...inputs, fill], options: {} }
      : { builtin: "PAD", inputs, options: {} };
  }
  if (mode !== "reflect" && mode !== "symmetric")
    throw refuse(node, `it pads by ${mode}, expected constant, reflect or symmetric`);
  return { builtin: "MIRROR_PAD", inputs, options: { mode } };
};

export const slice: Raising = (node) => {
  if (node.inputs.length > 3)
    throw refuse(node, "it names axes or steps, expected starts and ends for all axes");
  const [starts, ends] = [constants(node, 1), constants(node, 2)];
  const sizes = ends.map((end, axis) => (end === Number.MAX_SAFE_INTEGER ? -1 : end - starts[axis]!));
  return {
    builtin: "SLICE",
    inputs: [node.input(0), operand(node, "begin", starts), operand(node, "size", sizes)],
    options: {},
  };
};

export const stridedSlice: Raising = (node) => ({
  builtin: "STRIDED_SLICE",
  inputs: node.inputs,
  options: node.attributes,
});

export const transpose: Raising = (node) => {
  const rank = node.input(0).shape?.length ?? 0;
  const reversed = Array.from({ length: rank }, (_, index) => rank - 1 - index);
  const perm = numbersAttribute(node, "perm", reversed);
  return { builtin: "TRANSPOSE", inputs: [node.input(0), operand(node, "perm", perm)], options: {} };
};

export const expandDims: Raising = (node) => {
  const axes = constants(node, 1);
  if (axes.length !== 1) throw refuse(node, `it adds ${axes.length} axes, expected one`);
  return { builtin: "EXPAND_DIMS", inputs: [node.input(0), operand(node, "axis", axes, [])], options: {} };
};

export const squeeze: Raising = (node) => ({
  builtin: "SQUEEZE",
  inputs: [node.input(0)],
  options: { squeezeDims: node.inputs[1] ? constants(node, 1) : [] },
});

export const concat: Raising = (node) => ({
  builtin: "CONCATENATION",
  inputs: node.inputs,
  options: { axis: numberAttribute(node, "axis") },
});

export const stack: Raising = (node) => ({
  builtin: "PACK",
  inputs: node.inputs,
  options: { axis: numberAttribute(node, "axis"), valuesCount: node.inputs.length },
});

export const unstack: Raising = (node) => ({
  builtin: "UNPACK",
  inputs: node.inputs,
  options: { axis: numberAttribute(node, "axis"), num: node.outputs.length },
});

export const split: Raising = (node) => {
  const axis = operand(node, "axis", [numberAttribute(node, "axis", 0)], []);
  const options = { numSplits: node.outputs.length };
  if (!node.inputs[1]) return { builtin: "SPLIT", inputs: [axis, node.input(0)], options };
  const sizes = operand(node, "sizes", constants(node, 1));
  return { builtin: "SPLIT_V", inputs: [node.input(0), sizes, axis], options };
};

/** Returns the raising of a reduction. */
export function reduction(builtin: string): Raising {
  return (node) => {
    if (!node.inputs[1]) throw refuse(node, "it reduces all axes, expected a list of them");
    return {
      builtin,
      inputs: [node.input(0), asInt32(node, "axes", node.input(1))],
      options: { keepDims: flagAttribute(node, "keepdims", true) },
    };
  };
}

/** Returns the raising of ArgMax and ArgMin. */
export function argument(builtin: string): Raising {
  return (node) => {
    if (flagAttribute(node, "keepdims", true)) throw refuse(node, "it keeps the axis, expected to drop it");
    requireAttribute(node, "selectLastIndex", [0]);
    return {
      builtin,
      inputs: [node.input(0), operand(node, "axis", [numberAttribute(node, "axis", 0)], [])],
      options: { outputType: node.output().dtype },
    };
  };
}

export const gather: Raising = (node) => ({
  builtin: "GATHER",
  inputs: node.inputs,
  options: { axis: numberAttribute(node, "axis", 0), batchDims: 0 },
});

export const fill: Raising = (node) => {
  const { value } = node.attributes;
  if (!(value instanceof Tensor)) throw refuse(node, "it has no value, expected a scalar");
  return { builtin: "FILL", inputs: [node.input(0), value], options: {} };
};

/** ONNX has [off, on] as one input, the file on and off as scalars. */
export const oneHot: Raising = (node): Raised => {
  const pair = node.input(2);
  const data = pair.data?.read();
  if (data === undefined) throw refuse(node, "its values are computed, expected constants");
  const half = data.length / 2;
  const scalar = (role: string, bytes: Uint8Array) =>
    new Tensor({ name: `${node.name}/${role}`, dtype: pair.dtype, shape: [], data: constantOf(bytes) });
  return {
    builtin: "ONE_HOT",
    inputs: [
      node.input(0),
      node.input(1),
      scalar("on", data.subarray(half)),
      scalar("off", data.subarray(0, half)),
    ],
    options: { axis: numberAttribute(node, "axis", -1) },
  };
};
