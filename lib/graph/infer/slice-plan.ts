/** Slice, StridedSlice and TFLite's SLICE as one thing: a start, a step and a count per axis. */
import { numberAttribute } from "../node.js";
import type { InferenceCall } from "./rule.js";

export interface AxisRange {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

export interface SlicePlan {
  /** One range per axis of the input. */
  readonly ranges: readonly AxisRange[];
  /** What remains: input axes in order, `null` for an axis of size 1 that is added. */
  readonly axes: readonly (number | null)[];
}

/**
 * Returns the elements that a range takes from an axis of `size`, with the clamping of NumPy: negative
 * positions count from the end, positions beyond an end stop there. [8:0:-3] of 6 takes 5 and 2.
 */
export function clampRange(size: number, start: number, end: number, step: number): AxisRange {
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const clamp = (position: number) =>
    Math.max(low, Math.min(high, position < 0 ? position + size : position));
  const from = clamp(start);
  const to = clamp(end);
  return { start: from, step, count: Math.max(0, Math.ceil((to - from) / step)) };
}

/** Returns what an ONNX Slice takes: starts, ends, axes and steps are inputs 1 to 4. */
export function slicePlan(call: InferenceCall): SlicePlan {
  const shape = call.shape(0);
  const starts = call.values(1);
  const ends = call.values(2);
  const axes = call.has(3) ? call.values(3) : starts.map((_, axis) => axis);
  const steps = call.has(4) ? call.values(4) : starts.map(() => 1);
  const ranges: AxisRange[] = shape.map((size) => ({ start: 0, step: 1, count: size }));
  for (const [index, axis] of axes.entries()) {
    const own = call.axis(axis, shape.length);
    const step = steps[index]!;
    if (step === 0) throw call.refuse(`its step along axis ${own} is 0`);
    ranges[own] = clampRange(shape[own]!, starts[index]!, ends[index]!, step);
  }
  return { ranges, axes: shape.map((_, axis) => axis) };
}

/** Returns what TFLite's SLICE takes when its begins and sizes are computed; −1 runs to the end. */
export function sizedSlicePlan(call: InferenceCall): SlicePlan {
  const shape = call.shape(0);
  const begins = call.values(1);
  const sizes = call.values(2);
  const ranges = shape.map((size, axis) => {
    const start = begins[axis]!;
    const count = sizes[axis] === -1 ? size - start : sizes[axis]!;
    if (start < 0 || count < 0 || start + count > size) {
      throw call.refuse(`${count} elements from ${start} lie outside axis ${axis} of ${size}`);
    }
    return { start, step: 1, count };
  });
  return { ranges, axes: shape.map((_, axis) => axis) };
}

/**
 * Returns what a TFLite StridedSlice takes. Its masks are bit sets over the positions of `begin`:
 * begin and end ignored, ellipsis (the axes not named), a new axis of size 1, and one index whose axis goes.
 * Source: TensorFlow strided_slice; tensorflow/lite/kernels/strided_slice.cc.
 */
export function stridedSlicePlan(call: InferenceCall): SlicePlan {
  const { node } = call;
  const shape = call.shape(0);
  const [begin, end, strides] = [call.values(1), call.values(2), call.values(3)];
  const mask = (name: string) => {
    const bits = numberAttribute(node, name, 0);
    return (position: number) => ((bits >> position) & 1) === 1;
  };
  const [noBegin, noEnd, ellipsis] = [mask("beginMask"), mask("endMask"), mask("ellipsisMask")];
  const [newAxis, shrink] = [mask("newAxisMask"), mask("shrinkAxisMask")];
  const fromBegin = node.attributes.offset === true;

  const named = begin.filter((_, position) => !ellipsis(position) && !newAxis(position)).length;
  const ranges: AxisRange[] = [];
  const axes: (number | null)[] = [];
  const takeWhole = () => {
    axes.push(ranges.length);
    ranges.push({ start: 0, step: 1, count: shape[ranges.length]! });
  };
  for (const [position, start] of begin.entries()) {
    if (ellipsis(position)) {
      for (let rest = shape.length - named; rest > 0; rest--) takeWhole();
      continue;
    }
    if (newAxis(position)) {
      axes.push(null);
      continue;
    }
    const axis = ranges.length;
    const size = shape[axis];
    const step = strides[position]!;
    if (size === undefined) throw call.refuse(`it slices more axes than the ${shape.length} of its input`);
    if (step === 0) throw call.refuse(`its stride along axis ${axis} is 0`);
    if (shrink(position)) {
      const index = noBegin(position) ? 0 : start < 0 ? start + size : start;
      if (index < 0 || index >= size)
        throw call.refuse(`index ${start} lies outside axis ${axis} of ${size}`);
      ranges.push({ start: index, step: 1, count: 1 });
      continue;
    }
    const first = noBegin(position) ? (step > 0 ? 0 : size - 1) : start;
    const stop = fromBegin ? start + end[position]! : end[position]!;
    // Minus infinity stays before the first element, where −1 would count from the end.
    const last = noEnd(position) ? (step > 0 ? size : Number.NEGATIVE_INFINITY) : stop;
    axes.push(axis);
    ranges.push(clampRange(size, first, last, step));
  }
  while (ranges.length < shape.length) takeWhole();
  return { ranges, axes };
}

/** Returns the shape that a plan gives. */
export function plannedShape({ ranges, axes }: SlicePlan): number[] {
  return axes.map((axis) => (axis === null ? 1 : ranges[axis]!.count));
}
