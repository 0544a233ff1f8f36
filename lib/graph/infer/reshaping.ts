/** Operators that give the same elements another shape. */
import { flagAttribute, numberAttribute, numbersAttribute } from "../node.js";
import { elementCount, formatShape, type StaticShape } from "../shape.js";
import type { InferenceCall, InferenceRule, InferenceRules } from "./rule.js";

function typed(call: InferenceCall, shape: StaticShape) {
  return [{ dtype: call.dtype(0), shape }];
}

/** A 0 copies the input's size (unless `allowzero`), one −1 takes what is left: [2, 3, 4] to [0, −1] is [2, 12]. */
const reshape: InferenceRule = (call) => {
  const input = call.shape(0);
  const target = call.values(1);
  const allowZero = flagAttribute(call.node, "allowzero", false);
  const sizes = target.map((size, axis) => (size === 0 && !allowZero ? (input[axis] ?? 0) : size));
  const free = sizes.indexOf(-1);
  const known = elementCount(sizes.filter((size) => size !== -1));
  const total = elementCount(input);
  if (free >= 0) sizes[free] = known === 0 ? 0 : total / known;
  if (sizes.some((size) => !Number.isInteger(size) || size < 0) || elementCount(sizes) !== total) {
    throw call.refuse(
      `${formatShape(input)} has ${total} elements, which do not fill ${target.join("x")}`,
      "if the resolution or the batch was changed, the file fixes the old one in this constant",
    );
  }
  return typed(call, sizes);
};

const flatten: InferenceRule = (call) => {
  const input = call.shape(0);
  const axis = numberAttribute(call.node, "axis", 1);
  const split = axis < 0 ? axis + input.length : axis;
  if (split < 0 || split > input.length) throw call.refuse(`axis ${axis} lies outside its input`);
  return typed(call, [elementCount(input.slice(0, split)), elementCount(input.slice(split))]);
};

const squeeze: InferenceRule = (call) => {
  const input = call.shape(0);
  const wanted = call.has(1) ? call.values(1).map((axis) => call.axis(axis, input.length)) : null;
  const dropped = new Set(wanted ?? input.flatMap((size, axis) => (size === 1 ? [axis] : [])));
  for (const axis of dropped) {
    if (input[axis] !== 1) throw call.refuse(`axis ${axis} has ${input[axis]} elements, expected 1`);
  }
  return typed(
    call,
    input.filter((_, axis) => !dropped.has(axis)),
  );
};

const unsqueeze: InferenceRule = (call) => {
  const input = call.shape(0);
  const axes = call.values(1);
  const rank = input.length + axes.length;
  const added = new Set(axes.map((axis) => call.axis(axis, rank)));
  const rest = [...input];
  return typed(
    call,
    Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : rest.shift()!)),
  );
};

/** Returns the order in which the axes of the output come from the input; reversed when nothing is said. */
export function permutation(call: InferenceCall): readonly number[] {
  const rank = call.shape(0).length;
  // A TFLite permutation that is computed stays an input.
  const perm = call.has(1)
    ? call.values(1)
    : numbersAttribute(
        call.node,
        "perm",
        Array.from({ length: rank }, (_, axis) => rank - 1 - axis),
      );
  const axes = perm.map((axis) => call.axis(axis, rank));
  if (new Set(axes).size === rank && axes.length === rank) return axes;
  throw call.refuse(`its permutation is ${perm.join(", ")}, expected each of ${rank} axes once`);
}

const transpose: InferenceRule = (call) => {
  const input = call.shape(0);
  return typed(
    call,
    permutation(call).map((axis) => input[axis]!),
  );
};

export const RESHAPING_RULES: InferenceRules = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  EXPAND_DIMS: unsqueeze,
  Transpose: transpose,
  TRANSPOSE: transpose,
};
