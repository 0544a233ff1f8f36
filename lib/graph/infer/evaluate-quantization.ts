/** Values of QuantizeLinear and DequantizeLinear on constants. */
import { DTYPES, isFloat, isInteger } from "../dtype.js";
import { nodeQuantization } from "../quantization.js";
import { elementCount, type StaticShape } from "../shape.js";
import type { Quantization } from "../tensor.js";
import { roundHalfEven, stored } from "./evaluate-arithmetic.js";
import { type Evaluator, type Evaluators, known } from "./evaluator.js";

/** Returns which scale each element takes: runs of `inner` elements share an index along the axis. */
function channelOf({ axis, scale }: Quantization, shape: StaticShape): (index: number) => number {
  if (axis === null) return () => 0;
  const inner = elementCount(shape.slice(axis + 1));
  return (index) => Math.floor(index / inner) % scale.length;
}

const dequantize: Evaluator = {
  moves: false,
  quantizes: true,
  handles: (node) => (node.inputs[1] ?? node.input(0).quantization) !== null || isFloat(node.input(0).dtype),
  evaluate(call, [output]) {
    const quantization = nodeQuantization(call.node) ?? call.node.input(0).quantization;
    const values = known(call, 0);
    // TFLite's DEQUANTIZE widens float16 weights too.
    if (quantization === null) return [values];
    const channel = channelOf(quantization, call.shape(0));
    return [
      Float64Array.from(values, (value, index) => {
        const at = channel(index);
        return stored(output!.dtype, (value - quantization.zeroPoint[at]!) * quantization.scale[at]!);
      }),
    ];
  },
};

const quantize: Evaluator = {
  moves: false,
  quantizes: true,
  // A requantisation (quantised to quantised) stays a node: the vendor runs it.
  handles: (node) =>
    (node.inputs[1] ?? node.output().quantization) !== null &&
    isInteger(node.output().dtype) &&
    isFloat(node.input(0).dtype),
  evaluate(call, [output]) {
    const quantization = nodeQuantization(call.node) ?? call.node.output().quantization!;
    const { bits, kind } = DTYPES[output!.dtype];
    const [low, high] = kind === "int" ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
    const channel = channelOf(quantization, call.shape(0));
    return [
      Float64Array.from(known(call, 0), (value, index) => {
        const at = channel(index);
        const steps =
          roundHalfEven(Math.fround(value / quantization.scale[at]!)) + quantization.zeroPoint[at]!;
        return Math.max(low, Math.min(high, steps));
      }),
    ];
  },
};

export const QUANTIZATION_EVALUATORS: Evaluators = {
  DequantizeLinear: dequantize,
  QuantizeLinear: quantize,
};
