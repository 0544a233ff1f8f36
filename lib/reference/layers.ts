/**
 * Convolutions and dense layers. A dense layer is a 1×1 convolution over an image of one row; a window becomes
 * a list of taps, each a run of neighbouring inputs times a run of neighbouring weights:
 *
 *     3×3 over 8 channels, dilation 1      3 taps of 24 (the rows of the window)
 *     3×3 over 8 channels, dilation 2      9 taps of 8
 *     1×1 over 8 channels, a dense layer   1 tap of 8
 *
 * Inputs are copied into a padded image with their zero point taken off, so that padding is 0.
 */
import { type LayerGeometry, layerGeometry } from "../graph/geometry.js";
import { denseStrides, forEachOffset } from "../graph/infer/strides.js";
import { stringAttribute } from "../graph/node.js";
import {
  highProduct,
  type Multiplier,
  quantizeMultiplier,
  roundAway,
  roundingShift,
  scaleOnce,
} from "./fixed-point.js";
import { onImages, type Slide, slides } from "./images.js";
import type { Kernel, KernelCall, Kernels, Range, Values } from "./kernel.js";

/** Turns accumulators of one output position into stored values. */
type Finish = (accumulators: Int32Array, into: Values, at: number) => void;

function geometryOf(call: KernelCall): LayerGeometry {
  const geometry = layerGeometry(call.node);
  if (!geometry || geometry.kind === "transpose")
    throw call.refuse("its weights are computed, expected constants");
  const { attributes } = call.node;
  const plain =
    (attributes.alpha ?? 1) === 1 && (attributes.beta ?? 1) === 1 && (attributes.transA ?? 0) === 0;
  if (!plain) throw call.refuse("it scales or transposes its data, expected alpha 1, beta 1 and transA 0");
  // One input channel makes one group, and a convolution of the geometry; its weights are a depthwise one's.
  return attributes.weightLayout === "1HWO" ? { ...geometry, kind: "depthwise" } : geometry;
}

/** Axes of weights as [output, height, width, input], by their layout; −1 where there is none. */
const AXES: Readonly<Record<string, readonly [number, number, number, number]>> = {
  OHWI: [0, 1, 2, 3],
  OIHW: [0, 2, 3, 1],
  OIW: [0, -1, 2, 1],
  OI: [0, -1, -1, 1],
  IO: [1, -1, -1, 0],
};

function weightLayout(call: KernelCall, { kind, weights }: LayerGeometry): string {
  const { node } = call;
  if (kind === "dense") return node.op === "Gemm" && node.attributes.transB === 1 ? "OI" : "IO";
  const layout = stringAttribute(node, "weightLayout", "OIHW");
  return layout === "OIHW" && weights.staticShape().length === 3 ? "OIW" : layout;
}

/** Returns weights less their zero point, as [output, height, width, input]; [height, width, output] if depthwise. */
function orderedWeights(call: KernelCall, geometry: LayerGeometry): Int16Array {
  const { weights } = geometry;
  const zeros = weights.quantization?.zeroPoint ?? [0];
  if (zeros.some((zero) => zero !== zeros[0])) throw call.refuse("its weights have several zero points");
  const zero = zeros[0]!;
  const stored = call.constant(1);
  const ordered = new Int16Array(stored.length);
  const layout = weightLayout(call, geometry);
  if (layout === "1HWO") return ordered.map((_, index) => stored[index]! - zero);
  const shape = weights.staticShape();
  const own = denseStrides(shape);
  const [o, h, w, i] = AXES[layout]!;
  const axes = geometry.kind === "depthwise" ? [h, w, o, i] : [o, h, w, i];
  const view = {
    shape: axes.map((axis) => (axis < 0 ? 1 : shape[axis]!)),
    strides: axes.map((axis) => (axis < 0 ? 0 : own[axis]!)),
    offset: 0,
  };
  forEachOffset(view, (from, to) => {
    ordered[to] = stored[from]! - zero;
  });
  return ordered;
}

/**
 * Returns the factor from accumulator to output per channel, in float64; uint8 layers and dense layers by
 * fixed-point products multiply the scales of data and weights in float32. Sources: LiteRT kernels/kernel_util.cc
 * (GetQuantizedConvolutionMultipler, PopulateConvolutionQuantizationParams);
 * internal/reference/integer_ops/fully_connected.h.
 */
