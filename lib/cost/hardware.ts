/** What bounds an epoch on the NPU. All bounds run side by side: the slowest one is the time. */
import type { LayerGeometry } from "../graph/geometry.js";
import type { Epoch, PackedBuffer } from "../targets/neural-art/records.js";
import { type Cycles, cycles } from "../units.js";
import { NPU, SETUP, STREAM } from "./parameters.js";

/** Where parameters are read from during the inference. */
export type WeightStore = "octoFlash" | "hyperRAM" | "internal";

export interface HardwareBounds {
  /** NPU cycles that each resource is busy. */
  readonly compute: Cycles;
  readonly output: Cycles;
  readonly input: Cycles;
  /** Milliseconds in which the parameters arrive; memory clocks do not follow the NPU's. */
  readonly flashMs: number;
}

/** Returns the largest divisor of `count` that is at most `limit`; 1 for a prime beyond it. */
export function largestDivisor(count: number, limit: number): number {
  for (let divisor = Math.min(count, limit); divisor > 1; divisor--) {
    if (count % divisor === 0) return divisor;
  }
  return 1;
}

/** Returns the kernels computed in one pass over the input. */
export function kernelsPerPass(outputChannels: number): number {
  const divisor = largestDivisor(outputChannels, NPU.kernelsPerPass.value);
  // A channel count without a useful divisor is filled up, not computed one by one.
  return divisor >= NPU.unitKernels.value ? divisor : Math.min(outputChannels, NPU.kernelsPerPass.value);
}

/** Returns the elements of the largest tensor: each has a stream engine of its own, and they run side by side. */
function longestStream(tensors: readonly { readonly size: number }[]): number {
  return tensors.reduce((most, tensor) => Math.max(most, tensor.size), 0);
}

/** Returns the cycles the convolution units need: each takes an input element and 8 kernels × 9 taps a cycle. */
function convolutionCycles(layer: LayerGeometry): number {
  const { inputHeight, inputWidth, inputChannels, outputChannels, groups } = layer;
  const passes = Math.ceil(outputChannels / groups / NPU.unitKernels.value);
  const taps = Math.ceil((layer.kernelHeight * layer.kernelWidth) / NPU.unitTaps.value);
  const units = Math.min(4, Math.ceil(inputChannels / groups / NPU.unitChannels.value));
  return (layer.batch * inputHeight * inputWidth * inputChannels * passes * taps) / units;
}

/** Returns the cycles for 1x1 kernels in 24-bit words: 3 channels × 24 kernels per unit and cycle. */
function pointwiseCycles(layer: LayerGeometry): number {
  const { inputHeight, inputWidth, inputChannels, outputChannels, groups } = layer;
  const words = Math.ceil(inputChannels / groups / 3) * groups;
  const passes = Math.ceil(outputChannels / groups / NPU.kernelsPerPass.value);
  const units = Math.min(4, Math.ceil(inputChannels / groups / NPU.unitChannels.value));
  const positions = Math.min(inputHeight * inputWidth, layer.outputHeight * layer.outputWidth);
  return (layer.batch * positions * words * passes) / units;
}

/**
 * Returns what bounds a weighted layer.
 *
 * Example, run A: 1x1, 144 → 24 at 56x56. 75,264 outputs; 451,584 inputs in one pass of 24 kernels at 5.1 per
 * cycle: 88,546 cycles, so the input bounds it; the board took 84,690.
 */
function layerBounds(layer: LayerGeometry): Omit<HardwareBounds, "flashMs"> {
  const inputs = layer.batch * layer.inputHeight * layer.inputWidth * layer.inputChannels;
  const outputs = layer.batch * layer.outputHeight * layer.outputWidth * layer.outputChannels;
  const output = cycles(outputs / NPU.outputPerCycle.value);
  if (layer.kind === "depthwise") {
    return { compute: cycles(0), output, input: cycles(inputs / NPU.depthwiseInputPerCycle.value) };
  }
  const passes = Math.ceil(
    layer.outputChannels / layer.groups / kernelsPerPass(layer.outputChannels / layer.groups),
  );
  const input = cycles((inputs * passes) / NPU.inputPerCycle.value);
  const pointwise = layer.kernelHeight * layer.kernelWidth === 1;
  return { compute: cycles(pointwise ? pointwiseCycles(layer) : convolutionCycles(layer)), output, input };
}

/** Returns the milliseconds in which the parameters of a layer come from where they are kept. */
function streamMs(layer: LayerGeometry, buffers: readonly PackedBuffer[], store: WeightStore): number {
  let seconds = 0;
  for (const { role, mode, bytes } of buffers) {
    if (store === "internal") {
      seconds += bytes / STREAM.internal.value;
      continue;
    }
    const faster = store === "hyperRAM" ? STREAM.hyperRamOverFlash.value : 1;
    const widened =
      (role === "scale" || role === "bias") && layer.outputChannels > SETUP.writtenChannels.value;
    if (widened && layer.outputWidth > 1) {
      // Read again for each output row; after the first row it comes from the NPU cache.
      seconds += (bytes * layer.outputHeight) / STREAM.flashCached.value / faster;
    } else {
      const rate = mode === "deep" ? STREAM.flashDeep : STREAM.flashPlain;
      seconds += bytes / rate.value / faster;
    }
  }
  return seconds * 1000;
}

/** Returns what bounds an epoch that runs on the NPU; `buffers` are the parameters of its layer. */
export function hardwareBounds(
  epoch: Epoch,
  buffers: readonly PackedBuffer[],
  store: WeightStore = "octoFlash",
): HardwareBounds {
  if (epoch.layer) {
    const { geometry } = epoch.layer;
    const bounds = layerBounds(geometry);
    // A kernel that is cut into several epochs: each computes and streams its part, and passes all outputs on.
    const share = geometry.macs > 0 && epoch.macs > 0 ? Math.min(1, epoch.macs / geometry.macs) : 1;
    return {
      compute: cycles(bounds.compute * share),
      output: bounds.output,
      input: bounds.input,
      flashMs: streamMs(geometry, buffers, store) * share,
    };
  }
  const zero = cycles(0);
  return {
    compute: zero,
    output: cycles(longestStream(epoch.writes) * NPU.elementwise.value),
    input: cycles(longestStream(epoch.reads) * NPU.elementwise.value),
    flashMs: 0,
  };
}
