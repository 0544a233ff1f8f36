/**
 * The tables of a TFLite file, as facts that both reading and writing follow. Source:
 * tensorflow/compiler/mlir/lite/schema/schema.fbs, schema 3d. The number of a field is its slot in the vtable:
 * 4 + 2 × its position in the schema.
 */
import {
  anyTable,
  bool,
  content,
  contentBehind,
  facts,
  float32,
  int8,
  int32,
  shape,
  string,
  table,
  tables,
  uint8,
  uint16,
  uint32,
  uint64,
  vector,
  type Written,
  zeroPoints,
} from "./codec.js";
import { NO_TABLES } from "./table.js";
import { DEFAULT_TYPE, tensorType } from "./tensor-types.js";

const bools = vector(uint8);
const int32s = vector(int32);
const float32s = vector(float32);

/** Unions SparseIndexVector and QuantizationDetails: the number says which table follows. */
export const INT32_VECTOR = facts({ values: [4, int32s, []] });
export const UINT16_VECTOR = facts({ values: [4, vector(uint16), []] });
export const UINT8_VECTOR = facts({ values: [4, vector(uint8), []] });
export const SPARSE_LISTS = [
  { kind: 1, width: "int32", fields: INT32_VECTOR },
  { kind: 2, width: "uint16", fields: UINT16_VECTOR },
  { kind: 3, width: "uint8", fields: UINT8_VECTOR },
] as const;

export const QUANTIZATION_DETAILS = { custom: 1, blockwise: 2, multiAxis: 3 } as const;
export const CUSTOM_QUANTIZATION = facts({ custom: [4, content, null] });
export const BLOCKWISE_QUANTIZATION = facts({
  scales: [4, int32, 0],
  zeroPoints: [6, int32, 0],
  blockSize: [8, int32, 0],
  blockShape: [10, int32s, []],
});
export const MULTI_AXIS_QUANTIZATION = facts({
  scales: [4, int32, 0],
  zeroPoints: [6, int32, 0],
  blockSize: [8, int32, 0],
  axes: [10, int32s, []],
});

export const QUANTIZATION = facts({
  min: [4, float32s, []],
  max: [6, float32s, []],
  scale: [8, float32s, []],
  zeroPoint: [10, zeroPoints, []],
  detailsType: [12, uint8, 0],
  details: [14, anyTable, null],
  quantizedDimension: [16, int32, 0],
});

export const DIMENSION = facts({
  format: [4, int8, 0],
  denseSize: [6, int32, 0],
  arraySegmentsType: [8, uint8, 0],
  arraySegments: [10, anyTable, null],
  arrayIndicesType: [12, uint8, 0],
  arrayIndices: [14, anyTable, null],
});

export const SPARSITY = facts({
  traversalOrder: [4, int32s, []],
  blockMap: [6, int32s, []],
  dimMetadata: [8, tables(DIMENSION), NO_TABLES],
});

export const VARIANT = facts({
  shape: [4, int32s, null],
  dtype: [6, tensorType, DEFAULT_TYPE],
  hasRank: [8, bool, false],
});

export const TENSOR = facts({
  shape: [4, shape, null],
  dtype: [6, tensorType, DEFAULT_TYPE],
  buffer: [8, uint32, 0],
  name: [10, string, ""],
  quantization: [12, table(QUANTIZATION), null],
  isVariable: [14, bool, false],
  sparsity: [16, table(SPARSITY), null],
  shapeSignature: [18, shape, null],
  hasRank: [20, bool, false],
  variantTensors: [22, tables(VARIANT), null],
  externalBuffer: [24, uint32, 0],
});

export const OPERATOR = facts({
  opcodeIndex: [4, uint32, 0],
  inputs: [6, int32s, []],
  outputs: [8, int32s, []],
  optionsType: [10, uint8, 0],
  options: [12, anyTable, null],
  customOptions: [14, content, null],
  // 16: custom_options_format, has one value
  mutatingVariableInputs: [18, bools, null],
  intermediates: [20, int32s, null],
  largeCustomOptionsOffset: [22, contentBehind, 0],
  largeCustomOptionsSize: [24, uint64, 0],
  options2Type: [26, uint8, 0],
  options2: [28, anyTable, null],
  debugMetadata: [30, int32, -1],
});

export const SUBGRAPH = facts({
  tensors: [4, tables(TENSOR), NO_TABLES],
  inputs: [6, int32s, []],
  outputs: [8, int32s, []],
  operators: [10, tables(OPERATOR), NO_TABLES],
  name: [12, string, ""],
  debugMetadata: [14, int32, -1],
});

export const OPERATOR_CODE = facts({
  narrow: [4, int8, 0],
  customCode: [6, string, ""],
  version: [8, int32, 1],
  wide: [10, int32, 0],
});

/** Bytes inside of the FlatBuffer, or behind it in files over 2 GiB: an offset is valid above 1. */
export const BUFFER = facts({
  data: [4, content, null],
  offset: [6, contentBehind, 0],
  size: [8, uint64, 0],
});

export const METADATA = facts({
  name: [4, string, ""],
  buffer: [6, uint32, 0],
});

export const TENSOR_MAP = facts({
  name: [4, string, ""],
  tensorIndex: [6, uint32, 0],
});

export const SIGNATURE = facts({
  inputs: [4, tables(TENSOR_MAP), NO_TABLES],
  outputs: [6, tables(TENSOR_MAP), NO_TABLES],
  signatureKey: [8, string, ""],
  // 10: deprecated_tag
  subgraphIndex: [12, uint32, 0],
});

export const EXTERNAL_GROUP = facts({ name: [4, string, ""] });

export const EXTERNAL_BUFFER = facts({
  id: [4, uint32, 0],
  group: [6, uint32, 0],
  offset: [8, uint64, 0],
  length: [10, uint64, 0],
  packing: [12, string, ""],
});

export const MODEL = facts({
  version: [4, uint32, 0],
  operatorCodes: [6, tables(OPERATOR_CODE), NO_TABLES],
  subgraphs: [8, tables(SUBGRAPH), NO_TABLES],
  description: [10, string, ""],
  buffers: [12, tables(BUFFER), NO_TABLES],
  // 14: metadata_buffer, replaced by metadata
  metadata: [16, tables(METADATA), NO_TABLES],
  signatureDefs: [18, tables(SIGNATURE), NO_TABLES],
  externalBufferGroups: [20, tables(EXTERNAL_GROUP), NO_TABLES],
  externalBuffers: [22, tables(EXTERNAL_BUFFER), NO_TABLES],
});

export type SubgraphDraft = Written<typeof SUBGRAPH>;
export type TensorDraft = Written<typeof TENSOR>;
export type QuantizationDraft = Written<typeof QUANTIZATION>;
export type SparsityDraft = Written<typeof SPARSITY>;
export type OperatorDraft = Written<typeof OPERATOR>;
export type OperatorCodeDraft = Written<typeof OPERATOR_CODE>;
export type BufferDraft = Written<typeof BUFFER>;

/** The root table: its offset is the first thing in the file. */
export const model = table(MODEL);
