/**
 * The bytes of a kernel in flash, and back. layout.ts says how a kernel is cut; here its parts are written.
 *
 * A plain part runs [kernel group][input block][kernel][row][column][input of the block]. One group of 2 kernels,
 * 1x1, 4 inputs in blocks of 2, kernels abcd and efgh:
 *
 *   [ ab | ef ]  [ cd | gh ]
 *
 * A deep part runs [kernel group][input block][set of 8 kernels][input][kernel of the set], and each block ends
 * with the zeros that fill its last 24-bit word. The same kernels as one block of 4:
 *
 *   [ ae | bf | cg | dh ] 0
 *
 * An inflated part is plain with `inputChannels` places per tap, of which kernel k uses place k mod that. With
 * 2 places, kernels 1x3 of one input, abc and def:
 *
 *   [ a0 b0 c0 ]  [ 0d 0e 0f ]
 */
import { LabError } from "../../../errors.js";
import type { KernelPart, KernelShape } from "../records.js";
import { copyRuns, copySheets, gatherRuns, interleaveRows, scatterRuns, splitTriples } from "./byte-runs.js";

/** Kernels whose values of one input lie side by side in deep mode. */
const DEEP_SET = 8;

/** Kernels that lie interleaved by input in parts of seven columns. */
const PAIR = 2;

/** Inputs of most first layers, which are those that have seven columns. */
const RGB = 3;

function requireFit(shape: KernelShape, values: number, parts: readonly KernelPart[], packed: number): void {
  const expected = shape.outputChannels * shape.height * shape.width * shape.inputChannels;
  const total = parts.reduce((sum, part) => sum + part.bytes, 0);
  const float = parts.find((part) => part.mode === "float");
  if (float) {
    throw new LabError({
      code: "KERNEL_BYTES",
      message: "Cannot order the bytes of a kernel that runs on the CPU: it is float32, expected int8",
      hint: "no compiled network at hand shows the order of a float kernel",
    });
  }
  if (values === expected && packed >= total) return;
  throw new LabError({
    code: "KERNEL_BYTES",
    message: `Cannot order a kernel of ${expected} weights in ${total} bytes: there are ${values} weights and room for ${packed} bytes`,
  });
}

/** Returns where a weight lies within its part, counted from the start of the part. */
export function placeOf(
  part: KernelPart,
  at: { readonly output: number; readonly row: number; readonly column: number; readonly input: number },
): number {
  const { kernelGroup, inputBlock, inputChannels } = part;
  const columns = part.columns[1] - part.columns[0];
  const taps = (part.rows[1] - part.rows[0]) * columns;
  const tap = (at.row - part.rows[0]) * columns + (at.column - part.columns[0]);
  const input = part.mode === "inflated" ? at.output % inputChannels : at.input;
  const group = Math.floor(at.output / kernelGroup);
  const block = Math.floor(input / inputBlock);
  const kernel = at.output % kernelGroup;
  const inside = input % inputBlock;
  const blocks = group * (inputChannels / inputBlock) + block;
  if (part.order === "kernelPairs") {
    const pair = at.output - (at.output % PAIR);
    const size = Math.min(PAIR, part.outputChannels - pair);
    return (pair * inputChannels + at.input * size + (at.output - pair)) * taps + tap;
  }
  if (part.mode !== "deep") {
    return ((blocks * kernelGroup + kernel) * taps + tap) * inputBlock + inside;
  }
  const set = kernel - (kernel % DEEP_SET);
  const setSize = Math.min(DEEP_SET, kernelGroup - set);
  return blocks * deepBlockBytes(part) + set * inputBlock + inside * setSize + (kernel - set);
}

function deepBlockBytes(part: KernelPart): number {
  const blocks = (part.outputChannels / part.kernelGroup) * (part.inputChannels / part.inputBlock);
  return part.bytes / blocks;
}

