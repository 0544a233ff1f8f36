/**
 * Options of the builtin operators: which table an operator takes and what lies in its slots. Source:
 * schema.fbs (schema 3d), unions BuiltinOptions and BuiltinOptions2. `kind` is the position in the union;
 * operators that are not listed have no options, or empty ones.
 */
import { DecodeError, LabError } from "../../errors.js";
import type { AttributeValue } from "../../graph/node.js";
import {
  type AnyTable,
  bool,
  type Codec,
  type Facts,
  facts,
  float32,
  int8,
  int32,
  int64,
  int64s,
  string,
  uint8,
  uint32,
  vector,
} from "./codec.js";
import { placeOf } from "./flatbuffer.js";
import { tensorType } from "./tensor-types.js";

export type Options = Readonly<Record<string, AttributeValue>>;

/** A slot of an options table: where, its name in camel case, how it is stored, and what absence means. */
export type Option = readonly [
  slot: number,
  name: string,
  codec: Codec<AttributeValue>,
  absent: AttributeValue,
];

export interface OptionsTable {
  /** Position in the union. */
  readonly kind: number;
  readonly union?: 2;
  readonly fields: readonly Option[];
}

/** Returns the codec of an enumeration: codes in the file, the words that `words` has for them outside. */
function word(words: readonly string[]): Codec<string> {
  const expected = `0 to ${words.length - 1} (${words.join(", ")})`;
  return {
    size: 1,
    read(file, at, from) {
      const code = int8.read(file, at, from);
      const found = words[code];
      if (found !== undefined) return found;
      const path = placeOf(from);
      throw new DecodeError({
        code: "ENUM",
        message: `Cannot read ${path}: its code is ${code}, expected ${expected}`,
        offset: at,
        path,
      });
    },
    write(out, value, at) {
      const code = words.indexOf(value);
      if (code >= 0) return int8.write(out, code, at);
      throw new LabError({
        code: "ENUM",
        message: `Cannot write '${value}' as an option: TFLite has ${words.join(", ")}`,
      });
    },
  };
}

const int32s = vector(int32);
const uint32s = vector(uint32);
const uint8s = vector(uint8);
const float32s = vector(float32);
/** Booleans as 0 and 1. */
const flags = vector(uint8);

/** Padding as ONNX calls it. */
const padding = word(["SAME_UPPER", "VALID"]);
/** ActivationFunctionType in the words of the graph (operators.ts, difference 2). */
const activation = word(["none", "relu", "relun1to1", "relu6", "tanh", "sign"]);
const mirrorMode = word(["reflect", "symmetric"]);
const weightsFormat = word(["default", "shuffled4x16int8"]);
const lstmKernel = word(["full", "basic"]);
const combiner = word(["sum", "mean", "sqrtn"]);
const projection = word(["unknown", "sparse", "dense"]);

const fused = (slot: number): Option => [slot, "activation", activation, "none"];
const number = (slot: number, name: string, absent = 0): Option => [slot, name, int32, absent];
const real = (slot: number, name: string): Option => [slot, name, float32, 0];
const flag = (slot: number, name: string, absent = false): Option => [slot, name, bool, absent];
const type = (slot: number, name: string, absent = "float32"): Option => [slot, name, tensorType, absent];
const long = (slot: number, name: string): Option => [slot, name, int64, 0];
const longs = (slot: number, name: string): Option => [slot, name, int64s, []];

const POOL: OptionsTable = {
  kind: 5, // Pool2DOptions
  fields: [
    [4, "padding", padding, "SAME_UPPER"],
    number(6, "strideW"),
    number(8, "strideH"),
    number(10, "filterWidth"),
    number(12, "filterHeight"),
    fused(14),
  ],
};
const REDUCER: OptionsTable = { kind: 27, fields: [flag(4, "keepDims")] };
const CONV_3D: OptionsTable = {
  kind: 106, // Conv3DOptions
  fields: [
    [4, "padding", padding, "SAME_UPPER"],
    number(6, "strideD"),
    number(8, "strideW"),
    number(10, "strideH"),
    fused(12),
    number(14, "dilationDFactor", 1),
    number(16, "dilationWFactor", 1),
    number(18, "dilationHFactor", 1),
  ],
};
const RANDOM: OptionsTable = { kind: 114, fields: [long(4, "seed"), long(6, "seed2")] };

