/**
 * The tables of a TFLite file as plain records. Source: tensorflow/compiler/mlir/lite/schema/schema.fbs,
 * schema 3d. The number of a field is its slot in the vtable: 4 + 2 × its position in the schema.
 */
import { LabError } from "../../errors.js";
import type { DType } from "../../graph/dtype.js";
import {
  bool,
  type Extent,
  extent,
  type FlatBuffer,
  float32,
  follow,
  type Get,
  int8,
  int32,
  int64,
  string,
  table,
  tables,
  uint8,
  uint32,
  uint64,
  vector,
} from "./flatbuffer.js";
import { DEFAULT_TYPE, tensorType } from "./tensor-types.js";

export interface QuantizationRecord {
  readonly scale: readonly number[];
  readonly zeroPoint: readonly number[];
  readonly axis: number;
}

export interface TensorRecord {
  readonly at: number;
  readonly path: string;
  readonly name: string;
  readonly dtype: DType;
  /** Sizes that the runtime allocates; null when the field is absent. */
  readonly shape: readonly number[] | null;
  readonly hasRank: boolean;
  readonly buffer: number;
  readonly externalBuffer: number;
  readonly quantization: QuantizationRecord | null;
  readonly isVariable: boolean;
}

export interface OperatorRecord {
  readonly at: number;
  readonly path: string;
  readonly code: number;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options: UnionRecord;
  readonly options2: UnionRecord;
  readonly customOptions: Extent | null;
}

/** A table whose kind is told by a number beside it; `at` is where its offset lies. */
export interface UnionRecord {
  readonly kind: number;
  readonly at: number;
}

export interface OperatorCodeRecord {
  readonly narrow: number;
  readonly wide: number;
  readonly customCode: string;
}

