import { hasNumbers, type Numbers } from "../elements.js";
import type { Node } from "../node.js";
import { sameQuantization } from "../quantization.js";
import type { Tensor } from "../tensor.js";
import type { Evaluator } from "./evaluator.js";
import { InferenceCall, type TensorType, type ValuesOf } from "./rule.js";
import { evaluatorOf } from "./table.js";

/** Integers with a scale stand for other numbers: they may be moved as they are, not computed with. */
function keepsQuantization(node: Node, evaluator: Evaluator): boolean {
  const output = node.output();
  if (!evaluator.moves) {
    return [...node.inputs, ...node.outputs].every((tensor) => !tensor?.quantization);
  }
  const data = node.inputs.filter(
    (tensor): tensor is Tensor => tensor != null && tensor.dtype === output.dtype,
  );
  const perAxis = [...data, output].some(({ quantization }) => (quantization?.axis ?? null) !== null);
  return !perAxis && data.every(({ quantization }) => sameQuantization(quantization, output.quantization));
}

/**
 * Returns how to compute a node's outputs from values, or null where the node is none that can be computed
 * before running: no evaluator, a fused activation, an element type without numbers, or quantised arithmetic.
 */
export function evaluatorFor(node: Node): Evaluator | null {
  const evaluator = evaluatorOf(node.op);
  if (!evaluator || node.outputs.length === 0 || node.attributes.activation !== undefined) return null;
  const handled = [...node.inputs, ...node.outputs].every((tensor) => !tensor || hasNumbers(tensor.dtype));
  if (evaluator.handles?.(node) === false) return null;
  const safe = evaluator.shapeOnly || evaluator.quantizes || keepsQuantization(node, evaluator);
  return handled && safe ? evaluator : null;
}

/** Returns the values of a node's outputs, or null where they depend on the run. */
export function evaluateNode({
  node,
  types,
  valuesOf,
}: {
  readonly node: Node;
  readonly types: readonly TensorType[];
  readonly valuesOf: ValuesOf;
}): readonly Numbers[] | null {
  const evaluator = evaluatorFor(node);
  // Quantised values are weights and data, which no shape depends on.
  if (!evaluator || evaluator.quantizes) return null;
  const ready = evaluator.shapeOnly || node.inputs.every((input) => !input || valuesOf(input) !== null);
  return ready ? evaluator.evaluate(new InferenceCall(node, valuesOf), types) : null;
}
