/** Operators with arguments that bring out what their shapes depend on; a row each, judged by ONNX Runtime. */
import { type Body, fed, held, type OneNode, type OracleAttribute, type OracleInput } from "./one-node.js";

type Attributes = Readonly<Record<string, OracleAttribute>>;

function row(
  op: string,
  inputs: readonly (OracleInput | null)[],
  attributes: Attributes = {},
  { opset = 17, outputs = 1, domain = "" } = {},
): OneNode {
  return { op, opset, inputs, attributes, outputs, domain };
}

/** A row of ONNX Runtime's own domain. */
function fused(
  op: string,
  inputs: readonly (OracleInput | null)[],
  attributes: Attributes = {},
  outputs = 1,
) {
  return row(op, inputs, attributes, { domain: "com.microsoft", outputs });
}

const scalar = (value: number, dtype: OracleInput["dtype"] = "int64") => held([value], dtype, []);
const floats = (values: readonly number[], shape?: readonly number[]) => held(values, "float32", shape);
const image = fed([2, 3, 8, 9]);
const zeros = (shape: readonly number[], dtype: OracleInput["dtype"] = "float32") =>
  held(new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(0), dtype, shape);
const scale = scalar(0.5, "float32");
const zero = scalar(0, "uint8");
const u8 = (...shape: number[]) => fed(shape, "uint8");

const ELEMENTWISE = [
  ..."Abs Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Elu Erf Exp Floor HardSigmoid HardSwish".split(" "),
  ..."Hardmax Identity LeakyRelu Log LogSoftmax Neg Reciprocal Relu Round Selu Shrink Sigmoid Sign".split(
    " ",
  ),
  ..."Sin Sinh Softmax Softplus Softsign Sqrt Tan Tanh ThresholdedRelu MeanVarianceNormalization".split(" "),
  ..."Celu LpNormalization IsNaN IsInf".split(" "),
].map((op) => row(op, [image]));

const BINARY = "Add Sub Mul Div Pow Max Min Mean Sum Equal Greater GreaterOrEqual Less LessOrEqual"
  .split(" ")
  .map((op) => row(op, [fed([2, 3, 1, 5]), fed([3, 4, 1])]));

const LOGIC = "And Or Xor".split(" ").map((op) => row(op, [fed([2, 1], "bool"), fed([3], "bool")]));

const REDUCTIONS = [
  ..."ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd".split(" "),
  ..."ReduceSumSquare".split(" "),
].flatMap((op) => [
  row(op, [image], { axes: [1, -1], keepdims: 0 }),
  row(op, [image, held([2])], {}, { opset: 18 }),
  row(op, [image]),
]);

