/** Operators on images: convolutions, pooling, resizing. TFLite images are NHWC. */
import type { Attributes } from "../../graph/node.js";
import { isStatic } from "../../graph/shape.js";
import type { Tensor } from "../../graph/tensor.js";
import { int64Constant } from "../shared/constant.js";
import {
  type Call,
  constantName,
  fusedActivation,
  type Lowering,
  positive,
  refuse,
  required,
  values,
  whole,
} from "./call.js";
import type { Options } from "./options.js";

function strides(call: Call): [number, number] {
  return [positive(call, "strideH"), positive(call, "strideW")];
}

/** Calls share the records of their options (options-reader.ts): so they do those of their attributes. */
const made = new WeakMap<Options, Attributes>();

/** One literal: V8 gives every object a shape of its own where fields follow a spread of fields. */
function convolutionAttributes(call: Call, group: number, weightLayout: "OHWI" | "1HWO"): Attributes {
  const known = made.get(call.options);
  if (known !== undefined && known.group === group && known.weightLayout === weightLayout) return known;
  const attributes: Attributes = {
    strides: strides(call),
    dilations: [positive(call, "dilationHFactor"), positive(call, "dilationWFactor")],
    autoPad: call.options.padding!,
    layout: "NHWC",
    group,
    weightLayout,
    ...fusedActivation(call),
  };
  made.set(call.options, attributes);
  return attributes;
}

/** Returns the four sizes of the weights; they must be known to tell the groups. */
function weightSizes(call: Call, weights: Tensor): readonly [number, number, number, number] {
  const { shape } = weights;
  if (isStatic(shape) && shape.length === 4) return shape as unknown as [number, number, number, number];
  throw refuse(call, `its weights '${weights.name}' have no shape of four known sizes`);
}

function inputChannels(call: Call, input: Tensor): number {
  const channels = input.shape?.at(-1);
  if (typeof channels === "number" && channels >= 1) return channels;
  throw refuse(call, `the number of channels of its input '${input.name}' is unknown`);
}

/** Weights are OHWI; fewer weight channels than input channels make groups. */
export const convolution: Lowering = (call) => {
  const weights = required(call, 1);
  const channels = inputChannels(call, required(call, 0));
  const perGroup = weightSizes(call, weights)[3];
  if (perGroup < 1 || channels % perGroup !== 0) {
    throw refuse(
      call,
      `its input has ${channels} channels and its weights take ${perGroup}, expected a whole number of groups`,
    );
  }
  return {
    op: "Conv",
    inputs: call.inputs,
    attributes: convolutionAttributes(call, channels / perGroup, "OHWI"),
  };
};

/** Weights are 1HWO: one group per input channel. The recorded depth multiplier is redundant. */
export const depthwiseConvolution: Lowering = (call) => {
  const weights = required(call, 1);
  const channels = inputChannels(call, required(call, 0));
  const [leading, , , outputs] = weightSizes(call, weights);
  if (leading !== 1 || outputs % channels !== 0) {
    throw refuse(
      call,
      `its weights lead with ${leading} and give ${outputs} channels from ${channels}, expected 1 and a multiple`,
    );
  }
  return {
    op: "Conv",
    inputs: call.inputs,
    attributes: convolutionAttributes(call, channels, "1HWO"),
  };
};

/** Recorded as [output shape, weights, x, bias?]. */
export const transposeConvolution: Lowering = (call) => {
  const outputShape = values(call, 0);
  const [shape, weights, x] = [required(call, 0), required(call, 1), required(call, 2)];
  weightSizes(call, weights);
  const bias = call.inputs[3] ?? null;
  return {
    op: "ConvTranspose",
    // An output shape that is computed stays visible as a fourth input.
    inputs: outputShape === null ? [x, weights, bias, shape] : bias ? [x, weights, bias] : [x, weights],
    attributes: {
      strides: strides(call),
      dilations: [1, 1],
      autoPad: call.options.padding!,
      group: 1,
      layout: "NHWC",
      weightLayout: "OHWI",
      ...(outputShape === null ? {} : { outputShape }),
      ...fusedActivation(call),
    },
  };
};

/** Returns the lowering of a pooling operator; TFLite averages leave padding out of the count, as ONNX does. */
export function pooling(op: string): Lowering {
  return (call) => ({
    op,
    inputs: call.inputs,
    attributes: {
      kernelShape: [positive(call, "filterHeight"), positive(call, "filterWidth")],
      strides: strides(call),
      autoPad: call.options.padding!,
      layout: "NHWC",
      ...(op === "LpPool" ? { p: 2 } : {}),
      ...fusedActivation(call),
    },
  });
}

/**
 * Recorded as [x, sizes of height and width]. TFLite's nearest neighbour rounds down, or half up when it
 * aligns corners or takes half pixels: floor((x + ½) × scale) is ONNX's half_pixel with halves rounded up
 * (tensorflow/lite/kernels/internal/reference/resize_nearest_neighbor.h, GetNearestNeighbor).
 */
export function resizing(mode: "linear" | "nearest"): Lowering {
  return (call) => {
    const x = required(call, 0);
    const target = values(call, 1);
    const [batch, , , channels] = x.shape ?? [];
    if (target === null || typeof batch !== "number" || typeof channels !== "number") return null;
    const { alignCorners, halfPixelCenters } = call.options;
    if (alignCorners && halfPixelCenters) {
      throw refuse(call, "it aligns corners and takes half pixels, expected one of the two");
    }
    const sizes = [batch, target[0] ?? 0, target[1] ?? 0, channels];
    if (target.length !== 2 || sizes.some((size) => size < 1)) {
      throw refuse(call, `its target size is ${target.join("x") || "empty"}, expected a height and a width`);
    }
    return {
      op: "Resize",
      inputs: [x, null, null, int64Constant(constantName(call, "sizes"), sizes)],
      attributes: {
        mode,
        coordinateTransformationMode: alignCorners
          ? "align_corners"
          : halfPixelCenters
            ? "half_pixel"
            : "asymmetric",
        ...(mode === "nearest"
          ? { nearestMode: alignCorners || halfPixelCenters ? "round_prefer_ceil" : "floor" }
          : {}),
        layout: "NHWC",
      },
    };
  };
}

/** Returns the lowering of DEPTH_TO_SPACE and SPACE_TO_DEPTH; TFLite's order is ONNX's default, DCR. */
export function blockwise(op: "DepthToSpace" | "SpaceToDepth"): Lowering {
  return (call) => ({
    op,
    inputs: call.inputs,
    attributes: { blocksize: positive(call, "blockSize"), layout: "NHWC" },
  });
}

/** TFLite's alpha is per element and its window is ±radius; ONNX divides alpha by the window's size. */
export const localResponse: Lowering = (call) => {
  const size = 2 * whole(call, "radius") + 1;
  return {
    op: "LRN",
    inputs: call.inputs,
    attributes: {
      size,
      alpha: whole(call, "alpha") * size,
      beta: call.options.beta!,
      bias: call.options.bias!,
      layout: "NHWC",
    },
  };
};
