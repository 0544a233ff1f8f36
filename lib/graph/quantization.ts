import { LabError } from "../errors.js";
import { tensorNumbers } from "./elements.js";
import { type Node, numberAttribute } from "./node.js";
import type { Quantization, Tensor } from "./tensor.js";

/** Returns whether two tensors store the same numbers the same way. */
export function sameQuantization(a: Quantization | null, b: Quantization | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.axis === b.axis &&
    a.scale.length === b.scale.length &&
    a.scale.every((scale, index) => scale === b.scale[index]) &&
    a.zeroPoint.every((zero, index) => zero === b.zeroPoint[index])
  );
}

/**
 * Returns the quantisation that constant scales and zero points say, for a tensor of `rank`; one scale is
 * per tensor whatever the axis. Throws a LabError where the scales are computed, or laid out in blocks.
 */
export function quantizationFrom({
  node,
  scale,
  zeroPoint,
  axis,
  rank,
}: {
  readonly node: Node;
  readonly scale: Tensor;
  readonly zeroPoint: Tensor | null;
  readonly axis: number;
  readonly rank: number;
}): Quantization {
  const refuse = (why: string) =>
    new LabError({
      code: "QUANTIZATION",
      message: `Cannot read the quantisation of ${node.describe()}: ${why}`,
      at: node.name,
    });
  for (const tensor of [scale, zeroPoint]) {
    if (tensor && !tensor.isConstant)
      throw refuse(`'${tensor.name}' is computed at run time, expected a constant`);
  }
  if (scale.staticShape().length > 1) {
    throw refuse(
      `its scales have ${scale.staticShape().length} dimensions (blocks), expected one scale or one per channel`,
    );
  }
  const scales = Array.from(tensorNumbers(scale));
  const zeros = zeroPoint ? Array.from(tensorNumbers(zeroPoint)) : [0];
  if (zeros.length !== scales.length && zeros.length !== 1) {
    throw refuse(`it has ${zeros.length} zero points for ${scales.length} scales`);
  }
  const zeroPoints = zeros.length === scales.length ? zeros : scales.map(() => zeros[0]!);
  const along = rank === 1 ? 0 : axis < 0 ? axis + rank : axis;
  return { scale: scales, zeroPoint: zeroPoints, axis: scales.length === 1 ? null : along };
}

/** Returns what QuantizeLinear or DequantizeLinear say as inputs; null when the types are on the tensors. */
export function nodeQuantization(node: Node): Quantization | null {
  const [data, scale, zeroPoint] = node.inputs;
  if (!data || !scale) return null;
  return quantizationFrom({
    node,
    scale,
    zeroPoint: zeroPoint ?? null,
    axis: numberAttribute(node, "axis", 1),
    rank: data.shape?.length ?? 0,
  });
}
