/** Functions of one stored value: clamps, leaky clamps, and curves, of which a table has all values. */
import { numberAttribute } from "../graph/node.js";
import { quantizeMultiplier, roundAway } from "./fixed-point.js";
import { type Kernel, type KernelCall, type Kernels, type Range, typeRange } from "./kernel.js";

/** Returns a kernel that looks every value of an 8-bit input up in a table made before the run. */
function tabled(define: (call: KernelCall) => (stored: number) => number): Kernel {
  return (call) => {
    const input = call.node.input(0);
    call.step(input);
    const { low, high } = typeRange(input.dtype);
    const range = call.range();
    const entry = define(call);
    const table = Float64Array.from({ length: high - low + 1 }, (_, index) =>
      Math.min(range.high, Math.max(range.low, entry(low + index))),
    );
    return ([x]) => {
      const result = call.empty();
      for (let at = 0; at < result.length; at++) result[at] = table[x![at]! - low]!;
      return [result];
    };
  };
}

/** Rescales and cuts. Source: LiteRT kernels/activations.cc, QuantizedReluX; internal/reference/reference_ops.h, ReluX. */
function clamp(boundsOf: (call: KernelCall) => Range): Kernel {
  return (call) => {
    const [input, output] = [call.step(call.node.input(0)), call.step(call.node.output())];
    const { low, high } = call.range(boundsOf(call));
    const { factor, shift } = quantizeMultiplier(Math.fround(input.scale / output.scale));
    const { scale } = call;
    return ([x]) => {
      const result = call.empty();
      for (let at = 0; at < result.length; at++) {
        const value = output.zero + scale(x![at]! - input.zero, factor, shift);
        result[at] = value < low ? low : value > high ? high : value;
      }
      return [result];
    };
  };
}

/** ONNX's Clip has its bounds as inputs. */
function clipBounds(call: KernelCall): Range {
  const bound = (index: number, fallback: number) =>
    call.node.inputs[index] ? call.constant(index)[0]! : fallback;
  return { low: bound(1, Number.NEGATIVE_INFINITY), high: bound(2, Number.POSITIVE_INFINITY) };
}

/**
 * Returns a curve as TFLite tabulates it, in float32 throughout.
 * Source: LiteRT kernels/internal/common.h, LUTPopulate; kernels/activations.cc.
 */
function curve(define: (real: number) => number): Kernel {
  return tabled((call) => {
    const [input, output] = [call.step(call.node.input(0)), call.step(call.node.output())];
    const inverse = Math.fround(1 / output.scale);
    return (stored) => {
      const real = Math.fround(input.scale * (stored - input.zero));
      return roundAway(Math.fround(Math.fround(define(real)) * inverse)) + output.zero;
    };
  });
}

function sigmoid(real: number): number {
  return 1 / Math.fround(1 + Math.fround(Math.exp(-real)));
}

/** Source: LiteRT kernels/activations.cc, LeakyReluPrepare; internal/reference/leaky_relu.h, QuantizeLeakyRelu. */
const leaky: Kernel = tabled((call) => {
  const [input, output] = [call.step(call.node.input(0)), call.step(call.node.output())];
  const alpha = Math.fround(numberAttribute(call.node, "alpha", 0.01));
  const plain = quantizeMultiplier(Math.fround(input.scale / output.scale));
  const bent = quantizeMultiplier(Math.fround(Math.fround(input.scale * alpha) / output.scale));
  const { scale } = call;
  return (stored) => {
    const value = stored - input.zero;
    const { factor, shift } = value >= 0 ? plain : bent;
    return output.zero + scale(value, factor, shift);
  };
});

export const ACTIVATION_KERNELS: Kernels = {
  Clip: clamp(clipBounds),
  LeakyRelu: leaky,
  Relu: clamp(() => ({ low: 0, high: Number.POSITIVE_INFINITY })),
  Relu6: clamp(() => ({ low: 0, high: 6 })),
  RELU_N1_TO_1: clamp(() => ({ low: -1, high: 1 })),
  Sigmoid: curve(sigmoid),
  Tanh: curve(Math.tanh),
};
