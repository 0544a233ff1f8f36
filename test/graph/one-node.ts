/** ONNX models of one operator, written with onnx-proto. */
import onnxProto from "onnx-proto";
import { encodeElements } from "../../lib/graph/elements.js";
import { ONNX_TYPES, type OracleType } from "./onnx-oracle.js";

const { onnx } = onnxProto;

/** A value that the operator reads: fed at run time, or a constant of the file where it has values. */
export interface OracleInput {
  readonly dtype: OracleType;
  readonly shape: readonly number[];
  readonly values?: readonly number[];
}

/** Subgraphs by what they are: a graph of their own. */
export interface Body {
  readonly inputs: Readonly<Record<string, OracleInput>>;
  readonly nodes: readonly BodyNode[];
  readonly outputs: Readonly<Record<string, OracleType>>;
  readonly constants?: Readonly<Record<string, OracleInput>>;
}

export interface BodyNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OracleAttribute>>;
}

/** Whole numbers are ints; `{ float }` and `{ floats }` say otherwise. */
export type OracleAttribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] }
  | { readonly tensor: OracleInput }
  | { readonly body: Body };

export interface OneNode {
  readonly op: string;
  readonly domain?: string;
  readonly opset: number;
  readonly inputs: readonly (OracleInput | null)[];
  readonly attributes?: Readonly<Record<string, OracleAttribute>>;
  readonly outputs?: number;
}

/** Returns a value that is fed. */
export function fed(shape: readonly number[], dtype: OracleType = "float32"): OracleInput {
  return { dtype, shape };
}

/** Returns a constant. */
export function held(
  values: readonly number[],
  dtype: OracleType = "int64",
  shape: readonly number[] = [values.length],
): OracleInput {
  return { dtype, shape, values };
}

const { FLOAT, INT, STRING, TENSOR, GRAPH, FLOATS, INTS, STRINGS } = onnx.AttributeProto.AttributeType;
const text = (value: string) => new TextEncoder().encode(value);

function attributeProto(name: string, value: OracleAttribute): object {
  if (typeof value === "number") return { name, type: INT, i: value };
  if (typeof value === "string") return { name, type: STRING, s: text(value) };
  if ("float" in value) return { name, type: FLOAT, f: value.float };
  if ("floats" in value) return { name, type: FLOATS, floats: [...value.floats] };
  if ("strings" in value) return { name, type: STRINGS, strings: value.strings.map(text) };
  if ("tensor" in value) return { name, type: TENSOR, t: constantProto(name, value.tensor) };
  if ("body" in value) return { name, type: GRAPH, g: bodyProto(name, value.body) };
  return { name, type: INTS, ints: [...value] };
}

function attributeProtos(attributes: Readonly<Record<string, OracleAttribute>> = {}): object[] {
  return Object.entries(attributes).map(([name, value]) => attributeProto(name, value));
}

function constantProto(name: string, { dtype, shape, values = [] }: OracleInput) {
  return {
    ...{ name, dataType: ONNX_TYPES[dtype], dims: [...shape] },
    rawData: encodeElements(dtype, values),
  };
}

function valueProto(name: string, dtype: OracleType, shape?: readonly number[]) {
  const sizes = shape ? { shape: { dim: shape.map((dimValue) => ({ dimValue })) } } : {};
  return { name, type: { tensorType: { elemType: ONNX_TYPES[dtype], ...sizes } } };
}

function bodyProto(name: string, { inputs, nodes, outputs, constants = {} }: Body): object {
  return {
    name,
    input: Object.entries(inputs).map(([own, { dtype, shape }]) => valueProto(own, dtype, shape)),
    node: nodes.map(({ op, inputs: input, outputs: output, attributes }) => ({
      ...{ opType: op, input: [...input], output: [...output] },
      attribute: attributeProtos(attributes),
    })),
    output: Object.entries(outputs).map(([own, dtype]) => valueProto(own, dtype)),
    initializer: Object.entries(constants).map(([own, value]) => constantProto(own, value)),
  };
}

/** Returns a model of one node; inputs are `x0`, `x1`, …, outputs `y0`, `y1`, …, without declared types. */
export function oneNodeModel({
  op,
  domain = "",
  opset,
  inputs,
  attributes,
  outputs = 1,
}: OneNode): Uint8Array {
  const named = inputs.flatMap((input, index) => (input ? [{ name: `x${index}`, input }] : []));
  const results = Array.from({ length: outputs }, (_, index) => `y${index}`);
  const node = {
    ...{ opType: op, domain, name: op, output: results },
    input: inputs.map((input, index) => (input ? `x${index}` : "")),
    attribute: attributeProtos(attributes),
  };
  const model = onnx.ModelProto.fromObject({
    irVersion: 10,
    opsetImport: [
      { domain: "", version: opset },
      { domain: "com.microsoft", version: 1 },
    ],
    graph: {
      name: "one",
      node: [node],
      input: named
        .filter(({ input }) => !input.values)
        .map(({ name, input }) => valueProto(name, input.dtype, input.shape)),
      initializer: named
        .filter(({ input }) => input.values)
        .map(({ name, input }) => constantProto(name, input)),
      output: results.map((name) => ({ name })),
    },
  });
  return onnx.ModelProto.encode(model).finish();
}
