import { LabError } from "../errors.js";
import type { Model } from "../graph/graph.js";
import type { Attributes } from "../graph/node.js";
import { elementCount, formatShape, type StaticShape } from "../graph/shape.js";
import { type Quantization, Tensor } from "../graph/tensor.js";
import {
  type Activation,
  activatedMoments,
  activationRange,
  asUint8,
  averagedMoments,
  evenMoments,
  int8Quantization,
  type Moments,
  type Range,
  SOFTMAX_QUANTIZATION,
} from "./activation-range.js";
import { GraphWriter } from "./graph-writer.js";
import { RandomStream } from "./random-stream.js";
import {
  biasQuantization,
  seededBias,
  seededWeights,
  type WeightPlan,
  weightQuantization,
} from "./seeded-weights.js";
import { type Padding, type Pair, pairOf, windowCount } from "./window.js";

/** An activation on its way through the network. */
export interface Signal extends Moments {
  readonly tensor: Tensor;
}

/**
 * What the network speaks at its edges: `int8` tensors as they are, or `uint8-float`, the export that ST's
 * model zoo ships: uint8 image in (QUANTIZE to int8), float32 out (DEQUANTIZE).
 */
export type Ports = "int8" | "uint8-float";

export interface WindowLayer {
  readonly name: string;
  readonly kernel: number | Pair;
  readonly stride?: number | Pair;
  readonly padding?: Padding;
}

export interface DepthwiseLayer extends WindowLayer {
  readonly activation?: Activation;
  /** Range of the output instead of the drawn one: what `concat` asks of its inputs. */
  readonly range?: Range;
}

export interface ConvLayer extends DepthwiseLayer {
  readonly filters: number;
}

/** An operator in the graph's vocabulary; `source` in TFLite's words. */
export interface OperatorLayer extends Moments {
  readonly name: string;
  readonly op: string;
  readonly source: string;
  readonly inputs: readonly Signal[];
  /** Read after the inputs. */
  readonly constants?: readonly Tensor[];
  readonly attributes?: Attributes;
  readonly shape: StaticShape;
  readonly range: Range;
}

/** Pixels of zeros to put around an image. */
export interface Margin {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** What tells the three weighted operators apart. */
interface WeightedForm {
  readonly op: "Conv" | "Gemm";
  readonly source: string;
  readonly attributes: Attributes;
  readonly shape: StaticShape;
  readonly weightShape: StaticShape;
  /** Axis of the output channels in `weightShape`. */
  readonly weightAxis: number;
  readonly plan: Omit<WeightPlan, "seed">;
}

/**
 * Builds a quantised int8 network layer by layer, as the TFLite export of the same network records it: NHWC,
 * batch normalisation folded, activations fused, one node per TFLite operator, each named like its output.
 * Weights are seeded noise (seeded-weights.ts), ranges follow a rule (activation-range.ts): sizes, shapes,
 * bytes and timing are real, accuracy is not. A cursor: build once.
 *
 *   const net = new NetworkBuilder({ name: "tiny", seed: "tiny", ports: "int8" });
 *   const image = net.input({ name: "image", shape: [1, 8, 8, 3], range: { low: 0, high: 1 } });
 *   const features = net.conv(image, { name: "conv", filters: 16, kernel: 3, stride: 2, activation: "relu" });
 *   const pooled = net.mean(features, { name: "pool" });
 *   const model = net.build([net.dense(pooled, { name: "logits", units: 10 })]);
 */
export class NetworkBuilder {
  readonly #name: string;
  readonly #seed: string;
  readonly #ports: Ports;
  readonly #writer = new GraphWriter();

  /** `seed` names the noise: networks of one seed have equal weights in layers of equal name and form. */
  constructor({
    name,
    seed,
    ports,
  }: { readonly name: string; readonly seed: string; readonly ports: Ports }) {
    this.#name = name;
    this.#seed = seed;
    this.#ports = ports;
  }

  /** Returns the network's input as the first layer reads it: int8. */
  input(options: { readonly name: string; readonly shape: StaticShape; readonly range: Range }): Signal {
    const { name, shape, range } = options;
    const quantization = int8Quantization(range);
    const moments = evenMoments(range);
    if (this.#ports === "int8") {
      return { tensor: this.#writer.input({ name, dtype: "int8", shape, quantization }), ...moments };
    }
    const image = this.#writer.input({ name, dtype: "uint8", shape, quantization: asUint8(quantization) });
    const tensor = this.#writer.add({
      name: `${name}_int8`,
      op: "QuantizeLinear",
      source: "QUANTIZE",
      inputs: [image],
      shape,
      quantization,
    });
    return { tensor, ...moments };
  }

