/** Constants beside an image, in the terms of NCHW. */
import { constantFrom, tensorNumbers } from "../elements.js";
import { Tensor } from "../tensor.js";
import { permutedConstant } from "./permute-constant.js";

/** Axes of NHWC in the order NCHW, and back: axis i of the result is axis PERM[i] of the source. */
export const TO_FIRST: readonly number[] = [0, 3, 1, 2];
export const TO_LAST: readonly number[] = [0, 2, 3, 1];
/** Where an axis of NHWC is in NCHW: N stays, H is 2, W is 3, C is 1. */
const PLACE = [0, 2, 3, 1];

/** Returns where an axis of NHWC is in NCHW; negative ones count from the end. */
export function turnAxis(axis: number): number {
  return PLACE[axis < 0 ? axis + 4 : axis]!;
}

/**
 * Returns a constant list of numbers that go with the axes: one per axis ("values", as sizes), all befores
 * and then all afters ("pads"), or numbers of axes ("axes").
 */
export function turnInput(constant: Tensor, kind: "values" | "pads" | "axes"): Tensor {
  const values = tensorNumbers(constant);
  const turned =
    kind === "axes"
      ? Array.from(values, turnAxis)
      : Array.from(
          values,
          (_, index) => values[TO_FIRST[index % 4]! + (kind === "pads" ? 4 * Math.floor(index / 4) : 0)]!,
        );
  const { name, dtype, shape } = constant;
  return new Tensor({ name, dtype, shape, data: constantFrom(dtype, turned) });
}

/**
 * Returns a constant that broadcasts against a turned image as it did against the recorded one: [C] becomes
 * [1, C, 1, 1]. Single elements stay.
 */
export function turnOperand(constant: Tensor): Tensor {
  const shape = constant.staticShape();
  if (constant.size === 1 && shape.length < 4) return constant;
  const missing = 4 - shape.length;
  const { quantization } = constant;
  const whole = new Tensor({
    name: constant.name,
    dtype: constant.dtype,
    shape: [...new Array<number>(missing).fill(1), ...shape],
    quantization:
      quantization === null || quantization.axis === null
        ? quantization
        : { ...quantization, axis: quantization.axis + missing },
    data: constant.data,
  });
  return permutedConstant(whole, TO_FIRST);
}
