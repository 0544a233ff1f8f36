/**
 * The vendor's front end writes a model in float with the scales of all tensors in a file beside it. Here the
 * tensors take their integer formats from that file and the conversions between them go, which leaves what a
 * folded QDQ model has.
 */
import { readFileSync } from "node:fs";
import type { Graph } from "../../lib/graph/graph.js";
import { constantOf, type Quantization, type Tensor } from "../../lib/graph/tensor.js";

interface Sidecar {
  readonly tensors: Readonly<Record<string, { readonly format: { readonly params?: readonly number[][] } }>>;
}

/** Marks all tensors of a normalised graph as the file at `path` says. Weights keep their shape, not their values. */
export function quantizeAsRecorded(graph: Graph, path: string): Graph {
  const { tensors } = JSON.parse(readFileSync(path, "utf8")) as Sidecar;
  const recorded = (tensor: Tensor): Quantization | null => {
    const [scale, zeroPoint] = tensors[tensor.name]?.format.params ?? [];
    return scale && zeroPoint ? { scale, zeroPoint, axis: scale.length > 1 ? 0 : null } : null;
  };
  for (const node of [...graph.nodes]) {
    if (node.op !== "QuantizeLinear" && node.op !== "DequantizeLinear") continue;
    const [input, output] = [node.input(0), node.output()];
    const producer = graph.producer(input);
    graph.removeNodes(new Set([node]));
    if (node.op === "QuantizeLinear" && producer) producer.outputs = [output];
    else graph.replaceUses(output, input);
  }
  for (const node of graph.nodes) {
    for (const tensor of [...node.inputs.slice(0, 2), ...node.outputs]) {
      if (tensor?.dtype !== "float32" && tensor?.dtype !== "int8") continue;
      const quantization = recorded(tensor) ?? (node.op === "Pad" ? node.input(0).quantization : null);
      if (!quantization) continue;
      tensor.quantization = quantization;
      tensor.dtype = "int8";
      if (tensor.isConstant) tensor.data = constantOf(new Uint8Array(tensor.size));
    }
  }
  return graph;
}