const WINDOWS = [
  row("Conv", [image, fed([4, 3, 3, 3])], { pads: [1, 0, 1, 2], strides: [2, 1], dilations: [1, 2] }),
  row("Conv", [image, fed([6, 1, 3, 3])], { group: 3, auto_pad: "SAME_LOWER", strides: [2, 3] }),
  row("Conv", [fed([1, 4, 20]), fed([8, 4, 5])], { auto_pad: "VALID" }),
  row("Conv", [fed([1, 2, 5, 6, 7]), fed([3, 2, 2, 2, 2])]),
  row("ConvTranspose", [image, fed([3, 2, 3, 3])], {
    strides: [2, 2],
    pads: [1, 1, 1, 1],
    output_padding: [1, 0],
  }),
  row("ConvTranspose", [image, fed([3, 2, 3, 3])], { strides: [2, 2], output_shape: [16, 18] }),
  row("ConvTranspose", [image, fed([3, 1, 4, 4])], { strides: [2, 3], auto_pad: "SAME_UPPER", group: 3 }),
  row("ConvTranspose", [image, fed([3, 2, 3, 3])], { dilations: [2, 2] }),
  row("MaxPool", [image], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }, { outputs: 2 }),
  row("MaxPool", [image], { kernel_shape: [2, 3], auto_pad: "SAME_UPPER", strides: [3, 2] }),
  row("MaxPool", [fed([1, 1, 5, 5])], {
    kernel_shape: [2, 2],
    strides: [3, 3],
    pads: [1, 1, 1, 1],
    ceil_mode: 1,
  }),
  row("AveragePool", [image], {
    kernel_shape: [2, 2],
    strides: [2, 2],
    pads: [0, 1, 1, 0],
    count_include_pad: 1,
  }),
  row("AveragePool", [image], { kernel_shape: [3, 2], strides: [2, 2], ceil_mode: 1 }, { opset: 19 }),
  row("LpPool", [image], { kernel_shape: [2, 2] }),
  row("GlobalAveragePool", [image]),
  row("GlobalMaxPool", [image]),
  row("GlobalLpPool", [image]),
  row("MaxUnpool", [fed([1, 1, 2, 3]), fed([1, 1, 2, 3], "int64")], {
    kernel_shape: [2, 2],
    strides: [2, 2],
  }),
  row("MaxUnpool", [fed([1, 1, 2, 2]), fed([1, 1, 2, 2], "int64"), held([1, 1, 5, 6])], {
    ...{ kernel_shape: [2, 2], strides: [2, 2] },
  }),
  row("ConvInteger", [u8(1, 2, 5, 5), u8(3, 2, 2, 2)]),
  row("DeformConv", [fed([1, 2, 6, 6]), fed([4, 2, 3, 3]), fed([1, 18, 4, 4])], {}, { opset: 19 }),
  row("Col2Im", [fed([1, 12, 20]), held([5, 6]), held([2, 2])], {}, { opset: 18 }),
];

const DENSE = [
  row("Gemm", [fed([4, 3]), fed([5, 4]), fed([5])], { transA: 1, transB: 1 }),
  row("MatMul", [fed([2, 1, 3, 4]), fed([5, 4, 6])]),
  row("MatMul", [fed([4]), fed([2, 4, 6])]),
  row("MatMul", [fed([2, 3, 4]), fed([4])]),
  row("MatMulInteger", [u8(2, 3, 4), u8(4, 5)]),
  row("Einsum", [fed([2, 3, 4]), fed([2, 4, 5])], { equation: "bij,bjk->bik" }),
  row("Einsum", [fed([2, 3, 4])], { equation: "...ij->...ji" }),
  row("Einsum", [fed([3, 4]), fed([4, 5])], { equation: "ij , jk" }),
  row("Einsum", [fed([4, 4])], { equation: "ii->i" }),
  row("Einsum", [fed([7, 1, 4, 3]), fed([7, 2, 3, 5])], { equation: "...ab,...bc->...ac" }),
  row("Einsum", [fed([3, 4])], { equation: "zb->" }),
  row("Einsum", [fed([3, 4])], { equation: "zb" }),
  row("Det", [fed([2, 3, 3])]),
];

