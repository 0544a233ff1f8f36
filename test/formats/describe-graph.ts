/** A graph as plain values, to compare two: structure, types, attributes and the bytes of constants. */
import { createHash } from "node:crypto";
import { Graph } from "../../lib/graph/graph.js";
import type { AttributeValue } from "../../lib/graph/node.js";
import { Tensor } from "../../lib/graph/tensor.js";

function describeTensor(tensor: Tensor): unknown {
  const { name, dtype, shape, quantization, data } = tensor;
  return {
    name,
    dtype,
    shape,
    quantization,
    data: data && createHash("sha256").update(data.read()).digest("hex"),
  };
}

function describeAttribute(value: AttributeValue): unknown {
  if (value instanceof Graph) return describeGraph(value);
  return value instanceof Tensor ? describeTensor(value) : value;
}

export function describeGraph(graph: Graph): unknown {
  return {
    name: graph.name,
    inputs: graph.inputs.map(describeTensor),
    outputs: graph.outputs.map(describeTensor),
    nodes: graph.nodes.map(({ name, op, inputs, outputs, attributes }) => ({
      name,
      op,
      inputs: inputs.map((input) => input && describeTensor(input)),
      outputs: outputs.map((output, place) =>
        // The mask of a Dropout, which nothing reads at inference, changed its type with opset 10.
        op === "Dropout" && place === 1 ? output.name : describeTensor(output),
      ),
      attributes: Object.fromEntries(
        Object.entries(attributes).map(([key, value]) => [key, describeAttribute(value)]),
      ),
    })),
  };
}
