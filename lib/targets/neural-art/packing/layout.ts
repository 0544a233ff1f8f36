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
import { bytes } from "../../../units.js";
import { DEEP_MODE, KERNEL_BLOCK, ROW_SPLIT } from "../facts-packing.js";
import type { CompileOptions, KernelMode, KernelPart, KernelShape } from "../records.js";
import { largestDivisor } from "./divisor.js";
import type { WeightedLayer } from "./layer.js";

/** Bytes that a float32 value takes more than an int8 one. */
const FLOAT_GROWTH = 3;

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

/** Returns the weights that the parts of a layer's kernel are cut from. */
export function kernelShape(layer: WeightedLayer): KernelShape {
  return {
    outputChannels: layer.outputChannels,
    height: layer.kernelHeight,
    width: layer.kernelWidth,
    inputChannels: layer.inputChannels / layer.groups,
  };
}

/**
 * Returns a layer whose kernel covers its whole input as the pointwise layer that computes the same; any other
 * layer as it is. Weights already lie in the order that this asks for: row, column, input.
 *
 *   3x3, 936 -> 24, valid, on a 3x3 map   ->   1x1, 8,424 -> 24
 */
export function flattened(layer: WeightedLayer): WeightedLayer {
  const { kernelHeight, kernelWidth, inputHeight, inputWidth, outputHeight, outputWidth } = layer;
  const covers =
    layer.kind === "conv" &&
    layer.groups === 1 &&
    kernelHeight > 1 &&
    kernelHeight <= ROW_SPLIT.rows.value &&
    kernelHeight === inputHeight &&
    kernelWidth === inputWidth &&
    outputHeight * outputWidth === 1;
  if (!covers) return layer;
  const taps = kernelHeight * kernelWidth;
  const point = { kernelHeight: 1, kernelWidth: 1, inputHeight: 1, inputWidth: 1 };
  return { ...layer, ...point, inputChannels: layer.inputChannels * taps };
}

/**
 * Returns the inputs in a block of a plain pointwise kernel: the most, up to 24, that leave at most one block for
 * each of the four units, or a multiple of four.
 *
 *   48 -> 24 (2 blocks)     64 -> 16 (4 blocks)     112 -> 14 (8 blocks; 16 would leave 7)
 */
export function pointwiseBlock(inputs: number): number {
  const most = KERNEL_BLOCK.plainInputs.value;
  const pipes = KERNEL_BLOCK.pipes.value;
  for (let block = Math.min(inputs, most); block > 0; block--) {
    const blocks = inputs / block;
    if (Number.isInteger(blocks) && (blocks <= pipes || blocks % pipes === 0)) return block;
  }
  return largestDivisor(inputs, most);
}

const NONE = bytes(0);

/** Returns a part whose fields are those of the whole kernel unless `own` says otherwise. */
function part(
  whole: Omit<KernelPart, "bytes" | "widening" | "deepPadding">,
  own: Partial<KernelPart> = {},
): KernelPart {
  const { payload = whole.payload, widening = NONE, deepPadding = NONE } = own;
  return {
    mode: own.mode ?? whole.mode,
    rows: own.rows ?? whole.rows,
    columns: own.columns ?? whole.columns,
    outputChannels: whole.outputChannels,
    inputChannels: own.inputChannels ?? whole.inputChannels,
    kernelGroup: own.kernelGroup ?? whole.kernelGroup,
    inputBlock: own.inputBlock ?? whole.inputBlock,
    order: own.order ?? whole.order,
    payload,
    widening,
    deepPadding,
    bytes: bytes(payload + widening + deepPadding),
  };
}

/** Returns the kernels in a group of an ordinary convolution: fewer where features are 16-bit values. */
function spatialKernels({ inputZeroPoint }: WeightedLayer): number {
  const narrow = inputZeroPoint === null || DEEP_MODE.zeroPoints.value.includes(inputZeroPoint);
  return (narrow ? KERNEL_BLOCK.spatialKernels : KERNEL_BLOCK.spatialKernelsWide).value;
}

