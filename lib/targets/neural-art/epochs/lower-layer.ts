/**
 * Convolutions and dense layers on the NPU. One layer is one step: kernel, per-channel scale, bias.
 *
 *   1×1, 3×3            Conv + Mul + Add                        1 CONV, 2 ARITH
 *   5×5 (3 + 2 rows)    Conv + Conv + Add + Mul + Add           2 CONV, 3 ARITH
 *   7×7 at stride 1     3 + 3 + 1 rows of 6 + 1 columns: six sub-kernels do not fit one epoch, two go at a time
 *   5×5 depthwise       one epoch per sub-kernel
 */
import type { LayerGeometry } from "../../../graph/geometry.js";
import type { Node } from "../../../graph/node.js";
import type { Tensor } from "../../../graph/tensor.js";
import type { Reason } from "../../rule.js";
import { type KernelParts, kernelParts } from "../rules/convolution.js";
import { macsOf } from "./lower-cpu.js";
import { derived, type Scope } from "./scope.js";
import { fits } from "./step.js";

/** Multiplication by the scale and addition of the bias. */
const REQUANTISE = 2;
/** Sub-kernels of one epoch when not all of them fit. Timed: 7×7×3→32 on 64×64 (2.2) takes three equal epochs. */
const PARTS_AT_ONCE = 2;

function constantsOf(node: Node): Tensor[] {
  return node.inputs.filter((input): input is Tensor => input?.isConstant ?? false);
}

/** Shares whole MACs between parts by weight; the last part takes the rounding. */
function share(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  const shares = weights.map((weight) => Math.floor((total * weight) / sum));
  shares[shares.length - 1] = (shares.at(-1) ?? 0) + total - shares.reduce((a, b) => a + b, 0);
  return shares;
}

function describe(geometry: LayerGeometry): string {
  return `${geometry.kernelHeight}×${geometry.kernelWidth}`;
}

function partsOf({ kernelHeight, kernelWidth, strides }: LayerGeometry): KernelParts {
  return kernelParts({ height: kernelHeight, width: kernelWidth, stride: strides[1] });
}

export function lowerLayer(scope: Scope, node: Node, geometry: LayerGeometry): void {
  const extra = scope.extraWork(node);
  const broken = (id: string) => extra.find(({ rule }) => rule === id);
  const copy = broken("N6-CONV-07") ?? broken("N6-CONV-08");
  const columns = broken("N6-CONV-06");
  const dilated = broken("N6-CONV-05");
  const spread = broken("N6-CONVT-01");
  let reads: readonly Tensor[] = scope.layerReads(node);
  if (dilated) reads = [hybrid(scope, node, "SpaceToDepth", reads, dilated)];
  if (spread) {
    const joined = hybrid(scope, node, "Concat", reads, spread);
    reads = [hybrid(scope, node, "DepthToSpace", [joined], spread)];
    reads = [cropped(scope, node, reads, spread)];
  }
  if (copy && reads[0]) reads = [copied(scope, node, reads[0], copy)];
  if (columns) {
    lowerWideDepthwise(scope, node, geometry, reads, columns);
    return;
  }

  const target = dilated ? derived(node.output(), `${node.output().name}/in-depth`) : node.output();
  lowerParts(scope, node, geometry, reads, target);
  if (dilated) {
    scope.emit({
      kind: "hybrid",
      op: "DepthToSpace",
      reads: [target],
      writes: [node.output()],
      reason: dilated,
      note: `brings the result of '${node.name}' back from its dilated grid`,
    });
  }
}

function lowerParts(
  scope: Scope,
  node: Node,
  geometry: LayerGeometry,
  reads: readonly Tensor[],
  target: Tensor,
): void {
  const { rows, columns } = partsOf(geometry);
  const areas = rows.flatMap((height) => columns.map((width) => height * width));
  const whole = {
    convolution: areas.length,
    arithmetic: REQUANTISE + areas.length - 1,
    activation: 0,
    pooling: 0,
  };
  const together = geometry.kind === "depthwise" ? areas.length === 1 : fits(whole);
  if (together) {
    scope.emit({
      op: node.op,
      nodes: [node],
      reads: [...reads],
      writes: [target],
      constants: constantsOf(node),
      units: node.attributes.activation === "tanh" ? { ...whole, activation: 1 } : whole,
      macs: geometry.macs,
      layer: { node, geometry },
    });
    return;
  }
  const atOnce = geometry.kind === "depthwise" ? 1 : PARTS_AT_ONCE;
  const groups = Array.from({ length: Math.ceil(areas.length / atOnce) }, (_, index) =>
    areas.slice(index * atOnce, (index + 1) * atOnce),
  );
  const macs = share(
    geometry.macs,
    groups.map((group) => group.reduce((a, b) => a + b, 0)),
  );
  let partial: Tensor | null = null;
  groups.forEach((group, index) => {
    const last = index === groups.length - 1;
    const output: Tensor = last
      ? target
      : derived(target, `${target.name}/part${index + 1}`, { dtype: "int16" });
    scope.emit({
      op: node.op,
      nodes: last ? [node] : [],
      reads: partial ? [...reads, partial] : [...reads],
      writes: [output],
      constants: index === 0 ? constantsOf(node) : [],
      units: { convolution: group.length, arithmetic: group.length + (last ? REQUANTISE - 1 : 0) },
      macs: macs[index] ?? 0,
      layer: index === 0 ? { node, geometry } : null,
      note: `part ${index + 1} of ${groups.length} of the ${describe(geometry)} kernel of '${node.name}'`,
    });
    partial = output;
  });
}

