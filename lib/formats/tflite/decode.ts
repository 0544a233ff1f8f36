/** A TFLite file as a graph: records (schema.ts) in, tensors and nodes out. */
import { DecodeError } from "../../errors.js";
import { Graph, type Model, type Signature } from "../../graph/graph.js";
import { type Attributes, Node, type RecordedCall } from "../../graph/node.js";
import { elementCount, isStatic } from "../../graph/shape.js";
import { type Constant, constantOf, Tensor } from "../../graph/tensor.js";
import type { ByteSource } from "../../source.js";
import { located } from "../shared/located.js";
import { modelName } from "../shared/model-name.js";
import { BUILTIN_OPERATORS, builtinCode } from "./builtin-operators.js";
import type { Place } from "./codec.js";
import { bufferConstant, stored } from "./constants.js";
import { FlatBuffer } from "./flatbuffer.js";
import { lower } from "./lower.js";
import { readOptions } from "./options.js";
import {
  type ModelRecord,
  type OperatorRecord,
  readModel,
  type SignatureRecord,
  type SubgraphRecord,
} from "./schema.js";
import { buildTensors, type TensorBuild } from "./tensors.js";

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
 * that says the byte and the field when the file is damaged, or uses what is not handled.
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
    throw new DecodeError({
      code: "VERSION",
      message: `Cannot read '${source.name}': it is of TFLite schema ${record.version}, expected ${SCHEMA_VERSION}`,
      hint: "convert the model with TensorFlow 1.8 or later",
      offset: record.at,
      path: "version",
    });
  }
  if (record.subgraphs.length === 0) {
    throw new DecodeError({
      code: "EMPTY",
      message: `Cannot read '${source.name}': it holds no subgraph, expected at least one`,
      offset: 0,
      path: "subgraphs",
    });
  }
  const build: Build = { file, record, names: operatorNames(record), buffers: new Map(), ...options };
  const graphs = record.subgraphs.map((subgraph) => buildGraph(build, subgraph));
  return {
    name: modelName(source.name),
    format: "tflite",
    graph: graphs[0]!.graph,
    version: `schema ${record.version}`,
    producer: record.description,
    ...readMetadata(build),
    subgraphs: graphs.slice(1).map(({ graph }) => graph),
    signatures: record.signatureDefs.map((signature) => readSignature(signature, graphs)),
  };
}

interface Build extends TensorBuild {
  /** Names of the operator codes, by their position. */
  readonly names: readonly string[];
}

interface BuiltGraph {
  readonly graph: Graph;
  readonly tensors: readonly Tensor[];
}

/** Returns the element at an index that the file gives; throws a DecodeError when there is none. */
function pick<T>(list: readonly T[], index: number, thing: string, { at, path }: Place): T {
  const found = list[index];
  if (found !== undefined) return found;
  throw new DecodeError({
    code: "TENSOR_INDEX",
    message: `Cannot find ${thing} ${index} of ${path}: it has ${list.length} ${thing}s`,
    offset: at,
    path,
  });
}

function buildGraph(build: Build, subgraph: SubgraphRecord): BuiltGraph {
  const tensors = buildTensors(build, subgraph);
  const { at, path } = subgraph;
  markEmptyConstants(subgraph, tensors);
  const graph = new Graph({
    name: subgraph.name || "main",
    inputs: subgraph.inputs.map((index) => pick(tensors, index, "tensor", { at, path: `${path}.inputs` })),
    outputs: subgraph.outputs.map((index) => pick(tensors, index, "tensor", { at, path: `${path}.outputs` })),
    nodes: subgraph.operators.map((operator, index) => buildNode(build, { operator, index, tensors })),
  });
  return { graph, tensors };
}

