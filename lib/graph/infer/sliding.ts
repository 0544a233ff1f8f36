/** Convolutions and pooling: operators whose window slides over an image or a series of any spatial rank. */
import { layoutOf } from "../geometry.js";
import { flagAttribute, type Layout, numberAttribute, numbersAttribute, stringAttribute } from "../node.js";
import { formatShape, type StaticShape } from "../shape.js";
import type { InferenceCall, InferenceRule, InferenceRules } from "./rule.js";
import { type AutoPad, placeWindow, spreadWindow, type WindowAxis } from "./window.js";

const AUTO_PADS: readonly string[] = ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"];

interface ImageSizes {
  readonly batch: number;
  readonly channels: number;
  readonly spatial: StaticShape;
}

/** Takes an image-like shape apart; `assemble` is its inverse. */
function takeApart(call: InferenceCall, shape: StaticShape, layout: Layout): ImageSizes {
  if (shape.length < 3) throw call.refuse(`input ${formatShape(shape)} has no spatial axis`);
  const channels = layout === "NCHW" ? shape[1]! : shape[shape.length - 1]!;
  return { batch: shape[0]!, channels, spatial: layout === "NCHW" ? shape.slice(2) : shape.slice(1, -1) };
}

function assemble({ batch, channels, spatial }: ImageSizes, layout: Layout): StaticShape {
  return layout === "NCHW" ? [batch, channels, ...spatial] : [batch, ...spatial, channels];
}

function perAxis(call: InferenceCall, name: string, rank: number, fallback: number): readonly number[] {
  const values = numbersAttribute(call.node, name, new Array<number>(rank).fill(fallback));
  if (values.length === rank) return values;
  throw call.refuse(`attribute '${name}' has ${values.length} numbers, expected ${rank}`);
}

/** Returns the window along each spatial axis. */
function windowAxes(call: InferenceCall, spatial: StaticShape, kernel: readonly number[]): WindowAxis[] {
  const rank = spatial.length;
  if (kernel.length !== rank) {
    throw call.refuse(`the kernel has ${kernel.length} axes, expected ${rank} as the input`);
  }
  const strides = perAxis(call, "strides", rank, 1);
  const dilations = perAxis(call, "dilations", rank, 1);
  const pads = perAxis(call, "pads", 2 * rank, 0);
  const autoPad = stringAttribute(call.node, "autoPad", "NOTSET");
  if (!AUTO_PADS.includes(autoPad)) {
    throw call.refuse(`attribute 'autoPad' is '${autoPad}', expected one of ${AUTO_PADS.join(", ")}`);
  }
  const ceil = flagAttribute(call.node, "ceilMode", false);
  return spatial.map((size, index) => ({
    size,
    kernel: kernel[index]!,
    stride: strides[index]!,
    dilation: dilations[index]!,
    padStart: pads[index]!,
    padEnd: pads[rank + index]!,
    autoPad: autoPad as AutoPad,
    ceil,
  }));
}

function slide(call: InferenceCall, axes: readonly WindowAxis[]): StaticShape {
  return axes.map((axis) => {
    const { positions } = placeWindow(axis);
    if (Number.isInteger(positions) && positions > 0) return positions;
    throw call.refuse(
      `a kernel of ${axis.kernel} (dilation ${axis.dilation}) does not fit into ${axis.size} with pads ${axis.padStart} and ${axis.padEnd}`,
      "the file fixes the window; where the resolution was made smaller, the map before it became smaller too",
    );
  });
}

/** What the shape of a convolution's weights says, by its layout (geometry.ts). */
interface WeightSizes {
  readonly kernel: StaticShape;
  /** Channels of the input that one group reads. */
  readonly groupInputs: number;
  readonly outputs: number;
}

function weightSizes(call: InferenceCall, groups: number): WeightSizes {
  const shape = call.shape(1);
  const transposed = call.node.op === "ConvTranspose";
  const layout = stringAttribute(call.node, "weightLayout", transposed ? "IOHW" : "OIHW");
  if (shape.length < 3) throw call.refuse(`its weights are ${formatShape(shape)}, expected rank 3 or more`);
  const [first, second, last] = [shape[0]!, shape[1]!, shape[shape.length - 1]!];
  switch (layout) {
    case "OHWI":
      return { kernel: shape.slice(1, -1), groupInputs: transposed ? last / groups : last, outputs: first };
    case "1HWO":
      return { kernel: shape.slice(1, -1), groupInputs: 1, outputs: last };
    case "OIHW":
      return { kernel: shape.slice(2), groupInputs: second, outputs: first };
    case "IOHW":
      return { kernel: shape.slice(2), groupInputs: first / groups, outputs: second * groups };
    default:
      throw call.refuse(`attribute 'weightLayout' is '${layout}', expected OHWI, 1HWO, OIHW or IOHW`);
  }
}

