/**
 * The vendor's front end writes a model in float with the scales of all tensors in a file beside it. Here the
 * tensors take their integer formats from that file and the conversions between them go, which leaves what a
 * folded QDQ model has.
 */
import { readFileSync } from "node:fs";
import { constantFrom, tensorNumbers } from "../../lib/graph/elements.js";
import type { Graph } from "../../lib/graph/graph.js";
import type { Quantization, Tensor } from "../../lib/graph/tensor.js";

interface Sidecar {
  readonly tensors: Readonly<Record<string, { readonly format: { readonly params?: readonly number[][] } }>>;
}

/** Returns float weights as the integers that they stand for: weights have zero points of 0. */
function quantized(tensor: Tensor, { scale, axis }: Quantization): Float64Array {
  const each =
    axis === null
      ? 1
      : tensor
          .staticShape()
          .slice(axis + 1)
          .reduce((a, b) => a * b, 1);
  return tensorNumbers(tensor).map((value, index) =>
    Math.round(value / scale[Math.floor(index / each) % scale.length]!),
  );
}

/** Marks all tensors of a normalised graph as the file at `path` says, and quantises its weights. */
export function quantizeAsRecorded(graph: Graph, path: string): Graph {
  const { tensors } = JSON.parse(readFileSync(path, "utf8")) as Sidecar;
  const recorded = (tensor: Tensor): Quantization | null => {
    const [scale, zeroPoint] = tensors[tensor.name]?.format.params ?? [];
    if (!scale || !zeroPoint) return null;
    // Kernels have their outputs first; the dense one has them last.
    const axis = scale.length > 1 ? tensor.staticShape().indexOf(scale.length) : null;
    return { scale, zeroPoint, axis };
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
      if (tensor.isConstant && tensor.dtype === "float32") {
        tensor.data = constantFrom("int8", quantized(tensor, quantization));
      }
      tensor.quantization = quantization;
      tensor.dtype = "int8";
    }
  }
  return graph;
}