const OPTIONS: Readonly<Record<string, OptionsTable>> = {
  ADD: { kind: 11, fields: [fused(4), flag(6, "potScaleInt16", true)] },
  ARG_MAX: { kind: 40, fields: [type(4, "outputType")] },
  ARG_MIN: { kind: 57, fields: [type(4, "outputType")] },
  AVERAGE_POOL_2D: POOL,
  BATCH_MATMUL: {
    kind: 101,
    fields: [flag(4, "adjX"), flag(6, "adjY"), flag(8, "asymmetricQuantizeInputs")],
  },
  BIDIRECTIONAL_SEQUENCE_LSTM: {
    kind: 69,
    fields: [
      fused(4),
      real(6, "cellClip"),
      real(8, "projClip"),
      flag(10, "mergeOutputs"),
      flag(12, "timeMajor", true),
      flag(14, "asymmetricQuantizeInputs"),
    ],
  },
  BIDIRECTIONAL_SEQUENCE_RNN: {
    kind: 70,
    fields: [flag(4, "timeMajor"), fused(6), flag(8, "mergeOutputs"), flag(10, "asymmetricQuantizeInputs")],
  },
  BUCKETIZE: { kind: 115, fields: [[4, "boundaries", float32s, []]] },
  CALL: { kind: 16, fields: [[4, "subgraph", uint32, 0]] },
  CALL_ONCE: { kind: 103, fields: [number(4, "initSubgraphIndex")] },
  CAST: { kind: 37, fields: [type(4, "inDataType"), type(6, "outDataType")] },
  CONCATENATION: { kind: 10, fields: [number(4, "axis"), fused(6)] },
  CONCAT_EMBEDDINGS: {
    kind: 3,
    fields: [
      number(4, "numChannels"),
      [6, "numColumnsPerChannel", int32s, []],
      [8, "embeddingDimPerChannel", int32s, []],
    ],
  },
  CONV_2D: {
    kind: 1,
    fields: [
      [4, "padding", padding, "SAME_UPPER"],
      number(6, "strideW"),
      number(8, "strideH"),
      fused(10),
      number(12, "dilationWFactor", 1),
      number(14, "dilationHFactor", 1),
      type(16, "quantizedBiasType"),
    ],
  },
  CONV_3D,
  CONV_3D_TRANSPOSE: CONV_3D,
  CUMSUM: { kind: 102, fields: [flag(4, "exclusive"), flag(6, "reverse")] },
  DEPTHWISE_CONV_2D: {
    kind: 2,
    fields: [
      [4, "padding", padding, "SAME_UPPER"],
      number(6, "strideW"),
      number(8, "strideH"),
      number(10, "depthMultiplier"),
      fused(12),
      number(14, "dilationWFactor", 1),
      number(16, "dilationHFactor", 1),
    ],
  },
  DEPTH_TO_SPACE: { kind: 94, fields: [number(4, "blockSize")] },
  DIV: { kind: 29, fields: [fused(4)] },
  EMBEDDING_LOOKUP_SPARSE: { kind: 20, fields: [[4, "combiner", combiner, "sum"]] },
  FAKE_QUANT: {
    kind: 58,
    fields: [real(4, "min"), real(6, "max"), number(8, "numBits"), flag(10, "narrowRange")],
  },
  FULLY_CONNECTED: {
    kind: 8,
    fields: [
      fused(4),
      [6, "weightsFormat", weightsFormat, "default"],
      flag(8, "keepNumDims"),
      flag(10, "asymmetricQuantizeInputs"),
      type(12, "quantizedBiasType"),
      [14, "quantSpec", uint8s, []],
    ],
  },
  GATHER: { kind: 23, fields: [number(4, "axis"), number(6, "batchDims")] },
  GELU: { kind: 116, fields: [flag(4, "approximate")] },
  HASHTABLE: {
    kind: 107,
    fields: [number(4, "tableId"), type(6, "keyDtype"), type(8, "valueDtype")],
  },
  IF: { kind: 92, fields: [number(4, "thenSubgraphIndex"), number(6, "elseSubgraphIndex")] },
  L2_NORMALIZATION: { kind: 12, fields: [fused(4)] },
  L2_POOL_2D: POOL,
  LEAKY_RELU: { kind: 75, fields: [real(4, "alpha")] },
  LOCAL_RESPONSE_NORMALIZATION: {
    kind: 13,
    fields: [number(4, "radius"), real(6, "bias"), real(8, "alpha"), real(10, "beta")],
  },
  LSH_PROJECTION: { kind: 4, fields: [[4, "type", projection, "unknown"]] },
  LSTM: {
    kind: 14,
    fields: [
      fused(4),
      real(6, "cellClip"),
      real(8, "projClip"),
      [10, "kernelType", lstmKernel, "full"],
      flag(12, "asymmetricQuantizeInputs"),
    ],
  },
  MAX_POOL_2D: POOL,
  MEAN: REDUCER,
  MIRROR_PAD: { kind: 77, fields: [[4, "mode", mirrorMode, "reflect"]] },
  MUL: { kind: 21, fields: [fused(4)] },
  MULTINOMIAL: RANDOM,
  ONE_HOT: { kind: 61, fields: [number(4, "axis")] },
  PACK: { kind: 59, fields: [number(4, "valuesCount"), number(6, "axis")] },
  RANDOM_STANDARD_NORMAL: RANDOM,
  RANDOM_UNIFORM: RANDOM,
  REDUCE_ALL: REDUCER,
  REDUCE_ANY: REDUCER,
  REDUCE_MAX: REDUCER,
  REDUCE_MIN: REDUCER,
  REDUCE_PROD: REDUCER,
  RESHAPE: { kind: 17, fields: [[4, "newShape", int32s, []]] },
  RESIZE_BILINEAR: { kind: 15, fields: [flag(8, "alignCorners"), flag(10, "halfPixelCenters")] },
  RESIZE_NEAREST_NEIGHBOR: { kind: 74, fields: [flag(4, "alignCorners"), flag(6, "halfPixelCenters")] },
  REVERSE_SEQUENCE: { kind: 87, fields: [number(4, "seqDim"), number(6, "batchDim")] },
  RNN: { kind: 7, fields: [fused(4), flag(6, "asymmetricQuantizeInputs")] },
  SHAPE: { kind: 55, fields: [type(4, "outType")] },
  SKIP_GRAM: {
    kind: 18,
    fields: [number(4, "ngramSize"), number(6, "maxSkipSize"), flag(8, "includeAllNgrams")],
  },
  SOFTMAX: { kind: 9, fields: [real(4, "beta")] },
  SPACE_TO_DEPTH: { kind: 19, fields: [number(4, "blockSize")] },
  SPARSE_TO_DENSE: { kind: 50, fields: [flag(4, "validateIndices")] },
  SPLIT: { kind: 35, fields: [number(4, "numSplits")] },
  SPLIT_V: { kind: 79, fields: [number(4, "numSplits")] },
  SQUEEZE: { kind: 30, fields: [[4, "squeezeDims", int32s, []]] },
  STRIDED_SLICE: {
    kind: 32,
    fields: [
      number(4, "beginMask"),
      number(6, "endMask"),
      number(8, "ellipsisMask"),
      number(10, "newAxisMask"),
      number(12, "shrinkAxisMask"),
      flag(14, "offset"),
    ],
  },
  SUB: { kind: 28, fields: [fused(4), flag(6, "potScaleInt16", true)] },
  SUM: REDUCER,
  SVDF: { kind: 6, fields: [number(4, "rank"), fused(6), flag(8, "asymmetricQuantizeInputs")] },
  TRANSPOSE_CONV: {
    kind: 49,
    fields: [
      [4, "padding", padding, "SAME_UPPER"],
      number(6, "strideW"),
      number(8, "strideH"),
      fused(10),
      type(12, "quantizedBiasType"),
    ],
  },
  UNIDIRECTIONAL_SEQUENCE_LSTM: {
    kind: 71,
    fields: [
      fused(4),
      real(6, "cellClip"),
      real(8, "projClip"),
      flag(10, "timeMajor"),
      flag(12, "asymmetricQuantizeInputs"),
      flag(14, "diagonalRecurrentTensors"),
    ],
  },
  UNIDIRECTIONAL_SEQUENCE_RNN: {
    kind: 31,
    fields: [flag(4, "timeMajor"), fused(6), flag(8, "asymmetricQuantizeInputs")],
  },
  UNIQUE: { kind: 80, fields: [type(4, "idxOutType", "int32")] },
  UNPACK: { kind: 64, fields: [number(4, "num"), number(6, "axis")] },
  VAR_HANDLE: { kind: 111, fields: [[4, "container", string, ""] as const, [6, "sharedName", string, ""]] },
  WHILE: { kind: 93, fields: [number(4, "condSubgraphIndex"), number(6, "bodySubgraphIndex")] },

  // BuiltinOptions2
  REDUCE_WINDOW: { union: 2, kind: 20, fields: [number(4, "reduceFunction")] },
  STABLEHLO_BROADCAST_IN_DIM: { union: 2, kind: 2, fields: [longs(4, "broadcastDimensions")] },
  STABLEHLO_CASE: { union: 2, kind: 23, fields: [[4, "branchSubgraphIndices", int32s, []]] },
  STABLEHLO_COMPARE: {
    union: 2,
    kind: 8,
    fields: [
      [4, "comparisonDirection", uint32, 0],
      [6, "compareType", uint32, 0],
    ],
  },
  STABLEHLO_COMPOSITE: {
    union: 2,
    kind: 21,
    fields: [
      [4, "name", string, ""],
      number(6, "decompositionSubgraphIndex"),
      [8, "compositeAttributes", uint8s, []],
      [10, "compositeAttributesFormat", int8, 0],
      number(12, "version"),
    ],
  },
  STABLEHLO_CONCATENATE: { union: 2, kind: 1, fields: [long(4, "dimension")] },
  STABLEHLO_CONVOLUTION: {
    union: 2,
    kind: 4,
    fields: [
      longs(4, "windowStrides"),
      longs(6, "padding"),
      longs(8, "lhsDilation"),
      longs(10, "rhsDilation"),
      [12, "windowReversal", flags, []],
      long(14, "inputBatchDimension"),
      long(16, "inputFeatureDimension"),
      longs(18, "inputSpatialDimensions"),
      long(20, "kernelInputFeatureDimension"),
      long(22, "kernelOutputFeatureDimension"),
      longs(24, "kernelSpatialDimensions"),
      long(26, "outputBatchDimension"),
      long(28, "outputFeatureDimension"),
      longs(30, "outputSpatialDimensions"),
      long(32, "featureGroupCount"),
      long(34, "batchGroupCount"),
      [36, "precisionConfig", uint32s, []],
    ],
  },
  STABLEHLO_CUSTOM_CALL: {
    union: 2,
    kind: 5,
    fields: [
      [4, "callTargetName", string, ""],
      flag(6, "hasSideEffect"),
      [8, "backendConfig", string, ""],
      number(10, "apiVersion"),
      [12, "calledComputations", int32s, []],
      [14, "customAttributes", uint8s, []],
    ],
  },
  STABLEHLO_DOT_GENERAL: {
    union: 2,
    kind: 12,
    fields: [
      longs(4, "lhsBatchingDimensions"),
      longs(6, "rhsBatchingDimensions"),
      longs(8, "lhsContractingDimensions"),
      longs(10, "rhsContractingDimensions"),
      [12, "precisionConfig", uint32s, []],
    ],
  },
  STABLEHLO_DYNAMIC_SLICE: { union: 2, kind: 9, fields: [longs(4, "sliceSizes")] },
  STABLEHLO_GATHER: {
    union: 2,
    kind: 16,
    fields: [
      longs(4, "offsetDims"),
      longs(6, "collapsedSliceDims"),
      longs(8, "startIndexMap"),
      long(10, "indexVectorDim"),
      longs(12, "sliceSizes"),
      flag(14, "indicesAreSorted"),
    ],
  },
  STABLEHLO_IOTA: { union: 2, kind: 11, fields: [long(4, "iotaDimension")] },
  STABLEHLO_PAD: {
    union: 2,
    kind: 10,
    fields: [longs(4, "edgePaddingLow"), longs(6, "edgePaddingHigh"), longs(8, "interiorPadding")],
  },
  STABLEHLO_REDUCE: { union: 2, kind: 6, fields: [longs(4, "dimensions"), number(6, "bodySubgraphIndex")] },
  STABLEHLO_REDUCE_WINDOW: {
    union: 2,
    kind: 13,
    fields: [
      longs(4, "windowDimensions"),
      longs(6, "windowStrides"),
      longs(8, "baseDilations"),
      longs(10, "windowDilations"),
      longs(12, "padding"),
      number(14, "bodySubgraphIndex"),
    ],
  },
  STABLEHLO_RNG_BIT_GENERATOR: {
    union: 2,
    kind: 19,
    fields: [[4, "algorithm", word(["default", "philox", "threefry"]), "default"]],
  },
  STABLEHLO_SCATTER: {
    union: 2,
    kind: 7,
    fields: [
      flag(4, "indicesAreSorted"),
      longs(6, "updateWindowDims"),
      longs(8, "insertedWindowDims"),
      longs(10, "scatterDimsToOperandDims"),
      long(12, "indexVectorDim"),
      flag(14, "uniqueIndices"),
      number(16, "updateComputationSubgraphIndex"),
    ],
  },
  STABLEHLO_SLICE: {
    union: 2,
    kind: 3,
    fields: [longs(4, "startIndices"), longs(6, "limitIndices"), longs(8, "strides")],
  },
  STABLEHLO_SORT: {
    union: 2,
    kind: 14,
    fields: [long(4, "dimension"), flag(6, "isStable"), number(8, "comparatorSubgraphIndex")],
  },
  STABLEHLO_TRANSPOSE: { union: 2, kind: 17, fields: [longs(4, "permutation")] },
  STABLEHLO_WHILE: {
    union: 2,
    kind: 15,
    fields: [number(4, "condSubgraphIndex"), number(6, "bodySubgraphIndex")],
  },
};

/** Returns which options a builtin operator takes; null when it has none. */
export function optionsOf(name: string): OptionsTable | null {
  return (Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined) ?? null;
}

/** Returns the table of a builtin operator's options and its kind; null when the operator has none. */
export function optionsTable(
  name: string,
  options: Options,
): { readonly union: 1 | 2; readonly kind: number; readonly table: AnyTable } | null {
  const found = optionsOf(name);
  if (found === null) return null;
  const { union = 1, kind, fields } = found;
  return { union, kind, table: { fields: namedFacts(fields), values: options } };
}

const NAMED = new WeakMap<readonly Option[], Facts>();

/** Returns the facts of a list of options, under their names. */
export function namedFacts(options: readonly Option[]): Facts {
  const known = NAMED.get(options);
  if (known) return known;
  const named = facts(
    Object.fromEntries(options.map(([slot, name, codec, absent]) => [name, [slot, codec, absent] as const])),
  );
  NAMED.set(options, named);
  return named;
}

/** Returns whether a builtin operator has the option. */
export function hasOption(name: string, option: string): boolean {
  return optionsOf(name)?.fields.some(([, field]) => field === option) ?? false;
}
