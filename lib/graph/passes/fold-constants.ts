import { byteLength } from "../dtype.js";
import { encodeElements, hasNumbers, lazyConstant, type Numbers, tensorNumbers } from "../elements.js";
import type { Graph } from "../graph.js";
import { evaluatorFor } from "../infer/evaluate.js";
import { InferenceCall, type TensorType } from "../infer/rule.js";
import type { Node } from "../node.js";
import { isStatic } from "../shape.js";
import { constantOf, type Tensor } from "../tensor.js";
import type { Pass } from "./pass.js";

/** Operators that give the same bytes another shape: their constants need no copy. */
const SAME_BYTES = new Set(["Reshape", "Flatten", "Squeeze", "Unsqueeze", "EXPAND_DIMS", "Identity"]);

/** Operators that mark quantisation; they hold what foldQdq needs. */
const QUANTIZING = new Set(["QuantizeLinear", "DequantizeLinear"]);

/** Results up to this size are computed at once; larger ones when they are read. */
const EAGER_BYTES = 4096;

/** Returns the values of constants of any size, each decoded once. */
function constantValues(): (tensor: Tensor) => Numbers | null {
  const decoded = new Map<Tensor, Numbers>();
  return (tensor) => {
    if (!tensor.isConstant) return null;
    const values = decoded.get(tensor) ?? tensorNumbers(tensor);
    decoded.set(tensor, values);
    return values;
  };
}

/** Makes the outputs of a node constants; returns false where they depend on the run. */
export function foldNode(graph: Graph, node: Node): boolean {
  const evaluator = evaluatorFor(node);
  if (!evaluator || node.outputs.some((output) => graph.outputs.includes(output))) return false;
  if (!node.outputs.every(({ shape, dtype }) => isStatic(shape) && hasNumbers(dtype))) return false;
  const ready = evaluator.shapeOnly
    ? isStatic(node.input(0).shape)
    : node.inputs.every((input) => !input || input.isConstant);
  if (!ready) return false;
  if (SAME_BYTES.has(node.op)) {
    node.output().data = node.input(0).data;
    return true;
  }
  const types = node.outputs.map(({ dtype, shape }): TensorType => ({ dtype, shape: shape as number[] }));
  const compute = (index: number): Uint8Array => {
    const results = evaluator.evaluate(new InferenceCall(node, constantValues()), types);
    return encodeElements(types[index]!.dtype, results[index]!);
  };
  for (const [index, output] of node.outputs.entries()) {
    const size = byteLength(output.dtype, output.size);
    output.data =
      size <= EAGER_BYTES || evaluator.shapeOnly
        ? constantOf(compute(index))
        : lazyConstant(size, () => compute(index));
  }
  return true;
}

function foldUnless(keep: (node: Node) => boolean): (graph: Graph) => number {
  return (graph) => {
    const folded = new Set<Node>();
    for (const node of graph.nodes) if (!keep(node) && foldNode(graph, node)) folded.add(node);
    if (folded.size > 0) graph.removeNodes(folded);
    return folded.size;
  };
}

/**
 * Nodes that depend on constants and shapes alone become constants: shape arithmetic, weights given as
 * ConstantOfShape, transposed or reshaped weights. Large results are computed when they are read. What marks
 * quantisation stays, for foldQdq.
 */
export const foldConstants: Pass = {
  name: "fold-constants",
  sentence: "Computes what does not depend on the network's inputs",
  requires: "shapes are inferred",
  ensures: "no node but QuantizeLinear and DequantizeLinear has only constants as inputs and an evaluator",
  run: foldUnless((node) => QUANTIZING.has(node.op)),
};

/**
 * Constants that are still dequantised after foldQdq feed an operator that runs in float; they become float
 * constants, four times the size of their int8 form.
 */
export const dequantizeConstants: Pass = {
  name: "dequantize-constants",
  sentence: "Turns quantised constants of float operators into float constants",
  requires: "foldQdq ran",
  ensures: "no QuantizeLinear or DequantizeLinear reads a constant",
  run: foldUnless(() => false),
};
