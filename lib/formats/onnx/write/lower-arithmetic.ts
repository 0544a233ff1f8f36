/** Arithmetic in ONNX's words, and activations that a file fuses into a node. */
import { DTYPES, isInteger } from "../../../graph/dtype.js";
import { roundHalfEven } from "../../../graph/infer/evaluate-arithmetic.js";
import { Node, numberAttribute } from "../../../graph/node.js";
import { elementCount } from "../../../graph/shape.js";
import { Tensor } from "../../../graph/tensor.js";
import type { Rewrite } from "./rewrite.js";

/** Float type of what lies between two nodes that stand for one: stored only where the file stored it. */
function real(tensor: Tensor) {
  const dtype = tensor.quantization === null ? tensor.dtype : ("float32" as const);
  return { dtype, shape: tensor.shape };
}

/** Bounds of activations that clamp. Source: schema.fbs, ActivationFunctionType. */
const CLAMPS: Readonly<Record<string, readonly [number, number]>> = { relu6: [0, 6], relun1to1: [-1, 1] };
const ACTIVATIONS: Readonly<Record<string, string>> = { relu: "Relu", tanh: "Tanh", sign: "Sign" };

/**
 * Returns the node without its activation, and the activation as a node of its own behind it. What flows
 * between them is not stored: of a quantised node it is the float value before rounding.
 */
export function splitActivation(node: Node, rewrite: Rewrite): Node {
  const { activation, ...attributes } = node.attributes;
  const output = node.output();
  const between = new Tensor({ name: `${output.name}/before_${String(activation)}`, ...real(output) });
  const { name, op, inputs, source } = node;
  const bounds = CLAMPS[String(activation)];
  if (bounds && roundsAway(output, bounds)) {
    return new Node({ name, op, inputs, outputs: node.outputs, attributes, source });
  }
  const plain = ACTIVATIONS[String(activation)];
  if (bounds) clampTo(rewrite, between, output, bounds);
  else if (plain !== undefined) rewrite.give(output, plain, [between]);
  else throw rewrite.refuse(`its activation is ${String(activation)}`);
  return new Node({
    name,
    op,
    inputs,
    outputs: [between, ...node.outputs.slice(1)],
    attributes,
    source,
  });
}

/**
 * Returns whether a clamp is what rounding to storage does anyway, though its bounds lie inside of what can be
 * stored: 6 where the largest stored value is 6.000013. ONNX Runtime 1.30 fails to load a Conv with such a
 * Clip behind it; bounds on or outside the range it takes away by itself.
 */
function roundsAway(output: Tensor, [low, high]: readonly [number, number]): boolean {
  const { bits, kind } = DTYPES[output.dtype];
  const { scale: [scale] = [], zeroPoint: [zero] = [], axis } = output.quantization ?? {};
  if (scale === undefined || zero === undefined || axis !== null) return false;
  const [least, most] = kind === "int" ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
  const stored = (value: number) => roundHalfEven(value / scale) + zero;
  const inside = low > (least - zero) * scale || high < (most - zero) * scale;
  return inside && stored(low) <= least && stored(high) >= most;
}

function clampTo(
  rewrite: Rewrite,
  input: Tensor,
  output: Tensor,
  [low, high]: readonly [number, number],
): void {
  const { dtype } = real(output);
  const [min, max] = [rewrite.scalar("min", dtype, low), rewrite.scalar("max", dtype, high)];
  rewrite.give(output, "Clip", [input, min, max]);
}

export function relu6(rewrite: Rewrite): void {
  const { node } = rewrite;
  clampTo(rewrite, node.input(0), node.output(), CLAMPS.relu6!);
}

export function reciprocalRoot(rewrite: Rewrite): void {
  const { node } = rewrite;
  const root = rewrite.make("Sqrt", [node.input(0)], {}, real(node.output()));
  rewrite.give(node.output(), "Reciprocal", [root]);
}

export function square(rewrite: Rewrite): void {
  const { node } = rewrite;
  rewrite.give(node.output(), "Mul", [node.input(0), node.input(0)]);
}

export function squaredDifference(rewrite: Rewrite): void {
  const { node } = rewrite;
  const difference = rewrite.make("Sub", [node.input(0), node.input(1)], {}, real(node.output()));
  rewrite.give(node.output(), "Mul", [difference, difference]);
}

/** ONNX's integer Div cuts towards zero. Its Mod has the sign of the divisor: −7 = −4 × 2 + 1. */
export function floorDivision(rewrite: Rewrite): void {
  const { node } = rewrite;
  const [x, y, output] = [node.input(0), node.input(1), node.output()];
  if (isInteger(output.dtype) && output.quantization === null) {
    const rest = rewrite.make("Mod", [x, y], {}, real(output));
    const whole = rewrite.make("Sub", [x, rest], {}, real(output));
    rewrite.give(output, "Div", [whole, y]);
    return;
  }
  const quotient = rewrite.make("Div", [x, y], {}, real(output));
  rewrite.give(output, "Floor", [quotient]);
}

/**
 * A beta scales the input. Opsets before 13 may normalise several axes as one: they become one axis by a
 * Reshape before and behind.
 */
export function normalisation(rewrite: Rewrite): void {
  const { node } = rewrite;
  const { beta, flattenFrom, ...attributes } = node.attributes;
  const [input, output] = [node.input(0), node.output()];
  const shape = input.staticShape();
  const data =
    beta === undefined
      ? input
      : rewrite.make(
          "Mul",
          [input, rewrite.scalar("beta", "float32", numberAttribute(node, "beta"))],
          {},
          {
            dtype: "float32",
            shape,
          },
        );
  if (flattenFrom === undefined) {
    rewrite.give(output, node.op, [data], attributes);
    return;
  }
  const from = numberAttribute(node, "flattenFrom");
  const own = from < 0 ? from + shape.length : from;
  const rows = [elementCount(shape.slice(0, own)), elementCount(shape.slice(own))];
  const flat = rewrite.make(
    "Reshape",
    [data, rewrite.integers("rows", rows)],
    {},
    {
      dtype: data.dtype,
      shape: rows,
      quantization: data.quantization,
    },
  );
  const result = rewrite.make(
    node.op,
    [flat],
    { axis: -1 },
    {
      dtype: output.dtype,
      shape: rows,
      quantization: output.quantization,
    },
  );
  rewrite.give(output, "Reshape", [result, rewrite.integers("shape", output.staticShape())]);
}
