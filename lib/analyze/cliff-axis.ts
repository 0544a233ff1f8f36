/** The numbers that a walk goes over: values, the smallest step that gives networks, and the image to resize. */
import { LabError } from "../errors.js";
import type { Model } from "../graph/graph.js";
import { normalizeModel } from "../graph/passes/normalize.js";
import type { Shape } from "../graph/shape.js";
import type { WalkAxis } from "./cliffs.js";

export interface WalkRange {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/** More points than this are a slip of the keyboard. */
const MOST_VALUES = 2000;
/** Decimals of width factors. */
const DIGITS = 6;

/** Returns `from`, `from + step` … up to and with `to`; throws a LabError for a range without two values. */
export function valuesOf({ from, to, step }: WalkRange): readonly number[] {
  const count = Math.floor((to - from) / step + 1e-9) + 1;
  if (!(step > 0 && from > 0 && count >= 2 && count <= MOST_VALUES)) {
    throw new LabError({
      code: "OPTION",
      message: `Cannot walk from ${from} to ${to} in steps of ${step}: expected 2 to ${MOST_VALUES} ascending values above zero`,
    });
  }
  return Array.from({ length: count }, (_, index) => Number((from + index * step).toFixed(DIGITS)));
}

/** Whether the network of a value can be built and all its shapes follow. */
function exists(at: WalkAxis["at"], value: number): boolean {
  try {
    const { model, inputShapes } = at(value);
    normalizeModel(model, inputShapes ? { inputShapes } : {});
    return true;
  } catch (error) {
    if (error instanceof LabError) return false;
    throw error;
  }
}

/**
 * Returns the smallest divisor of the walk's whole step by which a network may differ: 1 pixel for most, 32
 * where maps of several scales meet.
 */
export function legalStep(at: WalkAxis["at"], values: readonly number[]): number {
  const [first = 1, second = first + 1] = values;
  const whole = Math.max(1, Math.round(second - first));
  const base = values.find((value) => exists(at, value));
  if (base === undefined) return whole;
  for (let step = 1; step < whole; step++) {
    if (whole % step === 0 && exists(at, base + step)) return step;
  }
  return whole;
}

interface Image {
  readonly name: string;
  readonly shape: readonly number[];
  readonly rows: number;
  readonly columns: number;
}

function imageOf({ graph, format }: Model, file: string): Image {
  const images = graph.inputs.filter(({ shape }) => shape?.length === 4);
  const [input] = images;
  if (!input?.shape || images.length > 1) {
    throw new LabError({
      code: "CLIFFS_INPUT",
      message: `Cannot walk over the resolution of '${file}': it has ${images.length} inputs of 4 dimensions, expected one image`,
    });
  }
  // A batch that the file leaves open counts as 1, as everywhere.
  const shape = input.shape.map((dim, axis) => (typeof dim === "number" ? dim : axis === 0 ? 1 : 0));
  // An ONNX file may still hold a network that came from TFLite, channels last.
  const first = format === "onnx" && !(shape[3]! <= 4 && shape[1]! > 4);
  return { name: input.name, shape, rows: first ? 2 : 1, columns: first ? 3 : 2 };
}

/** Returns the walk over the height of a file's image; the width keeps its proportion. */
export function imageAxis(model: Model, file: string, range: WalkRange): WalkAxis {
  const { name, shape, rows, columns } = imageOf(model, file);
  const proportion = shape[rows]! > 0 && shape[columns]! > 0 ? shape[columns]! / shape[rows]! : 1;
  const at = (value: number) => {
    const resized: Shape = shape.map((dim, axis) =>
      axis === rows ? value : axis === columns ? Math.max(1, Math.round(value * proportion)) : dim,
    );
    return { model, inputShapes: new Map([[name, resized]]) };
  };
  const values = valuesOf(range);
  return { name: "resolution", unit: "px", values, step: legalStep(at, values), at };
}
