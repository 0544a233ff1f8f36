/**
 * What another reader finds in the bytes of an ONNX file, held against the graph. Protobufjs reads with the
 * descriptor of bench/formats; what becomes of the messages in the graph is said again here, as briefly as it
 * can be: local functions unfold, Constant nodes are constants, names of attributes are in camel case.
 */
import { ModelProto } from "../../bench/formats/schema.mjs";
import { dataTypeOf } from "../../lib/formats/onnx/data-types.js";
import { tensorNumbers } from "../../lib/graph/elements.js";
import { Graph, type Model } from "../../lib/graph/graph.js";
import type { AttributeValue, Node } from "../../lib/graph/node.js";
import { Tensor } from "../../lib/graph/tensor.js";

interface Dim {
  readonly dimValue?: number;
  readonly dimParam?: string;
}
interface TensorMessage {
  readonly name?: string;
  readonly dims?: readonly number[];
  readonly dataType?: number;
  readonly rawData?: Uint8Array;
  readonly floatData?: readonly number[];
  readonly int64Data?: readonly number[];
  readonly dataLocation?: number;
}
interface AttributeMessage {
  readonly name?: string;
  readonly type?: number;
  readonly f?: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly t?: TensorMessage;
  readonly g?: GraphMessage;
  readonly floats?: readonly number[];
  readonly ints?: readonly number[];
  readonly strings?: readonly Uint8Array[];
  readonly tensors?: readonly TensorMessage[];
}
interface NodeMessage {
  readonly input?: readonly string[];
  readonly output?: readonly string[];
  readonly opType?: string;
  readonly domain?: string;
  readonly overload?: string;
  readonly attribute?: readonly AttributeMessage[];
}
interface ValueMessage {
  readonly name?: string;
  readonly type?: {
    readonly tensorType?: { readonly elemType?: number; readonly shape?: { readonly dim?: readonly Dim[] } };
  };
}
interface GraphMessage {
  readonly node?: readonly NodeMessage[];
  readonly initializer?: readonly TensorMessage[];
  readonly sparseInitializer?: readonly { readonly values?: { readonly name?: string } }[];
  readonly input?: readonly ValueMessage[];
  readonly output?: readonly ValueMessage[];
  readonly valueInfo?: readonly ValueMessage[];
}
interface FunctionMessage {
  readonly name?: string;
  readonly domain?: string;
  readonly overload?: string;
  readonly node?: readonly NodeMessage[];
}
export interface OnnxMessage {
  readonly graph?: GraphMessage;
  readonly functions?: readonly FunctionMessage[];
  readonly metadataProps?: readonly { readonly key?: string; readonly value?: string }[];
}

/** Returns what protobufjs reads; null when it refuses the bytes. */
export function readOnnxByOracle(bytes: Uint8Array): OnnxMessage | null {
  try {
    return ModelProto.toObject(ModelProto.decode(bytes), { longs: Number }) as OnnxMessage;
  } catch {
    return null;
  }
}

/** Operators whose attributes become inputs, or whose words change: canonical.ts has tests of its own. */
const REWORDED =
  /^(Pad|Clip|Upsample|Resize|Cast|Reduce\w+|Reshape|Slice|Split|Squeeze|Unsqueeze|TopK|Add|And|Div|Equal|Greater|Less|Mul|Or|Pow|Sub|Xor)$/;

/** Readers put different signs for bytes that are no text. */
const plain = (text: string | undefined) => (text ?? "").replace(/[^\x20-\x7e]+/g, "?");
const utf8 = new TextDecoder();
const camel = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const domainOf = ({ domain = "" }) => (domain === "ai.onnx" ? "" : domain);
const qualified = (node: NodeMessage) =>
  plain((domainOf(node) && `${domainOf(node)}:`) + (node.opType ?? ""));
const clamp = (value: number) => Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
/** Empty names at the end of a list are results that nobody asks for. */
const given = (names: readonly string[] = []) =>
  names.slice(0, names.findLastIndex((name) => name !== "") + 1);