const RESHAPING = [
  row("Reshape", [fed([2, 3, 4]), held([0, -1])]),
  row("Reshape", [fed([0, 3]), held([3, 0])], { allowzero: 1 }),
  row("Flatten", [image], { axis: 2 }),
  row("Flatten", [image], { axis: -1 }),
  row("Flatten", [image], { axis: 0 }),
  row("Squeeze", [fed([1, 3, 1, 5])], { axes: [0] }, { opset: 11 }),
  row("Squeeze", [fed([1, 3, 1, 5]), held([-2])]),
  row("Squeeze", [fed([1, 3, 1, 5])]),
  row("Unsqueeze", [fed([3, 4])], { axes: [0, 3] }, { opset: 11 }),
  row("Unsqueeze", [fed([3, 4]), held([-1, 1])]),
  row("Transpose", [image], { perm: [0, 2, 3, 1] }),
  row("Transpose", [image]),
  row("Expand", [fed([3, 1]), held([2, 1, 6])]),
  row("Tile", [fed([2, 3]), held([2, 3])]),
  row("Pad", [image, held([0, 0, 1, 2, 0, 0, 3, 4])], { mode: "reflect" }),
  row("Pad", [image], { pads: [0, 0, 1, 2, 0, 0, -3, 4], mode: "constant" }, { opset: 7 }),
  row("Pad", [image, held([1, 2, 3, 4]), null, held([-1, 2])], { mode: "edge" }, { opset: 18 }),
  row("Pad", [image, held([0, 0, 2, 2, 0, 0, 2, 2])], { mode: "wrap" }, { opset: 19 }),
  row("DepthToSpace", [fed([1, 8, 2, 3])], { blocksize: 2, mode: "CRD" }),
  row("SpaceToDepth", [fed([1, 2, 4, 6])], { blocksize: 2 }),
  row("CenterCropPad", [image, held([4, 12])], { axes: [2, -1] }, { opset: 18 }),
  row("Concat", [fed([2, 3]), fed([2, 4]), fed([2, 1])], { axis: -1 }),
];

const RESIZING = [
  row("Resize", [image, null, floats([1, 1, 0.6, 2.7])], { mode: "linear" }),
  row("Resize", [fed([1, 1, 10, 10]), null, floats([1, 1, 0.7, 0.3])]),
  row("Resize", [image, null, null, held([2, 3, 5, 30])], { mode: "cubic" }),
  row("Resize", [image, null, floats([0.5, 3])], { axes: [2, 3] }, { opset: 18 }),
  row(
    "Resize",
    [image, null, null, held([20, 21])],
    { axes: [2, 3], keep_aspect_ratio_policy: "not_larger" },
    { opset: 18 },
  ),
  row(
    "Resize",
    [image, null, null, held([20, 20])],
    { axes: [2, 3], keep_aspect_ratio_policy: "not_smaller" },
    { opset: 18 },
  ),
  row("Resize", [image, floats([0, 0, 0.25, 0.1, 1, 1, 0.75, 0.9]), null, held([2, 3, 4, 4])], {
    ...{ coordinate_transformation_mode: "tf_crop_and_resize", mode: "linear" },
  }),
  row("Resize", [image, floats([0, 0, 0.25, 0.1, 1, 1, 0.75, 0.9]), floats([1, 1, 2, 2])], {
    ...{ coordinate_transformation_mode: "tf_crop_and_resize", mode: "linear" },
  }),
  row("Resize", [image, floats([1, 1, 2, 2])], {}, { opset: 10 }),
  row("Upsample", [image, floats([1, 1, 2, 3])], {}, { opset: 9 }),
  row("Upsample", [image], { scales: { floats: [1, 1, 2, 2.5] } }, { opset: 7 }),
  row("GridSample", [image, fed([2, 5, 6, 2])], {}, { opset: 16 }),
  row("GridSample", [fed([1, 2, 3, 4, 5]), fed([1, 6, 7, 8, 3])], { mode: "linear" }, { opset: 20 }),
  row("AffineGrid", [fed([2, 2, 3]), held([2, 3, 4, 5])], {}, { opset: 20 }),
  row("AffineGrid", [fed([2, 3, 4]), held([2, 3, 4, 5, 6])], {}, { opset: 20 }),
];

