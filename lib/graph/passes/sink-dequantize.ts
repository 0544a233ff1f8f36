/**
 * Exporters from channels-last frameworks turn weights around behind their DequantizeLinear:
 *
 *     w:i8 HWIO ─▶ DQ ─▶ Transpose ─▶ Conv      becomes      wᵀ:i8 OIHW ─▶ DQ ─▶ Conv
 *
 * Moving elements and scaling them commute, so the stored constant is turned instead, when it is read.
 */
import type { Graph } from "../graph.js";
import { Node, numbersAttribute } from "../node.js";
import { elementCount, type StaticShape } from "../shape.js";
import { type Quantization, Tensor } from "../tensor.js";
import { foldNode } from "./fold-constants.js";

const MOVES = new Set(["Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"]);

/** Returns where the scales run after a move; null where they no longer run along one axis. */
function movedAxis(move: Node, axis: number, from: StaticShape, to: StaticShape): number | null {
  if (move.op === "Transpose") {
    const reversed = from.map((_, index) => from.length - 1 - index);
    const found = numbersAttribute(move, "perm", reversed).indexOf(axis);
    return found < 0 ? null : found;
  }
  // The same elements in the same order: the axis survives if it keeps its size and what lies before it.
  const before = elementCount(from.slice(0, axis));
  const found = to.findIndex(
    (size, index) => size === from[axis] && elementCount(to.slice(0, index)) === before,
  );
  return found < 0 ? null : found;
}

function movedQuantization(move: Node, quantization: Quantization): Quantization | null {
  if (quantization.axis === null) return quantization;
  const [from, to] = [move.input(0).staticShape(), move.output().staticShape()];
  const axis = movedAxis(move, quantization.axis, from, to);
  return axis === null ? null : { ...quantization, axis };
}

/** Moves one DequantizeLinear of a constant behind its only reader; returns whether it did. */
function sinkOnce(graph: Graph, node: Node, fixed: ReadonlySet<Tensor>): boolean {
  const stored = node.input(0);
  const float = node.output();
  const [move, ...others] = graph.consumers(float);
  if (!stored.isConstant || !stored.quantization || !move || others.length > 0) return false;
  if (fixed.has(float) || !MOVES.has(move.op) || move.inputs[0] !== float) return false;
  const quantization = movedQuantization(move, stored.quantization);
  if (quantization === null) return false;
  const { name, dtype, shape, data } = stored;
  const moved = new Tensor({ name, dtype, shape: move.output().shape });
  const inputs = [new Tensor({ name, dtype, shape, data }), ...move.inputs.slice(1)];
  const { op, attributes, source } = move;
  if (!foldNode(graph, new Node({ name: move.name, op, inputs, outputs: [moved], attributes, source })))
    return false;
  moved.quantization = quantization;
  node.inputs = [moved];
  node.outputs = [move.output()];
  graph.removeNodes(new Set([move]));
  return true;
}

/**
 * Turns stored constants instead of their float values, through any number of moves; edits the graph.
 * Tensors in `fixed` stay.
 */
export function sinkDequantizes(
  graph: Graph,
  dequantizes: readonly Node[],
  fixed: ReadonlySet<Tensor>,
): void {
  for (const node of dequantizes) while (sinkOnce(graph, node, fixed));
}