  /** Returns the output of a CONV_2D; padding `same` unless said otherwise. */
  conv(input: Signal, layer: ConvLayer): Signal {
    const { channels } = image(input, layer.name);
    const [height, width] = pairOf(layer.kernel);
    return this.#weighted(input, layer, {
      op: "Conv",
      source: "CONV_2D",
      attributes: { ...windowAttributes(layer, "same"), ...CONV_LAYOUT, group: 1, weightLayout: "OHWI" },
      shape: this.#slide(input, layer, "same", layer.filters),
      weightShape: [layer.filters, height, width, channels],
      weightAxis: 0,
      plan: {
        channels: layer.filters,
        taps: height * width * channels,
        channelAxis: "first",
        granularity: "channel",
      },
    });
  }

  /** Returns the output of a DEPTHWISE_CONV_2D, one filter per channel; padding `same` unless said otherwise. */
  depthwise(input: Signal, layer: DepthwiseLayer): Signal {
    const { channels } = image(input, layer.name);
    const [height, width] = pairOf(layer.kernel);
    return this.#weighted(input, layer, {
      op: "Conv",
      source: "DEPTHWISE_CONV_2D",
      attributes: {
        ...windowAttributes(layer, "same"),
        ...CONV_LAYOUT,
        group: channels,
        weightLayout: "1HWO",
      },
      shape: this.#slide(input, layer, "same", channels),
      weightShape: [1, height, width, channels],
      weightAxis: 3,
      plan: { channels, taps: height * width, channelAxis: "last", granularity: "channel" },
    });
  }

  /** Returns the output of a FULLY_CONNECTED, its weights per tensor as TFLite's converter quantises them. */
  dense(
    input: Signal,
    layer: { readonly name: string; readonly units: number; readonly activation?: Activation },
  ): Signal {
    const shape = input.tensor.staticShape();
    const columns = shape.at(-1)!;
    return this.#weighted(input, layer, {
      op: "Gemm",
      source: "FULLY_CONNECTED",
      attributes: { transB: 1, keepDims: false },
      shape: [elementCount(shape) / columns, layer.units],
      weightShape: [layer.units, columns],
      weightAxis: 0,
      plan: { channels: layer.units, taps: columns, channelAxis: "first", granularity: "tensor" },
    });
  }

  /** Returns the sum (ADD) of two activations of one shape. */
  add(
    left: Signal,
    right: Signal,
    layer: { readonly name: string; readonly activation?: Activation; readonly range?: Range },
  ): Signal {
    const { name, activation = "none" } = layer;
    const shape = left.tensor.staticShape();
    if (formatShape(shape) !== formatShape(right.tensor.shape)) {
      throw new LabError({
        code: "MODEL_SHAPE",
        message: `Cannot add '${right.tensor.name}' to '${left.tensor.name}': it is ${formatShape(right.tensor.shape)}, expected ${formatShape(shape)}`,
        at: name,
      });
    }
    const power = left.power + right.power;
    const tensor = this.#writer.add({
      name,
      op: "Add",
      source: "ADD",
      inputs: [left.tensor, right.tensor],
      attributes: fused(activation),
      shape,
      quantization: int8Quantization(layer.range ?? this.#range(name, Math.sqrt(power), activation)),
    });
    return { tensor, ...activatedMoments(power, activation) };
  }

  /** Returns the average of each window (AVERAGE_POOL_2D); padding `valid` unless said otherwise. */
  averagePool(input: Signal, layer: WindowLayer): Signal {
    const [height, width] = pairOf(layer.kernel);
    const tensor = this.#pool(input, layer, "AveragePool", "AVERAGE_POOL_2D");
    return { tensor, ...averagedMoments(input, height * width) };
  }

  /** Returns the largest of each window (MAX_POOL_2D); padding `valid` unless said otherwise. */
  maxPool(input: Signal, layer: WindowLayer): Signal {
    return { ...input, tensor: this.#pool(input, layer, "MaxPool", "MAX_POOL_2D") };
  }

  /** Returns the mean over height and width (MEAN), those dimensions dropped: N×C. */
  mean(input: Signal, { name }: { readonly name: string }): Signal {
    const { batch, height, width, channels } = image(input, name);
    const tensor = this.#writer.add({
      name,
      op: "ReduceMean",
      source: "MEAN",
      inputs: [input.tensor, this.#writer.integers(`${name}/axes`, "int32", [1, 2])],
      attributes: { keepdims: 0 },
      shape: [batch, channels],
      quantization: input.tensor.quantization,
    });
    return { tensor, ...averagedMoments(input, height * width) };
  }

  /** Returns the image with zeros around it (PAD). */
  pad(input: Signal, { name, ...margin }: { readonly name: string } & Margin): Signal {
    const { batch, height, width, channels } = image(input, name);
    const { top, left, bottom, right } = margin;
    const pads = [0, top, left, 0, 0, bottom, right, 0];
    const tensor = this.#writer.add({
      name,
      op: "Pad",
      source: "PAD",
      inputs: [input.tensor, this.#writer.integers(`${name}/pads`, "int64", pads)],
      attributes: { mode: "constant" },
      shape: [batch, top + height + bottom, left + width + right, channels],
      quantization: input.tensor.quantization,
    });
    return { ...input, tensor };
  }

  /** Returns the same elements in another shape (RESHAPE). */
  reshape(input: Signal, { name, shape }: { readonly name: string; readonly shape: StaticShape }): Signal {
    if (elementCount(shape) !== input.tensor.size) {
      throw new LabError({
        code: "MODEL_SHAPE",
        message: `Cannot reshape '${input.tensor.name}' to ${formatShape(shape)}: it has ${input.tensor.size} elements, expected ${elementCount(shape)}`,
        at: name,
      });
    }
    const tensor = this.#writer.add({
      name,
      op: "Reshape",
      source: "RESHAPE",
      inputs: [input.tensor, this.#writer.integers(`${name}/shape`, "int32", shape)],
      shape,
      quantization: input.tensor.quantization,
    });
    return { ...input, tensor };
  }

  /** Returns the images side by side along the channels (CONCATENATION); all must have one quantisation. */
  concat(inputs: readonly [Signal, ...Signal[]], { name }: { readonly name: string }): Signal {
    const [first] = inputs;
    const quantization = first.tensor.quantization;
    if (inputs.some(({ tensor }) => !sameScale(tensor.quantization, quantization))) {
      throw new LabError({
        code: "MODEL_RANGE",
        message: `Cannot concatenate ${inputs.map(({ tensor }) => `'${tensor.name}'`).join(", ")}: their scales differ, expected one for all (TFLite 8-bit quantisation specification, CONCATENATION)`,
        hint: "give the layers before it the same `range`",
        at: name,
      });
    }
    const { batch, height, width } = image(first, name);
    const parts = inputs.map((input) => image(input, name).channels);
    const channels = parts.reduce((total, part) => total + part, 0);
    const tensor = this.#writer.add({
      name,
      op: "Concat",
      source: "CONCATENATION",
      inputs: inputs.map((input) => input.tensor),
      attributes: { axis: 3 },
      shape: [batch, height, width, channels],
      quantization,
    });
    const power = inputs.reduce((total, input, index) => total + (input.power * parts[index]!) / channels, 0);
    return { tensor, power, rectified: inputs.every((input) => input.rectified) };
  }

  /**
   * Returns the image enlarged by a whole factor: each pixel repeated (RESIZE_NEAREST_NEIGHBOR), or values in
   * between interpolated (RESIZE_BILINEAR, pixel centres aligned).
   */
  upsample(
    input: Signal,
    layer: { readonly name: string; readonly factor: number; readonly mode?: "nearest" | "linear" },
  ): Signal {
    const { name, factor, mode = "nearest" } = layer;
    const { batch, height, width, channels } = image(input, name);
    const shape = [batch, height * factor, width * factor, channels];
    const tensor = this.#writer.add({
      name,
      op: "Resize",
      source: mode === "nearest" ? "RESIZE_NEAREST_NEIGHBOR" : "RESIZE_BILINEAR",
      inputs: [input.tensor, null, null, this.#writer.integers(`${name}/sizes`, "int64", shape)],
      attributes:
        mode === "nearest"
          ? {
              mode,
              coordinateTransformationMode: "asymmetric",
              nearestMode: "floor",
              layout: "NHWC",
            }
          : { mode, coordinateTransformationMode: "half_pixel", layout: "NHWC" },
      shape,
      quantization: input.tensor.quantization,
    });
    return { ...input, tensor };
  }

  /** Returns the class probabilities (SOFTMAX over the last axis). */
  softmax(input: Signal, { name }: { readonly name: string }): Signal {
    const tensor = this.#writer.add({
      name,
      op: "Softmax",
      source: "SOFTMAX",
      inputs: [input.tensor],
      attributes: { axis: -1 },
      shape: input.tensor.staticShape(),
      quantization: SOFTMAX_QUANTIZATION,
    });
    return { tensor, ...evenMoments({ low: 0, high: 1 }) };
  }

  /** Returns the output of an operator that has no method here; its range and moments are the caller's word. */
  operator(layer: OperatorLayer): Signal {
    const { range, power, rectified, inputs, constants = [], ...operation } = layer;
    const tensor = this.#writer.add({
      ...operation,
      inputs: [...inputs.map((input) => input.tensor), ...constants],
      quantization: int8Quantization(range),
    });
    return { tensor, power, rectified };
  }

  /** Returns the finished model. */
  build(outputs: readonly Signal[]): Model {
    const ends = outputs.map(({ tensor }) => {
      if (this.#ports === "int8") return tensor;
      return this.#writer.add({
        name: `${tensor.name}_float`,
        op: "DequantizeLinear",
        source: "DEQUANTIZE",
        inputs: [tensor],
        shape: tensor.staticShape(),
        quantization: null,
      });
    });
    const metadata = new Map([["weights", `seeded noise '${this.#seed}': sizes are real, accuracy is not`]]);
    return this.#writer.model({ name: this.#name, outputs: ends, metadata });
  }

  #weighted(
    input: Signal,
    layer: { readonly name: string; readonly activation?: Activation; readonly range?: Range },
    form: WeightedForm,
  ): Signal {
    const { name, activation = "none" } = layer;
    const plan: WeightPlan = { ...form.plan, seed: `${this.#seed}/${name}` };
    const inputScale = input.tensor.quantization!.scale[0]!;
    const scales = weightQuantization(plan, form.weightAxis, input.power);
    const biasScales = biasQuantization(inputScale, scales);
    const weights = new Tensor({
      name: `${name}/weights`,
      dtype: "int8",
      shape: form.weightShape,
      quantization: scales,
      data: seededWeights(plan),
    });
    const bias = new Tensor({
      name: `${name}/bias`,
      dtype: "int32",
      shape: [plan.channels],
      quantization: biasScales,
      data: seededBias(plan.seed, plan.channels, biasScales),
    });
    const tensor = this.#writer.add({
      name,
      op: form.op,
      source: form.source,
      inputs: [input.tensor, weights, bias],
      attributes: { ...form.attributes, ...fused(activation) },
      shape: form.shape,
      quantization: int8Quantization(layer.range ?? this.#range(name, 1, activation)),
    });
    return { tensor, ...activatedMoments(1, activation) };
  }

  #pool(input: Signal, layer: WindowLayer, op: string, source: string): Tensor {
    const { channels } = image(input, layer.name);
    return this.#writer.add({
      name: layer.name,
      op,
      source,
      inputs: [input.tensor],
      attributes: { kernelShape: pairOf(layer.kernel), ...windowAttributes(layer, "valid"), layout: "NHWC" },
      shape: this.#slide(input, layer, "valid", channels),
      quantization: input.tensor.quantization,
    });
  }

  #slide(input: Signal, layer: WindowLayer, fallback: Padding, channels: number): StaticShape {
    const { batch, height, width } = image(input, layer.name);
    const kernel = pairOf(layer.kernel);
    const stride = pairOf(layer.stride ?? 1);
    const padding = layer.padding ?? fallback;
    const at = layer.name;
    return [
      batch,
      windowCount({ length: height, kernel: kernel[0], stride: stride[0], padding, at }),
      windowCount({ length: width, kernel: kernel[1], stride: stride[1], padding, at }),
      channels,
    ];
  }

  #range(name: string, sigma: number, activation: Activation): Range {
    return activationRange(sigma, activation, new RandomStream(`${this.#seed}/${name}#range`));
  }
}

const CONV_LAYOUT = { dilations: [1, 1], layout: "NHWC" } as const;

function windowAttributes(layer: WindowLayer, fallback: Padding): Attributes {
  return {
    strides: pairOf(layer.stride ?? 1),
    autoPad: (layer.padding ?? fallback) === "same" ? "SAME_UPPER" : "VALID",
  };
}

function fused(activation: Activation): Attributes {
  return activation === "none" ? {} : { activation };
}

function sameScale(a: Quantization | null, b: Quantization | null): boolean {
  return a?.scale[0] === b?.scale[0] && a?.zeroPoint[0] === b?.zeroPoint[0];
}

function image(
  input: Signal,
  at: string,
): { batch: number; height: number; width: number; channels: number } {
  const [batch, height, width, channels, ...more] = input.tensor.staticShape();
  if (
    batch === undefined ||
    height === undefined ||
    width === undefined ||
    channels === undefined ||
    more.length
  ) {
    throw new LabError({
      code: "MODEL_SHAPE",
      message: `Cannot read '${input.tensor.name}' as an image: its shape is ${formatShape(input.tensor.shape)}, expected batch x height x width x channels`,
      at,
    });
  }
  return { batch, height, width, channels };
}
