/** Add, Sub and Mul of two quantised tensors, either of which may be repeated over the other. */
import { broadcastView, forEachOffset } from "../graph/infer/strides.js";
import { sameShape } from "../graph/shape.js";
import { quantizeMultiplier } from "./fixed-point.js";
import type { Kernel, KernelCall, Kernels } from "./kernel.js";

/** Stored values of both sides → the result before it is cut to its range. */
type Combine = (left: number, right: number) => number;

/** Returns which element of an input each element of the output reads; null where it is the same one. */
function positions(call: KernelCall, index: number): Int32Array | null {
  const from = call.node.input(index).staticShape();
  const to = call.node.output().staticShape();
  if (sameShape(from, to)) return null;
  const read = new Int32Array(call.node.output().size);
  forEachOffset(broadcastView(from, to), (source, target) => {
    read[target] = source;
  });
  return read;
}

function binary(combining: (call: KernelCall) => Combine): Kernel {
  return (call) => {
    const combine = combining(call);
    const { low, high } = call.range();
    const [left, right] = [positions(call, 0), positions(call, 1)];
    return ([a, b]) => {
      const result = call.empty();
      for (let at = 0; at < result.length; at++) {
        const value = combine(a![left ? left[at]! : at]!, b![right ? right[at]! : at]!);
        result[at] = value < low ? low : value > high ? high : value;
      }
      return [result];
    };
  };
}

/** Bits that inputs are raised by before they are brought to a common scale. */
const HEADROOM = 20;

/**
 * Both sides are brought to twice the larger scale, with 20 bits behind the point, added and brought to the
 * output's scale. Source: LiteRT kernels/add.cc, sub.cc (Prepare), internal/reference/integer_ops/add.h.
 */
function sum(sign: 1 | -1): Kernel {
  return binary((call) => {
    const [a, b] = [call.step(call.node.input(0)), call.step(call.node.input(1))];
    const output = call.step(call.node.output());
    const common = 2 * Math.max(a.scale, b.scale);
    const left = quantizeMultiplier(a.scale / common);
    const right = quantizeMultiplier(b.scale / common);
    const out = quantizeMultiplier(common / (2 ** HEADROOM * output.scale));
    const { scale } = call;
    const raise = 2 ** HEADROOM;
    return (x, y) => {
      const first = scale((x - a.zero) * raise, left.factor, left.shift);
      const second = scale((y - b.zero) * raise, right.factor, right.shift);
      return output.zero + scale(first + sign * second, out.factor, out.shift);
    };
  });
}

/** The factor is computed in float32. Source: LiteRT kernels/mul.cc, Prepare. */
const product = binary((call) => {
  const [a, b] = [call.step(call.node.input(0)), call.step(call.node.input(1))];
  const output = call.step(call.node.output());
  const real = Math.fround(Math.fround(a.scale * b.scale) / output.scale);
  const { factor, shift } = quantizeMultiplier(real);
  const { scale } = call;
  return (x, y) => output.zero + scale((x - a.zero) * (y - b.zero), factor, shift);
});

/** Source: LiteRT kernels/activations.cc, PreluPrepare; internal/reference/prelu.h. */
const prelu = binary((call) => {
  const [data, alpha] = [call.step(call.node.input(0)), call.step(call.node.input(1))];
  const output = call.step(call.node.output());
  const plain = quantizeMultiplier(Math.fround(data.scale / output.scale));
  const bent = quantizeMultiplier(Math.fround(Math.fround(data.scale * alpha.scale) / output.scale));
  const { scale } = call;
  return (x, slope) => {
    const value = x - data.zero;
    return value >= 0
      ? output.zero + scale(value, plain.factor, plain.shift)
      : output.zero + scale(value * (slope - alpha.zero), bent.factor, bent.shift);
  };
});

export const ELEMENTWISE_KERNELS: Kernels = { Add: sum(1), Sub: sum(-1), Mul: product, PRelu: prelu };
