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
  type Fields,
  float32,
  int8,
  int32,
  int64,
  type Read,
  string,
  table,
  tables,
  uint8,
  uint16,
  uint32,
  uint64,
  vector,
  type Written,
} from "./codec.js";
import type { FlatBuffer } from "./flatbuffer.js";
import { DEFAULT_TYPE, tensorType } from "./tensor-types.js";

const bools = vector(uint8);
const int32s = vector(int32);
const float32s = vector(float32);

/** Unions SparseIndexVector and QuantizationDetails: the number says which table follows. */
export const INT32_VECTOR = [[4, "values", int32s, []]] as const satisfies Fields;
export const UINT16_VECTOR = [[4, "values", vector(uint16), []]] as const satisfies Fields;
export const UINT8_VECTOR = [[4, "values", vector(uint8), []]] as const satisfies Fields;
export const SPARSE_LISTS = [
  { kind: 1, width: "int32", fields: INT32_VECTOR },
  { kind: 2, width: "uint16", fields: UINT16_VECTOR },
  { kind: 3, width: "uint8", fields: UINT8_VECTOR },
] as const;

export const QUANTIZATION_DETAILS = { custom: 1, blockwise: 2 } as const;
export const CUSTOM_QUANTIZATION = [[4, "custom", content, null]] as const satisfies Fields;
export const BLOCKWISE_QUANTIZATION = [
  [4, "scales", int32, 0],
  [6, "zeroPoints", int32, 0],
  [8, "blockSize", int32, 0],
  [10, "blockShape", int32s, []],
] as const satisfies Fields;

const QUANTIZATION = [
  [4, "min", float32s, []],
  [6, "max", float32s, []],
  [8, "scale", float32s, []],
  [10, "zeroPoint", vector(int64), []],
  [12, "detailsType", uint8, 0],
  [14, "details", anyTable, 0],
  [16, "quantizedDimension", int32, 0],
] as const satisfies Fields;

const DIMENSION = [
  [4, "format", int8, 0],
  [6, "denseSize", int32, 0],
  [8, "arraySegmentsType", uint8, 0],
  [10, "arraySegments", anyTable, 0],
  [12, "arrayIndicesType", uint8, 0],
  [14, "arrayIndices", anyTable, 0],
] as const satisfies Fields;

const SPARSITY = [
  [4, "traversalOrder", int32s, []],
  [6, "blockMap", int32s, []],
  [8, "dimMetadata", tables(DIMENSION), []],
] as const satisfies Fields;

const VARIANT = [
  [4, "shape", int32s, null],
  [6, "dtype", tensorType, DEFAULT_TYPE],
  [8, "hasRank", bool, false],
] as const satisfies Fields;

const TENSOR = [
  [4, "shape", int32s, null],
  [6, "dtype", tensorType, DEFAULT_TYPE],
  [8, "buffer", uint32, 0],
  [10, "name", string, ""],
  [12, "quantization", table(QUANTIZATION), null],
  [14, "isVariable", bool, false],
  [16, "sparsity", table(SPARSITY), null],
  [18, "shapeSignature", int32s, null],
  [20, "hasRank", bool, false],
  [22, "variantTensors", tables(VARIANT), null],
  [24, "externalBuffer", uint32, 0],
] as const satisfies Fields;

const OPERATOR = [
  [4, "opcodeIndex", uint32, 0],
  [6, "inputs", int32s, []],
  [8, "outputs", int32s, []],
  [10, "optionsType", uint8, 0],
  [12, "options", anyTable, 0],
  [14, "customOptions", content, null],
  // 16: custom_options_format, has one value
  [18, "mutatingVariableInputs", bools, null],
  [20, "intermediates", int32s, null],
  [22, "largeCustomOptionsOffset", uint64, 0],
  [24, "largeCustomOptionsSize", uint64, 0],
  [26, "options2Type", uint8, 0],
  [28, "options2", anyTable, 0],
  // 30: debug_metadata_index
] as const satisfies Fields;

const SUBGRAPH = [
  [4, "tensors", tables(TENSOR), []],
  [6, "inputs", int32s, []],
  [8, "outputs", int32s, []],
  [10, "operators", tables(OPERATOR), []],
  [12, "name", string, ""],
  // 14: debug_metadata_index
] as const satisfies Fields;

const OPERATOR_CODE = [
  [4, "narrow", int8, 0],
  [6, "customCode", string, ""],
  [8, "version", int32, 1],
  [10, "wide", int32, 0],
] as const satisfies Fields;

/** Bytes inside of the FlatBuffer, or behind it in files over 2 GiB: an offset is valid above 1. */
const BUFFER = [
  [4, "data", content, null],
  [6, "offset", contentBehind, 0],
  [8, "size", uint64, 0],
] as const satisfies Fields;

const METADATA = [
  [4, "name", string, ""],
  [6, "buffer", uint32, 0],
] as const satisfies Fields;

const TENSOR_MAP = [
  [4, "name", string, ""],
  [6, "tensorIndex", uint32, 0],
] as const satisfies Fields;

const SIGNATURE = [
  [4, "inputs", tables(TENSOR_MAP), []],
  [6, "outputs", tables(TENSOR_MAP), []],
  [8, "signatureKey", string, ""],
  // 10: deprecated_tag
  [12, "subgraphIndex", uint32, 0],
] as const satisfies Fields;

const EXTERNAL_GROUP = [[4, "name", string, ""]] as const satisfies Fields;

const EXTERNAL_BUFFER = [
  [4, "id", uint32, 0],
  [6, "group", uint32, 0],
  [8, "offset", uint64, 0],
  [10, "length", uint64, 0],
  [12, "packing", string, ""],
] as const satisfies Fields;

const MODEL = [
  [4, "version", uint32, 0],
  [6, "operatorCodes", tables(OPERATOR_CODE), []],
  [8, "subgraphs", tables(SUBGRAPH), []],
  [10, "description", string, ""],
  [12, "buffers", tables(BUFFER), []],
  // 14: metadata_buffer, replaced by metadata
  [16, "metadata", tables(METADATA), []],
  [18, "signatureDefs", tables(SIGNATURE), []],
  [20, "externalBufferGroups", tables(EXTERNAL_GROUP), []],
  [22, "externalBuffers", tables(EXTERNAL_BUFFER), []],
] as const satisfies Fields;

export type ModelRecord = Read<typeof MODEL>;
export type SubgraphRecord = Read<typeof SUBGRAPH>;
export type TensorRecord = Read<typeof TENSOR>;
export type QuantizationRecord = Read<typeof QUANTIZATION>;
export type SparsityRecord = Read<typeof SPARSITY>;
export type OperatorRecord = Read<typeof OPERATOR>;
export type SignatureRecord = Read<typeof SIGNATURE>;

export type ModelDraft = Written<typeof MODEL>;
export type SubgraphDraft = Written<typeof SUBGRAPH>;
export type TensorDraft = Written<typeof TENSOR>;
export type QuantizationDraft = Written<typeof QUANTIZATION>;
export type SparsityDraft = Written<typeof SPARSITY>;
export type OperatorDraft = Written<typeof OPERATOR>;
export type OperatorCodeDraft = Written<typeof OPERATOR_CODE>;
export type BufferDraft = Written<typeof BUFFER>;

/** The root table: its offset is the first thing in the file. */
export const model = table(MODEL);

/** Returns the model's records. Weights are located, not read. */
export function readModel(file: FlatBuffer): ModelRecord {
  return model.read(file, 0, "");
}
