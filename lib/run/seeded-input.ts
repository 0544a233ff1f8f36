import { DTYPES } from "../graph/dtype.js";
import { encodeElements } from "../graph/elements.js";
import { elementCount } from "../graph/shape.js";
import { RandomStream } from "../models/random-stream.js";
import type { RunSlot, RunTensor } from "./onnxruntime.js";

/** An open size is taken as one sample, as normalizeModel takes it. */
const OPEN_DIM = 1;

/**
 * Returns a value for an input, the same on every machine: floats from [−1, 1), integers over the range of
 * their type up to 16 bits, and from 0 to 15 beyond, where they are mostly positions.
 */
export function seededInput({ name, dtype, shape }: RunSlot, seed: string): RunTensor {
  const sizes = shape.map((dim) => (typeof dim === "number" && dim >= 0 ? dim : OPEN_DIM));
  const { bits, kind } = DTYPES[dtype];
  const [low, high] =
    kind === "float"
      ? [-1, 1]
      : kind === "bool"
        ? [0, 2]
        : bits > 16
          ? [0, 16]
          : kind === "int"
            ? [-(2 ** (bits - 1)), 2 ** (bits - 1)]
            : [0, 2 ** bits];
  const stream = new RandomStream(`${seed}/${name}`);
  const values = Float64Array.from({ length: elementCount(sizes) }, () => {
    const value = stream.between(low, high);
    return kind === "float" ? value : Math.floor(value);
  });
  return { dtype, shape: sizes, data: encodeElements(dtype, values) };
}
