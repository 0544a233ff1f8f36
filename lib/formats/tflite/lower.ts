/**
 * TFLite operators into the graph's vocabulary (lib/graph/operators.ts). Operators whose inputs and options
 * already mean what ONNX means only change their name; the others have a lowering each.
 */
import { TFLITE_OPERATORS } from "../../graph/operators.js";
import { type Call, fusedActivation, type Lowered, type Lowering, refuse, required } from "./call.js";
import {
  blockwise,
  convolution,
  depthwiseConvolution,
  localResponse,
  pooling,
  resizing,
  transposeConvolution,
} from "./lower-image.js";
import {
  argument,
  concat,
  expandDims,
  fill,
  gather,
  oneHot,
  padding,
  reduction,
  reshape,
  slice,
  split,
  splitSizes,
  squeeze,
  stacking,
  stridedSlice,
  transpose,
} from "./lower-shape.js";

/** Input 0 of any rank is seen as rows of Cin; weights are [Cout, Cin]. */
const dense: Lowering = (call) => {
  if (call.options.weightsFormat !== "default") {
    throw refuse(
      call,
      `its weights are stored as ${call.options.weightsFormat}, expected plain rows`,
      "convert the model without shuffled weights",
    );
  }
  required(call, 0);
  required(call, 1);
  return {
    op: "Gemm",
    inputs: call.inputs,
    attributes: { transB: 1, keepDims: call.options.keepNumDims!, ...fusedActivation(call) },
  };
};

const softmax: Lowering = (call) => ({
  op: "Softmax",
  inputs: call.inputs,
  attributes: { axis: -1, ...(call.options.beta === 1 ? {} : { beta: call.options.beta! }) },
});

/** ONNX's MatMul transposes neither side; a call that does keeps its name. */
const matrixProduct: Lowering = (call) =>
  call.options.adjX || call.options.adjY ? null : { op: "MatMul", inputs: call.inputs, attributes: {} };

/** Returns the lowering of a call that changes its name alone, with attributes that TFLite implies. */
function renamed(op: string, implied: Lowered["attributes"] = {}): Lowering {
  return (call) => ({ op, inputs: call.inputs, attributes: { ...implied, ...fusedActivation(call) } });
}

const LOWERINGS: Readonly<Record<string, Lowering>> = {
  ARG_MAX: argument("ArgMax"),
  ARG_MIN: argument("ArgMin"),
  AVERAGE_POOL_2D: pooling("AveragePool"),
  BATCH_MATMUL: matrixProduct,
  CAST: (call) => ({ op: "Cast", inputs: call.inputs, attributes: { to: call.outputs[0]?.dtype ?? "" } }),
  CONCATENATION: concat,
  CONV_2D: convolution,
  CUMSUM: ({ inputs, options }) => ({
    op: "CumSum",
    inputs,
    attributes: { exclusive: options.exclusive ? 1 : 0, reverse: options.reverse ? 1 : 0 },
  }),
  DEPTHWISE_CONV_2D: depthwiseConvolution,
  DEPTH_TO_SPACE: blockwise("DepthToSpace"),
  EXPAND_DIMS: expandDims,
  FILL: fill,
  FULLY_CONNECTED: dense,
  GATHER: gather,
  GELU: ({ inputs, options }) => ({
    op: "Gelu",
    inputs,
    attributes: { approximate: options.approximate ? "tanh" : "none" },
  }),
  L2_NORMALIZATION: renamed("LpNormalization", { axis: -1, p: 2 }),
  L2_POOL_2D: pooling("LpPool"),
  LEAKY_RELU: ({ inputs, options }) => ({
    op: "LeakyRelu",
    inputs,
    attributes: { alpha: options.alpha! },
  }),
  LOCAL_RESPONSE_NORMALIZATION: localResponse,
  LOG_SOFTMAX: renamed("LogSoftmax", { axis: -1 }),
  MAX_POOL_2D: pooling("MaxPool"),
  MEAN: reduction("ReduceMean"),
  MIRROR_PAD: padding("mirror"),
  ONE_HOT: oneHot,
  PACK: stacking("Stack"),
  PAD: padding("constant"),
  PADV2: padding("constant"),
  REDUCE_MAX: reduction("ReduceMax"),
  REDUCE_MIN: reduction("ReduceMin"),
  REDUCE_PROD: reduction("ReduceProd"),
  RESHAPE: reshape,
  RESIZE_BILINEAR: resizing("linear"),
  RESIZE_NEAREST_NEIGHBOR: resizing("nearest"),
  SHAPE: renamed("Shape"),
  SLICE: slice,
  SOFTMAX: softmax,
  SPACE_TO_DEPTH: blockwise("SpaceToDepth"),
  SPLIT: split,
  SPLIT_V: splitSizes,
  SQUEEZE: squeeze,
  STRIDED_SLICE: stridedSlice,
  SUM: reduction("ReduceSum"),
  TRANSPOSE: transpose,
  TRANSPOSE_CONV: transposeConvolution,
  UNPACK: stacking("Unstack"),
};

/** Returns the call in the graph's vocabulary; under its own name, with all its options, where it has none. */
export function lower(call: Call): Lowered {
  const { builtin, inputs, options } = call;
  const lowering = Object.hasOwn(LOWERINGS, builtin) ? LOWERINGS[builtin] : undefined;
  if (lowering) {
    const lowered = lowering(call);
    if (lowered) return lowered;
  } else {
    const op = TFLITE_OPERATORS[builtin];
    if (op !== undefined) return { op, inputs, attributes: fusedActivation(call) };
  }
  const { activation, ...rest } = options;
  return { op: builtin, inputs, attributes: { ...rest, ...fusedActivation(call) } };
}
