/** What bounds an epoch on the NPU. All bounds run side by side: the slowest one is the time. */
import type { LayerGeometry } from "../graph/geometry.js";
import type { Tensor } from "../graph/tensor.js";
import { CLOCKS, UNITS } from "../targets/neural-art/facts.js";
import type { Epoch, PackedBuffer } from "../targets/neural-art/records.js";
import { type Cycles, cycles } from "../units.js";
import { NPU, SETUP, STREAM } from "./parameters.js";

/** Where parameters are read from during the inference. */
export type WeightStore = "octoFlash" | "hyperRAM" | "internal";

/** Where things lie. */
export interface Placement {
  readonly weights: WeightStore;
  /** Whether an activation lies in external RAM. */
  readonly isExternal: (tensor: Tensor) => boolean;
}

export const ON_CHIP: Placement = { weights: "octoFlash", isExternal: () => false };

export interface HardwareBounds {
  /** NPU cycles that each resource is busy. */
  readonly compute: Cycles;
  readonly output: Cycles;
  readonly input: Cycles;
  /** Both bus ports together: everything that is read and written. */
  readonly ports: Cycles;
  /** Milliseconds in which the parameters arrive; memory clocks do not follow the NPU's. */
  readonly flashMs: number;
  /** Milliseconds in which activations outside the chip are read and written. */
  readonly externalMs: number;
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

/** Returns how often a layer that is not depthwise reads its input: once per group of kernels. */
function passesOf({ outputChannels, groups }: LayerGeometry): number {
  const kernels = outputChannels / groups;
  return Math.ceil(kernels / kernelsPerPass(kernels));
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
  const units = Math.min(NPU.chainedUnits.value, Math.ceil(inputChannels / groups / NPU.unitChannels.value));
  return (layer.batch * inputHeight * inputWidth * inputChannels * passes * taps) / units;
}

/** Returns the cycles for 1x1 kernels in 24-bit words: 3 channels × 24 kernels per unit and cycle. */
function pointwiseCycles(layer: LayerGeometry): number {
  const { inputHeight, inputWidth, inputChannels, outputChannels, groups } = layer;
  const words = Math.ceil(inputChannels / groups / 3) * groups;
  const passes = Math.ceil(outputChannels / groups / NPU.kernelsPerPass.value);
  const units = Math.min(UNITS.convolution.value, Math.ceil(inputChannels / groups / NPU.unitChannels.value));
  const positions = Math.min(inputHeight * inputWidth, layer.outputHeight * layer.outputWidth);
  return (layer.batch * positions * words * passes) / units;
}

/**
 * Returns what bounds a weighted layer.
 *
 * Example, run A: 1x1, 144 → 24 at 56x56. 75,264 outputs; 451,584 inputs in one pass of 24 kernels at 5.1 per
 * cycle: 88,546 cycles, so the input bounds it; the board took 84,690.
 */
function layerBounds(layer: LayerGeometry): Pick<HardwareBounds, "compute" | "output" | "input"> {
  const inputs = layer.batch * layer.inputHeight * layer.inputWidth * layer.inputChannels;
  const outputs = layer.batch * layer.outputHeight * layer.outputWidth * layer.outputChannels;
  const output = cycles(outputs / NPU.outputPerCycle.value);
  if (layer.kind === "depthwise") {
    return { compute: cycles(0), output, input: cycles(inputs / NPU.depthwiseInputPerCycle.value) };
  }
  const input = cycles((inputs * passesOf(layer)) / NPU.inputPerCycle.value);
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
      const rate = mode === "inflated" ? STREAM.flashInflated : STREAM.flashDense;
      seconds += bytes / rate.value / faster;
    }
  }
  return seconds * 1000;
}

/** Returns the milliseconds in which those tensors that lie outside the chip pass, each once. */
function externalMs(epoch: Epoch, { isExternal }: Placement): number {
  let bytes = 0;
  for (const tensor of epoch.reads) if (isExternal(tensor)) bytes += tensor.bytes;
  for (const tensor of epoch.writes) if (isExternal(tensor)) bytes += tensor.bytes;
  return (bytes / STREAM.hyperRamActivations.value) * 1000;
}

/** Returns the cycles in which the two bus ports, 8 bytes wide each way, pass that many bytes. */
function portCycles(bytes: number): Cycles {
  return cycles(bytes / (STREAM.ports.value / CLOCKS.overdrive.npu.value));
}

function totalBytes(tensors: readonly { readonly bytes: number }[]): number {
  return tensors.reduce((total, tensor) => total + tensor.bytes, 0);
}

/** Returns what bounds an epoch that runs on the NPU; `buffers` are the parameters of its layer. */
export function hardwareBounds(
  epoch: Epoch,
  buffers: readonly PackedBuffer[],
  placement: Placement = ON_CHIP,
): HardwareBounds {
  const outside = externalMs(epoch, placement);
  const written = totalBytes(epoch.writes);
  if (epoch.layer) {
    const { geometry } = epoch.layer;
    const bounds = layerBounds(geometry);
    // A kernel that is cut into several epochs: each computes and streams its part, and passes all outputs on.
    const share = geometry.macs > 0 && epoch.macs > 0 ? Math.min(1, epoch.macs / geometry.macs) : 1;
    const passes = geometry.kind === "depthwise" ? 1 : passesOf(geometry);
    return {
      compute: cycles(bounds.compute * share),
      output: bounds.output,
      input: bounds.input,
      ports: portCycles(totalBytes(epoch.reads) * passes + written + totalBytes(buffers)),
      flashMs: streamMs(geometry, buffers, placement.weights) * share,
      externalMs: outside,
    };
  }
  return {
    compute: cycles(0),
    output: cycles(longestStream(epoch.writes) * NPU.elementwise.value),
    input: cycles(longestStream(epoch.reads) * NPU.elementwise.value),
    ports: portCycles(totalBytes(epoch.reads) + written),
    flashMs: 0,
    externalMs: outside,
  };
}
