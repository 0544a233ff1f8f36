import { decodeElements, encodeElements, hasNumbers, lazyConstant, type Numbers, tensorNumbers } from "../elements.js";
import { evaluatorFor } from "../infer/evaluate.js";
import { InferenceCall, type TensorType } from "../infer/rule.js";
import { byteLength } from "../dtype.js";
import type { Graph } from "../graph.js";
import type { Node } from "../node.js";
import { isStatic } from "../shape.js";
import type { Tensor } from "../tensor.js";
import type { Pass } from "./pass.js";

const QUANTIZING = new Set([
  "QuantizeLinear",
  "DequantizeLinear",
  "com.microsoft:QuantizeLinear",
  "com.microsoft:DequantizeLinear",
]);

/** Operators that give the same bytes another shape: their constants need no copy. */
const SAME_BYTES = new Set(["Reshape", "Flatten", "Squeeze", "Unsqueeze", "EXPAND_DIMS", "Identity"]);

/** Bytes of results that are computed at once; larger ones wait until they are read. */
const EAGER_BYTES = 65_536;

function folding(keeps: (node: Node) => boolean): (graph: Graph) => number {
  return (graph) => {
    const folded = new Set<Node>();
    for (const node of graph.nodes) {
      if (!keeps(node) && foldNode(graph, node)) folded.add(node);
    }
    if (folded.size > 0) graph.removeNodes(folded);
    return folded.size;
  };
}

/** Makes the outputs of a node constants; returns false where they depend on the run. */
function foldNode(graph: Graph, node: Node): boolean {
  const evaluator = evaluatorFor(node);
  if (!evaluator || node.outputs.some((output) => graph.outputs.includes(output))) return false;
  if (!node.outputs.every(({ shape, dtype }) => isStatic(shape) && hasNumbers(dtype))) return false;
  if (evaluator.shapeOnly) {
    if (!isStatic(node.input(0).shape)) return false;
  } else if (!node.inputs.every((input) => !input || input.isConstant)) return false;

  if (SAME_BYTES.has(node.op)) {
    node.output().data = node.input(0).data;
    return true;
  }
  const types = node.outputs.map(({ dtype, shape }): TensorType => ({ dtype, shape: shape as number[] }));
  const compute = () => evaluator.evaluate(new InferenceCall(node, constantValues), types);
  const sizes = types.map(({ dtype }, index) => byteLength(dtype, node.outputs[index]!.size));
  const small = sizes.every((size) => size <= EAGER_BYTES) && node.inputs.every((input) => isSmall(input));
  if (small || evaluator.shapeOnly) {
    const results = compute();
    if (results === null) return false;
    setConstants(node, (index) => () => encodeElements(types[index]!.dtype, results[index]!));
    return true;
  }
  // One element decides whether the operator handles its attributes; the rest waits.
  setConstants(node, (index) => () => encodeElements(types[index]!.dtype, must(node, compute())[index]!));
  return true;
}