function factors(call: KernelCall, { kind, weights, outputChannels }: LayerGeometry): number[] {
  const data = call.step(call.node.input(0));
  const output = call.step(call.node.output());
  const scales = weights.quantization?.scale ?? [];
  if (scales.length !== 1 && scales.length !== outputChannels) {
    throw call.refuse(`its weights have ${scales.length} scales, expected 1 or ${outputChannels}`);
  }
  const fixedDense = kind === "dense" && (call.numerics.dense ?? "exact") !== "exact";
  const single = scales.length === 1 && (fixedDense || weights.dtype === "uint8");
  return Array.from({ length: outputChannels }, (_, channel) => {
    const product = data.scale * scales[scales.length === 1 ? 0 : channel]!;
    return (single ? Math.fround(product) : product) / output.scale;
  });
}

/** Returns a float32 product, rounded to the nearest whole number, halves to even. */
function scaleByFloat(value: number, factor: number): number {
  const product = Math.fround(Math.fround(value) * factor);
  const floor = Math.floor(product);
  const rest = product - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

function finishing(call: KernelCall, geometry: LayerGeometry, { low, high }: Range): Finish {
  const { zero } = call.step(call.node.output());
  const real = factors(call, geometry);
  const channels = real.length;
  const { rounding = "double", convolutions = rounding, dense = "exact" } = call.numerics;
  const way = geometry.kind === "dense" ? dense : convolutions;
  const cut = (value: number) => (value < low ? low : value > high ? high : value);
  if (way === "float") {
    const floats = Float32Array.from(real);
    return (accumulators, into, at) => {
      for (let c = 0; c < channels; c++)
        into[at + c] = cut(scaleByFloat(accumulators[c]!, floats[c]!) + zero);
    };
  }
  if (way === "exact") {
    return (accumulators, into, at) => {
      for (let c = 0; c < channels; c++) into[at + c] = cut(roundAway(accumulators[c]! * real[c]!) + zero);
    };
  }
  const multipliers: Multiplier[] = real.map(quantizeMultiplier);
  const factor = Int32Array.from(multipliers, (multiplier) => multiplier.factor);
  const shift = Int32Array.from(multipliers, (multiplier) => multiplier.shift);
  if (way === "single") {
    return (accumulators, into, at) => {
      for (let c = 0; c < channels; c++) {
        into[at + c] = cut(scaleOnce(accumulators[c]!, factor[c]!, shift[c]!) + zero);
      }
    };
  }
  return (accumulators, into, at) => {
    for (let c = 0; c < channels; c++) {
      const own = shift[c]!;
      const scaled =
        own < 0
          ? roundingShift(highProduct(accumulators[c]!, factor[c]!), -own)
          : highProduct(accumulators[c]! * 2 ** own, factor[c]!);
      into[at + c] = cut(scaled + zero);
    }
  };
}

interface Tap {
  readonly input: number;
  readonly weight: number;
}

/** Where the taps of a window lie, seen from its first input and from the first weight of an output. */
function windowTaps(
  rows: Slide,
  columns: Slide,
  width: number,
  channels: number,
  perGroup: number,
  depthwise: boolean,
) {
  const joined = !depthwise && columns.dilation === 1 && perGroup === channels;
  const taps: Tap[] = [];
  for (let y = 0; y < rows.kernel; y++) {
    for (let x = 0; x < (joined ? 1 : columns.kernel); x++) {
      const input = (y * rows.dilation * width + x * columns.dilation) * channels;
      taps.push({ input, weight: (y * columns.kernel + x) * perGroup });
    }
  }
  return { taps, run: joined ? columns.kernel * channels : perGroup };
}

const reach = ({ positions, stride, dilation, kernel }: Slide) =>
  (positions - 1) * stride + dilation * (kernel - 1) + 1;

const layer: Kernel = (call) => {
  const { node } = call;
  const geometry = geometryOf(call);
  const { groups, inputChannels: channels, outputChannels: outputs, kind, batch } = geometry;
  const { zero } = call.step(node.input(0));
  const [rows, columns] =
    kind === "dense"
      ? denseSlides(geometry)
      : slides(
          call,
          { height: geometry.inputHeight, width: geometry.inputWidth },
          {
            kernel: [geometry.kernelHeight, geometry.kernelWidth],
            strides: geometry.strides,
            dilations: geometry.dilations,
          },
        );
  const [height, width] = [reach(rows), reach(columns)];
  const weights = orderedWeights(call, geometry);
  const bias = node.inputs[2] ? Int32Array.from(call.constant(2)) : new Int32Array(outputs);
  const finish = finishing(call, geometry, call.range());
  // A depthwise tap is one position: its channels are apart.
  const perGroup = kind === "depthwise" ? 1 : channels / groups;
  const { taps, run } = windowTaps(rows, columns, width, channels, perGroup, kind === "depthwise");
  const inputs = Int32Array.from(taps, ({ input }) => input);
  const starts = Int32Array.from(taps, ({ weight }) => weight);
  const perOutput = geometry.kernelHeight * geometry.kernelWidth * perGroup;
  const outputsPerGroup = outputs / groups;
  const accumulators = new Int32Array(outputs);
  const padded = new Int16Array(height * width * channels);

  /** Four outputs at a time share what they read. */
  function gather(base: number): void {
    let o = 0;
    if (groups === 1) {
      for (; o + 3 < outputs; o += 4) {
        let [a, b, c, d] = [bias[o]!, bias[o + 1]!, bias[o + 2]!, bias[o + 3]!];
        for (let tap = 0; tap < inputs.length; tap++) {
          let from = base + inputs[tap]!;
          let first = o * perOutput + starts[tap]!;
          let second = first + perOutput;
          let third = second + perOutput;
          let fourth = third + perOutput;
          for (const end = from + run; from < end; from++) {
            const value = padded[from]!;
            a = (a + value * weights[first++]!) | 0;
            b = (b + value * weights[second++]!) | 0;
            c = (c + value * weights[third++]!) | 0;
            d = (d + value * weights[fourth++]!) | 0;
          }
        }
        accumulators[o] = a;
        accumulators[o + 1] = b;
        accumulators[o + 2] = c;
        accumulators[o + 3] = d;
      }
    }
    for (; o < outputs; o++) {
      let sum = bias[o]!;
      const own = base + Math.floor(o / outputsPerGroup) * perGroup;
      for (let tap = 0; tap < inputs.length; tap++) {
        let from = own + inputs[tap]!;
        let at = o * perOutput + starts[tap]!;
        for (const end = from + run; from < end; from++) sum = (sum + padded[from]! * weights[at++]!) | 0;
      }
      accumulators[o] = sum;
    }
  }

  /** One weight per tap and output: outputs lie beside one another. */
  function gatherDepthwise(base: number): void {
    accumulators.set(bias);
    for (let tap = 0; tap < inputs.length; tap++) {
      const from = base + inputs[tap]!;
      const at = tap * outputs;
      if (outputs === channels) {
        for (let o = 0; o < outputs; o++) accumulators[o]! += padded[from + o]! * weights[at + o]!;
      } else {
        for (let o = 0; o < outputs; o++) {
          accumulators[o]! += padded[from + Math.floor(o / outputsPerGroup)]! * weights[at + o]!;
        }
      }
    }
  }

  const collect = kind === "depthwise" ? gatherDepthwise : gather;
  const compute = ([x]: readonly (Values | null)[]) => {
    const result = call.empty();
    let at = 0;
    for (let image = 0; image < batch; image++) {
      copyPadded({ x: x!, image, zero, channels, rows, columns, padded, height, width });
      for (let y = 0; y < rows.positions; y++) {
        for (let p = 0; p < columns.positions; p++, at += outputs) {
          collect((y * rows.stride * width + p * columns.stride) * channels);
          finish(accumulators, result, at);
        }
      }
    }
    return [result];
  };
  return kind === "dense" ? compute : onImages(call, compute);
};

/** Each row of a dense layer's data is a pixel. */
function denseSlides({ inputWidth }: LayerGeometry): readonly [Slide, Slide] {
  const one = { size: 1, positions: 1, kernel: 1, stride: 1, dilation: 1, before: 0 };
  return [one, { ...one, size: inputWidth, positions: inputWidth }];
}

interface Padding {
  readonly x: Values;
  readonly image: number;
  readonly zero: number;
  readonly channels: number;
  readonly rows: Slide;
  readonly columns: Slide;
  readonly padded: Int16Array;
  readonly height: number;
  readonly width: number;
}

/** Writes the part of an image that windows see; what lies outside of the image stays 0. */
function copyPadded({ x, image, zero, channels, rows, columns, padded, height, width }: Padding): void {
  const from = image * rows.size * columns.size * channels;
  const [firstX, lastX] = [columns.before, Math.min(width, columns.before + columns.size)];
  for (let y = rows.before; y < Math.min(height, rows.before + rows.size); y++) {
    let read = from + (y - rows.before) * columns.size * channels;
    let write = (y * width + firstX) * channels;
    for (const end = (y * width + lastX) * channels; write < end; write++) padded[write] = x[read++]! - zero;
  }
}

export const LAYER_KERNELS: Kernels = {
  Conv: layer,
  Gemm: layer,
  MatMul: layer,
};
