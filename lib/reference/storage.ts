/** Between stored and real values, and operators that move stored values. */

import { isFloat, isInteger } from "../graph/dtype.js";
import { tensorNumbers } from "../graph/elements.js";
import { evaluatorFor } from "../graph/infer/evaluate.js";
import { padAmounts } from "../graph/infer/joining.js";
import { InferenceCall } from "../graph/infer/rule.js";
import { denseStrides, forEachOffset } from "../graph/infer/strides.js";
import { numberAttribute } from "../graph/node.js";
import { elementCount } from "../graph/shape.js";
import type { Tensor } from "../graph/tensor.js";
import { quantizeMultiplier, roundAway } from "./fixed-point.js";
import { type Kernel, type KernelCall, type Kernels, typeRange, type Values } from "./kernel.js";

/** Source: LiteRT internal/reference/quantize.h, AffineQuantize; internal/reference/requantize.h. */
const quantize: Kernel = (call) => {
  const [input, output] = [call.node.input(0), call.node.output()];
  const to = call.anyStep(output);
  const { low, high } = typeRange(output.dtype);
  const cut = (value: number) => (value < low ? low : value > high ? high : value);
  if (isFloat(input.dtype)) {
    return each(call, (value) => cut(roundAway(Math.fround(value / to.scale)) + to.zero));
  }
  const from = call.anyStep(input);
  const { factor, shift } = quantizeMultiplier(from.scale / to.scale);
  const { scale } = call;
  return each(call, (value) => cut(to.zero + scale(value - from.zero, factor, shift)));
};

/** Source: LiteRT internal/reference/dequantize.h. The target rounds to float32. */
const dequantize: Kernel = (call) => {
  const { scale, zero } = call.anyStep(call.node.input(0));
  return each(call, (value) => scale * (value - zero));
};

function each(
  call: KernelCall,
  of: (value: number) => number,
): (inputs: readonly (Values | null)[]) => Values[] {
  return ([x]) => {
    const result = call.empty();
    for (let at = 0; at < result.length; at++) result[at] = of(x![at]!);
    return [result];
  };
}

function inferenceCall(call: KernelCall): InferenceCall {
  return new InferenceCall(call.node, (tensor) => (tensor.isConstant ? tensorNumbers(tensor) : null));
}

/** Padding holds the stored zero, or a stored value that the file gives. */
const pad: Kernel = (call) => {
  const { node } = call;
  if ((node.attributes.mode ?? "constant") !== "constant") {
    throw call.refuse(`its mode is ${String(node.attributes.mode)}, expected constant`);
  }
  const { before, after } = padAmounts(inferenceCall(call));
  if ([...before, ...after].some((size) => size < 0))
    throw call.refuse("it crops, expected pads of 0 or more");
  const fill = padValue(call);
  const shape = node.input(0).staticShape();
  const strides = denseStrides(node.output().staticShape());
  const offset = before.reduce((sum, size, axis) => sum + size * strides[axis]!, 0);
  return ([x]) => {
    const result = call.empty().fill(fill);
    forEachOffset({ shape, strides, offset }, (to, from) => {
      result[to] = x![from]!;
    });
    return [result];
  };
};

function padValue(call: KernelCall): number {
  const { node } = call;
  const zero = node.output().quantization ? call.anyStep(node.output()).zero : 0;
  if (!node.inputs[2]) return zero;
  const [value] = call.constant(2);
  if (value === undefined || (value === 0 && isFloat(node.input(2).dtype))) return zero;
  if (node.input(2).dtype === node.output().dtype) return value;
  throw call.refuse(`its fill is ${value}, expected 0 or a value of the type of its data`);
}

/** Inputs of other scales are rescaled in float32. Source: LiteRT internal/reference/concatenation.h. */
const concat: Kernel = (call) => {
  const { node } = call;
  if (evaluatorFor(node)) return move(call);
  const output = call.step(node.output());
  const { low, high } = call.range();
  const shape = node.output().staticShape();
  const named = numberAttribute(node, "axis");
  const axis = named < 0 ? named + shape.length : named;
  const inverse = Math.fround(1 / output.scale);
  const parts = node.inputs.map((_, index) => {
    const tensor = node.input(index);
    const own = call.step(tensor);
    const scale = Math.fround(own.scale * inverse);
    const bias = Math.fround(-own.zero * scale);
    const same = own.scale === output.scale && own.zero === output.zero;
    return { block: elementCount(tensor.staticShape().slice(axis)), scale, bias, same };
  });
  const outer = elementCount(shape.slice(0, axis));
  return (inputs) => {
    const result = call.empty();
    let at = 0;
    for (let row = 0; row < outer; row++) {
      for (const [index, { block, scale, bias, same }] of parts.entries()) {
        const x = inputs[index]!;
        for (let from = row * block; from < (row + 1) * block; from++) {
          const value = same
            ? x[from]!
            : roundAway(Math.fround(Math.fround(x[from]! * scale) + bias)) + output.zero;
          result[at++] = value < low ? low : value > high ? high : value;
        }
      }
    }
    return [result];
  };
};

/** Whether the graph's own evaluation is exact: elements move, or whole numbers without a scale are computed. */
function isExact(call: KernelCall): boolean {
  const whole = (tensor: Tensor | null) => !tensor || isInteger(tensor.dtype) || tensor.dtype === "bool";
  return [...call.node.inputs, ...call.node.outputs].every(whole) || call.node.op === "Cast";
}

/** Runs an operator as the graph evaluates it on constants. */
export const move: Kernel = (call) => {
  const { node } = call;
  const evaluator = evaluatorFor(node);
  if (!evaluator || !(evaluator.moves || evaluator.shapeOnly || isExact(call))) {
    throw call.refuse("the operator is not handled on these types");
  }
  const types = node.outputs.map((output) => ({ dtype: output.dtype, shape: output.staticShape() }));
  return (inputs) => {
    const values = new Map<Tensor, Values | null>();
    node.inputs.forEach((tensor, index) => {
      if (tensor) values.set(tensor, inputs[index] ?? null);
    });
    const results = evaluator.evaluate(
      new InferenceCall(node, (tensor) => values.get(tensor) ?? null),
      types,
    );
    return node.outputs.map((_, index) => {
      const result = call.empty(index);
      result.set(results[index]! as Float64Array);
      return result;
    });
  };
};

export const STORAGE_KERNELS: Kernels = {
  Concat: concat,
  DequantizeLinear: dequantize,
  Pad: pad,
  QuantizeLinear: quantize,
};
