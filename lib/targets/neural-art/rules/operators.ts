/**
 * The vendor's operator tables as data, in the graph's vocabulary. One row per operator, with what the ONNX
 * table and the TFLite table of the same page say; they disagree in places, and both answers are kept.
 */
import type { UNITS } from "../facts.js";

/**
 * Where an operator runs: HW (accelerated), HW_IF (accelerated under conditions), HYBRID (the CPU drives the
 * NPU's DMA), SW_INT and SW_FLOAT (a CPU kernel), UNSUPPORTED (the compiler refuses it).
 */
export type Mapping = "HW" | "HW_IF" | "HYBRID" | "SW_INT" | "SW_FLOAT" | "UNSUPPORTED";

export type UnitName = keyof typeof UNITS;

export interface OperatorSupport {
  /** Mapping of the ONNX operator of this name; absent when that table has no such row. */
  readonly onnx?: Mapping;
  /** Mapping per TFLite builtin; absent when that table has no such row. */
  readonly tflite?: Readonly<Record<string, Mapping>>;
  readonly unit?: UnitName;
  /** Conditions in the words of the page, shortened. */
  readonly limits?: string;
  /** Only where the row does not come from SUPPORT_PAGE. */
  readonly source?: string;
}

export const SUPPORT_PAGE = "stneuralart_operator_support.html r1.1 (ST Edge AI Core 2.1.0)";

const ABSENT = `no row in ${SUPPORT_PAGE}`;

