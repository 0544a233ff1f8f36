/**
 * The graph's operator vocabulary. Operators, inputs and attributes are those of ONNX (current opset, domain
 * ai.onnx) with camelCase attribute names, whatever file they come from, with these differences:
 *
 * 1. Image-like operators say their `layout`, NHWC or NCHW: Conv, ConvTranspose, MaxPool, AveragePool,
 *    GlobalAveragePool, GlobalMaxPool, Resize, DepthToSpace, SpaceToDepth. Conv and ConvTranspose say
 *    their `weightLayout` too (geometry.ts). `kernelShape`, `strides`, `dilations` are [height, width];
 *    `pads` is [top, left, bottom, right]; `autoPad` is NOTSET, VALID, SAME_UPPER or SAME_LOWER.
 * 2. `activation` names an activation fused into the node by the file: relu, relu6, relun1to1, tanh, sign.
 * 3. A depthwise convolution is a Conv with `group` = input channels.
 * 4. Gemm is a dense layer: input 0 of any rank is seen as [rows, Cin]; `keepDims` keeps the leading
 *    dimensions (TFLite keep_num_dims); `transB` = 1 for weights stored [Cout, Cin].
 * 5. Axes, shapes, pads, slices and splits are constant inputs at ONNX's places where ONNX has inputs for
 *    them (Reshape, Pad, Slice, Squeeze, Unsqueeze, Split, Reduce*, Tile, Expand, Resize); a decoder turns
 *    options and old attribute forms into such constants.
 * 6. Quantisation is a property of tensors, not of nodes. QuantizeLinear and DequantizeLinear stay in the
 *    graph where the file has them as operators; passes/fold-qdq.ts folds the pairs that ONNX uses to
 *    mark quantised operators.
 * 7. Operators without an ONNX counterpart keep the name of their file's format: TFLite builtins in upper
 *    case (`SVDF`), custom ones as `CUSTOM:name`, ONNX operators of other domains as `domain:Name`. So do
 *    calls that ONNX cannot express: a `TRANSPOSE` whose permutation is computed, a `BATCH_MATMUL` with
 *    an adjoint side.
 * 8. Softmax, LogSoftmax and Hardmax of opsets before 13 carry `flattenFrom` where the old meaning, one
 *    normalisation over all axes from there on, may differ from today's along `axis`.
 */

/** TFLite builtin operators that have a counterpart in the vocabulary. The rest keep their own names. */
export const TFLITE_OPERATORS: Readonly<Record<string, string>> = {
  ABS: "Abs",
  ADD: "Add",
  ADD_N: "Sum",
  ARG_MAX: "ArgMax",
  ARG_MIN: "ArgMin",
  ATAN2: "Atan2",
  AVERAGE_POOL_2D: "AveragePool",
  BATCH_MATMUL: "MatMul",
  BATCH_TO_SPACE_ND: "BatchToSpaceND",
  BITWISE_XOR: "BitwiseXor",
  BROADCAST_TO: "Expand",
  CAST: "Cast",
  CEIL: "Ceil",
  CONCATENATION: "Concat",
  CONV_2D: "Conv",
  COS: "Cos",
  CUMSUM: "CumSum",
  DEPTHWISE_CONV_2D: "Conv",
  DEPTH_TO_SPACE: "DepthToSpace",
  DEQUANTIZE: "DequantizeLinear",
  DIV: "Div",
  ELU: "Elu",
  EQUAL: "Equal",
  EXP: "Exp",
  EXPAND_DIMS: "Unsqueeze",
  FILL: "ConstantOfShape",
  FLOOR: "Floor",
  FLOOR_DIV: "FloorDiv",
  FULLY_CONNECTED: "Gemm",
  GATHER: "Gather",
  GATHER_ND: "GatherND",
  GELU: "Gelu",
  GREATER: "Greater",
  GREATER_EQUAL: "GreaterOrEqual",
  HARD_SWISH: "HardSwish",
  L2_NORMALIZATION: "LpNormalization",
  LEAKY_RELU: "LeakyRelu",
  LESS: "Less",
  LESS_EQUAL: "LessOrEqual",
  LOCAL_RESPONSE_NORMALIZATION: "LRN",
  LOG: "Log",
  LOG_SOFTMAX: "LogSoftmax",
  LOGICAL_AND: "And",
  LOGICAL_NOT: "Not",
  LOGICAL_OR: "Or",
  LOGISTIC: "Sigmoid",
  MAXIMUM: "Max",
  MAX_POOL_2D: "MaxPool",
  MEAN: "ReduceMean",
  MINIMUM: "Min",
  MIRROR_PAD: "Pad",
  MUL: "Mul",
  NEG: "Neg",
  NOT_EQUAL: "NotEqual",
  ONE_HOT: "OneHot",
  PACK: "Stack",
  PAD: "Pad",
  PADV2: "Pad",
  POW: "Pow",
  PRELU: "PRelu",
  QUANTIZE: "QuantizeLinear",
  RANGE: "Range",
  REDUCE_MAX: "ReduceMax",
  REDUCE_MIN: "ReduceMin",
  REDUCE_PROD: "ReduceProd",
  RELU: "Relu",
  RELU6: "Relu6",
  RESHAPE: "Reshape",
  RESIZE_BILINEAR: "Resize",
  RESIZE_NEAREST_NEIGHBOR: "Resize",
  REVERSE_V2: "Reverse",
  ROUND: "Round",
  RSQRT: "Rsqrt",
  SELECT: "Where",
  SELECT_V2: "Where",
  SHAPE: "Shape",
  SIGN: "Sign",
  SIN: "Sin",
  SLICE: "Slice",
  SOFTMAX: "Softmax",
  SPACE_TO_BATCH_ND: "SpaceToBatchND",
  SPACE_TO_DEPTH: "SpaceToDepth",
  SPLIT: "Split",
  SPLIT_V: "Split",
  SQRT: "Sqrt",
  SQUARE: "Square",
  SQUARED_DIFFERENCE: "SquaredDifference",
  SQUEEZE: "Squeeze",
  STRIDED_SLICE: "StridedSlice",
  SUB: "Sub",
  SUM: "ReduceSum",
  TANH: "Tanh",
  TILE: "Tile",
  TOPK_V2: "TopK",
  TRANSPOSE: "Transpose",
  TRANSPOSE_CONV: "ConvTranspose",
  UNPACK: "Unstack",
};
