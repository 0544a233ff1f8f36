import { Graph } from "./graph.js";
import { Node } from "./node.js";
import { Tensor } from "./tensor.js";

/**
 * Returns a copy that can be edited without touching the original: new nodes and tensors, the same bytes of
 * constants, the same attributes. O(nodes + tensors).
 */
export function cloneGraph(graph: Graph): Graph {
  const copies = new Map<Tensor, Tensor>();
  const copy = (tensor: Tensor): Tensor => {
    const held = copies.get(tensor);
    if (held) return held;
    const made = new Tensor(tensor);
    copies.set(tensor, made);
    return made;
  };
  return new Graph({
    name: graph.name,
    inputs: graph.inputs.map(copy),
    outputs: graph.outputs.map(copy),
    nodes: graph.nodes.map(
      (node) =>
        new Node({
          name: node.name,
          op: node.op,
          inputs: node.inputs.map((input) => input && copy(input)),
          outputs: node.outputs.map(copy),
          attributes: node.attributes,
          source: node.source,
        }),
    ),
  });
}