export const OPERATORS: Readonly<Record<string, OperatorSupport>> = {
  Abs: { onnx: "HW_IF", tflite: { ABS: "HW" }, limits: "HW only if zero-point/offset is 0" },
  Acos: { onnx: "HW" },
  Acosh: { onnx: "HW" },
  Add: {
    onnx: "HW_IF",
    tflite: { ADD: "HW" },
    unit: "arithmetic",
    limits:
      "unidirectional broadcast only; best ≤ 512 broadcast elements (scalar/C/H/W/HxW); broadcast second operand only for commutative ops; else SW",
  },
  And: { onnx: "HW", tflite: { LOGICAL_AND: "HW" } },
  ArgMax: { onnx: "SW_FLOAT", tflite: { ARG_MAX: "SW_FLOAT" } },
  ArgMin: { onnx: "SW_FLOAT", tflite: { ARG_MIN: "SW_FLOAT" } },
  Asin: { onnx: "HW" },
  Asinh: { onnx: "HW" },
  Atan: { onnx: "HW" },
  Atanh: { onnx: "HW" },
  AveragePool: {
    onnx: "HW",
    tflite: { AVERAGE_POOL_2D: "HW" },
    unit: "pooling",
    limits:
      "1D/2D only; kernel 1..3 each side; strides 1..15; left/right/top pad 0..7; bottom pad≤ windowH-1; width*channels≤ 2048",
  },
  BatchNormalization: {
    onnx: "SW_FLOAT",
    limits: "folds into a Conv before it; SW_FLOAT when it stands alone",
  },
  Cast: {
    onnx: "HW",
    tflite: { CAST: "HW" },
    limits: "done by stream-engine DMA helper or purely on the CPU",
  },
  Ceil: { onnx: "SW_FLOAT", tflite: { CEIL: "HW" } },
  Clip: { onnx: "HW", unit: "activation" },
  Concat: { onnx: "HW_IF", tflite: { CONCATENATION: "HW" }, limits: "HW or SW depending on batch and axis" },
  Conv: {
    onnx: "HW",
    tflite: { CONV_2D: "HW", DEPTHWISE_CONV_2D: "HW" },
    unit: "convolution",
    limits:
      "kernel height native max 3; width native max 6 (stride 1) or 12 (stride≥ 2), larger is decomposed iteratively; efficient widths 1/3/6/12; strides 1,2,4 preferred; stride>kernel not native; pad≤ 2 free; featureWidth*batchDepth≤ 2048 (8-bit) else column split; avoid big dilation, prime channel counts; 1x1 best at ICH=N*72..128 and OCH=M*16..24 (4 CA)",
  },
  ConvTranspose: {
    onnx: "HW",
    tflite: { TRANSPOSE_CONV: "HW" },
    unit: "convolution",
    limits: "parameter-dependent; may add epochs",
  },
  Cos: { onnx: "HW", tflite: { COS: "SW_FLOAT" } },
  Cosh: { onnx: "HW", tflite: { COSH: "SW_FLOAT" } },
  DepthToSpace: {
    onnx: "HYBRID",
    limits: "the row is shifted in the vendor's table: printed as SW, with DMA use in DCR mode",
  },
  DequantizeLinear: {
    onnx: "SW_FLOAT",
    tflite: { DEQUANTIZE: "SW_FLOAT" },
    limits: "the comment column of the vendor's table has the directions swapped",
  },
  Div: { onnx: "SW_INT", tflite: { DIV: "SW_INT" }, limits: "HW only when divisor is constant" },
  Elu: { onnx: "SW_FLOAT", tflite: { ELU: "SW_FLOAT" } },
  Equal: { onnx: "HW", tflite: { EQUAL: "HW" } },
  Erf: { onnx: "HW" },
  Exp: { onnx: "HW", tflite: { EXP: "SW_FLOAT" } },
  Flatten: { onnx: "HW" },
  Floor: { onnx: "SW_FLOAT", tflite: { FLOOR: "SW_FLOAT" } },
  Gather: { onnx: "SW_FLOAT", tflite: { GATHER: "SW_FLOAT" } },
  Gemm: {
    onnx: "HW",
    tflite: { FULLY_CONNECTED: "HW" },
    unit: "convolution",
    limits: "mapped as 1x1 conv with transposed weights",
  },
  GlobalAveragePool: {
    onnx: "HW_IF",
    unit: "pooling",
    limits: "pool window size limited; CPU fallback exists",
  },
  GlobalMaxPool: { onnx: "HW_IF", unit: "pooling", limits: "pool window size limited; CPU fallback exists" },
  Greater: { onnx: "SW_FLOAT", tflite: { GREATER: "SW_FLOAT" } },
  GreaterOrEqual: { onnx: "SW_FLOAT", tflite: { GREATER_EQUAL: "SW_FLOAT" } },
  HardSigmoid: { onnx: "HW" },
  HardSwish: { onnx: "HW", tflite: { HARD_SWISH: "HW" } },
  Hardmax: { onnx: "SW_FLOAT" },
  Identity: { onnx: "HW" },
  InstanceNormalization: { onnx: "SW_FLOAT" },
  LRN: { onnx: "SW_FLOAT", tflite: { LOCAL_RESPONSE_NORMALIZATION: "SW_FLOAT" } },
  LeakyRelu: { onnx: "HW", tflite: { LEAKY_RELU: "HW" }, unit: "activation" },
  Less: { onnx: "SW_FLOAT", tflite: { LESS: "SW_FLOAT" } },
  LessOrEqual: { onnx: "SW_FLOAT", tflite: { LESS_EQUAL: "SW_FLOAT" } },
  Log: { onnx: "SW_FLOAT", tflite: { LOG: "SW_FLOAT" } },
  LpNormalization: { onnx: "SW_FLOAT", tflite: { L2_NORMALIZATION: "SW_FLOAT" } },
  MatMul: {
    onnx: "HW_IF",
    tflite: { BATCH_MATMUL: "HW" },
    unit: "convolution",
    limits:
      "a constant second operand only; two activations become one SW Conv per head (48 seen in a TinyBERT-like network, 2.2)",
  },
  Max: { onnx: "SW_FLOAT", tflite: { MAXIMUM: "SW_FLOAT" } },
  MaxPool: {
    onnx: "HW",
    tflite: { MAX_POOL_2D: "HW" },
    unit: "pooling",
    limits: "native window≤ 3x3 (decomposed above); strides 1..15; width*channels≤ 2048 line buffer",
  },
  Min: { onnx: "SW_FLOAT", tflite: { MINIMUM: "SW_FLOAT" } },
  Mod: { onnx: "SW_FLOAT" },
  Mul: {
    onnx: "HW_IF",
    tflite: { MUL: "HW" },
    unit: "arithmetic",
    limits: "same broadcast rules as Add; SW if broadcast unsupported or > 4 dims",
  },
  Neg: { onnx: "HW", tflite: { NEG: "SW_FLOAT" } },
  Not: { onnx: "HW", tflite: { LOGICAL_NOT: "HW" } },
  Or: { onnx: "HW", tflite: { LOGICAL_OR: "HW" } },
  PRelu: { onnx: "HW", tflite: { PRELU: "HW" }, unit: "activation" },
  Pad: { onnx: "HW_IF", tflite: { PAD: "HW" }, limits: "CONV_ACC, DMA or SW; may add epochs" },
  Pow: { onnx: "SW_FLOAT", tflite: { POW: "SW_FLOAT" } },
  QLinearAdd: { onnx: "HW", limits: "same rules as Add" },
  QLinearAveragePool: { onnx: "HW", limits: "same rules as AveragePool" },
  QLinearConcat: { onnx: "HW", limits: "same rules as Concat" },
  QLinearConv: { onnx: "HW", unit: "convolution", limits: "same rules as Conv" },
  QLinearGlobalAveragePool: { onnx: "HW", limits: "same rules as GlobalAveragePool" },
  QLinearMatMul: { onnx: "HW", limits: "same rules as MatMul" },
  QLinearMul: { onnx: "HW", limits: "same rules as Mul" },
  QuantizeLinear: {
    onnx: "SW_FLOAT",
    tflite: { QUANTIZE: "SW_FLOAT" },
    limits:
      "between two integer types it is a requantisation, HW; the comment column of the vendor's table has the directions swapped",
  },
  Reciprocal: { onnx: "SW_FLOAT" },
  ReduceLogSumExp: { onnx: "SW_FLOAT" },
  ReduceMax: {
    onnx: "HW_IF",
    tflite: { REDUCE_MAX: "SW_FLOAT" },
    unit: "pooling",
    limits: "HW if expressible as GlobalMaxPool; same axis rule as ReduceMean",
  },
  ReduceMean: {
    onnx: "HW_IF",
    tflite: { MEAN: "SW_FLOAT" },
    unit: "pooling",
    limits:
      "HW if expressible as GlobalAveragePool; free when reduced axes are right-most and rank=n_axes+2; otherwise adds transpose/reshape or SW",
  },
  ReduceMin: { onnx: "SW_FLOAT", tflite: { REDUCE_MIN: "SW_FLOAT" } },
  ReduceProd: { onnx: "SW_FLOAT", tflite: { REDUCE_PROD: "SW_FLOAT" } },
  ReduceSum: { onnx: "SW_FLOAT", tflite: { SUM: "SW_FLOAT" } },
  Relu: { onnx: "HW", tflite: { RELU: "HW" }, unit: "activation" },
  Relu6: { tflite: { RELU6: "HW" }, unit: "activation" },
  Reshape: { onnx: "HW", tflite: { RESHAPE: "HW" } },
  Resize: {
    onnx: "SW_INT",
    tflite: { RESIZE_BILINEAR: "SW_FLOAT", RESIZE_NEAREST_NEIGHBOR: "HW" },
    limits:
      "nearest only when coordinate_transformation_mode=asymmetric and nearest_mode=floor -> HW, otherwise SW_INT; bilinear -> SW_FLOAT",
  },
  Round: { onnx: "SW_FLOAT", tflite: { ROUND: "SW_FLOAT" } },
  Selu: { onnx: "SW_FLOAT" },
  Shape: { onnx: "HW", tflite: { SHAPE: "HW" } },
  Sigmoid: {
    onnx: "HW_IF",
    tflite: { LOGISTIC: "HW" },
    unit: "activation",
    limits: "x*sigmoid(x) (Swish/SiLU) also detected and accelerated",
  },
  Sin: { onnx: "HW", tflite: { SIN: "SW_FLOAT" } },
  Sinh: { onnx: "HW" },
  Slice: { onnx: "HW", tflite: { SLICE: "HW" }, limits: "stream-engine (DMA) based" },
  Softsign: { onnx: "SW_FLOAT" },
  Softmax: { onnx: "SW_INT", tflite: { SOFTMAX: "SW_INT" }, limits: "integer kernel on Cortex-M55 (ll_sw)" },
  Softplus: { onnx: "SW_FLOAT" },
  SpaceToDepth: { tflite: { SPACE_TO_DEPTH: "HW" }, limits: "needs identical input/output quantisation" },
  Split: { onnx: "HW_IF", tflite: { SPLIT: "HW", SPLIT_V: "HW" }, limits: "HW or SW_INT depending on axis" },
  Sqrt: { onnx: "HW", tflite: { SQRT: "SW_FLOAT" } },
  Squeeze: { onnx: "HW", tflite: { SQUEEZE: "HW" } },
  Stack: { tflite: { PACK: "HW" } },
  StridedSlice: { tflite: { STRIDED_SLICE: "HW" }, limits: "stream-engine (DMA) based" },
  Sub: { onnx: "HW", tflite: { SUB: "HW" }, unit: "arithmetic", limits: "same broadcast rules as Add" },
  Sum: {
    onnx: "HW_IF",
    unit: "arithmetic",
    limits:
      "unidirectional broadcast only; best ≤ 512 broadcast elements (scalar/C/H/W/HxW); broadcast second operand only for commutative ops; else SW",
  },
  Tan: { onnx: "HW" },
  Tanh: { onnx: "HW", tflite: { TANH: "HW" }, unit: "activation" },
  ThresholdedRelu: { onnx: "HW" },
  Tile: { onnx: "SW_FLOAT", limits: "constant-folded by the front end when possible, otherwise CPU float" },
  Transpose: {
    onnx: "HW_IF",
    tflite: { TRANSPOSE: "HW" },
    limits: "may add epochs; several permutations end hybrid (18 seen in a TinyBERT-like network, 2.2)",
  },
  Unsqueeze: { onnx: "HW", tflite: { EXPAND_DIMS: "HW" } },
  Unstack: { tflite: { UNPACK: "HW" } },
  Upsample: { onnx: "SW_FLOAT" },

  // Refused, or known without a row.
  LayerNormalization: {
    onnx: "SW_FLOAT",
    limits: "decomposed; Reciprocal, Mul and Sub of each normalisation were seen on the CPU (2.1, 2.2)",
    source: `network_generate_report.txt of a TinyBERT-like network; ${ABSENT}`,
  },
  Rsqrt: {
    tflite: { RSQRT: "SW_FLOAT" },
    limits:
      "decomposed into Sqrt and Reciprocal; the latter was seen on the CPU, between Dequantize and Quantize",
    source: `network_generate_report.txt of a TinyBERT-like network (2.2); ${ABSENT}`,
  },
  NonMaxSuppression: { onnx: "UNSUPPORTED", limits: "cut post-processing off and run it on the CPU" },
  "CUSTOM:TFLite_Detection_PostProcess": {
    tflite: { CUSTOM: "UNSUPPORTED" },
    limits: "cut post-processing off and run it on the CPU",
  },
  LSTM: { onnx: "UNSUPPORTED", limits: "CPU runtime only", source: ABSENT },
  GRU: { onnx: "UNSUPPORTED", limits: "CPU runtime only", source: ABSENT },
  UNIDIRECTIONAL_SEQUENCE_LSTM: {
    tflite: { UNIDIRECTIONAL_SEQUENCE_LSTM: "UNSUPPORTED" },
    limits: "CPU runtime only",
    source: ABSENT,
  },
};

