import { Graph } from "./graph.js";
import type { Tensor } from "./tensor.js";

/** Returns the subgraphs among a node's attributes (ONNX If, Loop, Scan); mostly none. */
export function subgraphsOf(attributes: Readonly<Record<string, unknown>>): Graph[] {
  const found: Graph[] = [];
  // Asked of every node in every pass: no lists are made for the many attributes that hold none.
  for (const name in attributes) {
    const value = attributes[name];
    if (value instanceof Graph) found.push(value);
    else if (Array.isArray(value)) {
      for (const item of value) if (item instanceof Graph) found.push(item);
    }
  }
  return found;
}

/**
 * Returns the tensors that subgraphs read or give out. Those of the graph around are among them: a body
 * reads them without naming them as inputs of its node, so use lists do not show it.
 */
export function capturedTensors(graph: Graph): Set<Tensor> {
  const captured = new Set<Tensor>();
  for (const node of graph.nodes) {
    for (const body of subgraphsOf(node.attributes)) {
      for (const tensor of [...body.tensors(), ...capturedTensors(body)]) captured.add(tensor);
    }
  }
  return captured;
}
