/**
 * The operators of ONNX's own domain up to opset 24, by the opset that brought them; 7 stands for 7 and
 * earlier. A test holds names and opsets against the schemas of ONNX Runtime 1.30.
 */
const BY_OPSET: Readonly<Record<number, string>> = {
  7: `Abs Acos Add And ArgMax ArgMin Asin Atan AveragePool BatchNormalization Cast Ceil Clip Concat Constant
    Conv ConvTranspose Cos DepthToSpace Div Dropout Elu Equal Exp Flatten Floor GRU Gather Gemm
    GlobalAveragePool GlobalLpPool GlobalMaxPool Greater HardSigmoid Hardmax Identity If InstanceNormalization
    LRN LSTM LeakyRelu Less Log LogSoftmax Loop LpNormalization LpPool MatMul Max MaxPool MaxRoiPool Mean Min
    Mul Multinomial Neg Not Or PRelu Pad Pow RNN RandomNormal RandomNormalLike RandomUniform RandomUniformLike
    Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd
    ReduceSum ReduceSumSquare Relu Reshape Selu Shape Sigmoid Sin Size Slice Softmax Softplus Softsign
    SpaceToDepth Split Sqrt Squeeze Sub Sum Tan Tanh Tile TopK Transpose Unsqueeze Upsample Xor`,
  8: "Expand Scan",
  9: `Acosh Asinh Atanh Compress ConstantOfShape Cosh Erf EyeLike IsNaN MaxUnpool MeanVarianceNormalization
    NonZero OneHot Scatter Shrink Sign Sinh TfIdfVectorizer Where`,
  10: `ConvInteger DequantizeLinear IsInf MatMulInteger Mod NonMaxSuppression QLinearConv QLinearMatMul
    QuantizeLinear Resize ReverseSequence RoiAlign StringNormalizer ThresholdedRelu`,
  11: `BitShift ConcatFromSequence CumSum Det DynamicQuantizeLinear GatherElements GatherND Range Round
    ScatterElements ScatterND SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert
    SequenceLength SplitToSequence Unique`,
  12: `Celu Einsum GreaterOrEqual LessOrEqual NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss`,
  14: "HardSwish Trilu",
  15: "Bernoulli CastLike Optional OptionalGetElement OptionalHasElement",
  16: "GridSample",
  17: `BlackmanWindow DFT HammingWindow HannWindow LayerNormalization MelWeightMatrix STFT SequenceMap`,
  18: `BitwiseAnd BitwiseNot BitwiseOr BitwiseXor CenterCropPad Col2Im GroupNormalization Mish`,
  19: "DeformConv",
  20: "AffineGrid Gelu ImageDecoder RegexFullMatch StringConcat StringSplit",
  23: "Attention RMSNormalization RotaryEmbedding",
  24: "Swish TensorScatter",
};

/** Returns each operator of ONNX's own domain with the opset that brought it, by name. */
export function onnxOperators(): readonly (readonly [operator: string, since: number])[] {
  return Object.entries(BY_OPSET)
    .flatMap(([since, names]) => names.split(/\s+/).map((name) => [name, Number(since)] as const))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Operators that decoding turns into others, whatever their opset, and what becomes of them. */
export const DECODED_AWAY: Readonly<Record<string, string>> = {
  Constant: "a constant tensor, not a node",
  Upsample: "Resize, sampled as Upsample did",
};

const SEQUENCE = "the graph holds tensors alone, and this is about lists or optional values";
const STRING = "it computes with text";
const TRAINING = "training alone has it";

/** Operators without a rule, and why. */
export const NOT_INFERRED: Readonly<Record<string, string>> = {
  ConcatFromSequence: SEQUENCE,
  ImageDecoder: "the bytes of the picture say its size",
  NegativeLogLikelihoodLoss: TRAINING,
  Optional: SEQUENCE,
  OptionalGetElement: SEQUENCE,
  OptionalHasElement: SEQUENCE,
  SequenceAt: SEQUENCE,
  SequenceConstruct: SEQUENCE,
  SequenceEmpty: SEQUENCE,
  SequenceErase: SEQUENCE,
  SequenceInsert: SEQUENCE,
  SequenceLength: SEQUENCE,
  SequenceMap: SEQUENCE,
  SoftmaxCrossEntropyLoss: TRAINING,
  SplitToSequence: SEQUENCE,
  StringNormalizer: STRING,
  StringSplit: STRING,
  TfIdfVectorizer: STRING,
};