/**
 * Returns how many channels of a layer's output lie side by side for each place of the map: as many as the unit
 * has kernels in a group. Vectors that are repeated along the width follow it.
 */
export function outputBlock(layer: WeightedLayer, { group }: Pick<KernelChoice, "group">): number {
  if (layer.kind === "depthwise") return group;
  const pointwise = layer.kernelHeight * layer.kernelWidth === 1;
  return largestDivisor(layer.outputChannels, pointwise ? KERNEL_BLOCK.kernels.value : spatialKernels(layer));
}

/**
 * Returns the parts of a kernel, in the order of their rows. One part unless the kernel is higher than 3 rows:
 *
 *   7x7 depthwise, 512 channels, 2.1:  rows 3, 3 and 1 of columns 6 and 1
 *     columns 0 to 5 int8:    9,216  9,216  3,072 bytes
 *     column 6 as float32:    6,144  6,144  2,048 bytes
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
    order: "inputs",
    payload: bytes(kernelHeight * kernelWidth * perKernel * outputChannels),
  } as const;
  const { payload } = whole;

  switch (mode) {
    case "float":
      return [part(whole, { widening: bytes(FLOAT_GROWTH * payload) })];
    case "inflated":
      return [
        part(whole, { inputChannels: group, inputBlock: group, widening: bytes((group - 1) * payload) }),
      ];
    case "deep": {
      const kernelGroup = largestDivisor(outputChannels, KERNEL_BLOCK.kernels.value);
      const inputBlock = largestDivisor(perKernel, KERNEL_BLOCK.deepInputs.value);
      const word = KERNEL_BLOCK.deepWord.value;
      const fill = (word - ((kernelGroup * inputBlock) % word)) % word;
      const blocks = (outputChannels / kernelGroup) * (perKernel / inputBlock);
      return [part(whole, { kernelGroup, inputBlock, deepPadding: bytes(blocks * fill) })];
    }
    case "plain": {
      const pointwise = kernelHeight * kernelWidth === 1;
      const inputBlock = pointwise
        ? pointwiseBlock(perKernel)
        : largestDivisor(perKernel, KERNEL_BLOCK.spatialInputs.value);
      const kernels = pointwise ? KERNEL_BLOCK.kernels.value : spatialKernels(layer);
      // A kernel whose inputs fit one block lies as it is; groups matter once there are several.
      const kernelGroup = inputBlock === perKernel ? outputChannels : largestDivisor(outputChannels, kernels);
      return [part(whole, { kernelGroup, inputBlock })];
    }
    case "rows": {
      const splitsColumns = tool === "2.0" || tool === "2.1" || tool === "2.2";
      const columnLimit = splitsColumns ? ROW_SPLIT.columns2x.value : kernelWidth;
      const inputBlock = largestDivisor(perKernel, KERNEL_BLOCK.spatialInputs.value);
      const kernelGroup =
        inputBlock === perKernel ? outputChannels : largestDivisor(outputChannels, spatialKernels(layer));
      return cuts(kernelHeight, ROW_SPLIT.rows.value).flatMap((rows) =>
        cuts(kernelWidth, columnLimit).map((columns) => {
          const [height, width] = [rows[1] - rows[0], columns[1] - columns[0]];
          const paired =
            height === ROW_SPLIT.rows.value &&
            width >= ROW_SPLIT.pairColumns.value &&
            inputBlock === perKernel &&
            layer.groups === 1;
          // The column left over runs on the CPU: rule N6-CONV-06.
          const isFloat = layer.kind === "depthwise" && columns[0] > 0 && width === 1;
          const payload = bytes(height * width * perKernel * outputChannels);
          return part(whole, {
            ...(isFloat ? { mode: "float", widening: bytes(FLOAT_GROWTH * payload) } : {}),
            rows,
            columns,
            kernelGroup,
            inputBlock,
            order: paired ? "kernelPairs" : "inputs",
            payload,
          });
        }),
      );
    }
    default:
      return mode satisfies never;
  }
}
