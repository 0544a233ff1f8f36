/** How tensors of two networks differ in what they store: types, scales, elements. */
import { DTYPES, isFloat } from "../graph/dtype.js";
import { tensorNumbers } from "../graph/elements.js";
import { elementCount } from "../graph/shape.js";
import type { Quantization, Tensor } from "../graph/tensor.js";
import type { StepConstant } from "./diff-steps.js";

/** Returns both quantisations as text when they differ. The axis is one of layout: as many scales are compared. */
export function quantizationDifference(
  a: Quantization | null,
  b: Quantization | null,
): readonly [string, string] | null {
  if (a === null || b === null) return a === b ? null : [quantizationText(a), quantizationText(b)];
  if (a.scale.length !== b.scale.length) return [`${a.scale.length} scales`, `${b.scale.length} scales`];
  const index = a.scale.findIndex(
    (scale, channel) =>
      Math.fround(scale) !== Math.fround(b.scale[channel]!) || a.zeroPoint[channel] !== b.zeroPoint[channel],
  );
  if (index < 0) return null;
  return [quantizationText(a, index), quantizationText(b, index)];
}

function quantizationText(quantization: Quantization | null, index = 0): string {
  if (quantization === null) return "none";
  const { scale, zeroPoint } = quantization;
  const channel = scale.length > 1 ? `channel ${index} of ${scale.length}: ` : "";
  return `${channel}scale ${scale[index]}, zero point ${zeroPoint[index]}`;
}

/** Returns whether one of two tensors is the other one quantised. */
export function isQuantized(a: Tensor, b: Tensor): boolean {
  const [real, stored] = isFloat(a.dtype) ? [a, b] : [b, a];
  return isFloat(real.dtype) && real.quantization === null && stored.quantization !== null;
}

/** Returns how a tensor is stored, in a few words: `int8, scale 0.05, zero point 3` or `float32`. */
export function storageText({ dtype, quantization }: Tensor): string {
  if (quantization === null) return dtype;
  const { scale, zeroPoint } = quantization;
  const brief = (value: number) => `${Number(value.toPrecision(4))}`;
  if (scale.length > 1) {
    const [least, most] = [scale.reduce((x, y) => Math.min(x, y)), scale.reduce((x, y) => Math.max(x, y))];
    return `${dtype}, ${scale.length} scales ${brief(least)} to ${brief(most)}`;
  }
  return `${dtype}, scale ${brief(scale[0]!)}, zero point ${zeroPoint[0]}`;
}

/** What differs between the elements of two constants of the same size, in a common order. */
export interface ElementDifference {
  readonly count: number;
  readonly differing: number;
  readonly maxAbs: number;
  /** How many are further apart than rounding to the coarser of the two storages explains. */
  readonly beyondRounding: number;
}

/** Elements that storing in 8 bits rounds are up to half a step away, and a little for float arithmetic. */
const HALF_STEP = 0.5 * (1 + 1e-3);

/** Returns what differs; `real`: by what the numbers stand for, else as they are stored. */
export function elementDifference(a: StepConstant, b: StepConstant, real: boolean): ElementDifference {
  const [left, right] = [a, b].map((constant) => (real ? realNumbers(constant) : storedNumbers(constant)));
  const count = left!.values.length;
  let [differing, maxAbs, beyondRounding] = [0, 0, 0];
  for (let index = 0; index < count; index++) {
    const [at, other] = [a.order ? a.order[index]! : index, b.order ? b.order[index]! : index];
    const [from, to] = [left!.values[at]!, right!.values[other]!];
    if (Object.is(from, to) || from === to) continue;
    const apart = Math.abs(from - to);
    differing++;
    maxAbs = Math.max(maxAbs, apart);
    if (apart > HALF_STEP * Math.max(left!.stepAt(at), right!.stepAt(other))) beyondRounding++;
  }
  return { count, differing, maxAbs, beyondRounding };
}

interface Elements {
  readonly values: Float64Array;
  readonly stepAt: (index: number) => number;
}

function storedNumbers({ tensor }: StepConstant): Elements {
  return { values: tensorNumbers(tensor), stepAt: () => 0 };
}

/** Returns what a constant's stored numbers stand for, in the file's order. */
function realNumbers(constant: StepConstant): Elements {
  const { tensor } = constant;
  const { quantization } = tensor;
  if (quantization === null) return storedNumbers(constant);
  const values = tensorNumbers(tensor);
  const { scale, zeroPoint, axis } = quantization;
  const shape = tensor.staticShape();
  const run = axis === null ? values.length : elementCount(shape.slice(axis + 1));
  const channelOf = (index: number) => Math.floor(index / run) % scale.length;
  return {
    values: values.map((value, index) => {
      const channel = channelOf(index);
      // As float32, in which a runtime computes.
      return Math.fround(Math.fround(scale[channel]!) * (value - zeroPoint[channel]!));
    }),
    stepAt: (index) => scale[channelOf(index)]!,
  };
}

/** Whether two constants of one order and type are the same bytes; false says nothing. */
export function sameBytes(a: StepConstant, b: StepConstant): boolean {
  if (a.order || b.order || a.tensor.dtype !== b.tensor.dtype) return false;
  const [left, right] = [a.tensor.data!.read(), b.tensor.data!.read()];
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** Whether two types count the same way: positions and sizes are int32 in one format and int64 in the other. */
export function sameKind(a: Tensor, b: Tensor): boolean {
  if (a.dtype === b.dtype) return true;
  const isPosition = ({ dtype, quantization }: Tensor) =>
    quantization === null && DTYPES[dtype].kind === "int" && DTYPES[dtype].bits >= 32;
  return isPosition(a) && isPosition(b);
}