const bytesOf = (view: DataView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/** Kernel pairs: [pair of kernels][input][kernel of the pair][row][column]; the last may stand alone. */
function packPairs(from: DataView, shape: KernelShape, part: KernelPart, to: DataView): void {
  const { rows, outputChannels, inputChannels: inputs } = part;
  const row = shape.width * inputs;
  const kernel = shape.height * row;
  const length = (rows[1] - rows[0]) * shape.width;
  const gather = (output: number, size: number, times: number) => {
    const start = output * kernel + rows[0] * row;
    const place = ((output - (output % PAIR)) * inputs + (output % PAIR)) * length;
    const sources = { view: from, start, step: PAIR * kernel };
    const places = { view: to, start: place, step: PAIR * inputs * length };
    if (inputs === RGB && length >= 4) {
      splitTriples(sources, { ...places, stride: size * length }, { times, length });
      return;
    }
    for (let input = 0; input < inputs; input++) {
      gatherRuns(
        { ...sources, start: start + input, stride: inputs },
        { ...places, start: place + input * size * length },
        { times, length },
      );
    }
  };
  const pairs = Math.floor(outputChannels / PAIR);
  for (let output = 0; output < PAIR; output++) gather(output, PAIR, pairs);
  if (outputChannels % PAIR > 0) gather(outputChannels - 1, 1, 1);
}

/** Parts of whole rows: within a kernel, all taps of the part follow each other. */
function packRows(from: DataView, shape: KernelShape, part: KernelPart, to: DataView): void {
  const { rows, kernelGroup, outputChannels, inputChannels: inputs, inputBlock: length } = part;
  const row = shape.width * inputs;
  const kernel = shape.height * row;
  const taps = (rows[1] - rows[0]) * shape.width;
  const run = taps * inputs;
  if (length === inputs) {
    const start = rows[0] * row;
    copyRuns(
      { view: from, start, step: kernel },
      { view: to, start: 0, step: run },
      { times: outputChannels, length: run },
    );
    return;
  }
  let at = 0;
  for (let first = 0; first < outputChannels; first += kernelGroup) {
    for (let offset = 0; offset < inputs; offset += length, at += kernelGroup * taps * length) {
      const start = first * kernel + rows[0] * row + offset;
      const source = { view: from, start, step: inputs, sheet: kernel };
      const place = { view: to, start: at, step: length, sheet: taps * length };
      // Where the part has all rows, the taps of one kernel and those of the next lie at one distance.
      if (run === kernel) copyRuns(source, place, { times: kernelGroup * taps, length });
      else copySheets(source, place, { sheets: kernelGroup, times: taps, length });
    }
  }
}

/** Parts of some columns: of each row, the taps of all kernels of a group lie at one distance. */
function packColumns(from: DataView, shape: KernelShape, part: KernelPart, to: DataView): void {
  const { rows, columns, kernelGroup, outputChannels, inputChannels: inputs, inputBlock: length } = part;
  const row = shape.width * inputs;
  const kernel = shape.height * row;
  const width = columns[1] - columns[0];
  const step = (rows[1] - rows[0]) * width * length;
  // Taps of one row are one run where they lie in one block.
  const run = length === inputs ? width * length : length;
  let at = 0;
  for (let first = 0; first < outputChannels; first += kernelGroup) {
    for (let offset = 0; offset < inputs; offset += length, at += kernelGroup * step) {
      for (let index = 0; index < step; index += run) {
        const tap = index / length;
        const line = rows[0] + Math.floor(tap / width);
        const start = first * kernel + line * row + (columns[0] + (tap % width)) * inputs + offset;
        const place = { view: to, start: at + index, step };
        copyRuns({ view: from, start, step: kernel }, place, { times: kernelGroup, length: run });
      }
    }
  }
}

function packPlain(from: DataView, shape: KernelShape, part: KernelPart, to: DataView): void {
  const whole = from.byteLength === part.bytes;
  const wide = part.columns[1] - part.columns[0] === shape.width;
  if (part.order === "kernelPairs") packPairs(from, shape, part, to);
  else if (whole && part.inputBlock === part.inputChannels) bytesOf(to).set(bytesOf(from));
  else if (wide) packRows(from, shape, part, to);
  else packColumns(from, shape, part, to);
}

function packInflated(from: DataView, part: KernelPart, to: DataView): void {
  const { inputChannels: places, outputChannels } = part;
  const length = from.byteLength / outputChannels;
  bytesOf(to).fill(0);
  // Kernels that use the same place lie at one distance.
  for (let place = 0; place < places; place++) {
    const step = length * places;
    scatterRuns(
      { view: from, start: place * length, step },
      { view: to, start: place * step + place, stride: places, step: step * places },
      { times: Math.ceil((outputChannels - place) / places), length },
    );
  }
}

function packDeep(from: DataView, part: KernelPart, to: DataView): void {
  const { inputChannels: inputs, inputBlock: length, kernelGroup, outputChannels } = part;
  const block = deepBlockBytes(part);
  let at = 0;
  for (let group = 0; group < outputChannels; group += kernelGroup) {
    for (let offset = 0; offset < inputs; offset += length) {
      const end = at + block;
      for (let set = 0; set < kernelGroup; set += DEEP_SET) {
        const times = Math.min(DEEP_SET, kernelGroup - set);
        const start = (group + set) * inputs + offset;
        interleaveRows({ view: from, start, step: inputs }, { view: to, start: at }, { times, length });
        at += times * length;
      }
      while (at < end) to.setUint8(at++, 0);
    }
  }
}

function packPart(from: DataView, shape: KernelShape, part: KernelPart, to: DataView): void {
  if (part.mode === "inflated") packInflated(from, part, to);
  else if (part.mode === "deep") packDeep(from, part, to);
  else packPlain(from, shape, part, to);
}

/**
 * Returns the bytes of a kernel's parts, one after another, in `to` when given. `values` are the weights in the
 * order of `shape`. Throws a LabError when counts do not agree and for float kernels.
 */
export function packKernelBytes(
  values: Int8Array,
  shape: KernelShape,
  parts: readonly KernelPart[],
  to: Uint8Array = new Uint8Array(parts.reduce((total, part) => total + part.bytes, 0)),
): Uint8Array {
  requireFit(shape, values.length, parts, to.length);
  const from = new DataView(values.buffer, values.byteOffset, values.byteLength);
  let at = 0;
  for (const part of parts) {
    packPart(from, shape, part, new DataView(to.buffer, to.byteOffset + at, part.bytes));
    at += part.bytes;
  }
  return to;
}

/** Returns the weights that `packKernelBytes` made `packed` of, in the order of `shape`. Throws alike. */
export function unpackKernel(
  packed: Uint8Array,
  shape: KernelShape,
  parts: readonly KernelPart[],
): Int8Array {
  const { outputChannels, height, width, inputChannels } = shape;
  const values = new Int8Array(outputChannels * height * width * inputChannels);
  requireFit(shape, values.length, parts, packed.length);
  let base = 0;
  for (const part of parts) {
    for (let output = 0; output < outputChannels; output++) {
      for (let row = part.rows[0]; row < part.rows[1]; row++) {
        for (let column = part.columns[0]; column < part.columns[1]; column++) {
          for (let input = 0; input < inputChannels; input++) {
            const index = ((output * height + row) * width + column) * inputChannels + input;
            values[index] = packed[base + placeOf(part, { output, row, column, input })]!;
          }
        }
      }
    }
    base += part.bytes;
  }
  return values;
}