export interface SubgraphRecord {
  readonly name: string;
  readonly tensors: readonly TensorRecord[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly operators: readonly OperatorRecord[];
}

export interface BufferRecord {
  /** Bytes inside of the FlatBuffer; null when there are none. */
  readonly data: Extent | null;
  /** Bytes after the FlatBuffer, in files over 2 GiB; valid when above 1. */
  readonly offset: number;
  readonly size: number;
}

export interface ExternalBufferRecord {
  readonly id: number;
  readonly group: number;
  readonly offset: number;
  readonly length: number;
  readonly packing: string;
}

export interface ModelRecord {
  readonly version: number;
  readonly operatorCodes: readonly OperatorCodeRecord[];
  readonly subgraphCount: number;
  /** The first subgraph: the one that runs. */
  readonly main: SubgraphRecord | null;
  readonly description: string;
  readonly buffers: readonly BufferRecord[];
  readonly metadata: readonly { readonly name: string; readonly buffer: number }[];
  readonly externalGroups: readonly string[];
  readonly externalBuffers: readonly ExternalBufferRecord[];
}

const int32s = vector(4, int32);
const NO_UNION: UnionRecord = { kind: 0, at: 0 };

/** Returns the model's records. Weights are located, not read; subgraphs other than the first are counted. */
export function readModel(file: FlatBuffer): ModelRecord {
  return table(model)(file, 0, "");
}

function model(get: Get): ModelRecord {
  const subgraphs = get(8, "subgraphs", extent(4), null);
  return {
    //  4: version, 6: operator_codes, 8: subgraphs, 10: description, 12: buffers, 14: metadata_buffer,
    // 16: metadata, 18: signature_defs, 20: external_buffer_groups, 22: external_buffers
    version: get(4, "version", uint32, 0),
    operatorCodes: get(6, "operator_codes", tables(operatorCode), []),
    subgraphCount: subgraphs?.count ?? 0,
    main: subgraphs?.count ? get(8, "subgraphs", first(subgraph), null) : null,
    description: get(10, "description", string, ""),
    buffers: get(12, "buffers", tables(buffer), []),
    metadata: get(16, "metadata", tables(metadata), []),
    externalGroups: get(20, "external_buffer_groups", tables(externalGroup), []),
    externalBuffers: get(22, "external_buffers", tables(externalBuffer), []),
  };
}

/** Reads the first table of a vector that has one. */
function first<T>(read: (get: Get, at: number, path: string) => T) {
  return (file: FlatBuffer, at: number, path: string): T =>
    table(read)(file, follow(file, at, path) + 4, `${path}[0]`);
}

function operatorCode(get: Get): OperatorCodeRecord {
  return {
    // 4: deprecated_builtin_code, 6: custom_code, 8: version, 10: builtin_code
    narrow: get(4, "deprecated_builtin_code", int8, 0),
    customCode: get(6, "custom_code", string, ""),
    wide: get(10, "builtin_code", int32, 0),
  };
}

function subgraph(get: Get): SubgraphRecord {
  return {
    // 4: tensors, 6: inputs, 8: outputs, 10: operators, 12: name, 14: debug_metadata_index
    tensors: get(4, "tensors", tables(tensor), []),
    inputs: get(6, "inputs", int32s, []),
    outputs: get(8, "outputs", int32s, []),
    operators: get(10, "operators", tables(operator), []),
    name: get(12, "name", string, ""),
  };
}

function tensor(get: Get, at: number, path: string): TensorRecord {
  if (get(16, "sparsity", follow, null) !== null) {
    throw new LabError({
      code: "UNSUPPORTED",
      message: `Cannot read ${path}: it is stored sparse, expected dense constants`,
      hint: "convert the model without sparsity (the weights may keep their zeros)",
      at: `${path} at byte ${at}`,
    });
  }
  return {
    //  4: shape, 6: type, 8: buffer, 10: name, 12: quantization, 14: is_variable, 16: sparsity,
    // 18: shape_signature, 20: has_rank, 22: variant_tensors, 24: external_buffer
    at,
    path,
    shape: get(4, "shape", int32s, null),
    dtype: get(6, "type", tensorType, DEFAULT_TYPE),
    buffer: get(8, "buffer", uint32, 0),
    name: get(10, "name", string, ""),
    quantization: get(12, "quantization", table(quantization), null),
    isVariable: get(14, "is_variable", bool, false),
    hasRank: get(20, "has_rank", bool, false),
    externalBuffer: get(24, "external_buffer", uint32, 0),
  };
}

/** The second kind of QuantizationDetails: scales per block, in a tensor of their own. */
const BLOCKWISE = 2;

function quantization(get: Get, at: number, path: string): QuantizationRecord {
  //  4: min, 6: max, 8: scale, 10: zero_point, 12: details_type, 14: details, 16: quantized_dimension
  if (get(12, "details_type", uint8, 0) === BLOCKWISE) {
    throw new LabError({
      code: "UNSUPPORTED",
      message: `Cannot read ${path}: it is blockwise quantisation, expected scales per tensor or per channel`,
      hint: "quantise per channel; no target of this lab takes blockwise scales",
      at: `${path} at byte ${at}`,
    });
  }
  return {
    scale: get(8, "scale", vector(4, float32), []),
    zeroPoint: get(10, "zero_point", vector(8, int64), []),
    axis: get(16, "quantized_dimension", int32, 0),
  };
}

function operator(get: Get, at: number, path: string): OperatorRecord {
  return {
    //  4: opcode_index, 6: inputs, 8: outputs, 10: builtin_options_type, 12: builtin_options,
    // 14: custom_options, 16: custom_options_format, 18: mutating_variable_inputs, 20: intermediates,
    // 22: large_custom_options_offset, 24: large_custom_options_size, 26: builtin_options_2_type,
    // 28: builtin_options_2, 30: debug_metadata_index
    at,
    path,
    code: get(4, "opcode_index", uint32, 0),
    inputs: get(6, "inputs", int32s, []),
    outputs: get(8, "outputs", int32s, []),
    options: union(get, 10, "builtin_options"),
    customOptions: get(14, "custom_options", extent(1), null),
    options2: union(get, 26, "builtin_options_2"),
  };
}

/** A union takes two slots: its kind, then its table. */
function union(get: Get, slot: number, name: string): UnionRecord {
  const kind = get(slot, `${name}_type`, uint8, 0);
  if (kind === 0) return NO_UNION;
  return { kind, at: get(slot + 2, name, (_file, at) => at, 0) };
}

function buffer(get: Get): BufferRecord {
  return {
    // 4: data, 6: offset, 8: size
    data: get(4, "data", extent(1), null),
    offset: get(6, "offset", uint64, 0),
    size: get(8, "size", uint64, 0),
  };
}

function metadata(get: Get) {
  return {
    // 4: name, 6: buffer
    name: get(4, "name", string, ""),
    buffer: get(6, "buffer", uint32, 0),
  };
}

function externalGroup(get: Get): string {
  // 4: name
  return get(4, "name", string, "");
}

function externalBuffer(get: Get): ExternalBufferRecord {
  return {
    // 4: id, 6: group, 8: offset, 10: length, 12: packing
    id: get(4, "id", uint32, 0),
    group: get(6, "group", uint32, 0),
    offset: get(8, "offset", uint64, 0),
    length: get(10, "length", uint64, 0),
    packing: get(12, "packing", string, ""),
  };
}