/** Collects what differs, by place. */
class Comparison {
  readonly differences: string[] = [];
  readonly #functions = new Map<string, FunctionMessage>();

  constructor(functions: readonly FunctionMessage[]) {
    for (const body of functions) {
      this.#functions.set([domainOf(body), body.name ?? "", body.overload ?? ""].join(" "), body);
    }
  }

  equal(place: string, found: unknown, expected: unknown): void {
    const [a, b] = [found, expected].map((value) => JSON.stringify(value));
    if (a !== b) this.differences.push(`${place}: ${a}, the oracle has ${b}`);
  }

  #bodyOf(node: NodeMessage): FunctionMessage | undefined {
    return this.#functions.get([domainOf(node), node.opType ?? "", node.overload ?? ""].join(" "));
  }

  /** Returns how many nodes of the graph a node of the file becomes. */
  #count(node: NodeMessage): number {
    const body = this.#bodyOf(node);
    if (body) return (body.node ?? []).reduce((sum, inner) => sum + this.#count(inner), 0);
    return this.#isConstant(node) ? 0 : 1;
  }

  #isConstant(node: NodeMessage): boolean {
    return qualified(node) === "Constant" && given(node.output)[0] !== undefined;
  }

  graph(place: string, graph: Graph, message: GraphMessage): void {
    const constants = new Map((message.initializer ?? []).map((tensor) => [plain(tensor.name), tensor]));
    const sparse = (message.sparseInitializer ?? []).map(({ values }) => plain(values?.name));
    const held = new Set([...constants.keys(), ...sparse]);
    const names = (tensors: readonly Tensor[]) => tensors.map(({ name }) => plain(name));
    const inputs = (message.input ?? []).map(({ name }) => plain(name)).filter((name) => !held.has(name));
    this.equal(`${place}.input`, names(graph.inputs), inputs);
    this.equal(
      `${place}.output`,
      names(graph.outputs),
      (message.output ?? []).map(({ name }) => plain(name)),
    );
    for (const input of graph.inputs) this.#type(`${place}.input '${input.name}'`, input, message);

    const byIndex = new Map<number, Node[]>();
    for (const node of graph.nodes)
      byIndex.set(node.source.index, [...(byIndex.get(node.source.index) ?? []), node]);
    for (const [index, node] of (message.node ?? []).entries()) {
      const [here, path] = [byIndex.get(index) ?? [], `${place}.node[${index}]`];
      this.equal(`${path} count`, here.length, this.#count(node));
      if (!this.#bodyOf(node) && here.length === 1) this.#node(path, here[0]!, node);
    }
    this.equal(
      `${place}.node`,
      [...byIndex.keys()].every((index) => index < (message.node ?? []).length),
      true,
    );
    for (const tensor of graph.constants()) {
      const expected = constants.get(plain(tensor.name));
      if (expected && !sparse.includes(plain(tensor.name))) {
        this.#tensor(`${place}.initializer '${tensor.name}'`, tensor, expected);
      }
    }
  }

  /** A value may be declared more than once; one of the declarations counts. */
  #type(place: string, tensor: Tensor, { input = [], output = [], valueInfo = [] }: GraphMessage): void {
    const said = [...input, ...output, ...valueInfo].filter(({ name }) => plain(name) === plain(tensor.name));
    const types = said.flatMap(({ type }) => (type?.tensorType?.elemType ? [type.tensorType] : []));
    if (tensor.container !== null || types.length === 0) return;
    const texts = types.map(({ elemType, shape }) =>
      JSON.stringify([dataTypeOf(elemType), shape ? (shape.dim ?? []).map(dimOf) : null]),
    );
    const found = JSON.stringify([
      tensor.dtype,
      tensor.shape?.map((dim) => (typeof dim === "string" ? plain(dim) : dim)) ?? null,
    ]);
    if (!texts.includes(found) && !texts.some((text) => text.includes('"?"'))) {
      this.differences.push(`${place}: ${found}, the oracle has ${texts.join(" or ")}`);
    }
  }

  #node(place: string, node: Node, message: NodeMessage): void {
    this.equal(`${place}.op_type`, plain(node.source.op), qualified(message));
    const outputs = given(message.output);
    this.equal(
      `${place}.output`,
      node.outputs.map(({ name }, index) => (outputs[index] ? plain(name) : "")),
      outputs.map(plain),
    );
    const inputs = new Set(node.inputs.map((input) => plain(input?.name)));
    this.equal(
      `${place}.input`,
      (message.input ?? []).map(plain).filter((name) => name !== "" && !inputs.has(name)),
      [],
    );
    if (REWORDED.test(node.source.op)) return;
    const attributes = new Map(
      (message.attribute ?? []).map((attribute) => [camel(plain(attribute.name)), attribute]),
    );
    const found = new Map(Object.entries(node.attributes).map(([name, value]) => [plain(name), value]));
    for (const [name, attribute] of attributes) {
      const value = found.get(name);
      if (value === undefined) this.differences.push(`${place}.attribute '${name}' is missing`);
      else this.#attribute(`${place}.attribute '${name}'`, value, attribute);
    }
  }

  #attribute(place: string, value: AttributeValue, message: AttributeMessage): void {
    if (value instanceof Graph) {
      this.graph(place, value, message.g ?? {});
      return;
    }
    if (value instanceof Tensor) {
      if (message.t) this.#tensor(place, value, message.t);
      return;
    }
    if (Array.isArray(value) && value[0] instanceof Tensor) {
      this.equal(place, value.length, message.tensors?.length ?? 0);
      return;
    }
    const texts = (list: readonly Uint8Array[] = []) => list.map((bytes) => plain(utf8.decode(bytes)));
    const { f = 0, i = 0, s, floats = [], ints = [], strings } = message;
    const candidates: unknown[] = [
      f,
      clamp(i),
      texts(s ? [s] : [])[0] ?? "",
      floats,
      ints.map(clamp),
      texts(strings),
      [],
    ];
    const tidy = (one: unknown): string =>
      JSON.stringify(one, (_, inner) =>
        typeof inner === "string" ? plain(inner) : Object.is(inner, -0) ? 0 : inner,
      );
    if (!candidates.map(tidy).includes(tidy(value))) {
      this.differences.push(`${place}: ${tidy(value)}, the oracle has ${candidates.map(tidy).join(" or ")}`);
    }
  }

  #tensor(place: string, tensor: Tensor, message: TensorMessage): void {
    this.equal(`${place}.dims`, tensor.shape, (message.dims ?? []).map(clamp));
    this.equal(`${place}.data_type`, tensor.dtype, dataTypeOf(message.dataType));
    if (message.dataLocation === 1 || !tensor.data) return;
    const { rawData, floatData, int64Data } = message;
    const data = () => tensor.data!.read();
    if (rawData && rawData.length > 0) this.equal(`${place}.raw_data`, [...data()], [...rawData]);
    else if (tensor.dtype === "float32" && floatData)
      this.equal(`${place}.float_data`, [...tensorNumbers(tensor)], floatData);
    else if (tensor.dtype === "int64" && int64Data)
      this.equal(`${place}.int64_data`, [...tensorNumbers(tensor)], int64Data.map(clamp));
  }
}

/** A dimension that has both a size and a name is left open here: which one counts depends on their order. */
function dimOf({ dimValue, dimParam }: Dim): number | string | null {
  if (dimValue !== undefined && dimParam !== undefined) return "?";
  if (dimParam !== undefined) return dimParam === "" ? null : plain(dimParam);
  return dimValue === undefined || dimValue < 0 ? null : clamp(dimValue);
}

/** Returns where a decoded model says otherwise than another reader; empty when they agree. */
export function onnxDifferences(model: Model, message: OnnxMessage): readonly string[] {
  const comparison = new Comparison(message.functions ?? []);
  comparison.graph("graph", model.graph, message.graph ?? {});
  const metadata = new Map((message.metadataProps ?? []).map(({ key, value }) => [plain(key), plain(value)]));
  comparison.equal(
    "metadata_props",
    [...model.metadata].map(([key, value]) => [plain(key), plain(value)]),
    [...metadata],
  );
  return comparison.differences;
}
