/** A TFLite file as a graph: records (schema.ts) in, tensors and nodes out. */
import { DecodeError, LabError } from "../../errors.js";
import { byteLength } from "../../graph/dtype.js";
import { Graph, type Model } from "../../graph/graph.js";
import { type Attributes, Node } from "../../graph/node.js";
import { elementCount, formatShape, isStatic, type Shape } from "../../graph/shape.js";
import { type Constant, constantOf, type Quantization, Tensor } from "../../graph/tensor.js";
import type { ByteSource } from "../../source.js";
import { modelName } from "../shared/model-name.js";
import { BUILTIN_OPERATORS, builtinCode } from "./builtin-operators.js";
import { bufferConstant, externalConstant } from "./constants.js";
import { FlatBuffer } from "./flatbuffer.js";
import { lower } from "./lower.js";
import { readOptions } from "./options.js";
import {
  type ModelRecord,
  type OperatorRecord,
  readModel,
  type SubgraphRecord,
  type TensorRecord,
} from "./schema.js";

/** Where the identifier lies, and what it is (schema.fbs, file_identifier). */
const IDENTIFIER = { offset: 4, text: "TFL3" } as const;
const SCHEMA_VERSION = 3;

export interface TfliteOptions {
  /** Opens a file beside the model, for weights that are stored in files of their own. */
  readonly siblings?: (name: string) => ByteSource;
}

/** Returns whether the bytes carry the identifier of a TFLite file. */
export function isTflite(source: ByteSource): boolean {
  if (source.size < IDENTIFIER.offset + 4) return false;
  const found = source.read(IDENTIFIER.offset, 4);
  return [...IDENTIFIER.text].every((char, index) => char.charCodeAt(0) === found[index]);
}

/**
 * Returns the model in a TFLite file; weights are read when asked for. Shapes are those that the runtime
 * allocates, so a free batch dimension appears as the 1 that the converter put there. Throws a DecodeError
 * that says the byte and the field when the file is damaged, a LabError when it uses what is not handled.
 */
export function decodeTflite(source: ByteSource, options: TfliteOptions = {}): Model {
  if (!isTflite(source)) {
    throw new DecodeError({
      code: "NOT_TFLITE",
      message: `Cannot read '${source.name}' as TFLite: bytes 4 to 7 are not '${IDENTIFIER.text}'`,
      offset: Math.min(IDENTIFIER.offset, source.size),
      path: "file_identifier",
    });
  }
  const file = new FlatBuffer(source);
  const record = readModel(file);
  if (record.version !== SCHEMA_VERSION) {
    throw new LabError({
      code: "VERSION",
      message: `Cannot read '${source.name}': it is of TFLite schema ${record.version}, expected ${SCHEMA_VERSION}`,
      hint: "convert the model with TensorFlow 1.8 or later",
    });
  }
  if (record.main === null) {
    throw new DecodeError({
      code: "EMPTY",
      message: `Cannot read '${source.name}': it holds no subgraph, expected at least one`,
      offset: 0,
      path: "subgraphs",
    });
  }
  return {
    name: modelName(source.name),
    format: "tflite",
    graph: buildGraph({ file, record, main: record.main, options }),
    version: `schema ${record.version}`,
    producer: record.description,
    metadata: readMetadata(file, record),
  };
}

interface Build {
  readonly file: FlatBuffer;
  readonly record: ModelRecord;
  readonly main: SubgraphRecord;
  readonly options: TfliteOptions;
}

function buildGraph(build: Build): Graph {
  const { main } = build;
  const names = operatorNames(build.record);
  const tensors = main.tensors.map((tensor, index) => buildTensor(build, tensor, index));
  const pick = (index: number, at: number, path: string): Tensor => {
    const tensor = tensors[index];
    if (tensor) return tensor;
    throw new DecodeError({
      code: "TENSOR_INDEX",
      message: `Cannot find tensor ${index} of ${path}: the subgraph has ${tensors.length} tensors`,
      offset: at,
      path,
    });
  };
  markEmptyConstants(main, tensors);
  const nodes = main.operators.map((operator, index) => {
    const { at, path } = operator;
    const builtin = names[operator.code];
    if (builtin === undefined) {
      throw new DecodeError({
        code: "OPERATOR_CODE",
        message: `Cannot find operator code ${operator.code} of ${path}: the file lists ${names.length}`,
        offset: at,
        path: `${path}.opcode_index`,
      });
    }
    const outputs = operator.outputs.map((output) => pick(output, at, `${path}.outputs`));
    const lowered = lower({
      builtin,
      inputs: operator.inputs.map((input) => (input === -1 ? null : pick(input, at, `${path}.inputs`))),
      outputs,
      options: readOptions({ file: build.file, operator, name: builtin }),
      path,
    });
    return new Node({
      name: outputs[0]?.name ?? `${builtin}_${index}`,
      op: lowered.op,
      inputs: lowered.inputs,
      outputs,
      attributes: { ...lowered.attributes, ...customOptions(build.file, operator) },
      source: { format: "tflite", op: builtin, index },
    });
  });
  return new Graph({
    name: main.name || "main",
    inputs: main.inputs.map((index) => pick(index, 0, "subgraphs[0].inputs")),
    outputs: main.outputs.map((index) => pick(index, 0, "subgraphs[0].outputs")),
    nodes,
  });
}

const CUSTOM = "CUSTOM";

function operatorNames(record: ModelRecord): string[] {
  return record.operatorCodes.map((fields, index) => {
    const code = builtinCode(fields);
    const name = BUILTIN_OPERATORS[code];
    if (name === undefined) {
      throw new LabError({
        code: "OPERATOR_CODE",
        message: `Cannot name operator_codes[${index}]: its builtin code is ${code}, expected 0 to ${BUILTIN_OPERATORS.length - 1}`,
        hint: "the file may come from a newer converter than this decoder knows (schema 3d)",
      });
    }
    return name === CUSTOM ? `${CUSTOM}:${fields.customCode}` : name;
  });
}

