/** Regions of images: what detectors and spatial transformers read and give. */
import { numberAttribute, numbersAttribute } from "../node.js";
import { formatShape, type StaticShape } from "../shape.js";
import type { InferenceCall, InferenceRule, InferenceRules } from "./rule.js";

function image(call: InferenceCall): StaticShape {
  const shape = call.shape(0);
  if (shape.length === 4) return shape;
  throw call.refuse(`its input is ${formatShape(shape)}, expected an image of rank 4`);
}

/** Inputs: image NCHW, regions [count, 4], the batch of each region. */
const roiAlign: InferenceRule = (call) => {
  const height = numberAttribute(call.node, "outputHeight", 1);
  const width = numberAttribute(call.node, "outputWidth", 1);
  return [{ dtype: call.dtype(0), shape: [call.shape(1)[0]!, image(call)[1]!, height, width] }];
};

/** Inputs: image NCHW, regions [count, 5]. */
const maxRoiPool: InferenceRule = (call) => {
  const [height, width] = numbersAttribute(call.node, "pooledShape");
  return [{ dtype: call.dtype(0), shape: [call.shape(1)[0]!, image(call)[1]!, height!, width!] }];
};

/** Inputs: image NCHW, boxes [count, 4], the batch of each box, [height, width]. */
const cropAndResize: InferenceRule = (call) => {
  const [height, width] = call.values(3);
  return [{ dtype: call.dtype(0), shape: [call.shape(1)[0]!, image(call)[1]!, height!, width!] }];
};

/**
 * Boxes [batch, boxes, 4], scores [batch, classes, boxes], and how many boxes a class may keep: none unless
 * said. The run decides how many rows [batch, class, box] there are; at most each class its share.
 */
const nonMaxSuppression: InferenceRule = (call) => {
  const [batch, boxes] = call.shape(0);
  const classes = call.shape(1)[1]!;
  const perClass = call.has(2) ? (call.numbers(2)?.[0] ?? boxes!) : 0;
  const most = batch! * classes * Math.min(boxes!, Math.max(0, perClass));
  if (most === 0) return [{ dtype: "int64", shape: [0, 3] }];
  throw call.dependsOnData(`the scores decide how many boxes remain, at most ${most}`, [
    { dtype: "int64", shape: [`≤${most}`, 3] },
  ]);
};

/** Inputs: image [batch, channels, ...sides], grid [batch, ...sides of the result, dimensions]. */
const gridSample: InferenceRule = (call) => {
  const shape = call.shape(0);
  const grid = call.shape(1);
  if (grid.length !== shape.length || grid[grid.length - 1] !== shape.length - 2) {
    throw call.refuse(
      `its grid is ${formatShape(grid)}, expected ${shape.length} axes, the last of ${shape.length - 2} coordinates`,
    );
  }
  return [{ dtype: call.dtype(0), shape: [shape[0]!, shape[1]!, ...grid.slice(1, -1)] }];
};

/** Inputs: matrices [batch, 2, 3] or [batch, 3, 4], size [batch, channels, ...sides]. */
const affineGrid: InferenceRule = (call) => {
  const [batch, , ...sides] = call.values(1);
  return [{ dtype: call.dtype(0), shape: [batch!, ...sides, sides.length] }];
};

export const DETECTION_RULES: InferenceRules = {
  AffineGrid: affineGrid,
  GridSample: gridSample,
  MaxRoiPool: maxRoiPool,
  NonMaxSuppression: nonMaxSuppression,
  RoiAlign: roiAlign,
  "com.microsoft:CropAndResize": cropAndResize,
  "com.microsoft:GridSample": gridSample,
};
