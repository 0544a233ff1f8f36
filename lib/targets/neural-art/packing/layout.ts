/**
 * How a kernel lies in flash, as a value: the parts it is cut into and, for each, in which order its bytes come.
 * Sizes follow from it, and so do the bytes.
 *
 * Within a part, kernels come in groups of `kernelGroup` and input channels in blocks of `inputBlock`:
 *
 *   Cout 16, Cin 80, deep:  one group of 16 kernels, one block of 80 inputs
 *     [ 16 x 80 weights | 1 zero ]      1,280 bytes filled up to 24-bit words: 1,281
 *   Cout 64, 3x3 depthwise, group 8:    kernel of channel c at inner position c mod 8
 *     [ 64 ][ 3 ][ 3 ][ 8 ]             4,608 bytes, 576 of them weights
 */
import { bytes, sum } from "../../../units.js";
import { KERNEL_BLOCK, ROW_SPLIT } from "../facts-packing.js";
import type { CompileOptions, KernelMode, KernelPart } from "../records.js";
import { largestDivisor } from "./divisor.js";
import type { WeightedLayer } from "./layer.js";

/** Where the mode is decided; the layout only follows. */
export interface KernelChoice {
  readonly mode: KernelMode;
  /** Inflation group; 1 for everything but inflated depthwise kernels. */
  readonly group: number;
}

function cuts(size: number, limit: number): readonly (readonly [number, number])[] {
  const parts: [number, number][] = [];
  for (let from = 0; from < size; from += limit) parts.push([from, Math.min(from + limit, size)]);
  return parts;
}

function part(fields: Omit<KernelPart, "bytes">): KernelPart {
  return { ...fields, bytes: sum([fields.payload, fields.widening, fields.deepPadding]) };
}

/**
 * Returns the parts of a kernel, in the order of their rows. One part unless the kernel is higher than 3 rows.
 */
export function kernelParts(
  layer: WeightedLayer,
  { mode, group }: KernelChoice,
  { tool }: Pick<CompileOptions, "tool">,
): readonly KernelPart[] {
  const { kernelHeight, kernelWidth, outputChannels } = layer;
  const perKernel = layer.inputChannels / layer.groups;
  const whole = {
    mode,
    rows: [0, kernelHeight],
    columns: [0, kernelWidth],
    outputChannels,
    inputChannels: perKernel,
    kernelGroup: outputChannels,
    inputBlock: perKernel,
    payload: bytes(kernelHeight * kernelWidth * perKernel * outputChannels),
    widening: bytes(0),
    deepPadding: bytes(0),
  } as const;
  const { payload } = whole;

  switch (mode) {
    case "float":
      return [part({ ...whole, widening: bytes(3 * payload) })];
    case "inflated":
      return [
        part({ ...whole, inputChannels: group, inputBlock: group, widening: bytes((group - 1) * payload) }),
      ];
    case "deep": {
      const kernelGroup = largestDivisor(outputChannels, KERNEL_BLOCK.kernels.value);
      const inputBlock = largestDivisor(perKernel, KERNEL_BLOCK.deepInputs.value);
      const word = KERNEL_BLOCK.deepWord.value;
      const fill = (word - ((kernelGroup * inputBlock) % word)) % word;
      const blocks = (outputChannels / kernelGroup) * (perKernel / inputBlock);
      return [part({ ...whole, kernelGroup, inputBlock, deepPadding: bytes(blocks * fill) })];
    }
    case "plain": {
      const pointwise = kernelHeight * kernelWidth === 1;
      const limits = pointwise
        ? { kernels: KERNEL_BLOCK.kernels.value, inputs: KERNEL_BLOCK.plainInputs.value }
        : { kernels: KERNEL_BLOCK.spatialKernels.value, inputs: KERNEL_BLOCK.spatialInputs.value };
      const inputBlock = largestDivisor(perKernel, limits.inputs);
      // A kernel whose inputs fit one block lies as it is; groups matter once there are several.
      const kernelGroup =
        inputBlock === perKernel ? outputChannels : largestDivisor(outputChannels, limits.kernels);
      return [part({ ...whole, kernelGroup, inputBlock })];
    }
    case "rows": {
      const splitsColumns = tool === "2.0" || tool === "2.1" || tool === "2.2";
      const columnLimit = splitsColumns ? ROW_SPLIT.columns2x.value : kernelWidth;
      return cuts(kernelHeight, ROW_SPLIT.rows.value).flatMap((rows) =>
        cuts(kernelWidth, columnLimit).map((columns) => {
          const taps = (rows[1] - rows[0]) * (columns[1] - columns[0]);
          return part({ ...whole, rows, columns, payload: bytes(taps * perKernel * outputChannels) });
        }),
      );
    }
    default:
      return mode satisfies never;
  }
}
