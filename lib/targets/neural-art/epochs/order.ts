/**
 * The order in which nodes run. Up to 2.2 that of the file. From 3.0 on a layer waits for the other operand of
 * the sum that reads it, so that the sum can stream on from the layer (BlazeFace: 67 NPU epochs in 2.2, 57 in
 * 4.0; its 11 shortcuts come after the layer in the file).
 */
import type { Graph } from "../../../graph/graph.js";
import type { Node } from "../../../graph/node.js";
import type { ToolVersion } from "../records.js";

const LAYERS: ReadonlySet<string> = new Set(["Conv", "ConvTranspose", "Gemm", "MatMul"]);

/** Returns the layer that only this sum reads, when another operand is computed after it. */
function waiting(graph: Graph, sum: Node, position: ReadonlyMap<Node, number>): Node | null {
  const producers = sum.inputs.flatMap((input) => (input ? (graph.producer(input) ?? []) : []));
  const [a, b] = producers;
  if (sum.op !== "Add" || !a || !b || a === b) return null;
  const at = (node: Node) => position.get(node) ?? 0;
  const [early, late] = at(a) < at(b) ? [a, b] : [b, a];
  const alone = graph.consumers(early.output()).length === 1 && !graph.outputs.includes(early.output());
  return LAYERS.has(early.op) && !LAYERS.has(late.op) && alone ? early : null;
}

export function runningOrder(graph: Graph, tool: ToolVersion): readonly Node[] {
  if (tool < "3.0") return graph.nodes;
  const position = new Map(graph.nodes.map((node, index) => [node, index]));
  const before = new Map<Node, Node>();
  for (const node of graph.nodes) {
    const layer = waiting(graph, node, position);
    if (layer) before.set(node, layer);
  }
  const moved = new Set(before.values());
  return graph.nodes.flatMap((node) => {
    if (moved.has(node)) return [];
    const layer = before.get(node);
    return layer ? [layer, node] : [node];
  });
}
