/** Operators that pick elements by position: slices, gathers, splits. */
import { numberAttribute } from "../node.js";
import { elementCount, formatShape, type StaticShape } from "../shape.js";
import type { InferenceCall, InferenceRule, InferenceRules } from "./rule.js";
import { plannedShape, type SlicePlan, sizedSlicePlan, slicePlan, stridedSlicePlan } from "./slice-plan.js";

/** Slicing operators and how to read their plans. */
export const SLICE_PLANS: Readonly<Record<string, (call: InferenceCall) => SlicePlan>> = {
  Slice: slicePlan,
  SLICE: sizedSlicePlan,
  StridedSlice: stridedSlicePlan,
};

function slicing(plan: (call: InferenceCall) => SlicePlan): InferenceRule {
  return (call) => [{ dtype: call.dtype(0), shape: plannedShape(plan(call)) }];
}

/** The indices take the place of the axis: data 5x7, indices 2x3, axis 1 give 5x2x3. */
const gather: InferenceRule = (call) => {
  const data = call.shape(0);
  const indices = call.shape(1);
  const axis = call.axis(numberAttribute(call.node, "axis", 0), data.length);
  const batch = numberAttribute(call.node, "batchDims", 0);
  return [
    {
      dtype: call.dtype(0),
      shape: [...data.slice(0, axis), ...indices.slice(batch), ...data.slice(axis + 1)],
    },
  ];
};

/** The last axis of the indices holds positions: data 5x7x9, indices 4x2 give 4x9. */
const gatherNd: InferenceRule = (call) => {
  const data = call.shape(0);
  const indices = call.shape(1);
  const batch = numberAttribute(call.node, "batchDims", 0);
  const depth = indices[indices.length - 1];
  if (depth === undefined || depth + batch > data.length) {
    throw call.refuse(`indices ${formatShape(indices)} do not point into ${formatShape(data)}`);
  }
  return [{ dtype: call.dtype(0), shape: [...indices.slice(0, -1), ...data.slice(batch + depth)] }];
};

/** Returns the sizes of the parts: as input 1 says, or equal parts with a smaller last one. */
export function splitSizes(call: InferenceCall, axis: number): readonly number[] {
  const size = call.shape(0)[axis]!;
  if (call.has(1)) {
    const sizes = call.values(1);
    const total = sizes.reduce((sum, part) => sum + part, 0);
    if (total === size) return sizes;
    throw call.refuse(`its parts ${sizes.join(" + ")} make ${total}, axis ${axis} has ${size}`);
  }
  const parts = numberAttribute(call.node, "numOutputs", call.node.outputs.length);
  const part = Math.ceil(size / parts);
  return Array.from({ length: parts }, (_, index) => Math.max(0, Math.min(part, size - index * part)));
}

function withSize(shape: StaticShape, axis: number, size: number): StaticShape {
  return shape.map((own, index) => (index === axis ? size : own));
}

const split: InferenceRule = (call) => {
  const shape = call.shape(0);
  const axis = call.axis(numberAttribute(call.node, "axis", 0), shape.length);
  return splitSizes(call, axis).map((size) => ({ dtype: call.dtype(0), shape: withSize(shape, axis, size) }));
};

const unstack: InferenceRule = (call) => {
  const shape = call.shape(0);
  const axis = call.axis(numberAttribute(call.node, "axis", 0), shape.length);
  if (shape[axis] !== call.node.outputs.length) {
    throw call.refuse(`axis ${axis} has ${shape[axis]} elements for ${call.node.outputs.length} outputs`);
  }
  const part = shape.filter((_, index) => index !== axis);
  return call.node.outputs.map(() => ({ dtype: call.dtype(0), shape: part }));
};

/** Keeps the elements that a condition marks, along an axis or of the flattened data. */
const compress: InferenceRule = (call) => {
  const shape = call.shape(0);
  const { axis } = call.node.attributes;
  const along = typeof axis === "number" ? call.axis(axis, shape.length) : null;
  const marked = call.numbers(1);
  if (marked) {
    const count = Array.from(marked).filter((flag) => flag !== 0).length;
    return [{ dtype: call.dtype(0), shape: along === null ? [count] : withSize(shape, along, count) }];
  }
  const most = Math.min(call.shape(1)[0]!, along === null ? elementCount(shape) : shape[along]!);
  const open = `≤${most}`;
  throw call.dependsOnData(`its condition decides how many elements remain, at most ${most}`, [
    {
      dtype: call.dtype(0),
      shape: along === null ? [open] : shape.map((own, at) => (at === along ? open : own)),
    },
  ]);
};

/** Outputs: the different elements, where each occurs first, which one each was, and how often. */
const unique: InferenceRule = (call) => {
  const shape = call.shape(0);
  const { axis } = call.node.attributes;
  const along = typeof axis === "number" ? call.axis(axis, shape.length) : null;
  const size = along === null ? elementCount(shape) : shape[along]!;
  const values = along === null ? call.numbers(0) : null;
  const inverse = { dtype: "int64", shape: [size] } as const;
  if (values) {
    const count = new Set(Array.from(values)).size;
    const list = { dtype: "int64", shape: [count] } as const;
    return [{ dtype: call.dtype(0), shape: [count] }, list, inverse, list];
  }
  const open = `≤${size}`;
  const list = { dtype: "int64", shape: [open] } as const;
  const kept = along === null ? [open] : shape.map((own, index) => (index === along ? open : own));
  throw call.dependsOnData(`the data decide how many elements differ, at most ${size}`, [
    { dtype: call.dtype(0), shape: kept },
    list,
    inverse,
    list,
  ]);
};

export const PICKING_RULES: InferenceRules = {
  ...Object.fromEntries(Object.entries(SLICE_PLANS).map(([op, plan]) => [op, slicing(plan)])),
  Compress: compress,
  Gather: gather,
  GATHER: gather,
  GatherElements: (call) => [{ dtype: call.dtype(0), shape: call.shape(1) }],
  GatherND: gatherNd,
  Split: split,
  Unique: unique,
  Unstack: unstack,
};
