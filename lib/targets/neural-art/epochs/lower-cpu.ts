/**
 * Nodes that leave the NPU. A float kernel between integer tensors makes a float island:
 *
 *   x int8 → DequantizeLinear → op in float → QuantizeLinear → y int8        three epochs, all on the CPU
 *
 * with one DequantizeLinear per integer input, and none at an end that is float already.
 */

import { layerGeometry } from "../../../graph/geometry.js";
import type { Node } from "../../../graph/node.js";
import { isStatic } from "../../../graph/shape.js";
import type { Tensor } from "../../../graph/tensor.js";
import type { Reason } from "../../rule.js";
import { isSpatialReduction } from "../rules/pooling.js";
import { isQuantized } from "../rules/site.js";
import { derived, type Scope } from "./scope.js";

/** Operators that the front end rewrites, with what their epochs are called. */
const REWRITTEN: Readonly<Record<string, readonly string[]>> = {
  BatchNormalization: ["Mul", "Add"],
  Rsqrt: ["Reciprocal"],
};

/** Activations fused into a float layer are operators of their own there. */
const FUSED: Readonly<Record<string, string>> = {
  relu: "Relu",
  relu6: "Clip",
  relun1to1: "Clip",
  tanh: "Tanh",
};

function constantsOf(node: Node): Tensor[] {
  return node.inputs.filter((input): input is Tensor => input?.isConstant ?? false);
}

export function macsOf(node: Node): number {
  const shaped = [...node.inputs, ...node.outputs].every((tensor) => !tensor || isStatic(tensor.shape));
  if (!shaped) return 0;
  const layer = layerGeometry(node);
  if (layer) return layer.macs;
  const dot = node.op === "MatMul" || node.op === "Gemm";
  return dot ? node.output().size * (node.input(0).staticShape().at(-1) ?? 1) : 0;
}

/** The vendor's reports call a mean over the whole map by its pool's name. */
function isMapMean(scope: Scope, node: Node): boolean {
  return node.op === "ReduceMean" && isSpatialReduction(scope.site(node));
}

export function lowerFloat(scope: Scope, node: Node, reason: Reason): void {
  const reads = node.inputs.flatMap((input) => {
    if (!input || input.isConstant) return [];
    return scope.reads([input]).map((place) => {
      if (!isQuantized(place)) return place;
      const real = derived(place, `${place.name}/float/${node.name}`, { dtype: "float32" });
      scope.emit({
        kind: "sw",
        op: "DequantizeLinear",
        reads: [place],
        writes: [real],
        reason,
        note: `'${node.name}' needs float values`,
      });
      return real;
    });
  });
  const outputs = node.outputs.map((output) =>
    isQuantized(output) ? derived(output, `${output.name}/float`, { dtype: "float32" }) : output,
  );
  const activation = FUSED[String(node.attributes.activation ?? "")];
  const called = REWRITTEN[node.op] ?? [isMapMean(scope, node) ? "GlobalAveragePool" : node.op];
  const ops = [...called, ...(activation ? [activation] : [])];
  let inputs: readonly Tensor[] = reads;
  ops.forEach((op, index) => {
    const last = index === ops.length - 1;
    const writes = last
      ? outputs
      : [derived(node.output(), `${node.output().name}/${op}`, { dtype: "float32" })];
    scope.emit({
      kind: "sw",
      op,
      nodes: last ? [node] : [],
      reads: [...inputs],
      writes: [...writes],
      constants: index === 0 ? constantsOf(node) : [],
      macs: index === 0 ? macsOf(node) : 0,
      reason,
      note: ops.length > 1 ? `step ${index + 1} of ${ops.length} of '${node.name}'` : null,
    });
    inputs = writes;
  });
  node.outputs.forEach((output, index) => {
    const real = outputs[index];
    if (!real || real === output) return;
    scope.emit({
      kind: "sw",
      op: "QuantizeLinear",
      reads: [real],
      writes: [output],
      reason,
      note: `'${node.name}' gives float values`,
    });
  });
}

/** A product of two activations is one Conv per head on the CPU; everything else is one epoch. */
export function lowerInteger(scope: Scope, node: Node, reason: Reason): void {
  const reads = scope.reads(node.inputs);
  const constants = constantsOf(node);
  const macs = macsOf(node);
  const heads = headsOf(node);
  if (heads === 1) {
    const writes = scope.writes(node);
    scope.emit({ kind: "sw", op: node.op, nodes: [node], reads, writes, constants, macs, reason });
    return;
  }
  const output = node.output();
  const shape = [...output.staticShape()].map((dim, axis, all) => (axis < all.length - 2 ? 1 : dim));
  const parts = Array.from({ length: heads }, (_, head) =>
    derived(output, `${output.name}/head${head + 1}`, { shape }),
  );
  parts.forEach((part, head) => {
    scope.emit({
      kind: "sw",
      op: "Conv",
      nodes: head === heads - 1 ? [node] : [],
      reads,
      writes: [part],
      constants: head === 0 ? constants : [],
      macs: Math.floor(macs / heads) + (head === 0 ? macs % heads : 0),
      reason,
      note: `head ${head + 1} of ${heads} of '${node.name}'`,
    });
  });
  scope.storage.put(output, parts);
}

function headsOf(node: Node): number {
  const shape = node.output().shape;
  const product = (node.op === "MatMul" || node.op === "Gemm") && !node.inputs[1]?.isConstant;
  if (!product || !shape || !isStatic(shape)) return 1;
  return shape.slice(0, -2).reduce((count, dim) => count * dim, 1);
}
