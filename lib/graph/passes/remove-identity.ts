import { capturedTensors } from "../captured.js";
import type { Graph } from "../graph.js";
import type { Node } from "../node.js";
import { sameQuantization } from "../quantization.js";
import { isStatic, sameShape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import type { Pass } from "./pass.js";

const RESHAPES = new Set(["Reshape", "Flatten", "Squeeze", "Unsqueeze", "EXPAND_DIMS", "Expand"]);

/** Returns whether output 0 is input 0, element by element, and stored the same way. */
function isIdentity(node: Node): boolean {
  const [input] = node.inputs;
  const [output] = node.outputs;
  if (!input || !output || node.attributes.activation !== undefined) return false;
  if (input.dtype !== output.dtype || !sameQuantization(input.quantization, output.quantization))
    return false;
  switch (node.op) {
    case "Identity":
    case "Cast":
      return true;
    case "Dropout":
      return node.inputs[2] == null;
    case "Concat":
    case "Sum":
      return node.inputs.length === 1;
    default:
      return RESHAPES.has(node.op) && isStatic(input.shape) && sameShape(input.shape, output.shape);
  }
}

/**
 * Takes the node out. Where its output is one of the graph's, that tensor survives, for people know it by
 * name; it takes the place of the input. Returns false where both ends belong to the graph.
 */
function bypass(graph: Graph, input: Tensor, output: Tensor): boolean {
  if (!graph.outputs.includes(output)) {
    graph.replaceUses(output, input);
    return true;
  }
  const producer = graph.producer(input);
  if (!producer || graph.outputs.includes(input)) return false;
  graph.replaceUses(input, output);
  producer.outputs = producer.outputs.map((own) => (own === input ? output : own));
  // The list is set again so that the graph drops its use lists.
  graph.setNodes(graph.nodes);
  return true;
}

function removeIdentityNodes(graph: Graph): number {
  let removed = 0;
  const captured = capturedTensors(graph);
  for (const node of [...graph.nodes]) {
    const [input] = node.inputs;
    const [output, ...others] = node.outputs;
    if (!input || !output || !isIdentity(node) || node.outputs.some((own) => captured.has(own))) continue;
    const othersRead = others.some(
      (other) => graph.consumers(other).length > 0 || graph.outputs.includes(other),
    );
    if (othersRead || !bypass(graph, input, output)) continue;
    graph.removeNodes(new Set([node]));
    removed += 1;
  }
  return removed;
}

/**
 * Nodes that hand their input on: Identity, Dropout at inference, Cast to the same type, Reshape to the same
 * shape, Concat and Sum of one. A node between an input and an output of the graph stays.
 */
export const removeIdentity: Pass = {
  name: "remove-identity",
  sentence: "Removes nodes that hand their input on unchanged",
  requires: "shapes are inferred; quantisation is on the tensors",
  ensures: "names of the graph's outputs are as before",
  run: removeIdentityNodes,
};
