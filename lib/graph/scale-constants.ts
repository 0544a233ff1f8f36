import type { DType } from "./dtype.js";
import { constantFrom } from "./elements.js";
import { type Quantization, Tensor } from "./tensor.js";

/**
 * Returns scale and zero point as constants, the operands of QuantizeLinear and DequantizeLinear behind their
 * data: scalars, or one of each per index along the axis. int32 accumulators have no zero point.
 */
export function scaleConstants(
  { name, dtype }: { readonly name: string; readonly dtype: DType },
  { scale, zeroPoint, axis }: Quantization,
): Tensor[] {
  const shape = axis === null ? [] : [scale.length];
  const scales = new Tensor({
    name: `${name}/scale`,
    dtype: "float32",
    shape,
    data: constantFrom("float32", scale),
  });
  if (dtype === "int32") return [scales];
  const zeros = new Tensor({
    name: `${name}/zero_point`,
    dtype,
    shape,
    data: constantFrom(dtype, zeroPoint),
  });
  return [scales, zeros];
}
