/**
 * Layers whose bias is a node of its own. Exporters write x·W + b as MatMul and Add, TFLite as one operator:
 *
 *     x ─▶ MatMul W ─▶ Add b ─▶ y        is the same layer as        x ─▶ Gemm W, b ─▶ y
 */
import { layerGeometry } from "../graph/geometry.js";
import type { Graph } from "../graph/graph.js";
import type { Node } from "../graph/node.js";
import type { Tensor } from "../graph/tensor.js";

/** A layer, and the addition behind it that is its bias. */
export interface BiasBehind {
  readonly add: Node;
  readonly bias: Tensor;
}

/** Returns the additions that are the bias of a layer, by that layer. What lies between must not be stored. */
export function biasesBehind(graph: Graph): ReadonlyMap<Node, BiasBehind> {
  const found = new Map<Node, BiasBehind>();
  for (const add of graph.nodes) {
    if (add.op !== "Add" || add.inputs.length !== 2) continue;
    const [left, right] = [add.input(0), add.input(1)];
    const [data, bias] = left.isConstant ? [right, left] : [left, right];
    const layer = data.isConstant ? undefined : graph.producer(data);
    if (!layer || !bias.isConstant || data.quantization || graph.outputs.includes(data)) continue;
    if (graph.consumers(data).length !== 1 || layer.attributes.activation !== undefined) continue;
    const geometry = layerGeometry(layer);
    if (geometry === null || geometry.bias !== null || bias.size !== geometry.outputChannels) continue;
    found.set(layer, { add, bias });
  }
  return found;
}
