/** Values of operators that move, pick, join and repeat elements, or make them from sizes. */

import type { Numbers } from "../elements.js";
import { numberAttribute } from "../node.js";
import { elementCount, type StaticShape } from "../shape.js";
import { shapeRange } from "./creating.js";
import { type Evaluator, type Evaluators, filled, known } from "./evaluator.js";
import { padAmounts } from "./joining.js";
import { SLICE_PLANS, splitSizes } from "./picking.js";
import { permutation } from "./reshaping.js";
import type { InferenceCall, TensorType } from "./rule.js";
import { broadcastView, denseStrides, forEachOffset, readView } from "./strides.js";

function move(evaluate: Evaluator["evaluate"]): Evaluator {
  return { evaluate, moves: true };
}

function make(evaluate: Evaluator["evaluate"]): Evaluator {
  return { evaluate, moves: false };
}

const unchanged = move((call) => [known(call, 0)]);

const transpose = move((call, [output]) => {
  const dense = denseStrides(call.shape(0));
  const strides = permutation(call).map((axis) => dense[axis]!);
  return [readView(known(call, 0), { shape: output!.shape, strides, offset: 0 })];
});

function slice(op: string): Evaluator {
  return move((call) => {
    const { ranges } = SLICE_PLANS[op]!(call);
    const dense = denseStrides(call.shape(0));
    // Axes that are dropped or added have one element: they do not change the order.
    return [
      readView(known(call, 0), {
        shape: ranges.map(({ count }) => count),
        strides: ranges.map(({ step }, axis) => step * dense[axis]!),
        offset: ranges.reduce((sum, { start }, axis) => sum + start * dense[axis]!, 0),
      }),
    ];
  });
}

const expand = move((call, [output]) => [
  readView(known(call, 0), broadcastView(call.shape(0), output!.shape)),
]);

/** Repeating an axis of n elements r times is an axis r of stride 0 before it. */
const tile = move((call) => {
  const shape = call.shape(0);
  const repeats = call.values(1);
  const dense = denseStrides(shape);
  const view = {
    shape: shape.flatMap((size, axis) => [repeats[axis]!, size]),
    strides: shape.flatMap((_, axis) => [0, dense[axis]!]),
    offset: 0,
  };
  return [readView(known(call, 0), view)];
});

/** Writes blocks [outer, size, inner] of each input behind one another along the axis. */
function join(call: InferenceCall, output: TensorType, axis: number, sizes: readonly number[]): Float64Array {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const outer = elementCount(output.shape.slice(0, axis));
  const inner = elementCount(output.shape.slice(axis + 1));
  const result = new Float64Array(outer * total * inner);
  let before = 0;
  for (const [index, size] of sizes.entries()) {
    const values = known(call, index);
    const block = size * inner;
    for (let row = 0; row < outer; row++) {
      const to = row * total * inner + before * inner;
      for (let at = 0; at < block; at++) result[to + at] = values[row * block + at]!;
    }
    before += size;
  }
  return result;
}

const concat = move((call, [output]) => {
  const axis = call.axis(numberAttribute(call.node, "axis"), output!.shape.length);
  const sizes = call.node.inputs.map((_, index) => call.shape(index)[axis]!);
  return [join(call, output!, axis, sizes)];
});

const stack = move((call, [output]) => {
  const axis = call.axis(numberAttribute(call.node, "axis", 0), output!.shape.length);
  return [
    join(
      call,
      output!,
      axis,
      call.node.inputs.map(() => 1),
    ),
  ];
});

/** Returns the parts of an axis, each a view of the input. */
function parts(call: InferenceCall, axis: number, sizes: readonly number[]): Numbers[] {
  const shape = call.shape(0);
  const strides = denseStrides(shape);
  let start = 0;
  return sizes.map((size) => {
    const offset = start * strides[axis]!;
    start += size;
    const own: StaticShape = shape.map((whole, index) => (index === axis ? size : whole));
    return readView(known(call, 0), { shape: own, strides, offset });
  });
}

const split = move((call) => {
  const axis = call.axis(numberAttribute(call.node, "axis", 0), call.shape(0).length);
  return parts(call, axis, splitSizes(call, axis));
});

const unstack = move((call, outputs) => {
  const axis = call.axis(numberAttribute(call.node, "axis", 0), call.shape(0).length);
  return parts(
    call,
    axis,
    outputs.map(() => 1),
  );
});

