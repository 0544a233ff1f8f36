/** Pools, and means, extremes and positions along axes. */

import { tensorNumbers } from "../graph/elements.js";
import { imageSize, layoutOf } from "../graph/geometry.js";
import { reducedAxes } from "../graph/infer/reduction.js";
import { InferenceCall } from "../graph/infer/rule.js";
import { denseStrides, forEachOffset } from "../graph/infer/strides.js";
import { numberAttribute, numbersAttribute } from "../graph/node.js";
import { sameQuantization } from "../graph/quantization.js";
import { quantizeMultiplier } from "./fixed-point.js";
import { onImages, slides } from "./images.js";
import type { Kernel, KernelCall, Kernels } from "./kernel.js";

/** A pool keeps the scale of its input: TFLite compares and averages stored values. */
function demandSameScale(call: KernelCall): void {
  const [input, output] = [call.node.input(0), call.node.output()];
  call.step(input);
  if (!sameQuantization(input.quantization, output.quantization)) {
    throw call.refuse("its input and output have different scales, expected one for both");
  }
}

/** A mean of stored values, halves away from zero. Source: LiteRT internal/reference/integer_ops/pooling.h. */
function average(sum: number, count: number): number {
  const half = Math.floor(count / 2);
  return Math.trunc((sum > 0 ? sum + half : sum - half) / count);
}

function pool(kind: "average" | "max"): Kernel {
  return (call) => {
    const { node } = call;
    demandSameScale(call);
    if (node.attributes.countIncludePad === 1) throw call.refuse("it counts padding, expected not to");
    const image = imageSize(node.input(0), layoutOf(node));
    const kernel = numbersAttribute(node, "kernelShape");
    const two = (values: readonly number[]): [number, number] =>
      values.length === 1 ? [1, values[0]!] : [values[0]!, values[1]!];
    const [rows, columns] = slides(call, image, {
      kernel: two(kernel),
      strides: two(numbersAttribute(node, "strides", [1, 1])),
      dilations: two(numbersAttribute(node, "dilations", [1, 1])),
    });
    const { low, high } = call.range();
    const { channels } = image;
    const start = kind === "max" ? Number.NEGATIVE_INFINITY : 0;
    const state = new Float64Array(channels);
    return onImages(call, ([x]) => {
      const result = call.empty();
      let at = 0;
      for (let batch = 0; batch < image.batch; batch++) {
        for (let y = 0; y < rows.positions; y++) {
          for (let p = 0; p < columns.positions; p++) {
            let count = 0;
            state.fill(start);
            for (let ky = 0; ky < rows.kernel; ky++) {
              const row = y * rows.stride - rows.before + ky * rows.dilation;
              if (row < 0 || row >= rows.size) continue;
              for (let kx = 0; kx < columns.kernel; kx++) {
                const column = p * columns.stride - columns.before + kx * columns.dilation;
                if (column < 0 || column >= columns.size) continue;
                count += 1;
                const from = ((batch * rows.size + row) * columns.size + column) * channels;
                for (let c = 0; c < channels; c++) {
                  const value = x![from + c]!;
                  if (kind === "average") state[c]! += value;
                  else if (value > state[c]!) state[c] = value;
                }
              }
            }
            for (let c = 0; c < channels; c++, at++) {
              const value = kind === "average" ? average(state[c]!, count) : state[c]!;
              result[at] = value < low ? low : value > high ? high : value;
            }
          }
        }
      }
      return [result];
    });
  };
}

/** Returns for each element of input 0 the element of the output that it is folded into. */
function foldTargets(call: KernelCall, axes: ReadonlySet<number>): Int32Array {
  const shape = call.node.input(0).staticShape();
  const kept = shape.map((size, axis) => (axes.has(axis) ? 1 : size));
  const strides = denseStrides(kept).map((stride, axis) => (axes.has(axis) ? 0 : stride));
  const targets = new Int32Array(call.node.input(0).size);
  forEachOffset({ shape, strides, offset: 0 }, (target, element) => {
    targets[element] = target;
  });
  return targets;
}

function axesOf(call: KernelCall): ReadonlySet<number> {
  const constants = new InferenceCall(call.node, (tensor) =>
    tensor.isConstant ? tensorNumbers(tensor) : null,
  );
  return new Set(reducedAxes(constants));
}

function spatialAxes(call: KernelCall): ReadonlySet<number> {
  const rank = call.node.input(0).staticShape().length;
  const axes = Array.from({ length: rank - 2 }, (_, index) => index);
  return new Set(axes.map((axis) => axis + (layoutOf(call.node) === "NCHW" ? 2 : 1)));
}

/**
 * The division by the number of elements becomes part of the multiplier: 49 elements divide it by 49 after it
 * was raised by the 5 bits that 49 has beyond its first.
 * Source: LiteRT internal/reference/reduce.h, QuantizedMeanOrSum.
 */
function mean(axesFor: (call: KernelCall) => ReadonlySet<number>): Kernel {
  return (call) => {
    const [input, output] = [call.step(call.node.input(0)), call.step(call.node.output())];
    const targets = foldTargets(call, axesFor(call));
    const count = targets.length / call.node.output().size;
    const { factor, shift } = quantizeMultiplier(input.scale / output.scale);
    const raise = Math.min(Math.floor(Math.log2(count)), 32, 31 + shift);
    const shared = Number((BigInt(factor) << BigInt(raise)) / BigInt(count));
    const { low, high } = call.range();
    const { scale } = call;
    return ([x]) => {
      const sums = new Int32Array(call.node.output().size).fill(-input.zero * count);
      for (let at = 0; at < targets.length; at++) sums[targets[at]!]! += x![at]!;
      const result = call.empty();
      for (const [at, sum] of sums.entries()) {
        const value = output.zero + scale(sum, shared, shift - raise);
        result[at] = value < low ? low : value > high ? high : value;
      }
      return [result];
    };
  };
}

function extreme(better: (value: number, best: number) => boolean): Kernel {
  return (call) => {
    demandSameScale(call);
    const targets = foldTargets(call, axesOf(call));
    return ([x]) => {
      const result = call.empty();
      const seen = new Uint8Array(result.length);
      for (const [at, target] of targets.entries()) {
        if (seen[target] === 1 && !better(x![at]!, result[target]!)) continue;
        result[target] = x![at]!;
        seen[target] = 1;
      }
      return [result];
    };
  };
}

/** The first of equal values counts: scales are positive, so stored values are compared. */
function position(better: (value: number, best: number) => boolean): Kernel {
  return (call) => {
    const shape = call.node.input(0).staticShape();
    const named = numberAttribute(call.node, "axis", 0);
    const axis = named < 0 ? named + shape.length : named;
    const stride = denseStrides(shape)[axis]!;
    const size = shape[axis]!;
    return ([x]) => {
      const result = call.empty();
      for (let at = 0; at < result.length; at++) {
        const first = Math.floor(at / stride) * stride * size + (at % stride);
        let best = 0;
        for (let index = 1; index < size; index++) {
          if (better(x![first + index * stride]!, x![first + best * stride]!)) best = index;
        }
        result[at] = best;
      }
      return [result];
    };
  };
}

export const POOLING_KERNELS: Kernels = {
  ArgMax: position((value, best) => value > best),
  ArgMin: position((value, best) => value < best),
  AveragePool: pool("average"),
  GlobalAveragePool: mean(spatialAxes),
  MaxPool: pool("max"),
  ReduceMax: extreme((value, best) => value > best),
  ReduceMean: mean(axesOf),
  ReduceMin: extreme((value, best) => value < best),
};
