/** Values of operators that read or write single elements by their position. */
import type { Numbers } from "../elements.js";
import { flagAttribute, numberAttribute } from "../node.js";
import { elementCount, type StaticShape } from "../shape.js";
import { type Evaluator, type Evaluators, filled, known } from "./evaluator.js";
import type { InferenceCall } from "./rule.js";
import { denseStrides } from "./strides.js";

function move(evaluate: Evaluator["evaluate"]): Evaluator {
  return { evaluate, moves: true };
}

function make(evaluate: Evaluator["evaluate"]): Evaluator {
  return { evaluate, moves: false };
}

/** Returns a position counted from the front; throws when the axis has no such element. */
function position(call: InferenceCall, index: number, size: number): number {
  const positive = index < 0 ? index + size : index;
  if (positive >= 0 && positive < size) return positive;
  throw call.refuse(`index ${index} lies outside an axis of ${size}`);
}

/**
 * Returns, for each element of the indices, the place of the element of the data that it points at: the same
 * coordinates but along `axis`, where the index stands.
 */
function pointedAlong(call: InferenceCall, axis: number): Numbers {
  const data = call.shape(0);
  const shape = call.shape(1);
  const strides = denseStrides(data);
  const own = denseStrides(shape);
  return Array.from(known(call, 1), (index, at) =>
    shape.reduce((place, size, other) => {
      const coordinate =
        other === axis ? position(call, index, data[axis]!) : Math.floor(at / own[other]!) % size;
      return place + coordinate * strides[other]!;
    }, 0),
  );
}

/** Returns, for each row of the indices, the place of the block of the data that it points at. */
function pointedBlocks(call: InferenceCall, data: StaticShape, depth: number): number[] {
  const strides = denseStrides(data);
  const values = known(call, 1);
  const rows = elementCount(call.shape(1).slice(0, -1));
  return Array.from({ length: rows }, (_row, row) => {
    let place = 0;
    for (let axis = 0; axis < depth; axis++) {
      place += position(call, values[row * depth + axis]!, data[axis]!) * strides[axis]!;
    }
    return place;
  });
}

const gatherElements = move((call) => {
  const axis = call.axis(numberAttribute(call.node, "axis", 0), call.shape(0).length);
  const values = known(call, 0);
  return [Array.from(pointedAlong(call, axis), (place) => values[place]!)];
});

const gatherNd: Evaluator = {
  moves: true,
  handles: (node) => numberAttribute(node, "batchDims", 0) === 0,
  evaluate(call) {
    const data = call.shape(0);
    const depth = call.shape(1).at(-1)!;
    const block = elementCount(data.slice(depth));
    const values = known(call, 0);
    const blocks = pointedBlocks(call, data, depth);
    return [blocks.flatMap((place) => Array.from({ length: block }, (_, at) => values[place + at]!))];
  },
};

/** How a scattered element meets the one that is there. */
const MEET: Readonly<Record<string, (held: number, update: number) => number>> = {
  none: (_held, update) => update,
  add: (held, update) => held + update,
  mul: (held, update) => held * update,
  max: Math.max,
  min: Math.min,
};

function meets(call: InferenceCall) {
  const name = String(call.node.attributes.reduction ?? "none");
  const meet = MEET[name];
  if (meet) return meet;
  throw call.refuse(`its reduction is '${name}', expected one of ${Object.keys(MEET).join(", ")}`);
}

const scatterElements = make((call) => {
  const axis = call.axis(numberAttribute(call.node, "axis", 0), call.shape(0).length);
  const meet = meets(call);
  const result = Float64Array.from(known(call, 0));
  const updates = known(call, 2);
  for (const [index, place] of Array.from(pointedAlong(call, axis)).entries()) {
    result[place] = meet(result[place]!, updates[index]!);
  }
  return [result];
});

const scatterNd = make((call) => {
  const data = call.shape(0);
  const depth = call.shape(1).at(-1)!;
  const block = elementCount(data.slice(depth));
  const meet = meets(call);
  const result = Float64Array.from(known(call, 0));
  const updates = known(call, 2);
  for (const [row, place] of pointedBlocks(call, data, depth).entries()) {
    for (let at = 0; at < block; at++) {
      result[place + at] = meet(result[place + at]!, updates[row * block + at]!);
    }
  }
  return [result];
});

/** Calls `visit` for each line of elements along an axis, with their places in order. */
function forEachLine(shape: StaticShape, axis: number, visit: (places: readonly number[]) => void): void {
  const step = elementCount(shape.slice(axis + 1));
  const size = shape[axis]!;
  for (let outer = 0; outer < elementCount(shape.slice(0, axis)); outer++) {
    for (let inner = 0; inner < step; inner++) {
      const start = outer * size * step + inner;
      visit(Array.from({ length: size }, (_, index) => start + index * step));
    }
  }
}

const cumSum = make((call, [output]) => {
  const shape = call.shape(0);
  const axis = call.axis(call.value(1), shape.length);
  const exclusive = flagAttribute(call.node, "exclusive", false);
  const values = known(call, 0);
  const result = filled(output!, 0);
  const backwards = flagAttribute(call.node, "reverse", false);
  forEachLine(shape, axis, (places) => {
    let sum = 0;
    for (const place of backwards ? places.toReversed() : places) {
      if (exclusive) result[place] = sum;
      sum += values[place]!;
      if (!exclusive) result[place] = sum;
    }
  });
  return [result];
});

const eyeLike: Evaluator = {
  moves: false,
  shapeOnly: true,
  evaluate(call, [output]) {
    const columns = call.shape(0)[1]!;
    const shift = numberAttribute(call.node, "k", 0);
    return [
      filled(output!, 0).map((_, index) => (index % columns === Math.floor(index / columns) + shift ? 1 : 0)),
    ];
  },
};

/** Keeps one side of the diagonal `k` above the main one, of each matrix. */
const trilu = make((call) => {
  const [rows, columns] = call.shape(0).slice(-2) as [number, number];
  const upper = numberAttribute(call.node, "upper", 1) === 1;
  const shift = call.has(1) ? call.value(1) : 0;
  return [
    Float64Array.from(known(call, 0), (value, index) => {
      const above = (index % columns) - (Math.floor(index / columns) % rows) - shift;
      return (upper ? above >= 0 : above <= 0) ? value : 0;
    }),
  ];
});

/** The values are [off, on]; an index outside of the depth leaves its line off. */
const oneHot = make((call, [output]) => {
  const depth = call.value(1);
  const [off, on] = [known(call, 2)[0]!, known(call, 2)[1]!];
  const { shape } = output!;
  const axis = call.axis(numberAttribute(call.node, "axis", -1), shape.length);
  const result = filled(output!, off);
  const indices = known(call, 0);
  let line = 0;
  forEachLine(shape, axis, (places) => {
    const index = indices[line++]!;
    const place = places[index < 0 ? index + depth : index];
    if (place !== undefined) result[place] = on;
  });
  return [result];
});

export const INDEX_EVALUATORS: Evaluators = {
  CumSum: cumSum,
  EyeLike: eyeLike,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  OneHot: oneHot,
  ScatterElements: scatterElements,
  ScatterND: scatterNd,
  Trilu: trilu,
};