/** Options of custom operators are bytes of their own; they stay bytes. */
function customOptions(file: FlatBuffer, operator: OperatorRecord): Attributes {
  const { customOptions: place } = operator;
  if (place === null || place.count === 0) return {};
  return {
    customOptions: new Tensor({
      name: `${operator.path}.custom_options`,
      dtype: "uint8",
      shape: [place.count],
      data: { byteLength: place.count, read: () => file.source.read(place.at, place.count) },
    }),
  };
}

function buildTensor(build: Build, tensor: TensorRecord, index: number): Tensor {
  const name = tensor.name || `tensor_${index}`;
  const data = tensor.isVariable ? null : constantData(build, tensor);
  const shape = tensorShape(tensor, data);
  if (data !== null && tensor.dtype !== "string" && isStatic(shape)) {
    const expected = byteLength(tensor.dtype, elementCount(shape));
    if (data.byteLength !== expected) {
      throw new DecodeError({
        code: "DATA_SIZE",
        message: `Cannot read constant '${name}': its buffer has ${data.byteLength} bytes, expected ${expected} for ${tensor.dtype} ${formatShape(shape)}`,
        offset: tensor.at,
        path: tensor.path,
      });
    }
  }
  return new Tensor({
    name,
    dtype: tensor.dtype,
    shape,
    quantization: tensorQuantization(tensor, name),
    data,
  });
}

function constantData(build: Build, tensor: TensorRecord): Constant | null {
  const { file, record, options } = build;
  if (tensor.externalBuffer !== 0) return externalConstant({ record, tensor, ...options });
  return bufferConstant({ file, record, index: tensor.buffer, at: tensor.at, path: `${tensor.path}.buffer` });
}

/** Returns the sizes; −1 is a size that is unknown. No shape at all is a scalar only if the file says so. */
function tensorShape(tensor: TensorRecord, data: Constant | null): Shape | null {
  const { shape, hasRank, at, path } = tensor;
  if (shape === null || shape.length === 0) {
    return hasRank || shape !== null || data !== null ? [] : null;
  }
  return shape.map((size) => {
    if (size >= 0) return size;
    if (size === -1) return null;
    throw new DecodeError({
      code: "SHAPE",
      message: `Cannot use the shape ${shape.join("x")} of ${path}: a size is ${size}, expected -1 or more`,
      offset: at,
      path: `${path}.shape`,
    });
  });
}

function tensorQuantization(tensor: TensorRecord, name: string): Quantization | null {
  const { quantization, at } = tensor;
  if (quantization === null || quantization.scale.length === 0) return null;
  const { scale, zeroPoint, axis } = quantization;
  const path = `${tensor.path}.quantization`;
  const wrong = (why: string) =>
    new DecodeError({
      code: "QUANTIZATION",
      message: `Cannot use the quantisation of tensor '${name}': ${why}`,
      offset: at,
      path,
    });
  const bad = scale.find((value) => !Number.isFinite(value) || value < 0);
  if (bad !== undefined) throw wrong(`a scale is ${bad}, expected a finite number, zero or more`);
  // Symmetric weights may come with no zero points, or with one for all channels.
  if (zeroPoint.length > 1 && zeroPoint.length !== scale.length) {
    throw wrong(`it has ${scale.length} scales and ${zeroPoint.length} zero points, expected as many`);
  }
  const zeros = zeroPoint.length === scale.length ? zeroPoint : scale.map(() => zeroPoint[0] ?? 0);
  if (scale.length === 1) return { scale, zeroPoint: zeros, axis: null };
  // Converters of 2019 wrote the axis of the weights on the bias too: person_detect.tflite says axis 3.
  if (tensor.shape?.length === 1 && axis > 0 && tensor.shape[0] === scale.length) {
    return { scale, zeroPoint: zeros, axis: 0 };
  }
  const size = tensor.shape?.[axis];
  if (axis < 0 || size === undefined || (size !== -1 && size !== scale.length)) {
    throw wrong(
      `it has ${scale.length} scales along axis ${axis}, expected one for each of ${size ?? "no"} indices`,
    );
  }
  return { scale, zeroPoint: zeros, axis };
}

/** A constant without elements has no bytes to show it: it is what nobody computes and nobody feeds. */
function markEmptyConstants(main: SubgraphRecord, tensors: readonly Tensor[]): void {
  const fed = new Set([...main.inputs, ...main.operators.flatMap((operator) => operator.outputs)]);
  tensors.forEach((tensor, index) => {
    if (tensor.data !== null || fed.has(index) || main.tensors[index]!.isVariable) return;
    if (isStatic(tensor.shape) && elementCount(tensor.shape) === 0)
      tensor.data = constantOf(new Uint8Array(0));
  });
}

/** Longest metadata that is shown as text. */
const TEXT_LIMIT = 4096;

function readMetadata(file: FlatBuffer, record: ModelRecord): Map<string, string> {
  const entries = record.metadata.map(({ name, buffer }, index): [string, string] => {
    const path = `metadata[${index}].buffer`;
    const data = bufferConstant({ file, record, index: buffer, at: 0, path });
    if (data === null) return [name, ""];
    if (data.byteLength > TEXT_LIMIT) return [name, `${data.byteLength} bytes`];
    // Texts are padded with zeros; anything else below a space is no text.
    const text = new TextDecoder().decode(data.read()).replace(/\0+$/, "");
    return [name, /[^\P{C}\s]|\uFFFD/u.test(text) ? `${data.byteLength} bytes` : text];
  });
  return new Map(entries);
}