const PICKING = [
  row("Slice", [image, held([-3, 1]), held([100, -1]), held([3, 2]), held([2, 1])]),
  row("Slice", [image, held([7]), held([-100]), held([2]), held([-3])]),
  row("Slice", [image], { starts: [1, 2], ends: [3, 100], axes: [1, 3] }, { opset: 9 }),
  row("Gather", [image, fed([4, 5], "int64")], { axis: -2 }),
  row("Gather", [image, scalar(1)], { axis: 1 }),
  row("GatherElements", [fed([3, 4]), fed([2, 4], "int64")], { axis: 0 }),
  row("GatherElements", [floats([1, 2, 3, 4, 5, 6], [2, 3]), held([0, -1, 1, 0], "int64", [2, 2])], {
    axis: 1,
  }),
  row("GatherND", [fed([2, 3, 4]), fed([2, 5, 1], "int64")], { batch_dims: 1 }),
  row("GatherND", [floats([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]), held([0, 1, 1, -2], "int64", [2, 2])]),
  row("ScatterElements", [fed([3, 4]), fed([2, 4], "int64"), fed([2, 4])]),
  row(
    "ScatterElements",
    [floats([1, 2, 3, 4]), held([1, -1]), floats([9, 8])],
    { reduction: "add" },
    { opset: 18 },
  ),
  row("ScatterND", [fed([4, 5]), fed([3, 1], "int64"), fed([3, 5])]),
  row("ScatterND", [floats([1, 2, 3, 4], [2, 2]), held([1], "int64", [1, 1]), floats([7, 8], [1, 2])]),
  row("Scatter", [fed([3, 4]), fed([2, 4], "int64"), fed([2, 4])], {}, { opset: 9 }),
  row("ReverseSequence", [fed([4, 3, 2]), held([1, 2, 4])]),
  row("Split", [fed([2, 7]), held([3, 4])], { axis: 1 }, { outputs: 2 }),
  row("Split", [fed([2, 7])], { axis: 1, num_outputs: 3 }, { opset: 18, outputs: 3 }),
  row("Split", [fed([6, 2])], {}, { opset: 11, outputs: 3 }),
  row("Split", [fed([6, 2])], { split: [1, 5] }, { opset: 11, outputs: 2 }),
  row("Compress", [image, held([1, 0, 1], "bool")], { axis: 1 }),
  row("Compress", [image, held([0, 1, 1, 0, 1], "bool")]),
  row("Unique", [floats([2, 1, 1, 3, 2])], {}, { outputs: 4 }),
  row("TopK", [image, held([3])], { axis: 2 }, { outputs: 2 }),
  row("TopK", [image], { k: 2 }, { opset: 9, outputs: 2 }),
  row("ArgMax", [image], { axis: -1, keepdims: 0 }),
  row("ArgMin", [image], { axis: 1 }),
  row("ReduceSum", [image, held([1, 2])], { keepdims: 0 }),
  row("ReduceSum", [image], { noop_with_empty_axes: 1 }),
  row("ReduceSum", [image], { axes: [3] }, { opset: 11 }),
];

