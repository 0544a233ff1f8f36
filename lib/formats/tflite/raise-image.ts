/** Operators on images back into TFLite's: the mirror image of lower-image.ts. */
import {
  type Attributes,
  type Node,
  numberAttribute,
  numbersAttribute,
  stringAttribute,
} from "../../graph/node.js";
import { constants, operand, type Raising, refuse, requireAttribute } from "./raised.js";

function requireChannelsLast(node: Node): void {
  const layout = stringAttribute(node, "layout", "NCHW");
  if (layout === "NHWC") return;
  throw refuse(node, `its layout is ${layout}, expected NHWC`, "bring the graph to channels-last first");
}

function padding(node: Node): string {
  const autoPad = stringAttribute(node, "autoPad", "NOTSET");
  if (autoPad === "VALID" || autoPad === "SAME_UPPER") return autoPad;
  const pads = numbersAttribute(node, "pads", []);
  if (autoPad === "NOTSET" && pads.every((pad) => pad === 0)) return "VALID";
  throw refuse(
    node,
    `it pads by ${autoPad === "NOTSET" ? pads.join() : autoPad}, expected SAME_UPPER or VALID`,
  );
}

function slide(node: Node): Attributes {
  requireChannelsLast(node);
  const [strideH = 1, strideW = 1] = numbersAttribute(node, "strides", [1, 1]);
  return { padding: padding(node), strideH, strideW };
}

/** OHWI is an ordinary or grouped convolution, 1HWO a depthwise one. */
export const convolution: Raising = (node) => {
  const [dilationHFactor = 1, dilationWFactor = 1] = numbersAttribute(node, "dilations", [1, 1]);
  const options = { ...slide(node), dilationHFactor, dilationWFactor };
  const weightLayout = stringAttribute(node, "weightLayout", "OIHW");
  if (weightLayout === "OHWI") return { builtin: "CONV_2D", inputs: node.inputs, options };
  if (weightLayout !== "1HWO") throw refuse(node, `its weights are ${weightLayout}, expected OHWI or 1HWO`);
  const outputs = node.input(1).staticShape()[3]!;
  return {
    builtin: "DEPTHWISE_CONV_2D",
    inputs: node.inputs,
    options: { ...options, depthMultiplier: outputs / numberAttribute(node, "group") },
  };
};

/** The graph has [x, weights, bias?, output shape?], the file [output shape, weights, x, bias?]. */
export const transposeConvolution: Raising = (node) => {
  requireAttribute(node, "weightLayout", ["OHWI"]);
  requireAttribute(node, "group", [1]);
  const [x, weights, bias, computed] = node.inputs;
  const recorded = node.attributes.outputShape;
  const shape =
    computed ??
    operand(
      node,
      "output_shape",
      recorded ? numbersAttribute(node, "outputShape") : node.output().staticShape(),
    );
  return {
    builtin: "TRANSPOSE_CONV",
    inputs: [shape, weights ?? null, x ?? null, ...(bias ? [bias] : [])],
    options: slide(node),
  };
};

/** Returns the raising of a pooling operator. */
export function pooling(builtin: string): Raising {
  return (node) => {
    requireAttribute(node, "ceilMode", [0]);
    const [filterHeight = 1, filterWidth = 1] = numbersAttribute(node, "kernelShape");
    return { builtin, inputs: node.inputs, options: { ...slide(node), filterHeight, filterWidth } };
  };
}

export const resizing: Raising = (node) => {
  requireChannelsLast(node);
  const mode = stringAttribute(node, "mode", "nearest");
  const centres = stringAttribute(node, "coordinateTransformationMode", "half_pixel");
  requireAttribute(node, "coordinateTransformationMode", ["align_corners", "half_pixel", "asymmetric"]);
  if (mode !== "nearest" && mode !== "linear")
    throw refuse(node, `its mode is ${mode}, expected nearest or linear`);
  if (mode === "nearest") {
    requireAttribute(node, "nearestMode", [centres === "asymmetric" ? "floor" : "round_prefer_ceil"]);
  }
  const [, height, width] = constants(node, 3);
  return {
    builtin: mode === "nearest" ? "RESIZE_NEAREST_NEIGHBOR" : "RESIZE_BILINEAR",
    inputs: [node.input(0), operand(node, "size", [height!, width!])],
    options: { alignCorners: centres === "align_corners", halfPixelCenters: centres === "half_pixel" },
  };
};

/** Returns the raising of DepthToSpace and SpaceToDepth. */
export function blockwise(builtin: string): Raising {
  return (node) => {
    requireChannelsLast(node);
    requireAttribute(node, "mode", ["DCR"]);
    return { builtin, inputs: node.inputs, options: { blockSize: numberAttribute(node, "blocksize") } };
  };
}

export const localResponse: Raising = (node) => {
  requireChannelsLast(node);
  const size = numberAttribute(node, "size");
  return {
    builtin: "LOCAL_RESPONSE_NORMALIZATION",
    inputs: node.inputs,
    options: {
      radius: (size - 1) / 2,
      alpha: numberAttribute(node, "alpha") / size,
      beta: numberAttribute(node, "beta"),
      bias: numberAttribute(node, "bias"),
    },
  };
};
