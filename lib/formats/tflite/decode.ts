/** A TFLite file as a graph: tables (schema.ts) in, tensors and nodes out, nothing between. */
import { DecodeError } from "../../errors.js";
import { Graph, type Model, type Signature } from "../../graph/graph.js";
import { Node, type NodeSource, type RecordedCall } from "../../graph/node.js";
import { type Constant, constantOf, Tensor } from "../../graph/tensor.js";
import type { ByteSource } from "../../source.js";
import { locatedError } from "../shared/located.js";
import { modelName } from "../shared/model-name.js";
import { BUILTIN_OPERATORS, builtinCode } from "./builtin-operators.js";
import type { Call, Lowered } from "./call.js";
import { Buffers, stored } from "./constants.js";
import { FlatBuffer, placeOf } from "./flatbuffer.js";
import { lower } from "./lower.js";
import type { Options } from "./options.js";
import { OptionsReader } from "./options-reader.js";
import { METADATA, MODEL, OPERATOR, OPERATOR_CODE, SIGNATURE, SUBGRAPH, TENSOR_MAP } from "./schema.js";
import { Table } from "./table.js";
import { markEmptyConstants, readTensors } from "./tensors.js";

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
  const model = new Table(new FlatBuffer(source)).open(0);
  const version = model.get(MODEL.version);
  if (version !== SCHEMA_VERSION) {
    throw new DecodeError({
      code: "VERSION",
      message: `Cannot read '${source.name}': it is of TFLite schema ${version}, expected ${SCHEMA_VERSION}`,
      hint: "convert the model with TensorFlow 1.8 or later",
      offset: model.at,
      path: "version",
    });
  }
  const subgraphs = model.get(MODEL.subgraphs);
  if (subgraphs.count === 0) {
    throw new DecodeError({
      code: "EMPTY",
      message: `Cannot read '${source.name}': it holds no subgraph, expected at least one`,
      offset: 0,
      path: "subgraphs",
    });
  }
  const codes = operatorCodes(model);
  const buffers = new Buffers(model, options.siblings);
  const graphs = subgraphs.map((subgraph) => readGraph(subgraph, { codes, buffers }));
  return {
    name: modelName(source.name),
    format: "tflite",
    graph: graphs[0]!.graph,
    version: `schema ${version}`,
    producer: model.get(MODEL.description),
    ...readMetadata(model, buffers),
    subgraphs: graphs.slice(1).map(({ graph }) => graph),
    signatures: model.get(MODEL.signatureDefs).map((signature) => readSignature(signature, graphs)),
  };
}

interface Build {
  readonly codes: readonly OperatorCode[];
  readonly buffers: Buffers;
}

interface OperatorCode {
  /** As BUILTIN_OPERATORS names it; `CUSTOM:` and its own name for the others. */
  readonly name: string;
  readonly version: number;
  readonly options: OptionsReader;
  /** What was recorded last: most calls are like the one before. */
  last: RecordedCall | null;
}

interface BuiltGraph {
  readonly graph: Graph;
  readonly tensors: readonly Tensor[];
}

/** Returns the element at an index that the file gives; throws a DecodeError when there is none. */
function pick<T>(list: readonly T[], index: number, thing: string, from: Table, field: string): T {
  const found = list[index];
  if (found !== undefined) return found;
  const path = placeOf({ path: from.path, field });
  throw new DecodeError({
    code: "TENSOR_INDEX",
    message: `Cannot find ${thing} ${index} of ${path}: it has ${list.length} ${thing}s`,
    offset: from.at,
    path,
  });
}

function readGraph(subgraph: Table, build: Build): BuiltGraph {
  const tensors = readTensors(subgraph.get(SUBGRAPH.tensors), build.buffers);
  const ends = (field: typeof SUBGRAPH.inputs) =>
    subgraph.get(field).map((index) => pick(tensors, index, "tensor", subgraph, field.name));
  const [inputs, outputs] = [ends(SUBGRAPH.inputs), ends(SUBGRAPH.outputs)];
  const operators = subgraph.get(SUBGRAPH.operators);
  markEmptyConstants(tensors, () => {
    const computed = operators.map((operator) => required(operator, OPERATOR.outputs, tensors));
    return new Set([...inputs, ...computed.flat()]);
  });
  const debugMetadata = subgraph.get(SUBGRAPH.debugMetadata);
  const site: NodeSite = { build, tensors };
  const graph = new Graph({
    name: subgraph.get(SUBGRAPH.name) || "main",
    inputs,
    outputs,
    nodes: operators.map((operator, index) => readNode(operator, index, site)),
    debugMetadata: debugMetadata < 0 ? null : debugMetadata,
  });
  return { graph, tensors };
}