const CREATING = [
  row("Cast", [image], { to: 7 }),
  row("Cast", [floats([1.7, -1.7])], { to: 6 }),
  row("CastLike", [image, fed([1], "int32")], {}, { opset: 15 }),
  row("CastLike", [floats([1.7, -1.7]), held([0], "int32")], {}, { opset: 15 }),
  row("ConstantOfShape", [held([2, 3])], { value: { tensor: held([7], "int32") } }),
  row("ConstantOfShape", [held([2, 3])]),
  row("EyeLike", [fed([3, 4], "int32")], { dtype: 1, k: 1 }),
  row("EyeLike", [fed([3, 4])]),
  row("NonZero", [floats([0, 1, 2, 0], [2, 2])]),
  row("OneHot", [fed([2, 3], "int64"), scalar(5), floats([0, 1])], { axis: 1 }),
  row("OneHot", [held([1, -1, 7]), scalar(3), floats([2, 9])], { axis: 0 }),
  row("RandomNormal", [], { shape: [2, 3] }),
  row("RandomNormalLike", [fed([2, 3], "float64")]),
  row("RandomUniformLike", [fed([2, 3], "float64")], { dtype: 1 }),
  row("RandomUniform", [], { shape: [4], dtype: 11 }),
  row("Bernoulli", [image], { dtype: 9 }, { opset: 15 }),
  row("Multinomial", [fed([2, 5])], { sample_size: 7 }),
  row("Range", [scalar(2), scalar(11), scalar(4)]),
  row("Range", [scalar(1, "float32"), scalar(-0.9, "float32"), scalar(-0.5, "float32")]),
  row("Shape", [image]),
  row("Shape", [image], { start: 1, end: -1 }, { opset: 15 }),
  row("Size", [image]),
  row("Trilu", [fed([2, 3, 4])], { upper: 0 }),
  row("Trilu", [floats([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3]), scalar(1)]),
  row("CumSum", [image, scalar(2)]),
  row("CumSum", [floats([1, 2, 3, 4, 5, 6], [2, 3]), scalar(1)], { exclusive: 1, reverse: 1 }),
  row("Where", [fed([3, 1], "bool"), fed([4]), fed([2, 1, 1])]),
  row("Mod", [held([-7, 7, 5], "int32"), held([3, -3, 5], "int32")]),
  row("Mod", [floats([-7.5, 7]), floats([2, -3])], { fmod: 1 }),
  row("BitShift", [fed([2, 3], "uint8"), fed([3], "uint8")], { direction: "LEFT" }),
  row("BitwiseAnd", [fed([2, 1], "int32"), fed([3], "int32")], {}, { opset: 18 }),
  row("BitwiseOr", [fed([2, 1], "int32"), fed([3], "int32")], {}, { opset: 18 }),
  row("BitwiseXor", [fed([2, 1], "int32"), fed([3], "int32")], {}, { opset: 18 }),
  row("BitwiseNot", [fed([2, 3], "int32")], {}, { opset: 18 }),
  row("Clip", [image, floats([0], []), floats([6], [])]),
  row("Clip", [image], { min: { float: 0 }, max: { float: 6 } }, { opset: 7 }),
  row("PRelu", [image, fed([3, 1, 1])]),
  row("Not", [fed([2], "bool")]),
  row("Mish", [image], {}, { opset: 18 }),
  row("Gelu", [image], {}, { opset: 20 }),
  row("Swish", [image], {}, { opset: 24 }),
];

const NORMALIZATION = [
  row("BatchNormalization", [image, fed([3]), fed([3]), fed([3]), fed([3])]),
  row("InstanceNormalization", [image, fed([3]), fed([3])]),
  row("LayerNormalization", [fed([2, 3, 8]), fed([8])], {}, { outputs: 3 }),
  row("LayerNormalization", [image, fed([8, 9])], { axis: 2 }, { outputs: 3 }),
  row("GroupNormalization", [fed([1, 4, 3, 3]), fed([2]), fed([2])], { num_groups: 2 }, { opset: 18 }),
  row("GroupNormalization", [fed([1, 4, 3, 3]), fed([4]), fed([4])], { num_groups: 2 }, { opset: 21 }),
  row("RMSNormalization", [fed([2, 3, 8]), fed([8])], {}, { opset: 23 }),
  row("LRN", [image], { size: 3 }),
  row("Dropout", [image], {}, { opset: 7, outputs: 2 }),
  row("Dropout", [image], {}, { opset: 10, outputs: 2 }),
  row("Dropout", [image, scalar(0.5, "float32")], {}, { opset: 13, outputs: 2 }),
  row("Softmax", [image], { axis: 1 }, { opset: 11 }),
];

const RECURRENT = [
  row(
    "LSTM",
    [fed([5, 2, 3]), fed([2, 16, 3]), fed([2, 16, 4])],
    { direction: "bidirectional", hidden_size: 4 },
    { outputs: 3 },
  ),
  row(
    "GRU",
    [fed([5, 2, 3]), fed([1, 12, 3]), fed([1, 12, 4])],
    { hidden_size: 4, linear_before_reset: 1 },
    { outputs: 2 },
  ),
  row("RNN", [fed([5, 2, 3]), fed([1, 4, 3]), fed([1, 4, 4])], { hidden_size: 4 }, { outputs: 2 }),
];

