/** Operators that look at one element at a time: gates, leaky rectifiers, normalisation that nothing absorbs. */
import { constantOf, Tensor } from "../graph/tensor.js";
import { int8Quantization } from "./activation-range.js";
import type { NetworkBuilder, Signal } from "./builder.js";
import { RandomStream } from "./random-stream.js";

/** Standard deviations that a calibration set reaches; the middle of what activation-range.ts draws from. */
const REACH = 4.6;

/** Smallest value of x · sigmoid(x), at x = −1.278. */
const SWISH_LOW = -0.2785;

/** E[(x · sigmoid(x))²] for a Gaussian of variance 1, by quadrature. */
const SWISH_POWER = 0.3558;

interface Named {
  readonly name: string;
}

/** Returns 1 / (1 + exp(−x)) of each element (LOGISTIC). */
export function sigmoid(net: NetworkBuilder, input: Signal, { name }: Named): Signal {
  return net.operator({
    name,
    op: "Sigmoid",
    source: "LOGISTIC",
    inputs: [input],
    shape: input.tensor.staticShape(),
    range: { low: 0, high: 1 - 1 / 256 },
    power: 0.3,
    rectified: true,
  });
}

/** Returns the product of two activations (MUL); the right one may be 1x1 and is then spread over the map. */
export function multiply(net: NetworkBuilder, left: Signal, right: Signal, { name }: Named): Signal {
  const power = left.power * right.power;
  const high = REACH * Math.sqrt(power);
  return net.operator({
    name,
    op: "Mul",
    source: "MUL",
    inputs: [left, right],
    shape: left.tensor.staticShape(),
    range: { low: left.rectified && right.rectified ? 0 : -high, high },
    power,
    rectified: left.rectified && right.rectified,
  });
}

/** Returns x · sigmoid(x) of each element: LOGISTIC and MUL, as exporters write it. */
export function swish(net: NetworkBuilder, input: Signal, { name }: Named): Signal {
  const gate = sigmoid(net, input, { name: `${name}_sigmoid` });
  return net.operator({
    name,
    op: "Mul",
    source: "MUL",
    inputs: [input, gate],
    shape: input.tensor.staticShape(),
    range: { low: SWISH_LOW, high: REACH },
    power: SWISH_POWER,
    rectified: false,
  });
}

/** Returns max(x, alpha · x) of each element (LEAKY_RELU). */
export function leakyRelu(
  net: NetworkBuilder,
  input: Signal,
  { name, alpha }: Named & { readonly alpha: number },
): Signal {
  const high = REACH * Math.sqrt(input.power);
  return net.operator({
    name,
    op: "LeakyRelu",
    source: "LEAKY_RELU",
    inputs: [input],
    attributes: { alpha },
    shape: input.tensor.staticShape(),
    range: { low: -alpha * high, high },
    power: (input.power * (1 + alpha * alpha)) / 2,
    rectified: false,
  });
}

function vector(name: string, channels: number, low: number, high: number): Tensor {
  const random = new RandomStream(name);
  const data = Int8Array.from({ length: channels }, () => Math.round(random.between(-127, 127)));
  return new Tensor({
    name,
    dtype: "int8",
    shape: [channels],
    quantization: int8Quantization({ low, high }),
    data: constantOf(new Uint8Array(data.buffer)),
  });
}

/**
 * Returns relu(a · x + b) with a and b per channel, as MUL and ADD: batch normalisation that follows no
 * convolution, which exporters cannot fold away.
 */
export function normalizedRelu(net: NetworkBuilder, input: Signal, { name }: Named): Signal {
  const shape = input.tensor.staticShape();
  const channels = shape.at(-1) ?? 1;
  const scaled = net.operator({
    name: `${name}_mul`,
    op: "Mul",
    source: "MUL",
    inputs: [input],
    constants: [vector(`${name}_mul/scale`, channels, 0, 2)],
    shape,
    range: { low: -REACH, high: REACH },
    power: 1,
    rectified: false,
  });
  return net.operator({
    name: `${name}_add`,
    op: "Add",
    source: "ADD",
    inputs: [scaled],
    constants: [vector(`${name}_add/shift`, channels, -1, 1)],
    attributes: { activation: "relu" },
    shape,
    range: { low: 0, high: REACH },
    power: 0.5,
    rectified: true,
  });
}
