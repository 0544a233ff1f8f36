/** Operators that trade image size for channels or batch, and resize. */
import { layoutOf } from "../geometry.js";
import { numberAttribute, numbersAttribute, stringAttribute } from "../node.js";
import { elementCount, formatShape, type StaticShape } from "../shape.js";
import type { InferenceCall, InferenceRule, InferenceRules } from "./rule.js";

function image(call: InferenceCall): StaticShape {
  const shape = call.shape(0);
  if (shape.length === 4) return shape;
  throw call.refuse(`its input is ${formatShape(shape)}, expected an image of rank 4`);
}

function divided(call: InferenceCall, size: number, by: number): number {
  if (by > 0 && size % by === 0) return size / by;
  throw call.refuse(`${size} is not a multiple of ${by}`);
}

/** Returns the image with its channels times `factor` and its sides mapped; 4-D, in either layout. */
function rescale(
  call: InferenceCall,
  channels: (size: number) => number,
  side: (size: number) => number,
): StaticShape {
  const shape = image(call);
  const channelAxis = layoutOf(call.node) === "NCHW" ? 1 : 3;
  return shape.map((size, axis) => (axis === 0 ? size : axis === channelAxis ? channels(size) : side(size)));
}

const depthToSpace: InferenceRule = (call) => {
  const block = numberAttribute(call.node, "blocksize");
  const shape = rescale(
    call,
    (channels) => divided(call, channels, block * block),
    (side) => side * block,
  );
  return [{ dtype: call.dtype(0), shape }];
};

const spaceToDepth: InferenceRule = (call) => {
  const block = numberAttribute(call.node, "blocksize");
  const shape = rescale(
    call,
    (channels) => channels * block * block,
    (side) => divided(call, side, block),
  );
  return [{ dtype: call.dtype(0), shape }];
};

/** Inputs are [x, block sizes, pads before and after each blocked axis]. */
const spaceToBatch: InferenceRule = (call) => {
  const shape = [...call.shape(0)];
  const blocks = call.values(1);
  const pads = call.values(2);
  for (const [index, block] of blocks.entries()) {
    const padded = shape[index + 1]! + pads[2 * index]! + pads[2 * index + 1]!;
    shape[index + 1] = divided(call, padded, block);
    shape[0]! *= block;
  }
  return [{ dtype: call.dtype(0), shape }];
};

/** Inputs are [x, block sizes, crops before and after each blocked axis]. */
const batchToSpace: InferenceRule = (call) => {
  const shape = [...call.shape(0)];
  const blocks = call.values(1);
  const crops = call.values(2);
  for (const [index, block] of blocks.entries()) {
    shape[0] = divided(call, shape[0]!, block);
    shape[index + 1] = shape[index + 1]! * block - crops[2 * index]! - crops[2 * index + 1]!;
  }
  return [{ dtype: call.dtype(0), shape }];
};

/** Blocks [batch, channels × block, positions] are added up into an image. */
const col2Im: InferenceRule = (call) => {
  const shape = call.shape(0);
  const sides = call.values(1);
  const block = elementCount(call.values(2));
  if (shape.length !== 3) throw call.refuse(`its input is ${formatShape(shape)}, expected rank 3`);
  return [{ dtype: call.dtype(0), shape: [shape[0]!, divided(call, shape[1]!, block), ...sides] }];
};

const centerCropPad: InferenceRule = (call) => {
  const shape = [...call.shape(0)];
  const sizes = call.values(1);
  const axes = numbersAttribute(
    call.node,
    "axes",
    shape.map((_, axis) => axis),
  );
  if (axes.length !== sizes.length) throw call.refuse(`it has ${sizes.length} sizes for ${axes.length} axes`);
  for (const [index, axis] of axes.entries()) shape[call.axis(axis, shape.length)] = sizes[index]!;
  return [{ dtype: call.dtype(0), shape }];
};

/**
 * Returns the sizes that a Resize asks for; a policy other than stretch makes one scale of them for all axes:
 * the smallest (not_larger) or the largest (not_smaller), and rounds what it gives, halves up.
 */
function askedSizes(call: InferenceCall, from: StaticShape, sizes: StaticShape): StaticShape {
  const policy = stringAttribute(call.node, "keepAspectRatioPolicy", "stretch");
  if (policy === "stretch") return sizes;
  const scales = sizes.map((size, index) => size / from[index]!);
  if (policy !== "not_larger" && policy !== "not_smaller") {
    throw call.refuse(`its aspect ratio policy is '${policy}', expected stretch, not_larger or not_smaller`);
  }
  const scale = Math.fround(policy === "not_larger" ? Math.min(...scales) : Math.max(...scales));
  return from.map((size) => Math.floor(Math.fround(size * scale) + 0.5));
}

/**
 * Inputs are [x, roi, scales, sizes]; scales round down, in float32: floor(size × scale). The text of ONNX has
 * tf_crop_and_resize scale the cropped part; ONNX Runtime scales the whole (observed, 1.30), as here.
 */
const resize: InferenceRule = (call) => {
  const shape = [...call.shape(0)];
  const axes = numbersAttribute(
    call.node,
    "axes",
    shape.map((_, axis) => axis),
  ).map((axis) => call.axis(axis, shape.length));
  const bySizes = call.has(3) && call.values(3).length > 0;
  const values = call.values(bySizes ? 3 : 2);
  if (values.length !== axes.length) {
    throw call.refuse(`it has ${values.length} ${bySizes ? "sizes" : "scales"}, expected ${axes.length}`);
  }
  const from = axes.map((axis) => shape[axis]!);
  const asked = bySizes ? askedSizes(call, from, values) : values;
  // TFLite asks for a height and a width alone; the decoder filled in the rest from the recorded input.
  const spatialOnly = call.node.source.format === "tflite";
  for (const [index, axis] of axes.entries()) {
    if (bySizes && spatialOnly && (axis === 0 || axis === 3)) continue;
    shape[axis] = bySizes ? asked[index]! : Math.floor(Math.fround(from[index]! * asked[index]!));
  }
  return [{ dtype: call.dtype(0), shape }];
};

/** TFLite's own form, kept where the target size is computed: [x, [height, width]], NHWC. */
const resizeTo: InferenceRule = (call) => {
  const [batch, , , channels] = image(call);
  const [height, width] = call.values(1);
  return [{ dtype: call.dtype(0), shape: [batch!, height!, width!, channels!] }];
};

export const RESAMPLING_RULES: InferenceRules = {
  BatchToSpaceND: batchToSpace,
  CenterCropPad: centerCropPad,
  Col2Im: col2Im,
  DepthToSpace: depthToSpace,
  RESIZE_BILINEAR: resizeTo,
  RESIZE_NEAREST_NEIGHBOR: resizeTo,
  Resize: resize,
  SpaceToBatchND: spaceToBatch,
  SpaceToDepth: spaceToDepth,
};