const ATTENTION = [
  row("Attention", [fed([2, 4, 5, 8]), fed([2, 4, 6, 8]), fed([2, 4, 6, 10])], {}, { opset: 23 }),
  row(
    "Attention",
    [fed([2, 5, 32]), fed([2, 6, 16]), fed([2, 6, 16])],
    { q_num_heads: 4, kv_num_heads: 2 },
    { opset: 23 },
  ),
  row(
    "Attention",
    [fed([2, 4, 5, 8]), fed([2, 4, 6, 8]), fed([2, 4, 6, 8]), null, fed([2, 4, 3, 8]), fed([2, 4, 3, 8])],
    {},
    { opset: 23, outputs: 4 },
  ),
  row("RotaryEmbedding", [fed([1, 2, 3, 8]), fed([1, 3, 4]), fed([1, 3, 4])], {}, { opset: 23 }),
  row("TensorScatter", [fed([1, 2, 6, 4]), fed([1, 2, 3, 4]), fed([1], "int64")], {}, { opset: 24 }),
  fused("Attention", [fed([2, 3, 8]), fed([8, 24]), fed([24])], { num_heads: 2 }),
  fused(
    "Attention",
    [fed([2, 3, 8]), fed([8, 24]), fed([24]), null, fed([2, 2, 2, 5, 4])],
    { num_heads: 2 },
    2,
  ),
  fused("MultiHeadAttention", [fed([2, 3, 8]), fed([2, 5, 8]), fed([2, 5, 8])], { num_heads: 2 }),
  fused("QAttention", [u8(2, 3, 8), u8(8, 24), fed([24]), scale, scale, null, zero, zero], { num_heads: 2 }),
  fused(
    "EmbedLayerNormalization",
    [
      ...[fed([2, 3], "int32"), fed([2, 3], "int32"), zeros([9, 8]), zeros([4, 8]), zeros([2, 8])],
      ...[zeros([8]), zeros([8])],
    ],
    {},
    2,
  ),
  fused("SkipLayerNormalization", [fed([2, 3, 8]), fed([2, 3, 8]), fed([8]), fed([8])]),
  fused("SkipSimplifiedLayerNormalization", [fed([2, 3, 8]), fed([2, 3, 8]), fed([8])]),
];

const DETECTION = [
  row(
    "RoiAlign",
    [image, fed([5, 4]), fed([5], "int64")],
    { output_height: 7, output_width: 6 },
    { opset: 16 },
  ),
  row("MaxRoiPool", [image, fed([4, 5])], { pooled_shape: [2, 3] }),
  row("NonMaxSuppression", [fed([1, 6, 4]), fed([1, 2, 6])]),
  row("NonMaxSuppression", [fed([1, 6, 4]), fed([1, 2, 6]), scalar(0)]),
  fused("CropAndResize", [image, fed([4, 4]), fed([4], "int32"), held([5, 6], "int32")]),
];

const SIGNAL = [
  row("DFT", [fed([1, 16, 1])], { onesided: 1 }),
  row("DFT", [fed([1, 16, 2]), scalar(10)], { axis: 1 }),
  row("DFT", [fed([1, 4, 16, 2])], { axis: 2, inverse: 1 }),
  row("DFT", [fed([1, 4, 16, 2])]),
  row("DFT", [fed([1, 4, 16, 1]), null, scalar(-3)], {}, { opset: 20 }),
  row("DFT", [fed([1, 4, 16, 1])], { onesided: 1 }, { opset: 20 }),
  row("STFT", [fed([1, 128, 1]), scalar(8), fed([16])]),
  row("STFT", [fed([1, 128, 1]), scalar(8), fed([16]), scalar(16)], { onesided: 0 }),
  row("STFT", [fed([2, 100, 1]), scalar(7), null, scalar(16)]),
  row("MelWeightMatrix", [
    scalar(8),
    scalar(16),
    scalar(8192),
    scalar(0, "float32"),
    scalar(4096, "float32"),
  ]),
  row("HannWindow", [scalar(10)]),
  row("HammingWindow", [scalar(10)], { output_datatype: 11 }),
  row("BlackmanWindow", [scalar(10)], { periodic: 0 }),
];