/** Returns the tensors that an operator lists. */
function required(operator: Table, field: typeof OPERATOR.outputs, tensors: readonly Tensor[]): Tensor[] {
  const list = operator.get(field);
  const found = new Array<Tensor>(list.length);
  for (let i = 0; i < list.length; i++) {
    found[i] = tensors[list[i]!] ?? pick(tensors, list[i]!, "tensor", operator, field.name);
  }
  return found;
}

/** Returns the tensors that an operator lists, null where it leaves one out. */
function optional(
  operator: Table,
  { name }: typeof OPERATOR.inputs | typeof OPERATOR.intermediates,
  { list, tensors }: { readonly list: readonly number[]; readonly tensors: readonly Tensor[] },
): (Tensor | null)[] {
  const found = new Array<Tensor | null>(list.length);
  for (let i = 0; i < list.length; i++) {
    const index = list[i]!;
    found[i] = index === -1 ? null : (tensors[index] ?? pick(tensors, index, "tensor", operator, name));
  }
  return found;
}

/** What a node costs besides its lists, in bytes of the heap. */
const NODE_COST = 240;

interface NodeSite {
  readonly build: Build;
  readonly tensors: readonly Tensor[];
}

function readNode(operator: Table, index: number, { build, tensors }: NodeSite): Node {
  operator.file.spend(NODE_COST, operator.at, operator);
  const code = build.codes[operator.get(OPERATOR.opcodeIndex)];
  if (code === undefined) {
    const { path } = operator;
    throw new DecodeError({
      code: "OPERATOR_CODE",
      message: `Cannot find operator code ${operator.get(OPERATOR.opcodeIndex)} of ${path}: the file lists ${build.codes.length}`,
      offset: operator.at,
      path: `${path}.opcodeIndex`,
    });
  }
  const { name: builtin } = code;
  const inputs = optional(operator, OPERATOR.inputs, { list: operator.get(OPERATOR.inputs), tensors });
  const outputs = required(operator, OPERATOR.outputs, tensors);
  const options = code.options.read(operator);
  const call = new OperatorCall({ builtin, inputs, outputs, options, operator });
  const { op, inputs: taken, attributes: own } = lowered(call, operator);
  const custom = customOptions(operator);
  const attributes = custom === null ? own : { ...own, customOptions: custom };
  const recorded = recordedCall(operator, { code, options, tensors });
  const name = outputs[0]?.name ?? `${builtin}_${index}`;
  const source: NodeSource = { format: "tflite", op: builtin, index, recorded };
  return new Node({ name, op, inputs: taken, outputs, attributes, source });
}

/** Returns the call in the graph's vocabulary; errors say which operator it was about. */
function lowered(call: Call, operator: Table): Lowered {
  try {
    return lower(call);
  } catch (error) {
    throw locatedError(error, { start: operator.at, path: operator.path });
  }
}

/** A call whose path is put together when somebody asks. */
class OperatorCall implements Call {
  readonly builtin: string;
  readonly inputs: readonly (Tensor | null)[];
  readonly outputs: readonly Tensor[];
  readonly options: Options;
  readonly #operator: Table;

  constructor({
    builtin,
    inputs,
    outputs,
    options,
    operator,
  }: Omit<Call, "path" | "spend"> & { readonly operator: Table }) {
    this.builtin = builtin;
    this.inputs = inputs;
    this.outputs = outputs;
    this.options = options;
    this.#operator = operator;
  }

  get path(): string {
    return this.#operator.path;
  }

  spend(cost: number): void {
    this.#operator.file.spend(cost, this.#operator.at, this.#operator);
  }
}

