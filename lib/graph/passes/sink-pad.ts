/**
 * Exporters leave a Pad of zeros between a DequantizeLinear and the layer that reads it:
 *
 *     x:i8 ─▶ DQ ─▶ Pad ─▶ Conv      becomes      x:i8 ─▶ Pad ─▶ p:i8 ─▶ DQ ─▶ Conv
 *
 * Padding with real zeros and dequantising commute, since every quantisation holds zero exactly; so does
 * padding with what is there already. The padded tensor takes the quantisation of its input.
 */

import { DTYPES } from "../dtype.js";
import { tensorNumbers } from "../elements.js";
import type { Graph } from "../graph.js";
import { Node, stringAttribute } from "../node.js";
import { Tensor } from "../tensor.js";

/** Modes that put in copies of elements. */
const COPIES = new Set(["reflect", "edge", "wrap"]);

/** Returns whether a Pad puts in nothing but real zeros or elements of its input. */
function keepsValues(node: Node): boolean {
  const mode = stringAttribute(node, "mode", "constant");
  if (mode !== "constant") return COPIES.has(mode);
  const value = node.inputs[2];
  return !value || (value.isConstant && tensorNumbers(value)[0] === 0);
}

/** Returns whether zero is one of the steps that the stored type has. */
function holdsZero({ dtype, quantization }: Tensor): boolean {
  const { bits, kind } = DTYPES[dtype];
  const zero = quantization!.zeroPoint[0]!;
  return kind === "int"
    ? zero >= -(2 ** (bits - 1)) && zero < 2 ** (bits - 1)
    : zero >= 0 && zero < 2 ** bits;
}

/**
 * Moves Pads before the DequantizeLinear that they read, except where a QuantizeLinear alone reads the Pad:
 * that one says the Pad's quantisation. Edits the graph; returns the DequantizeLinears that it puts behind.
 */
export function sinkPads(graph: Graph, dequantizes: readonly Node[]): Node[] {
  const stored = new Map(dequantizes.map((node) => [node.output(), node.input(0)]));
  const added: Node[] = [];
  const nodes = graph.nodes.flatMap((node) => {
    const [input] = node.inputs;
    const from = input ? stored.get(input) : undefined;
    if (node.op !== "Pad" || !from?.quantization || from.quantization.axis !== null) return [node];
    const float = node.output();
    const readers = graph.consumers(float);
    const [reader] = readers;
    if (readers.length === 1 && reader?.op === "QuantizeLinear") return [node];
    if (!keepsValues(node) || !holdsZero(from)) return [node];
    const { dtype, quantization } = from;
    const padded = new Tensor({ name: `${float.name}/stored`, dtype, shape: float.shape, quantization });
    const name = `${node.name}/dequantize`;
    const back = new Node({
      name,
      op: "DequantizeLinear",
      inputs: [padded],
      outputs: [float],
      source: node.source,
    });
    stored.set(float, padded);
    added.push(back);
    node.inputs = [from, ...node.inputs.slice(1)];
    node.outputs = [padded];
    return [node, back];
  });
  if (added.length > 0) graph.setNodes(nodes);
  return added;
}
