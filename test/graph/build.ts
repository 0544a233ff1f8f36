/** Graphs of a few nodes, written down in a line each. */
import type { DType } from "../../lib/graph/dtype.js";
import { constantFrom } from "../../lib/graph/elements.js";
import { Graph, type Model } from "../../lib/graph/graph.js";
import { type Attributes, Node, type NodeSource } from "../../lib/graph/node.js";
import type { Shape } from "../../lib/graph/shape.js";
import { type Quantization, Tensor } from "../../lib/graph/tensor.js";

export function tensor(name: string, shape: Shape | null = null, dtype: DType = "float32"): Tensor {
  return new Tensor({ name, dtype, shape });
}

export function constant(
  name: string,
  values: readonly number[],
  fields: {
    readonly dtype?: DType;
    readonly shape?: readonly number[];
    readonly quantization?: Quantization;
  } = {},
): Tensor {
  const { dtype = "float32", shape = [values.length], quantization = null } = fields;
  return new Tensor({ name, dtype, shape, quantization, data: constantFrom(dtype, values) });
}

/** Returns a constant of zeros, for weights whose values do not matter. */
export function zeros(name: string, shape: readonly number[], dtype: DType = "float32"): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return constant(name, new Array<number>(count).fill(0), { dtype, shape });
}

export function ints(name: string, values: readonly number[]): Tensor {
  return constant(name, values, { dtype: "int64" });
}

export function perTensor(scale: number, zeroPoint = 0): Quantization {
  return { scale: [scale], zeroPoint: [zeroPoint], axis: null };
}

let count = 0;

export function node(
  op: string,
  inputs: readonly (Tensor | null)[],
  outputs: readonly Tensor[],
  attributes: Attributes = {},
  format: NodeSource["format"] = "onnx",
): Node {
  count += 1;
  return new Node({
    name: `${op}_${count}`,
    op,
    inputs,
    outputs,
    attributes,
    source: { format, op, index: count },
  });
}

/** Returns a graph from the first node's computed inputs to the last node's outputs, or as told. */
export function graphOf(nodes: readonly Node[], ends: { inputs?: Tensor[]; outputs?: Tensor[] } = {}): Graph {
  const made = new Set(nodes.flatMap((own) => own.outputs));
  const read = new Set(nodes.flatMap((own) => own.inputs).filter((own): own is Tensor => own !== null));
  const inputs = ends.inputs ?? [...read].filter((own) => !made.has(own) && !own.isConstant);
  const outputs = ends.outputs ?? [...made].filter((own) => !read.has(own));
  return new Graph({ name: "test", inputs, outputs, nodes });
}

export function modelOf(graph: Graph): Model {
  return { name: "test", format: "built", graph, version: "", producer: "", metadata: new Map() };
}
