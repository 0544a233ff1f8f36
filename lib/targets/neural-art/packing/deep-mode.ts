import { DEEP_MODE, KERNEL_BLOCK } from "../facts-packing.js";
import type { CompileOptions } from "../records.js";
import { largestDivisor } from "./divisor.js";
import type { WeightedLayer } from "./layer.js";
import { pointwiseBlock } from "./layout.js";

/** Cycles of arithmetic per weight byte above which plain mode is preferred; fitted. */
export interface PlainLimits {
  /** One pass over the inputs, tools 2.0 and 2.1. */
  readonly early: number;
  /** One pass, from 2.2 on. */
  readonly late: number;
  /** Several passes, all tools. */
  readonly passes: number;
}

const LIMITS: PlainLimits = {
  early: DEEP_MODE.plainAbove2x.value,
  late: DEEP_MODE.plainAbove.value,
  passes: DEEP_MODE.plainAbovePasses.value,
};

/**
 * Returns whether a pointwise or dense layer is stored for deep mode.
 *
 * Deep mode takes 3 inputs per cycle on one unit, plain mode one input per cycle on each of four chained units:
 *
 *   64 -> 64 at 15x15    deep 64/3 = 21.3 cycles per pixel, plain 64/4 = 16: plain is faster
 *     kernels come in groups of 16, so weights are used 225 times at 16 per cycle:
 *     225/(3 x 16) = 4.7 cycles of arithmetic per weight byte
 *     2.2 and later: above 1, not waiting for weights -> plain     2.1: below 36 -> deep
 *   192 -> 32            deep 96/3 = 32 on two units, plain 24 x 2 passes = 48: deep
 *
 * An unknown zero point counts as one that deep mode takes. Tests vary `limits` to see how much the fit depends on
 * each network.
 */
export function usesDeepMode(
  layer: WeightedLayer,
  { tool }: Pick<CompileOptions, "tool">,
  limits: PlainLimits = LIMITS,
): boolean {
  const { inputChannels, outputChannels, kernelHeight, kernelWidth, groups, inputZeroPoint } = layer;
  if (kernelHeight !== 1 || kernelWidth !== 1 || groups !== 1 || layer.kind === "transpose") return false;
  if (inputChannels < DEEP_MODE.minInputs.value) return false;
  if (inputZeroPoint !== null && !DEEP_MODE.zeroPoints.value.includes(inputZeroPoint)) return false;

  const deepBlock = largestDivisor(inputChannels, KERNEL_BLOCK.deepInputs.value);
  const deepPasses = Math.ceil(inputChannels / deepBlock / DEEP_MODE.chainedDeepUnits.value);
  const plainBlock = pointwiseBlock(inputChannels);
  const plainPasses = Math.ceil(inputChannels / plainBlock / DEEP_MODE.chainedUnits.value);
  const deepCycles = (deepPasses * deepBlock) / DEEP_MODE.inputsPerCycle.value;
  if (plainPasses * plainBlock >= deepCycles) return true;

  const kernelGroup = largestDivisor(outputChannels, KERNEL_BLOCK.kernels.value);
  const pixels = layer.outputHeight * layer.outputWidth;
  const cyclesPerByte = pixels / (DEEP_MODE.inputsPerCycle.value * kernelGroup);
  const early = tool === "2.0" || tool === "2.1";
  const onePass = early ? limits.early : limits.late;
  return cyclesPerByte <= (plainPasses > 1 ? limits.passes : onePass);
}