const QUANTIZED = [
  row("QuantizeLinear", [image, scale, zero]),
  row("QuantizeLinear", [image, scale]),
  row("QuantizeLinear", [image, scale], { output_dtype: 3 }, { opset: 21 }),
  row("DequantizeLinear", [u8(2, 3), scale, zero]),
  row("DynamicQuantizeLinear", [image], {}, { outputs: 3 }),
  row("QLinearConv", [u8(1, 3, 8, 8), scale, zero, zeros([4, 3, 3, 3], "uint8"), scale, zero, scale, zero], {
    strides: [2, 2],
  }),
  row("QLinearMatMul", [u8(2, 3, 4), scale, zero, u8(4, 5), scale, zero, scale, zero]),
  fused("QGemm", [u8(2, 4), scale, zero, zeros([5, 4], "uint8"), scale, zero, null, scale, zero], {
    transB: 1,
  }),
  fused("QGemm", [u8(2, 4), scale, zero, zeros([4, 5], "uint8"), scale, zero]),
  fused("QLinearAdd", [u8(2, 3, 4), scale, zero, u8(3, 1), scale, zero, scale, zero]),
  fused("QLinearMul", [u8(2, 3, 4), scale, zero, u8(3, 1), scale, zero, scale, zero]),
  fused("QLinearAveragePool", [u8(1, 3, 8, 8), scale, zero, scale, zero], { kernel_shape: [2, 2] }),
  fused("QLinearGlobalAveragePool", [u8(1, 4, 4, 3), scale, zero, scale, zero], { channels_last: 1 }),
  fused("QLinearLeakyRelu", [u8(2, 3), scale, zero, scale, zero]),
  fused("QLinearSigmoid", [u8(2, 3), scale, zero, scale, zero]),
  fused("QLinearSoftmax", [u8(2, 3), scale, zero, scale, zero], { opset: 13 }),
  fused("QLinearConcat", [scale, zero, u8(2, 3), scale, zero, u8(2, 4), scale, zero], { axis: 1 }),
  fused("QLinearWhere", [fed([2, 1], "bool"), u8(3), scale, zero, u8(2, 3), scale, zero, scale, zero]),
  fused("QuantizeLinear", [image, scale, zero]),
  fused("DequantizeLinear", [u8(2, 3), scale, zero]),
];