function recordedCall(
  operator: Table,
  {
    code,
    options,
    tensors,
  }: { readonly code: OperatorCode; readonly options: Options; readonly tensors: readonly Tensor[] },
): RecordedCall {
  const list = operator.get(OPERATOR.intermediates);
  const mutatingInputs = operator.get(OPERATOR.mutatingVariableInputs);
  const debugMetadata = operator.get(OPERATOR.debugMetadata);
  const { version } = code;
  if (list === null && mutatingInputs === null && debugMetadata < 0) {
    if (code.last?.options !== options) code.last = { version, options };
    return code.last;
  }
  return {
    version,
    options,
    ...(list && { intermediates: optional(operator, OPERATOR.intermediates, { list, tensors }) }),
    ...(mutatingInputs && { mutatingInputs }),
    ...(debugMetadata < 0 ? {} : { debugMetadata }),
  };
}

function readSignature(signature: Table, graphs: readonly BuiltGraph[]): Signature {
  const graph = signature.get(SIGNATURE.subgraphIndex);
  const { tensors } = pick(graphs, graph, "subgraph", signature, "");
  const named = (field: typeof SIGNATURE.inputs) =>
    new Map(
      signature.get(field).map((entry): [string, string] => {
        const tensor = pick(tensors, entry.get(TENSOR_MAP.tensorIndex), "tensor", entry, "");
        return [entry.get(TENSOR_MAP.name), tensor.name];
      }),
    );
  return {
    key: signature.get(SIGNATURE.signatureKey),
    graph,
    inputs: named(SIGNATURE.inputs),
    outputs: named(SIGNATURE.outputs),
  };
}

const CUSTOM = "CUSTOM";

function operatorCodes(model: Table): OperatorCode[] {
  const readers = new Map<string, OptionsReader>();
  return model.get(MODEL.operatorCodes).map((fields, index) => {
    const code = builtinCode({
      narrow: fields.get(OPERATOR_CODE.narrow),
      wide: fields.get(OPERATOR_CODE.wide),
    });
    const builtin = BUILTIN_OPERATORS[code];
    if (builtin === undefined) {
      throw new DecodeError({
        code: "OPERATOR_CODE",
        message: `Cannot name operator_codes[${index}]: its builtin code is ${code}, expected 0 to ${BUILTIN_OPERATORS.length - 1}`,
        hint: "the file may come from a newer converter than this decoder knows (schema 3d)",
        offset: fields.at,
        path: fields.path,
      });
    }
    const options = readers.get(builtin) ?? new OptionsReader(builtin);
    readers.set(builtin, options);
    const name = builtin === CUSTOM ? `${CUSTOM}:${fields.get(OPERATOR_CODE.customCode)}` : builtin;
    return { name, version: fields.get(OPERATOR_CODE.version), options, last: null };
  });
}

/** Options of custom operators are bytes of their own; they stay bytes. Large ones lie behind the FlatBuffer. */
function customOptions(operator: Table): Tensor | null {
  const inside = operator.get(OPERATOR.customOptions);
  const offset = operator.get(OPERATOR.largeCustomOptionsOffset);
  if (inside === null && offset <= 1) return null;
  const place = offset > 1 ? { at: offset, count: operator.get(OPERATOR.largeCustomOptionsSize) } : inside!;
  if (place.count === 0) return null;
  const { file } = operator;
  file.check(place.at, place.count, operator);
  const data = stored(file.source, place.at, place.count);
  return new Tensor({
    name: `${operator.path}.custom_options`,
    dtype: "uint8",
    shape: [place.count],
    data,
  });
}

/** Longest metadata that is shown as text. */
const TEXT_LIMIT = 4096;

function readMetadata(model: Table, buffers: Buffers): Pick<Model, "metadata" | "metadataBytes"> {
  const contents = model.get(MODEL.metadata).map((entry): [string, Constant] => {
    const data = buffers.constant(entry.get(METADATA.buffer), entry);
    entry.file.spend(Math.min(data?.byteLength ?? 0, TEXT_LIMIT), entry.at, entry);
    return [entry.get(METADATA.name), data ?? constantOf(new Uint8Array(0))];
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
