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

/** Kernels whose values of one input lie side by side in deep mode. */
const DEEP_SET = 8;

/** Kernels that lie interleaved by input in parts of seven columns. */
const PAIR = 2;

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

/** Returns whether a run of `step` bytes always starts where 32-bit words do, in both arrays. */
function inWords(from: Uint8Array, to: Uint8Array, ...steps: readonly number[]): boolean {
  return [from.byteOffset, to.byteOffset, ...steps].every((offset) => offset % 4 === 0);
}

const words = (array: Uint8Array) => new Int32Array(array.buffer, array.byteOffset, array.byteLength >> 2);

/** Where a plain part lies in its kernel; sizes of inputs in the unit that is copied, bytes or words. */
interface Cut {
  readonly shape: KernelShape;
  readonly part: KernelPart;
  readonly inputs: number;
  readonly block: number;
}

/** Calls `copy` with the start of each run of a block's inputs, in the order of the part. */
function forEachRun({ shape, part, inputs, block }: Cut, copy: (start: number, at: number) => void): void {
  const { rows, columns, kernelGroup, outputChannels } = part;
  const row = shape.width * inputs;
  const kernel = shape.height * row;
  let at = 0;
  for (let first = 0; first < outputChannels; first += kernelGroup) {
    for (let offset = 0; offset < inputs; offset += block) {
      for (let output = first; output < first + kernelGroup; output++) {
        for (let y = rows[0]; y < rows[1]; y++) {
          const line = output * kernel + y * row + offset;
          const end = line + columns[1] * inputs;
          for (let start = line + columns[0] * inputs; start < end; start += inputs, at += block)
            copy(start, at);
        }
      }
    }
  }
}

function copyBytes(from: Uint8Array, to: Uint8Array, cut: Cut): void {
  const { block } = cut;
  forEachRun(cut, (start, at) => {
    for (let index = 0; index < block; index++) to[at + index] = from[start + index]!;
  });
}

/** Copies whole kernels in words: a kernel's taps and those of the next follow each other at one distance. */
function copyWords(from: Int32Array, to: Int32Array, { shape, part, inputs, block }: Cut): void {
  const taps = shape.height * shape.width;
  const { kernelGroup, outputChannels } = part;
  let at = 0;
  for (let first = 0; first < outputChannels; first += kernelGroup) {
    const end = (first + kernelGroup) * taps * inputs;
    for (let offset = 0; offset < inputs; offset += block) {
      for (let start = first * taps * inputs + offset; start < end; start += inputs, at += block) {
        to[at] = from[start]!;
        for (let index = 1; index < block; index++) to[at + index] = from[start + index]!;
      }
    }
  }
}

/** Kernel pairs: [pair of kernels][input][kernel of the pair][row][column]; the last may stand alone. */
function copyPairs(from: Uint8Array, to: Uint8Array, { shape, part, inputs }: Cut): void {
  const { rows, columns, outputChannels } = part;
  const row = shape.width * inputs;
  const kernel = shape.height * row;
  let at = 0;
  for (let first = 0; first < outputChannels; first += PAIR) {
    for (let input = 0; input < inputs; input++) {
      for (let output = first; output < Math.min(first + PAIR, outputChannels); output++) {
        for (let y = rows[0]; y < rows[1]; y++) {
          const line = output * kernel + y * row + input;
          for (let x = columns[0]; x < columns[1]; x++) to[at++] = from[line + x * inputs]!;
        }
      }
    }
  }
}

function packPlain(values: Uint8Array, shape: KernelShape, part: KernelPart, to: Uint8Array): void {
  const { inputBlock, inputChannels } = part;
  const whole = values.length === part.bytes;
  const cut = { shape, part, inputs: inputChannels, block: inputBlock };
  if (part.order === "kernelPairs") copyPairs(values, to, cut);
  else if (whole && inputBlock === inputChannels) to.set(values);
  else if (whole && inWords(values, to, inputBlock, inputChannels)) {
    copyWords(words(values), words(to), { ...cut, inputs: inputChannels >> 2, block: inputBlock >> 2 });
  } else if (inputBlock === inputChannels) copyRows(values, to, cut);
  else copyBytes(values, to, cut);
}

/** Copies rows of kernels that lie in one block: their taps follow each other. */
function copyRows(from: Uint8Array, to: Uint8Array, { shape, part, inputs }: Cut): void {
  const { rows, columns, outputChannels } = part;
  const row = shape.width * inputs;
  const kernel = shape.height * row;
  // Whole rows follow each other: they are one run.
  const wide = columns[1] - columns[0] === shape.width;
  const run = wide ? (rows[1] - rows[0]) * row : (columns[1] - columns[0]) * inputs;
  const step = wide ? shape.height : 1;
  let at = 0;
  for (let output = 0; output < outputChannels; output++) {
    for (let y = rows[0]; y < rows[1]; y += step) {
      const start = output * kernel + y * row + columns[0] * inputs;
      for (let index = 0; index < run; index++) to[at++] = from[start + index]!;
    }
  }
}