const FUSED = [
  fused("FusedConv", [image, fed([4, 3, 3, 3])], { activation: "Relu", strides: [2, 2] }),
  fused("TransposeMatMul", [fed([2, 4, 3]), fed([2, 4, 5])], { transA: 1 }),
  fused("MatMulNBits", [fed([2, 3, 32]), zeros([8, 1, 16], "uint8"), zeros([8, 1])], {
    ...{ K: 32, N: 8, bits: 4, block_size: 32 },
  }),
  fused("GridSample", [image, fed([2, 5, 6, 2])]),
  fused("RotaryEmbedding", [fed([1, 3, 8]), fed([1, 3], "int64"), zeros([4, 4]), zeros([4, 4])], {
    num_heads: 1,
  }),
  fused(
    "QLinearConv",
    [u8(1, 8, 8, 3), scale, zero, zeros([4, 3, 3, 3], "uint8"), scale, zero, scale, zero],
    {
      channels_last: 1,
    },
  ),
  fused(
    "GroupQueryAttention",
    [
      ...[fed([1, 3, 16]), fed([1, 3, 8]), fed([1, 3, 8]), null, null],
      ...[held([2], "int32"), scalar(3, "int32")],
    ],
    { num_heads: 2, kv_num_heads: 1 },
    3,
  ),
  row("SimplifiedLayerNormalization", [fed([2, 3, 8]), fed([8])], {}, { outputs: 1 }),
  fused("FusedGemm", [fed([2, 3]), fed([4, 3])], { activation: "Relu", transB: 1 }),
  fused("FusedMatMul", [fed([2, 4, 3]), fed([2, 5, 4])], { transA: 1, transB: 1 }),
  fused("NhwcMaxPool", [u8(1, 8, 9, 3)], { kernel_shape: [2, 2], strides: [2, 2] }),
  fused("Gelu", [image]),
  fused("FastGelu", [fed([2, 8]), fed([8])]),
  fused("QuickGelu", [image]),
  fused("BiasGelu", [fed([2, 8]), fed([8])]),
  fused("DynamicQuantizeMatMul", [fed([2, 4]), u8(4, 5), scale]),
  fused("MatMulIntegerToFloat", [u8(2, 4), u8(4, 5), scale, scale]),
  fused("ExpandDims", [fed([2, 3]), scalar(1, "int32")]),
  fused("CDist", [fed([4, 3]), fed([5, 3])], { metric: "euclidean" }),
  fused("Inverse", [fed([2, 3, 3])]),
  fused("Trilu", [fed([3, 3])]),
  fused("Pad", [fed([2, 3]), held([0, 1, 0, 2]), scalar(0, "float32")]),
];

/** Returns a branch that puts a list of `size` numbers behind itself. */
function branch(output: string, size: number): Body {
  return {
    inputs: {},
    nodes: [{ op: "Concat", inputs: ["own", "own"], outputs: [output], attributes: { axis: 0 } }],
    outputs: { [output]: "float32" },
    constants: { own: floats(new Array<number>(size).fill(1)) },
  };
}

const step: Body = {
  inputs: { i: fed([], "int64"), go: fed([], "bool"), sum: fed([2, 3]) },
  nodes: [
    { op: "Identity", inputs: ["go"], outputs: ["on"] },
    { op: "Add", inputs: ["sum", "sum"], outputs: ["next"] },
    { op: "Transpose", inputs: ["sum"], outputs: ["slice"] },
  ],
  outputs: { on: "bool", next: "float32", slice: "float32" },
};
const scanned: Body = {
  inputs: { state: fed([3]), element: fed([3]) },
  nodes: [
    { op: "Add", inputs: ["state", "element"], outputs: ["after"] },
    { op: "Identity", inputs: ["after"], outputs: ["taken"] },
  ],
  outputs: { after: "float32", taken: "float32" },
};

const CONTROL = [
  row("If", [held([1], "bool", [])], {
    then_branch: { body: branch("yes", 2) },
    else_branch: { body: branch("no", 3) },
  }),
  row("If", [fed([], "bool")], {
    then_branch: { body: branch("yes", 2) },
    else_branch: { body: branch("no", 2) },
  }),
  row("Loop", [scalar(4), held([1], "bool", []), fed([2, 3])], { body: { body: step } }, { outputs: 2 }),
  row(
    "Scan",
    [fed([3]), fed([3, 5])],
    { body: { body: scanned }, num_scan_inputs: 1, scan_input_axes: [1], scan_output_axes: [-1] },
    { outputs: 2 },
  ),
];

export const ORACLE_CASES: readonly OneNode[] = [
  ...ELEMENTWISE,
  ...BINARY,
  ...LOGIC,
  ...REDUCTIONS,
  ...WINDOWS,
  ...DENSE,
  ...RESHAPING,
  ...RESIZING,
  ...PICKING,
  ...CREATING,
  ...NORMALIZATION,
  ...RECURRENT,
  ...ATTENTION,
  ...DETECTION,
  ...SIGNAL,
  ...QUANTIZED,
  ...FUSED,
  ...CONTROL,
];
