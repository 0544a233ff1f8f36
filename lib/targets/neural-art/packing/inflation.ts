import { INFLATION, type PackingRule, RULES } from "../facts-packing.js";
import type { CompileOptions } from "../records.js";
import { largestDivisor } from "./divisor.js";
import type { WeightedLayer } from "./layer.js";

export interface Inflation {
  /** 1: stored as it is. */
  readonly group: number;
  readonly rule: PackingRule;
}

/**
 * Returns the group of channels that a depthwise kernel is widened to.
 *
 * Why it happens: a convolution unit reads blocks of channels, so kernels of one channel each leave it idle.
 * Tools 2.x always widen to 8. From 3.0 on the compiler weighs the arithmetic saved against the zeros loaded:
 *
 *   128 channels, 15x15, stride 1: one channel computes 225 cycles; 9 bytes x g x 8.7 cycles = 78 g
 *     g = 2 fits (157), g = 3 does not (235)                  -> 2
 *   576 channels, 16x8, stride 1:  128 cycles, 78 g: g = 1    -> as it is
 *   576 channels, 16x8, stride 2:  the units' stride-2 mode takes pairs, at least -> 2
 *
 * `cyclesPerByte` is the one fitted number; tests vary it to see how much the fit depends on each network.
 */
export function inflation(
  layer: WeightedLayer,
  { tool, profile }: Pick<CompileOptions, "tool" | "profile">,
  cyclesPerByte: number = INFLATION.cyclesPerByte.value,
): Inflation {
  const { outputChannels: channels, kernelHeight, kernelWidth, strides, dilations } = layer;
  const side = INFLATION.kernel.value;
  const widens = kernelHeight === side && kernelWidth === side && dilations[0] === 1 && dilations[1] === 1;

  if (tool === "2.0" || tool === "2.1" || tool === "2.2") {
    const group = INFLATION.group2x.value;
    return { group: widens && channels % group === 0 ? group : 1, rule: RULES.depthwise2x };
  }

  const strided = strides[0] > 1 || strides[1] > 1;
  const pair = INFLATION.strideTwoGroup.value;
  if (profile === "default") {
    return { group: widens && strided && channels % pair === 0 ? pair : 1, rule: RULES.depthwiseDefault };
  }
  if (!widens) return { group: 1, rule: RULES.depthwise };

  const cycles = (layer.inputHeight * layer.inputWidth) / (strided ? 2 : 1);
  const affordable = Math.floor(cycles / (side * side * cyclesPerByte));
  const limit = Math.min(INFLATION.groupMax.value, affordable);
  if (!strided || channels % pair !== 0)
    return { group: largestDivisor(channels, limit), rule: RULES.depthwise };
  return { group: pair * largestDivisor(channels / pair, limit / pair), rule: RULES.depthwise };
}
