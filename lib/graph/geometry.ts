/**
 * What packing, epochs and cost need to know of a weighted layer, whatever file it came from.
 *
 * Weights stay in the order of their file; `Conv` and `ConvTranspose` say it in `weightLayout`:
 *   OHWI  TFLite CONV_2D and TRANSPOSE_CONV     OIHW  ONNX Conv (I = Cin / group)
 *   1HWO  TFLite DEPTHWISE_CONV_2D              IOHW  ONNX ConvTranspose (O = Cout / group)
 * `Gemm` weights are OI (`transB` = 1, TFLite FULLY_CONNECTED) or IO.
 */
import { LabError } from "../errors.js";
import {
  flagAttribute,
  type Layout,
  type Node,
  numberAttribute,
  numbersAttribute,
  stringAttribute,
} from "./node.js";
import type { Tensor } from "./tensor.js";

export interface LayerGeometry {
  /** conv: ordinary or grouped; depthwise: groups = Cin; dense: Gemm or MatMul with constant weights. */
  readonly kind: "conv" | "depthwise" | "transpose" | "dense";
  readonly batch: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly inputChannels: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly outputChannels: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly groups: number;
  readonly macs: number;
  readonly weights: Tensor;
  readonly bias: Tensor | null;
}

const WEIGHT_AXES: Readonly<Record<string, { readonly height: number; readonly width: number }>> = {
  OHWI: { height: 1, width: 2 },
  "1HWO": { height: 1, width: 2 },
  OIHW: { height: 2, width: 3 },
  IOHW: { height: 2, width: 3 },
};

/** Returns the layout that an image-like node declares; NCHW when it says nothing (ONNX). */
export function layoutOf(node: Node): Layout {
  const layout = stringAttribute(node, "layout", "NCHW");
  if (layout === "NHWC" || layout === "NCHW") return layout;
  throw new LabError({
    code: "LAYOUT",
    message: `Cannot place the channels of ${node.describe()}: its layout is '${layout}', expected NHWC or NCHW`,
  });
}

/** Returns batch, height, width, channels of an image-like tensor; missing spatial axes count as 1. */
export function imageSize(
  tensor: Tensor,
  layout: Layout,
): { readonly batch: number; readonly height: number; readonly width: number; readonly channels: number } {
  const shape = tensor.staticShape();
  if (shape.length > 4) {
    throw new LabError({
      code: "RANK",
      message: `Cannot read tensor '${tensor.name}' as an image: it has ${shape.length} dimensions, expected 1 to 4`,
    });
  }
  const channelsFirst = layout === "NCHW";
  const batch = shape.length > 1 ? shape[0]! : 1;
  const channels = channelsFirst && shape.length > 2 ? shape[1]! : (shape[shape.length - 1] ?? 1);
  const spatial = shape.length <= 2 ? [] : channelsFirst ? shape.slice(2) : shape.slice(1, -1);
  // One spatial axis is a time series: it runs along the width, as the vendor's tools lay it out.
  const [height, width] = spatial.length === 2 ? [spatial[0]!, spatial[1]!] : [1, spatial[0] ?? 1];
  return { batch, height, width, channels };
}

function pair(values: readonly number[]): [number, number] {
  return values.length === 1 ? [1, values[0]!] : [values[0] ?? 1, values[1] ?? 1];
}

function convolution(node: Node): LayerGeometry | null {
  const weights = node.inputs[1];
  if (!weights?.isConstant) return null;
  const layout = layoutOf(node);
  const input = imageSize(node.input(0), layout);
  const output = imageSize(node.output(), layout);
  const weightLayout = stringAttribute(node, "weightLayout", node.op === "Conv" ? "OIHW" : "IOHW");
  const axes = WEIGHT_AXES[weightLayout];
  if (!axes) {
    throw new LabError({
      code: "LAYOUT",
      message: `Cannot read the weights of ${node.describe()}: their layout is '${weightLayout}', expected one of ${Object.keys(WEIGHT_AXES).join(", ")}`,
    });
  }
  const shape = weights.staticShape();
  // A 1-D ONNX convolution has weights OIW: a kernel of height 1.
  const oneDimensional = shape.length === 3;
  const kernelHeight = oneDimensional ? 1 : (shape[axes.height] ?? 1);
  const kernelWidth = oneDimensional ? (shape[2] ?? 1) : (shape[axes.width] ?? 1);
  const groups = numberAttribute(node, "group", 1);
  const transposed = node.op === "ConvTranspose";
  const taps = kernelHeight * kernelWidth;
  const positions = transposed
    ? input.height * input.width * input.channels * (output.channels / groups)
    : output.height * output.width * output.channels * (input.channels / groups);
  const depthwise = !transposed && groups > 1 && groups === input.channels;
  return {
    kind: transposed ? "transpose" : depthwise ? "depthwise" : "conv",
    batch: output.batch,
    inputHeight: input.height,
    inputWidth: input.width,
    inputChannels: input.channels,
    outputHeight: output.height,
    outputWidth: output.width,
    outputChannels: output.channels,
    kernelHeight,
    kernelWidth,
    strides: pair(numbersAttribute(node, "strides", [1, 1])),
    dilations: pair(numbersAttribute(node, "dilations", [1, 1])),
    groups,
    macs: output.batch * positions * taps,
    weights,
    bias: node.inputs[2] ?? null,
  };
}

function dense(node: Node): LayerGeometry | null {
  const weights = node.inputs[1];
  if (!weights?.isConstant) return null;
  const shape = weights.staticShape();
  if (shape.length !== 2) return null;
  const transposed = node.op === "Gemm" && flagAttribute(node, "transB", false);
  const [rows, columns] = [shape[0]!, shape[1]!];
  const [inputChannels, outputChannels] = transposed ? [columns, rows] : [rows, columns];
  const batch = node.output().size / outputChannels;
  return {
    kind: "dense",
    batch: 1,
    inputHeight: 1,
    inputWidth: batch,
    inputChannels,
    outputHeight: 1,
    outputWidth: batch,
    outputChannels,
    kernelHeight: 1,
    kernelWidth: 1,
    strides: [1, 1],
    dilations: [1, 1],
    groups: 1,
    macs: batch * inputChannels * outputChannels,
    weights,
    bias: node.inputs[2] ?? null,
  };
}

/**
 * Returns the geometry of a layer with constant weights, or null when the node is none. Shapes must be
 * inferred and static; throws a LabError that names the tensor otherwise.
 */
export function layerGeometry(node: Node): LayerGeometry | null {
  switch (node.op) {
    case "Conv":
    case "ConvTranspose":
      return convolution(node);
    case "Gemm":
    case "MatMul":
      return dense(node);
    default:
      return null;
  }
}
