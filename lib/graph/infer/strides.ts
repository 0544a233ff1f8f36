/**
 * Views of dense arrays. Moving elements (transpose, slice, broadcast) is one thing: reading an array along
 * other strides. A 2×3 array [0 1 2 3 4 5] has strides [3, 1]:
 *
 *     transposed     shape 3×2, strides [1, 3]              0 3 1 4 2 5
 *     columns 2, 0   shape 2×2, strides [3, −2], offset 2   2 0 5 3
 *     row 1 thrice   shape 3×3, strides [0, 1], offset 3    3 4 5 3 4 5 3 4 5
 */

import type { Numbers } from "../elements.js";
import { elementCount, type StaticShape } from "../shape.js";

export interface View {
  readonly shape: StaticShape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Returns the distance between neighbours along each axis of a dense array. */
export function denseStrides(shape: StaticShape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}

/** Returns the view that repeats an array of shape `from` over the shape `to` it broadcasts to. */
export function broadcastView(from: StaticShape, to: StaticShape): View {
  const dense = denseStrides(from);
  const missing = to.length - from.length;
  const strides = to.map((_, axis) => {
    const own = axis - missing;
    return own < 0 || from[own] === 1 ? 0 : dense[own]!;
  });
  return { shape: to, strides, offset: 0 };
}

/** Calls `visit` with the position in the array of each element of the view, in the view's order. */
export function forEachOffset(
  { shape, strides, offset }: View,
  visit: (from: number, to: number) => void,
): void {
  const total = elementCount(shape);
  const index = new Array<number>(shape.length).fill(0);
  let from = offset;
  for (let to = 0; to < total; to++) {
    visit(from, to);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
}

/** Returns the elements of a view as a dense array. */
export function readView(values: Numbers, view: View): Float64Array {
  const result = new Float64Array(elementCount(view.shape));
  forEachOffset(view, (from, to) => {
    result[to] = values[from]!;
  });
  return result;
}
