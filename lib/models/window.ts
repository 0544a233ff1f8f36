import { LabError } from "../errors.js";

/** [height, width]. */
export type Pair = readonly [height: number, width: number];

/** TFLite's two ways: `same` keeps ⌈length / stride⌉ positions, `valid` only those wholly inside. */
export type Padding = "same" | "valid";

/** Returns the pair that a single number stands for. */
export function pairOf(value: number | Pair): Pair {
  return typeof value === "number" ? [value, value] : value;
}

export interface WindowOptions {
  readonly length: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: Padding;
  /** The layer, for the error. */
  readonly at: string;
}

/** Returns how many positions a window takes along one axis; throws when it never fits. */
export function windowCount({ length, kernel, stride, padding, at }: WindowOptions): number {
  const count = padding === "same" ? Math.ceil(length / stride) : Math.floor((length - kernel) / stride) + 1;
  if (count >= 1) return count;
  throw new LabError({
    code: "MODEL_SHAPE",
    message: `Cannot slide a window of ${kernel} over the input of '${at}': it is ${length} long, expected ${kernel} or more`,
    hint: "use a larger resolution",
    at,
  });
}