export interface Placement {
  readonly mapping: Mapping;
  readonly unit: UnitName | null;
  readonly limits: string;
  readonly source: string;
}

/**
 * Returns what the vendor's table says of an operator as its file names it; the other format's row where its
 * own table has none; null when neither table knows it. `builtin` is the TFLite name, null for other formats.
 */
export function placementOf(op: string, builtin: string | null): Placement | null {
  const row = Object.hasOwn(OPERATORS, op) ? OPERATORS[op] : undefined;
  if (!row) return null;
  const tflite = row.tflite ?? {};
  const own = builtin === null ? row.onnx : tflite[builtin];
  const mapping = own ?? row.onnx ?? Object.values(tflite)[0];
  if (mapping === undefined) return null;
  return { mapping, unit: row.unit ?? null, limits: row.limits ?? "", source: row.source ?? SUPPORT_PAGE };
}

/** Returns whether the ONNX and the TFLite table of the page give the operator different places. */
export function tablesDisagree(row: OperatorSupport): boolean {
  if (row.onnx === undefined || row.tflite === undefined) return false;
  const accelerated = (mapping: Mapping) => (mapping === "HW_IF" ? "HW" : mapping);
  const onnx = accelerated(row.onnx);
  return Object.values(row.tflite).some((mapping) => accelerated(mapping) !== onnx);
}
