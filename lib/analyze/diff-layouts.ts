/**
 * Which tensors of a graph hold images with channels first. Operators that say a layout settle their input and
 * output, a Transpose between the layouts settles both sides, and what keeps the axes passes it on:
 *
 *     x ─▶ Quantize ─▶ Transpose 0,3,1,2 ─▶ Conv NCHW ─▶ Add ─▶ y
 *     last    last                     first          first  first
 */
import type { Graph } from "../graph/graph.js";
import { type Node, numbersAttribute } from "../graph/node.js";
import type { Tensor } from "../graph/tensor.js";

export type ImageLayout = "first" | "last";

const TO_FIRST = "0,3,1,2";
const TO_LAST = "0,2,3,1";
/** Operators whose inputs need not have the axes of their outputs. */
const NEW_AXES = new Set([
  ..."Reshape Flatten Squeeze Unsqueeze Gemm MatMul Transpose Gather GatherND".split(" "),
]);

const isImage = (tensor: Tensor | null): tensor is Tensor =>
  tensor !== null && !tensor.isConstant && tensor.shape?.length === 4;

/** Returns the layout of each tensor with four axes that an operator settles, next to it or further away. */
export function imageLayouts(graph: Graph): ReadonlyMap<Tensor, ImageLayout> {
  const found = new Map<Tensor, ImageLayout>();
  const settle = (tensor: Tensor | null, layout: ImageLayout) => {
    if (!isImage(tensor) || found.has(tensor)) return false;
    found.set(tensor, layout);
    return true;
  };
  for (const node of graph.nodes) {
    const sides = sidesOf(node);
    if (!sides) continue;
    settle(node.inputs[0] ?? null, sides[0]);
    for (const output of node.outputs) settle(output, sides[1]);
  }
  const carriers = graph.nodes.filter((node) => !NEW_AXES.has(node.op) && !sidesOf(node));
  // Forwards and backwards in turns: each round settles at least one tensor, and few need more than two.
  for (let changed = true; changed; ) {
    changed = false;
    for (const node of [...carriers, ...carriers.toReversed()]) {
      const images = [...node.inputs, ...node.outputs].filter((tensor) => isImage(tensor));
      const known = images.find((tensor) => found.has(tensor));
      if (!known) continue;
      for (const tensor of images) if (settle(tensor, found.get(known)!)) changed = true;
    }
  }
  return found;
}

/** Returns what a node says about its input and its output; null when it says nothing. */
function sidesOf(node: Node): readonly [ImageLayout, ImageLayout] | null {
  const { layout } = node.attributes;
  if (layout === "NCHW") return ["first", "first"];
  if (layout === "NHWC") return ["last", "last"];
  if (node.op !== "Transpose") return null;
  const perm = numbersAttribute(node, "perm", []).join();
  if (perm === TO_FIRST) return ["last", "first"];
  return perm === TO_LAST ? ["first", "last"] : null;
}