const gather: Evaluator = {
  moves: true,
  handles: (node) => numberAttribute(node, "batchDims", 0) === 0,
  evaluate: gatherRows,
};

function gatherRows(call: InferenceCall, [output]: readonly TensorType[]): Numbers[] {
  const data = call.shape(0);
  const axis = call.axis(numberAttribute(call.node, "axis", 0), data.length);
  const values = known(call, 0);
  const size = data[axis]!;
  const inner = elementCount(data.slice(axis + 1));
  const outer = elementCount(data.slice(0, axis));
  const indices = Array.from(known(call, 1), (index) => (index < 0 ? index + size : index));
  const wrong = indices.find((index) => !(index >= 0 && index < size));
  if (wrong !== undefined) throw call.refuse(`index ${wrong} lies outside axis ${axis} of ${size}`);
  const result = new Float64Array(elementCount(output!.shape));
  let to = 0;
  for (let row = 0; row < outer; row++) {
    for (const index of indices) {
      const from = (row * size + index) * inner;
      for (let at = 0; at < inner; at++) result[to++] = values[from + at]!;
    }
  }
  return [result];
}

/** Negative pads crop; the elements that remain are placed into the filled output. */
const pad: Evaluator = {
  moves: false,
  handles: (node) => (node.attributes.mode ?? "constant") === "constant" && node.op !== "MIRROR_PAD",
  evaluate(call, [output]) {
    const { before, after } = padAmounts(call);
    const shape = call.shape(0);
    const strides = denseStrides(shape);
    const crops = before.map((size) => Math.max(0, -size));
    const kept = shape.map((size, axis) => Math.max(0, size - crops[axis]! - Math.max(0, -after[axis]!)));
    const offset = crops.reduce((sum, crop, axis) => sum + crop * strides[axis]!, 0);
    const values = readView(known(call, 0), { shape: kept, strides, offset });
    const result = filled(output!, call.has(2) ? known(call, 2)[0]! : 0);
    const outer = denseStrides(output!.shape);
    const place = before.reduce((sum, size, axis) => sum + Math.max(0, size) * outer[axis]!, 0);
    forEachOffset({ shape: kept, strides: outer, offset: place }, (to, from) => {
      result[to] = values[from]!;
    });
    return [result];
  },
};

const nonZero = make((call) => {
  const shape = call.shape(0);
  const strides = denseStrides(shape);
  const found = Array.from(known(call, 0)).flatMap((value, index) => (value === 0 ? [] : [index]));
  const coordinate = (index: number, axis: number) => Math.floor(index / strides[axis]!) % shape[axis]!;
  const byAxis = shape.flatMap((_, axis) => found.map((index) => coordinate(index, axis)));
  const byElement = found.flatMap((index) => shape.map((_, axis) => coordinate(index, axis)));
  return [call.node.source.format === "tflite" ? byElement : byAxis];
});

const constantOfShape = make((call, [output]) => {
  const value = call.tensorAttribute("value")?.values[0] ?? (call.has(1) ? known(call, 1)[0]! : 0);
  return [filled(output!, value)];
});

const range = make((call, [output]) => {
  const start = known(call, 0)[0]!;
  const delta = known(call, 2)[0]!;
  return [filled(output!, 0).map((_, index) => start + index * delta)];
});

export const MOVE_EVALUATORS: Evaluators = {
  ConstantOfShape: constantOfShape,
  FILL: constantOfShape,
  Concat: concat,
  EXPAND_DIMS: unchanged,
  Expand: expand,
  Flatten: unchanged,
  Gather: gather,
  Identity: unchanged,
  NonZero: nonZero,
  Pad: pad,
  RANK: { evaluate: (call) => [[call.shape(0).length]], moves: false, shapeOnly: true },
  Range: range,
  Reshape: unchanged,
  Shape: { evaluate: (call) => [shapeRange(call)], moves: false, shapeOnly: true },
  Size: { evaluate: (call) => [[elementCount(call.shape(0))]], moves: false, shapeOnly: true },
  Split: split,
  Squeeze: unchanged,
  Stack: stack,
  TRANSPOSE: transpose,
  Tile: tile,
  Transpose: transpose,
  Unsqueeze: unchanged,
  Unstack: unstack,
  ...Object.fromEntries(Object.keys(SLICE_PLANS).map((op) => [op, slice(op)])),
};
