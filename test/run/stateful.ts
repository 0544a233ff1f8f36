/** Small TFLite networks of one operator, and runs that hand the states of one run to the next. */
import { convertToOnnx } from "../../lib/formats/onnx/write/convert.js";
import { onnxBytes } from "../../lib/formats/onnx/write/encode.js";
import { initialValue } from "../../lib/formats/onnx/write/state.js";
import type { DType } from "../../lib/graph/dtype.js";
import { constantFrom, decodeElements, encodeElements, type Numbers } from "../../lib/graph/elements.js";
import { Graph, type Model } from "../../lib/graph/graph.js";
import { type Attributes, Node } from "../../lib/graph/node.js";
import { elementCount } from "../../lib/graph/shape.js";
import { constantOf, Tensor } from "../../lib/graph/tensor.js";
import { openSession, type RunTensor, type SessionOptions } from "../../lib/run/onnxruntime.js";

export interface Stored {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly scale?: number;
  readonly zero?: number;
  readonly values?: Numbers;
  readonly isVariable?: boolean;
}

export function tensorOf(
  name: string,
  { dtype, shape, scale, zero = 0, values, isVariable = false }: Stored,
): Tensor {
  const quantization = scale === undefined ? null : { scale: [scale], zeroPoint: [zero], axis: null };
  const data = values ? constantFrom(dtype, values) : null;
  return new Tensor({ name, dtype, shape, quantization, data, isVariable });
}

/** Returns a network of one TFLite operator; constants and variables are no inputs of the network. */
export function oneOperator(
  op: string,
  {
    inputs,
    outputs,
    attributes = {},
    recordedAs = op,
  }: {
    readonly inputs: readonly (Tensor | null)[];
    readonly outputs: readonly Tensor[];
    readonly attributes?: Attributes;
    /** The operator as the file names it. */
    readonly recordedAs?: string;
  },
): Model {
  const node = new Node({
    name: op,
    op,
    inputs,
    outputs,
    attributes,
    source: { format: "tflite", op: recordedAs, index: 0 },
  });
  const given = inputs.filter(
    (tensor) => tensor !== null && !tensor.isConstant && !tensor.isVariable,
  ) as Tensor[];
  const graph = new Graph({ name: op, inputs: given, outputs, nodes: [node] });
  return { name: op, format: "tflite", graph, version: "schema 3", producer: "test", metadata: new Map() };
}

/** Returns custom options as a tensor, which is how the graph holds them. */
export function customOptions(bytes: Uint8Array): Attributes {
  const data = constantOf(bytes);
  return { customOptions: new Tensor({ name: "options", dtype: "uint8", shape: [bytes.length], data }) };
}

/** Returns the outputs of consecutive runs as numbers; states start as TFLite starts them. */
export async function runInTurn(
  model: Model,
  frames: readonly Numbers[],
  options: SessionOptions = {},
): Promise<readonly (readonly number[])[][]> {
  const converted = convertToOnnx(model);
  const { graph } = converted;
  const session = await openSession(onnxBytes(converted), options);
  try {
    const own = model.graph.inputs.map(({ name }) => name);
    const states = new Map<string, RunTensor>();
    for (const input of graph.inputs) {
      if (own.includes(input.name)) continue;
      const source = [...model.graph.tensors()].find(({ name }) => name === input.name);
      const values = new Array<number>(input.size).fill(source ? initialValue(source) : 0);
      states.set(input.name, {
        dtype: input.dtype,
        shape: input.staticShape(),
        data: encodeElements(input.dtype, values),
      });
    }
    const results: (readonly number[])[][] = [];
    for (const frame of frames) {
      const [data] = model.graph.inputs as [Tensor];
      const feeds = new Map(states);
      feeds.set(data.name, {
        dtype: data.dtype,
        shape: data.staticShape(),
        data: encodeElements(data.dtype, frame),
      });
      const found = await session.run(feeds);
      for (const name of states.keys()) states.set(name, found.get(`${name}/next`)!);
      results.push(model.graph.outputs.map(({ name }) => numbersOf(found.get(name)!)));
    }
    return results;
  } finally {
    await session.close();
  }
}

export function numbersOf({ dtype, shape, data }: RunTensor): number[] {
  return Array.from(decodeElements(dtype, data, elementCount(shape)));
}
