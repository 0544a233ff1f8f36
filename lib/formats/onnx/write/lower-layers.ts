/** Convolutions, pools and dense layers in ONNX's words. Images are NHWC still: pads and windows do not care. */

import { type AutoPad, placeWindow } from "../../../graph/infer/window.js";
import { type Node, numberAttribute, numbersAttribute, stringAttribute } from "../../../graph/node.js";
import type { Tensor } from "../../../graph/tensor.js";
import type { Rewrite } from "./rewrite.js";

interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

/** Where height and width are, by the layout of images and of weights. */
const SPATIAL: Readonly<Record<string, readonly [number, number]>> = {
  NHWC: [1, 2],
  OHWI: [1, 2],
  "1HWO": [1, 2],
  NCHW: [2, 3],
  OIHW: [2, 3],
  IOHW: [2, 3],
};

function spatial(tensor: Tensor, layout: string): number[] {
  const shape = tensor.staticShape();
  return (SPATIAL[layout] ?? []).map((axis) => shape[axis]!);
}

function kernelOf(node: Node, fallback: string): readonly number[] {
  if (node.attributes.kernelShape !== undefined) return numbersAttribute(node, "kernelShape");
  return spatial(node.input(1), stringAttribute(node, "weightLayout", fallback));
}

function windowOf(node: Node, fallback: string): Window {
  return {
    kernel: kernelOf(node, fallback),
    strides: numbersAttribute(node, "strides", [1, 1]),
    dilations: numbersAttribute(node, "dilations", [1, 1]),
  };
}

/** Gives autoPad as pads: the runtime then needs no shapes to know them, and the odd one is plain to see. */
export function slidingWindow(rewrite: Rewrite): void {
  const { node } = rewrite;
  const { autoPad = "NOTSET", ...attributes } = node.attributes;
  if (node.op === "LpPool" && node.source.format === "tflite") {
    throw rewrite.refuse("TFLite takes the root of a mean of squares, ONNX of their sum");
  }
  // Channels first is how ONNX has it: such nodes say their pads in ONNX's words already.
  if (autoPad === "NOTSET" || node.attributes.layout !== "NHWC") {
    rewrite.giveAll(node.outputs, node.op, node.inputs, node.attributes);
    return;
  }
  const { kernel, strides, dilations } = windowOf(node, "OIHW");
  const sizes = spatial(node.input(0), stringAttribute(node, "layout", "NCHW"));
  const placed = sizes.map((size, axis) =>
    placeWindow({
      size,
      kernel: kernel[axis]!,
      stride: strides[axis]!,
      dilation: dilations[axis]!,
      padStart: 0,
      padEnd: 0,
      autoPad: autoPad as AutoPad,
      ceil: false,
    }),
  );
  const pads = [...placed.map(({ padStart }) => padStart), ...placed.map(({ padEnd }) => padEnd)];
  rewrite.giveAll(node.outputs, node.op, node.inputs, { ...attributes, pads });
}

/**
 * TFLite states the size that a transposed convolution gives; ONNX states what is cut off. SAME cuts half of
 * what is too much, rounded down, before (tensorflow/lite/kernels/transpose_conv.cc, ComputePaddingHeightWidth);
 * what is missing at the end is outputPadding. A size that is an input of the network holds as the file
 * records it: shapes are static here, and the input stays without a reader.
 */
export function transposedWindow(rewrite: Rewrite): void {
  const { node } = rewrite;
  if (node.source.format !== "tflite") {
    rewrite.giveAll(node.outputs, node.op, node.inputs, node.attributes);
    return;
  }
  const { autoPad, outputShape, ...attributes } = node.attributes;
  const { kernel, strides } = windowOf(node, "IOHW");
  const layout = stringAttribute(node, "layout", "NCHW");
  const [from, to] = [spatial(node.input(0), layout), spatial(node.output(), layout)];
  const surplus = from.map((size, axis) => (size - 1) * strides[axis]! + kernel[axis]! - to[axis]!);
  const starts = surplus.map((cut) => (autoPad === "VALID" ? 0 : Math.max(0, Math.floor(cut / 2))));
  const ends = surplus.map((cut, axis) => cut - starts[axis]!);
  const pads = [...starts, ...ends.map((end) => Math.max(0, end))];
  const outputPadding = ends.map((end) => Math.max(0, -end));
  const inputs = node.inputs.slice(0, node.inputs[2] ? 3 : 2);
  rewrite.giveAll(node.outputs, node.op, inputs, {
    ...attributes,
    kernelShape: kernel,
    pads,
    outputPadding,
  });
}

/** ONNX's Gemm takes and gives rows: other ranks are reshaped around it. */
export function dense(rewrite: Rewrite): void {
  const { node } = rewrite;
  const [x, weights, bias] = [node.input(0), node.input(1), node.inputs[2] ?? null];
  const { keepDims: _, ...attributes } = node.attributes;
  const output = node.output();
  const shape = weights.staticShape();
  const transB = numberAttribute(node, "transB", 0) === 1;
  const [channels, columns] = transB ? [shape[1]!, shape[0]!] : [shape[0]!, shape[1]!];
  const rows = x.size / channels;
  const isRows = x.shape?.length === 2 && x.shape[0] === rows && numberAttribute(node, "transA", 0) === 0;
  const data =
    isRows || node.attributes.transA === 1
      ? x
      : rewrite.make(
          "Reshape",
          [x, rewrite.integers("rows", [rows, channels])],
          {},
          {
            dtype: x.dtype,
            shape: [rows, channels],
            quantization: x.quantization,
          },
        );
  const inputs = bias ? [data, weights, bias] : [data, weights];
  if (output.shape?.length === 2) {
    rewrite.give(output, "Gemm", inputs, attributes);
    return;
  }
  const flat = rewrite.make("Gemm", inputs, attributes, {
    dtype: output.dtype,
    shape: [rows, columns],
    quantization: output.quantization,
  });
  rewrite.give(output, "Reshape", [flat, rewrite.integers("shape", output.staticShape())]);
}
