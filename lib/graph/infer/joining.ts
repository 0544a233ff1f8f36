/** Operators that put tensors together or repeat them. */
import { numberAttribute } from "../node.js";
import { formatShape, type StaticShape } from "../shape.js";
import { broadcastInputs } from "./broadcast.js";
import type { InferenceCall, InferenceRule, InferenceRules } from "./rule.js";

const concat: InferenceRule = (call) => {
  const shapes = call.node.inputs.map((_, index) => call.shape(index));
  const [first] = shapes;
  if (!first) throw call.refuse("it has no inputs");
  const axis = call.axis(numberAttribute(call.node, "axis"), first.length);
  for (const shape of shapes) {
    const fits = shape.length === first.length && shape.every((size, i) => i === axis || size === first[i]);
    if (!fits)
      throw call.refuse(`${formatShape(shape)} does not continue ${formatShape(first)} along axis ${axis}`);
  }
  const total = shapes.reduce((sum, shape) => sum + shape[axis]!, 0);
  return [{ dtype: call.dtype(0), shape: first.map((size, index) => (index === axis ? total : size)) }];
};

const stack: InferenceRule = (call) => {
  const shapes = call.node.inputs.map((_, index) => call.shape(index));
  const [first] = shapes;
  if (!first) throw call.refuse("it has no inputs");
  const odd = shapes.find((shape) => formatShape(shape) !== formatShape(first));
  if (odd) throw call.refuse(`${formatShape(odd)} and ${formatShape(first)} differ, expected equal shapes`);
  const axis = call.axis(numberAttribute(call.node, "axis", 0), first.length + 1);
  return [{ dtype: call.dtype(0), shape: [...first.slice(0, axis), shapes.length, ...first.slice(axis)] }];
};

/** ONNX broadcasts both ways: the asked-for shape may have a 1 where the input has more. */
const expand: InferenceRule = (call) => {
  const shape = broadcastInputs(call, [call.shape(0), call.values(1)]);
  return [{ dtype: call.dtype(0), shape }];
};

const tile: InferenceRule = (call) => {
  const shape = call.shape(0);
  const repeats = call.values(1);
  if (repeats.length !== shape.length) {
    throw call.refuse(`it has ${repeats.length} repeats, expected ${shape.length}`);
  }
  return [{ dtype: call.dtype(0), shape: shape.map((size, axis) => size * repeats[axis]!) }];
};

/** Returns the pads before and after each axis. */
export function padAmounts(call: InferenceCall): { before: number[]; after: number[] } {
  const rank = call.shape(0).length;
  const pads = call.values(1);
  if (call.node.op !== "Pad") {
    // TFLite's own form, kept where pads are computed: [before, after] per axis.
    return {
      before: Array.from({ length: rank }, (_, axis) => pads[2 * axis]!),
      after: Array.from({ length: rank }, (_, axis) => pads[2 * axis + 1]!),
    };
  }
  const axes = call.has(3)
    ? call.values(3).map((axis) => call.axis(axis, rank))
    : Array.from({ length: rank }, (_, axis) => axis);
  if (pads.length !== 2 * axes.length) {
    throw call.refuse(`it has ${pads.length} pads, expected two for each of ${axes.length} axes`);
  }
  const before = new Array<number>(rank).fill(0);
  const after = new Array<number>(rank).fill(0);
  for (const [index, axis] of axes.entries()) {
    before[axis] = pads[index]!;
    after[axis] = pads[axes.length + index]!;
  }
  return { before, after };
}

const pad: InferenceRule = (call) => {
  const { before, after } = padAmounts(call);
  const shape: StaticShape = call.shape(0).map((size, axis) => size + before[axis]! + after[axis]!);
  if (shape.some((size) => size < 0)) throw call.refuse(`negative pads leave ${formatShape(shape)}`);
  return [{ dtype: call.dtype(0), shape }];
};

export const JOINING_RULES: InferenceRules = {
  Concat: concat,
  Stack: stack,
  Expand: expand,
  Tile: tile,
  Pad: pad,
  PAD: pad,
  PADV2: pad,
  MIRROR_PAD: pad,
};
