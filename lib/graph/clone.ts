import { subgraphsOf } from "./captured.js";
import { Graph } from "./graph.js";
import { type Attributes, Node } from "./node.js";
import { Tensor } from "./tensor.js";

/**
 * Returns a copy that can be edited without touching the original: new nodes, tensors and subgraphs, the
 * same bytes of constants. O(nodes + tensors).
 */
export function cloneGraph(graph: Graph): Graph {
  return cloneInto(graph, new Map());
}

/** Bodies of If and Loop read tensors of the graph around: all copies of one clone are in one map. */
function cloneInto(graph: Graph, copies: Map<Tensor, Tensor>): Graph {
  const copy = (tensor: Tensor): Tensor => {
    const held = copies.get(tensor);
    if (held) return held;
    const made = new Tensor(tensor);
    copies.set(tensor, made);
    return made;
  };
  const copyAttributes = (attributes: Attributes): Attributes => {
    if (subgraphsOf(attributes).length === 0) return attributes;
    const copyGraph = <T>(value: T) => (value instanceof Graph ? cloneInto(value, copies) : value);
    const copied = Object.entries(attributes).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(copyGraph) : copyGraph(value),
    ]);
    return Object.fromEntries(copied);
  };
  return new Graph({
    name: graph.name,
    debugMetadata: graph.debugMetadata,
    documentation: graph.documentation,
    inputs: graph.inputs.map(copy),
    outputs: graph.outputs.map(copy),
    nodes: graph.nodes.map(
      (node) =>
        new Node({
          name: node.name,
          op: node.op,
          inputs: node.inputs.map((input) => input && copy(input)),
          outputs: node.outputs.map(copy),
          attributes: copyAttributes(node.attributes),
          source: node.source,
        }),
    ),
  });
}
