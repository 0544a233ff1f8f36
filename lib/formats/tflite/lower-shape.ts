/** Operators that move or pick elements: axes, shapes, pads and slices become constants at ONNX's places. */
import type { Attributes } from "../../graph/node.js";
import { elementCount, isStatic } from "../../graph/shape.js";
import type { Tensor } from "../../graph/tensor.js";
import { int64Constant, TO_THE_END } from "../shared/constant.js";
import {
  type Call,
  constantName,
  fusedActivation,
  type Lowered,
  type Lowering,
  refuse,
  required,
  value,
  values,
  whole,
} from "./call.js";

function constant(call: Call, role: string, list: readonly (number | bigint)[]): Tensor {
  return int64Constant(constantName(call, role), list);
}

/** The new shape is input 1, or an option in old files. A 0 is a size here; ONNX would copy the size. */
export const reshape: Lowering = (call) => {
  const x = required(call, 0);
  const option = call.options.newShape as readonly number[];
  const recorded = call.inputs[1] ?? constant(call, "shape", option);
  const hasZero = (call.inputs[1] ? values(call, 1) : option)?.includes(0) ?? false;
  const attributes: Attributes = hasZero ? { allowzero: 1 } : {};
  return { op: "Reshape", inputs: [x, recorded], attributes };
};

/** Recorded pads are [before, after] per axis; ONNX lists all befores, then all afters. */
export function padding(mode: "constant" | "mirror"): Lowering {
  return (call) => {
    const pairs = values(call, 1);
    if (pairs === null) return null;
    const x = required(call, 0);
    if (pairs.length % 2 !== 0 || (x.shape !== null && pairs.length !== 2 * x.shape.length)) {
      throw refuse(call, `it has ${pairs.length} pads, expected two for each axis of its input`);
    }
    const before = pairs.filter((_, index) => index % 2 === 0);
    const after = pairs.filter((_, index) => index % 2 === 1);
    const fill = call.inputs[2];
    return {
      op: "Pad",
      inputs: [x, constant(call, "pads", [...before, ...after]), ...(fill ? [fill] : [])],
      attributes: { mode: mode === "mirror" ? call.options.mode! : "constant" },
    };
  };
}

/** Recorded as [x, begin, size]; a size of −1 runs to the end. */
export const slice: Lowering = (call) => {
  const [begin, size] = [values(call, 1), values(call, 2)];
  if (begin === null || size === null) return null;
  if (begin.length !== size.length) {
    throw refuse(call, `it has ${begin.length} begins and ${size.length} sizes, expected as many`);
  }
  const ends = begin.map((start, axis) => (size[axis] === -1 ? TO_THE_END : start + size[axis]!));
  return {
    op: "Slice",
    inputs: [required(call, 0), constant(call, "starts", begin), constant(call, "ends", ends)],
    attributes: {},
  };
};

export const stridedSlice: Lowering = (call) => ({
  op: "StridedSlice",
  inputs: call.inputs,
  attributes: call.options,
});

export const transpose: Lowering = (call) => {
  const perm = values(call, 1);
  if (perm === null) return null;
  return { op: "Transpose", inputs: [required(call, 0)], attributes: { perm } };
};

export const expandDims: Lowering = (call) => {
  const axis = value(call, 1);
  if (axis === null) return null;
  return { op: "Unsqueeze", inputs: [required(call, 0), constant(call, "axes", [axis])], attributes: {} };
};

/** Without axes every axis of size 1 goes, in both formats. */
export const squeeze: Lowering = (call) => {
  const axes = call.options.squeezeDims as readonly number[];
  const x = required(call, 0);
  return {
    op: "Squeeze",
    inputs: axes.length === 0 ? [x] : [x, constant(call, "axes", axes)],
    attributes: {},
  };
};

export const concat: Lowering = (call) => ({
  op: "Concat",
  inputs: call.inputs,
  attributes: { axis: call.options.axis!, ...fusedActivation(call) },
});

/** Returns the lowering of PACK and UNPACK, which add or drop an axis. */
export function stacking(op: "Stack" | "Unstack"): Lowering {
  return (call) => ({ op, inputs: call.inputs, attributes: { axis: call.options.axis! } });
}

/** Recorded as [axis, x]: equal parts, as many as outputs. */
export const split: Lowering = (call) => {
  const axis = value(call, 0);
  if (axis === null) return null;
  return {
    op: "Split",
    inputs: [required(call, 1)],
    attributes: { axis, numOutputs: call.outputs.length },
  };
};

/** Recorded as [x, sizes, axis]; one size may be −1, the rest of the axis. */
export const splitSizes: Lowering = (call) => {
  const [sizes, axis] = [values(call, 1), value(call, 2)];
  if (sizes === null || axis === null) return null;
  const x = required(call, 0);
  const whole = x.shape?.at(axis);
  const known = sizes.reduce((sum, size) => (size === -1 ? sum : sum + size), 0);
  if (sizes.includes(-1) && typeof whole !== "number") return null;
  const filled = sizes.map((size) => (size === -1 ? (whole as number) - known : size));
  return { op: "Split", inputs: [x, constant(call, "split", filled)], attributes: { axis } };
};

/** Returns the lowering of a reduction, recorded as [x, axes]. */
export function reduction(op: string): Lowering {
  return (call) => ({
    op,
    inputs: [required(call, 0), required(call, 1)],
    attributes: { keepdims: call.options.keepDims ? 1 : 0 },
  });
}

/** Returns the lowering of ARG_MAX and ARG_MIN, recorded as [x, axis]; the axis is dropped. */
export function argument(op: "ArgMax" | "ArgMin"): Lowering {
  return (call) => {
    const axis = value(call, 1);
    if (axis === null) return null;
    return { op, inputs: [required(call, 0)], attributes: { axis, keepdims: 0 } };
  };
}

/** ONNX's Gather has no batch axes; one that has keeps its name. */
export const gather: Lowering = (call) => {
  if (call.options.batchDims !== 0) return null;
  return { op: "Gather", inputs: call.inputs, attributes: { axis: call.options.axis! } };
};

/** Recorded as [shape, value]; ONNX has the value as an attribute. */
export const fill: Lowering = (call) => {
  const filler = required(call, 1);
  if (!filler.isConstant || !isStatic(filler.shape) || elementCount(filler.shape) !== 1) return null;
  return { op: "ConstantOfShape", inputs: [required(call, 0)], attributes: { value: filler } };
};

/** Recorded as [indices, depth, on, off]; ONNX has [off, on] as one input. */
export const oneHot: Lowering = (call): Lowered | null => {
  const [on, off] = [call.inputs[2], call.inputs[3]];
  if (!on?.data || !off?.data || on.dtype !== off.dtype) return null;
  const [low, high] = [off.data.read(), on.data.read()];
  const both = new Uint8Array(low.length + high.length);
  both.set(low);
  both.set(high, low.length);
  const pair = constant(call, "values", [0, 1]);
  pair.dtype = on.dtype;
  pair.data = { byteLength: both.length, read: () => both };
  return {
    op: "OneHot",
    inputs: [required(call, 0), required(call, 1), pair],
    attributes: { axis: whole(call, "axis") },
  };
};