function packInflated(values: Uint8Array, part: KernelPart, to: Uint8Array): void {
  const places = part.inputChannels;
  const outputs = part.outputChannels;
  const taps = values.length / outputs;
  to.fill(0);
  let from = 0;
  for (let output = 0; output < outputs; output++) {
    const first = output * taps * places + (output % places);
    const end = first + taps * places;
    for (let at = first; at < end; at += places) to[at] = values[from++]!;
  }
}

/**
 * Writes 8 rows of words as columns of bytes: `to` gets byte 0 of all rows, byte 1 of all rows, and so on. Half a
 * row of `to` is a 4x4 transposition within 4 words:
 *
 *   a3a2a1a0  b3b2b1b0  c3c2c1c0  d3d2d1d0   ->   d0c0b0a0  d1c1b1a1  d2c2b2a2  d3c3b3a3
 */
function interleaveWords(from: Int32Array, first: number, stride: number, count: number, to: Int32Array) {
  for (let half = 0; half < 2; half++) {
    let row = first + half * 4 * stride;
    let at = half;
    for (let index = 0; index < count; index++, row++, at += 8) {
      const a = from[row]!;
      const b = from[row + stride]!;
      const c = from[row + 2 * stride]!;
      const d = from[row + 3 * stride]!;
      to[at] = (a & 0xff) | ((b & 0xff) << 8) | ((c & 0xff) << 16) | (d << 24);
      to[at + 2] = ((a >>> 8) & 0xff) | (b & 0xff00) | ((c & 0xff00) << 8) | ((d & 0xff00) << 16);
      to[at + 4] = ((a >>> 16) & 0xff) | ((b >>> 8) & 0xff00) | (c & 0xff0000) | ((d & 0xff0000) << 8);
      to[at + 6] = (a >>> 24) | ((b >>> 16) & 0xff00) | ((c >>> 8) & 0xff0000) | (d & ~0xffffff);
    }
  }
}

/** Writes `rows` rows of `count` bytes as columns, from `at` on. */
function interleaveBytes(
  from: Uint8Array,
  { first, stride, rows, count }: Record<"first" | "stride" | "rows" | "count", number>,
  to: Uint8Array,
  at: number,
): void {
  for (let row = 0; row < rows; row++) {
    const start = first + row * stride;
    for (let index = 0; index < count; index++) to[at + index * rows + row] = from[start + index]!;
  }
}

function packDeep(values: Uint8Array, part: KernelPart, to: Uint8Array): void {
  const { inputChannels: inputs, inputBlock, kernelGroup, outputChannels } = part;
  const fill = deepBlockBytes(part) - kernelGroup * inputBlock;
  // Sets of 8 go through words of their own: blocks of odd length leave the words of `to`.
  const aligned = values.byteOffset % 4 === 0 && inputBlock % 4 === 0 && inputs % 4 === 0;
  const from = aligned ? words(values) : null;
  const set8 = new Int32Array(aligned ? inputBlock * 2 : 0);
  const set8Bytes = new Uint8Array(set8.buffer);
  let at = 0;
  for (let group = 0; group < outputChannels; group += kernelGroup) {
    for (let offset = 0; offset < inputs; offset += inputBlock) {
      for (let set = 0; set < kernelGroup; set += DEEP_SET) {
        const rows = Math.min(DEEP_SET, kernelGroup - set);
        const first = (group + set) * inputs + offset;
        if (from && rows === DEEP_SET) {
          interleaveWords(from, first >> 2, inputs >> 2, inputBlock >> 2, set8);
          to.set(set8Bytes, at);
        } else interleaveBytes(values, { first, stride: inputs, rows, count: inputBlock }, to, at);
        at += rows * inputBlock;
      }
      to.fill(0, at, at + fill);
      at += fill;
    }
  }
}

function packPart(values: Uint8Array, shape: KernelShape, part: KernelPart, to: Uint8Array): void {
  if (part.mode === "inflated") packInflated(values, part, to);
  else if (part.mode === "deep") packDeep(values, part, to);
  else packPlain(values, shape, part, to);
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
  const from = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  let at = 0;
  for (const part of parts) {
    packPart(from, shape, part, to.subarray(at, at + part.bytes));
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
