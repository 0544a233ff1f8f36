/** Rules on pooling and reductions (POOL_ACC). */
import { tensorNumbers } from "../../../graph/elements.js";
import { imageSize, layoutOf } from "../../../graph/geometry.js";
import { type Node, numbersAttribute } from "../../../graph/node.js";
import type { Fact } from "../../rule.js";
import { channelAxis, knownShape, type Site, type SupportRule } from "./site.js";

const PAGE = "stneuralart_operator_support.html r1.1 (ST Edge AI Core 2.1.0), POOL_ACC";
const documented = (value: number): Fact => ({ value, evidence: "documented", source: PAGE });

export const MAX_POOL_WINDOW = documented(3);
export const MAX_POOL_STRIDE = documented(15);

const WINDOWED = ["MaxPool", "AveragePool"];

/** Returns whether the window covers the whole map: such a pool is a global one. */
export function isGlobalPool(node: Node): boolean {
  if (node.op === "GlobalAveragePool" || node.op === "GlobalMaxPool") return true;
  if (!WINDOWED.includes(node.op) || !knownShape(node.inputs[0])) return false;
  const [height, width] = windowOf(node);
  const input = imageSize(node.input(0), layoutOf(node));
  return height >= input.height && width >= input.width;
}

/** Returns whether a reduction runs over the whole map and nothing else: it is a global pool. */
export function isSpatialReduction({ node, layout }: Site): boolean {
  const rank = node.input(0).shape?.length ?? 0;
  const axes = node.inputs[1];
  if (!axes?.isConstant || rank < 3) return false;
  const reduced = new Set([...tensorNumbers(axes)].map((axis) => (axis < 0 ? axis + rank : axis)));
  const channels = channelAxis(rank, layout);
  const spatial = Array.from({ length: rank }, (_, axis) => axis).filter(
    (axis) => axis > 0 && axis !== channels,
  );
  return reduced.size === spatial.length && spatial.every((axis) => reduced.has(axis));
}

export function windowOf(node: Node): readonly [number, number] {
  const shape = numbersAttribute(node, "kernelShape", [1, 1]);
  return shape.length === 1 ? [1, shape[0] ?? 1] : [shape[0] ?? 1, shape[1] ?? 1];
}

export const POOLING_RULES: readonly SupportRule[] = [
  {
    id: "N6-POOL-01",
    sentence: `Windows are at most ${MAX_POOL_WINDOW.value}×${MAX_POOL_WINDOW.value}; larger maximum pools are a chain of small ones.`,
    ops: ["MaxPool"],
    outcome: "extra",
    facts: { window: MAX_POOL_WINDOW },
    evidence: "documented",
    source: PAGE,
    check({ node }) {
      const [height, width] = windowOf(node);
      if (Math.max(height, width) <= MAX_POOL_WINDOW.value || isGlobalPool(node)) return null;
      return { why: `window ${height}×${width}, at most 3×3`, fix: "chain 3×3 pools, or share one chain" };
    },
  },
  {
    id: "N6-POOL-02",
    sentence: `Windows of average pools are at most ${MAX_POOL_WINDOW.value}×${MAX_POOL_WINDOW.value}, or the whole map.`,
    ops: ["AveragePool"],
    outcome: "float",
    facts: { window: MAX_POOL_WINDOW },
    evidence: "documented",
    source: PAGE,
    check({ node }) {
      const [height, width] = windowOf(node);
      if (Math.max(height, width) <= MAX_POOL_WINDOW.value || isGlobalPool(node)) return null;
      return {
        why: `window ${height}×${width}, at most 3×3`,
        fix: "use a global pool, or a strided convolution",
      };
    },
  },
  {
    id: "N6-POOL-03",
    sentence: `Strides of pools are at most ${MAX_POOL_STRIDE.value}.`,
    ops: WINDOWED,
    outcome: "float",
    facts: { stride: MAX_POOL_STRIDE },
    evidence: "documented",
    source: PAGE,
    check({ node }) {
      const stride = Math.max(...numbersAttribute(node, "strides", [1]));
      if (stride <= MAX_POOL_STRIDE.value || isGlobalPool(node)) return null;
      return { why: `stride ${stride}, at most ${MAX_POOL_STRIDE.value}`, fix: "use a smaller stride" };
    },
  },
];