function convolutionParts(call: InferenceCall) {
  const layout = layoutOf(call.node);
  const image = takeApart(call, call.shape(0), layout);
  const groups = numberAttribute(call.node, "group", 1);
  const weights = weightSizes(call, groups);
  if (weights.groupInputs * groups !== image.channels) {
    throw call.refuse(
      `the weights read ${weights.groupInputs} channels in each of ${groups} groups, the input has ${image.channels}`,
    );
  }
  return { layout, image, weights, axes: windowAxes(call, image.spatial, weights.kernel) };
}

const convolution: InferenceRule = (call) => {
  const { layout, image, weights, axes } = convolutionParts(call);
  const sizes = { batch: image.batch, channels: weights.outputs, spatial: slide(call, axes) };
  return [{ dtype: call.dtype(0), shape: assemble(sizes, layout) }];
};

/**
 * A transposed convolution may be told its output's size: a size is right when sliding the window back over
 * it gives the input. ONNX tells the spatial sizes, TFLite all of them.
 */
const transposedConvolution: InferenceRule = (call) => {
  const { layout, image, weights, axes } = convolutionParts(call);
  const rank = axes.length;
  const told = numbersAttribute(call.node, "outputShape", []);
  const outputPadding = perAxis(call, "outputPadding", rank, 0);
  let spatial: StaticShape = axes.map((axis, index) =>
    spreadWindow({ ...axis, outputPadding: outputPadding[index]! }),
  );
  if (told.length > 0) {
    spatial = told.length === rank ? told : takeApart(call, told, layout).spatial;
    if (call.node.source.format === "tflite") checkTold(call, axes, spatial);
  }
  const sizes = { batch: image.batch, channels: weights.outputs, spatial };
  return [{ dtype: call.dtype(0), shape: assemble(sizes, layout) }];
};

function checkTold(call: InferenceCall, axes: readonly WindowAxis[], told: StaticShape): void {
  for (const [index, axis] of axes.entries()) {
    const { positions } = placeWindow({ ...axis, size: told[index]! });
    if (positions === axis.size) continue;
    throw call.refuse(
      `its recorded output size ${told[index]} would come from ${positions} inputs along axis ${index}, it has ${axis.size}`,
      "the file fixes this size in a constant; export the model at the resolution you want",
    );
  }
}

const pool: InferenceRule = (call) => {
  const layout = layoutOf(call.node);
  const image = takeApart(call, call.shape(0), layout);
  const axes = windowAxes(call, image.spatial, numbersAttribute(call.node, "kernelShape"));
  const shape = assemble({ ...image, spatial: slide(call, axes) }, layout);
  return [
    { dtype: call.dtype(0), shape },
    { dtype: "int64", shape },
  ];
};

/** Puts the values of a MaxPool back where they came from; an input may tell the output's size. */
const maxUnpool: InferenceRule = (call) => {
  const layout = layoutOf(call.node);
  if (call.has(2)) return [{ dtype: call.dtype(0), shape: call.values(2) }];
  const image = takeApart(call, call.shape(0), layout);
  const axes = windowAxes(call, image.spatial, numbersAttribute(call.node, "kernelShape"));
  const spatial = axes.map((axis) => spreadWindow({ ...axis, outputPadding: 0 }));
  return [{ dtype: call.dtype(0), shape: assemble({ ...image, spatial }, layout) }];
};

const globalPool: InferenceRule = (call) => {
  const layout = layoutOf(call.node);
  const image = takeApart(call, call.shape(0), layout);
  const shape = assemble({ ...image, spatial: image.spatial.map(() => 1) }, layout);
  return [{ dtype: call.dtype(0), shape }];
};

export const SLIDING_RULES: InferenceRules = {
  Conv: convolution,
  // The offsets of its positions do not change how many there are.
  DeformConv: convolution,
  ConvTranspose: transposedConvolution,
  AveragePool: pool,
  MaxPool: pool,
  MaxUnpool: maxUnpool,
  LpPool: pool,
  L2_POOL_2D: pool,
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  GlobalLpPool: globalPool,
  ConvInteger: (call) => convolution(call).map((type) => ({ ...type, dtype: "int32" as const })),
};