/**
 * A product of two activations, were the NPU to take it: a dense layer per head whose weights are computed. No
 * rule lets one pass; it is reached where a rule is waived (scope.ts).
 */
export function lowerProduct(scope: Scope, node: Node): void {
  const shape = node.output().staticShape();
  const macs = macsOf(node);
  const rows = shape.at(-2) ?? 1;
  const outputChannels = shape.at(-1) ?? 1;
  const heads = shape.slice(0, -2).reduce((count, dim) => count * dim, 1);
  const inputChannels = node.input(0).staticShape().at(-1) ?? 1;
  const geometry: LayerGeometry = {
    kind: "dense",
    batch: heads,
    inputHeight: rows,
    inputWidth: 1,
    inputChannels,
    outputHeight: rows,
    outputWidth: 1,
    outputChannels,
    kernelHeight: 1,
    kernelWidth: 1,
    strides: [1, 1],
    dilations: [1, 1],
    groups: 1,
    macs,
    weights: node.input(1),
    bias: null,
  };
  scope.emit({
    op: node.op,
    nodes: [node],
    reads: scope.reads(node.inputs),
    writes: scope.writes(node),
    units: { convolution: 1, arithmetic: REQUANTISE },
    macs,
    layer: { node, geometry },
  });
}

/**
 * A depthwise kernel with one column left over (7×7 in MobileFaceNet, 2.1): the six-column parts run on the
 * NPU, each one-column part as Dequantize, float Conv and Cast, then all sums are added.
 */
function lowerWideDepthwise(
  scope: Scope,
  node: Node,
  geometry: LayerGeometry,
  reads: readonly Tensor[],
  reason: Reason,
): void {
  const { rows, columns } = partsOf(geometry);
  const [input] = reads;
  const output = node.output();
  if (!input) return;
  const wide = columns[0] ?? 1;
  const areas = [geometry.kernelHeight * wide, ...rows];
  const macs = share(geometry.macs, areas);
  const sums: Tensor[] = [derived(output, `${output.name}/wide`, { dtype: "int16" })];
  scope.emit({
    op: node.op,
    reads: [...reads],
    writes: [...sums],
    constants: constantsOf(node),
    units: { convolution: rows.length, arithmetic: rows.length - 1 },
    macs: macs[0] ?? 0,
    layer: { node, geometry },
    note: `the first ${wide} columns of the ${describe(geometry)} kernel of '${node.name}'`,
  });
  rows.forEach((_, index) => {
    const real = derived(input, `${input.name}/float${index + 1}`, { dtype: "float32" });
    const product = derived(output, `${output.name}/float${index + 1}`, { dtype: "float32" });
    const sum = derived(output, `${output.name}/narrow${index + 1}`, { dtype: "int16" });
    sums.push(sum);
    const note = `column ${wide + 1} of the ${describe(geometry)} kernel of '${node.name}', rows ${index + 1} of ${rows.length}`;
    scope.emit({ kind: "sw", op: "DequantizeLinear", reads: [input], writes: [real], reason, note });
    const constants = constantsOf(node);
    scope.emit({
      kind: "sw",
      op: node.op,
      reads: [real],
      writes: [product],
      constants,
      macs: macs[index + 1] ?? 0,
      reason,
      note,
    });
    scope.emit({ kind: "hybrid", op: "Cast", reads: [product], writes: [sum], reason, note });
  });
  const middle = derived(output, `${output.name}/sum`, { dtype: "int16" });
  const note = `adds the parts of the ${describe(geometry)} kernel of '${node.name}'`;
  scope.emit({ op: "Add", reads: sums.slice(0, 3), writes: [middle], units: { arithmetic: 2 }, note });
  scope.emit({
    op: "Add",
    nodes: [node],
    reads: [middle, ...sums.slice(3)],
    writes: [output],
    units: { arithmetic: 2 + REQUANTISE },
    note,
  });
}

function copied(scope: Scope, node: Node, input: Tensor, reason: Reason): Tensor {
  const copy = derived(input, `${input.name}/blocks/${node.name}`);
  scope.emit({
    op: "Identity",
    reads: [input],
    writes: [copy],
    seals: true,
    note: `copies the input of '${node.name}' into blocks of channels (${reason.rule}: ${reason.why})`,
  });
  return copy;
}

function hybrid(scope: Scope, node: Node, op: string, reads: readonly Tensor[], reason: Reason): Tensor {
  const moved = derived(node.input(0), `${node.input(0).name}/${op}/${node.name}`);
  scope.emit({
    kind: "hybrid",
    op,
    reads: [...reads],
    writes: [moved],
    reason,
    note: `prepares the input of '${node.name}'`,
  });
  return moved;
}

function cropped(scope: Scope, node: Node, reads: readonly Tensor[], reason: Reason): Tensor {
  const crop = derived(node.input(0), `${node.input(0).name}/crop/${node.name}`);
  scope.emit({
    op: "Conv",
    reads: [...reads],
    writes: [crop],
    units: { convolution: 1, arithmetic: 1 },
    seals: true,
    note: `crops the spread input of '${node.name}' (${reason.rule})`,
  });
  return crop;
}
