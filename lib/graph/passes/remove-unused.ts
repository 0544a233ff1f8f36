import { capturedTensors } from "../captured.js";
import type { Graph } from "../graph.js";
import type { Node } from "../node.js";
import type { Tensor } from "../tensor.js";
import type { Pass } from "./pass.js";

function removeUnusedNodes(graph: Graph): number {
  const read = new Set<Tensor>([...graph.outputs, ...capturedTensors(graph)]);
  const unused = new Set<Node>();
  for (const node of [...graph.nodes].reverse()) {
    // A node without outputs is there for its effect: it assigns a variable or calls a subgraph.
    const used = node.outputs.length === 0 || node.outputs.some((output) => read.has(output));
    if (!used) unused.add(node);
    else for (const input of node.inputs) if (input) read.add(input);
  }
  if (unused.size > 0) graph.removeNodes(unused);
  return unused.size;
}

export const removeUnused: Pass = {
  name: "remove-unused",
  sentence: "Removes nodes whose results nobody reads",
  requires: "the graph is in running order",
  ensures: "each node has an output that is read, or no outputs",
  run: removeUnusedNodes,
};
