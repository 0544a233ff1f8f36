import { encodeElements, lazyConstant, tensorNumbers } from "../elements.js";
import { roundHalfEven } from "../infer/evaluate-arithmetic.js";
import type { Node } from "../node.js";
import { type Quantization, Tensor } from "../tensor.js";

/** Where a layer has its bias. */
const BIAS_INPUT: Readonly<Record<string, number>> = { Conv: 2, ConvTranspose: 2, Gemm: 2 };

/** A float bias of a layer whose data and weights are stored, and what its integers will stand for. */
export interface FloatBias {
  readonly bias: Tensor;
  readonly quantization: Quantization;
}

/** Returns the scale of the accumulator, which the bias shares: data × weights, per channel if those are. */
export function biasQuantization(data: Quantization, weights: Quantization): Quantization {
  const scale = weights.scale.map((own) => own * data.scale[0]!);
  return { scale, zeroPoint: scale.map(() => 0), axis: scale.length === 1 ? null : 0 };
}

/**
 * Returns the bias when input `index` is one that an exporter left in float between stored data and stored
 * weights; null otherwise, as where the scales do not go with the channels.
 */
export function biasInput(node: Node, index: number, stored: ReadonlyMap<Tensor, Tensor>): FloatBias | null {
  const bias = node.inputs[index];
  if (BIAS_INPUT[node.op] !== index || !bias?.isConstant || bias.dtype !== "float32") return null;
  const [data, weights] = node.inputs;
  const dataScale = data && stored.get(data)?.quantization;
  const weightScale = weights && stored.get(weights)?.quantization;
  if (!dataScale || !weightScale || dataScale.scale.length !== 1) return null;
  const perChannel = weightScale.scale.length;
  if (bias.staticShape().length !== 1 || (perChannel !== 1 && perChannel !== bias.size)) return null;
  return { bias, quantization: biasQuantization(dataScale, weightScale) };
}

/** Returns the bias as int32 in steps of the accumulator, as ONNX Runtime and TFLite store it. */
export function quantizeBias({ bias, quantization }: FloatBias): Tensor {
  const { scale } = quantization;
  const compute = () => {
    const steps = tensorNumbers(bias).map((value, index) => {
      const exact = roundHalfEven(value / (scale.length === 1 ? scale[0]! : scale[index]!));
      return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, exact));
    });
    return encodeElements("int32", steps);
  };
  return new Tensor({
    name: bias.name,
    dtype: "int32",
    shape: bias.shape,
    quantization,
    data: lazyConstant(4 * bias.size, compute),
  });
}
