/**
 * Weights of networks built in code: seeded noise, bell-shaped, in the int8 form of a TFLite export. Sizes,
 * shapes, histograms and timing are those of a real network; its accuracy is that of a coin.
 *
 * Scale (He et al., "Delving Deep into Rectifiers", ICCV 2015, for any input): with n taps per output and
 * inputs of power E[x²], weights of variance 1 / (n · E[x²]) give a pre-activation of variance 1.
 *
 * Drawing millions of weights to learn each channel's scale would make opening a network slow. So the scale,
 * the largest weight of the channel / 127, is drawn first; on reading, the channel's noise is stretched until
 * its largest weight is exactly ±127:
 *
 *   noise  of channel c     12  −3  40  −25        largest 40
 *   stored                  38 −10 127  −79        noise · 127 / 40, rounded half away from zero
 */
import type { Constant, Quantization } from "../graph/tensor.js";
import { BELL_SIGMA, expectedLargest, RandomStream } from "./random-stream.js";

/** How one weight tensor is cut into channels. */
export interface WeightPlan {
  /** Names the noise; tensors of one name and form are equal. */
  readonly seed: string;
  readonly channels: number;
  /** Weights of one output channel: n, the taps that add up to one output. */
  readonly taps: number;
  /** `last`: neighbouring weights belong to neighbouring channels (1HWO); `first`: to one channel (OHWI, OI). */
  readonly channelAxis: "first" | "last";
  /** One scale per output channel, or one for the tensor (TFLite FULLY_CONNECTED). */
  readonly granularity: "channel" | "tensor";
}

/** Share of a pre-activation's standard deviation that the bias makes up. Our choice; no effect on sizes. */
const BIAS_SIGMA = 0.25;

/** Channels of one layer differ in scale by up to this factor either way about the mean. Our choice. */
const SPREAD = 0.5;

/** A constant made when asked for, and kept only as long as somebody holds it. */
function onDemand(byteLength: number, make: () => Uint8Array): Constant {
  let made: WeakRef<Uint8Array> | null = null;
  return {
    byteLength,
    read() {
      const kept = made?.deref();
      if (kept) return kept;
      const data = make();
      made = new WeakRef(data);
      return data;
    },
  };
}

/** Returns the scales of the weights of a layer whose inputs have power E[x²]; zero points are 0. */
export function weightQuantization(plan: WeightPlan, axis: number, inputPower: number): Quantization {
  const { channels, taps, granularity } = plan;
  const sigma = Math.sqrt((1 - BIAS_SIGMA * BIAS_SIGMA) / (taps * inputPower));
  if (granularity === "tensor" || channels === 1) {
    const largest = sigma * expectedLargest(taps * channels);
    return { scale: [Math.fround(largest / 127)], zeroPoint: [0], axis: null };
  }
  const random = new RandomStream(`${plan.seed}#scale`);
  const largest = sigma * expectedLargest(taps);
  // An even spread of 1 ± s has a mean square of 1 + s² / 3, taken out again to keep the layer's variance.
  const mean = 1 / Math.sqrt(1 + (SPREAD * SPREAD) / 3);
  const scale = Array.from({ length: channels }, () =>
    Math.fround((largest / 127) * mean * random.between(1 - SPREAD, 1 + SPREAD)),
  );
  return { scale, zeroPoint: scale.map(() => 0), axis };
}

/** Where a channel's weights lie in their tensor. */
interface Place {
  readonly start: number;
  readonly step: number;
}

/** Writes `noise` to `target`, stretched until its largest is ±127, and returns `target`. */
export function stretch(noise: Int16Array, target: Int8Array, { start, step }: Place): Int8Array {
  let largest = 0;
  for (let index = 0; index < noise.length; index++) largest = Math.max(largest, Math.abs(noise[index]!));
  // A channel whose only noise is zero has no largest weight; it gets one.
  if (largest === 0) largest = noise[0] = 1;
  for (let index = 0, at = start; index < noise.length; index++, at += step) {
    const value = noise[index]!;
    const magnitude = Math.trunc((254 * Math.abs(value) + largest) / (2 * largest));
    target[at] = value < 0 ? -magnitude : magnitude;
  }
  return target;
}

/** Returns the int8 weights that the plan names, made when read. */
export function seededWeights(plan: WeightPlan): Constant {
  const { seed, channels, taps, channelAxis, granularity } = plan;
  return onDemand(channels * taps, () => {
    const random = new RandomStream(`${seed}#weights`);
    const weights = new Int8Array(channels * taps);
    const whole = granularity === "tensor";
    const noise = new Int16Array(whole ? channels * taps : taps);
    const interleaved = !whole && channelAxis === "last";
    for (let block = 0; block < (whole ? 1 : channels); block++) {
      for (let index = 0; index < noise.length; index++) noise[index] = random.bell();
      const place = interleaved ? { start: block, step: channels } : { start: block * taps, step: 1 };
      stretch(noise, weights, place);
    }
    return new Uint8Array(weights.buffer);
  });
}

/** Returns the quantisation of a bias: TFLite's input scale × weight scale, zero point 0, int32. */
export function biasQuantization(inputScale: number, weights: Quantization): Quantization {
  const scale = weights.scale.map((weightScale) => Math.fround(inputScale * weightScale));
  return { scale, zeroPoint: scale.map(() => 0), axis: weights.axis === null ? null : 0 };
}

/** Returns `channels` int32 biases, made when read. */
export function seededBias(seed: string, channels: number, { scale }: Quantization): Constant {
  return onDemand(4 * channels, () => {
    const random = new RandomStream(`${seed}#bias`);
    const view = new DataView(new ArrayBuffer(4 * channels));
    for (let channel = 0; channel < channels; channel++) {
      const real = (random.bell() / BELL_SIGMA) * BIAS_SIGMA;
      const stored = Math.round(real / (scale[channel] ?? scale[0]!));
      view.setInt32(4 * channel, Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, stored)), true);
    }
    return new Uint8Array(view.buffer);
  });
}