function buildNode(
  build: Build,
  {
    operator,
    index,
    tensors,
  }: { readonly operator: OperatorRecord; readonly index: number; readonly tensors: readonly Tensor[] },
): Node {
  const { at, path } = operator;
  const builtin = build.names[operator.opcodeIndex];
  if (builtin === undefined) {
    throw new DecodeError({
      code: "OPERATOR_CODE",
      message: `Cannot find operator code ${operator.opcodeIndex} of ${path}: the file lists ${build.names.length}`,
      offset: at,
      path: `${path}.opcodeIndex`,
    });
  }
  const optional = (list: readonly number[], name: string) =>
    list.map((input) =>
      input === -1 ? null : pick(tensors, input, "tensor", { at, path: `${path}.${name}` }),
    );
  const outputs = operator.outputs.map((output) =>
    pick(tensors, output, "tensor", { at, path: `${path}.outputs` }),
  );
  const options = readOptions({ file: build.file, operator, name: builtin });
  const inputs = optional(operator.inputs, "inputs");
  const lowered = located({ start: at, path }, () => lower({ builtin, inputs, outputs, options, path }));
  const { intermediates, mutatingVariableInputs } = operator;
  const recorded: RecordedCall = {
    version: build.record.operatorCodes[operator.opcodeIndex]!.version,
    options,
    ...(intermediates === null ? {} : { intermediates: optional(intermediates, "intermediates") }),
    ...(mutatingVariableInputs === null ? {} : { mutatingInputs: mutatingVariableInputs }),
  };
  return new Node({
    name: outputs[0]?.name ?? `${builtin}_${index}`,
    op: lowered.op,
    inputs: lowered.inputs,
    outputs,
    attributes: { ...lowered.attributes, ...customOptions(build.file, operator) },
    source: { format: "tflite", op: builtin, index, recorded },
  });
}

function readSignature(signature: SignatureRecord, graphs: readonly BuiltGraph[]): Signature {
  const { tensors } = pick(graphs, signature.subgraphIndex, "subgraph", signature);
  const named = (list: SignatureRecord["inputs"]) =>
    new Map(list.map((entry) => [entry.name, pick(tensors, entry.tensorIndex, "tensor", entry).name]));
  return {
    key: signature.signatureKey,
    graph: signature.subgraphIndex,
    inputs: named(signature.inputs),
    outputs: named(signature.outputs),
  };
}

const CUSTOM = "CUSTOM";

function operatorNames(record: ModelRecord): string[] {
  return record.operatorCodes.map((fields, index) => {
    const code = builtinCode(fields);
    const name = BUILTIN_OPERATORS[code];
    if (name === undefined) {
      throw new DecodeError({
        code: "OPERATOR_CODE",
        message: `Cannot name operator_codes[${index}]: its builtin code is ${code}, expected 0 to ${BUILTIN_OPERATORS.length - 1}`,
        hint: "the file may come from a newer converter than this decoder knows (schema 3d)",
        offset: fields.at,
        path: fields.path,
      });
    }
    return name === CUSTOM ? `${CUSTOM}:${fields.customCode}` : name;
  });
}

/** Options of custom operators are bytes of their own; they stay bytes. Large ones lie behind the FlatBuffer. */
function customOptions(file: FlatBuffer, operator: OperatorRecord): Attributes {
  const { customOptions: inside, largeCustomOptionsOffset: offset, largeCustomOptionsSize: size } = operator;
  const place = offset > 1 ? { at: offset, count: size } : inside;
  if (place === null || place.count === 0) return {};
  const name = `${operator.path}.custom_options`;
  file.check(place.at, place.count, name);
  const data = stored(file.source, place.at, place.count);
  return { customOptions: new Tensor({ name, dtype: "uint8", shape: [place.count], data }) };
}

/** A constant without elements has no bytes to show it: it is what nobody computes and nobody feeds. */
function markEmptyConstants(record: SubgraphRecord, tensors: readonly Tensor[]): void {
  const fed = new Set([...record.inputs, ...record.operators.flatMap((operator) => operator.outputs)]);
  tensors.forEach((tensor, index) => {
    if (tensor.data !== null || fed.has(index) || tensor.isVariable) return;
    if (isStatic(tensor.shape) && elementCount(tensor.shape) === 0)
      tensor.data = constantOf(new Uint8Array(0));
  });
}

/** Longest metadata that is shown as text. */
const TEXT_LIMIT = 4096;

function readMetadata({ file, record }: Build): Pick<Model, "metadata" | "metadataBytes"> {
  const contents = record.metadata.map(({ name, buffer, at, path }): [string, Constant] => {
    const data = bufferConstant({ file, record, index: buffer, at, path: `${path}.buffer` });
    return [name, data ?? constantOf(new Uint8Array(0))];
  });
  return {
    metadata: new Map(contents.map(([name, data]) => [name, metadataText(data)])),
    metadataBytes: new Map(contents),
  };
}

function metadataText(data: Constant): string {
  if (data.byteLength > TEXT_LIMIT) return `${data.byteLength} bytes`;
  // Texts are padded with zeros; anything else below a space is no text.
  const text = new TextDecoder().decode(data.read()).replace(/\0+$/, "");
  return /[^\P{C}\s]|\uFFFD/u.test(text) ? `${data.byteLength} bytes` : text;
}
