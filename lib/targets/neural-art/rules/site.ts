/** What a support rule looks at: one node, the compile options, and how image tensors of its file lie. */
import { isFloat, isInteger } from "../../../graph/dtype.js";
import { type LayerGeometry, layerGeometry } from "../../../graph/geometry.js";
import type { Layout, Node } from "../../../graph/node.js";
import { isStatic } from "../../../graph/shape.js";
import type { Tensor } from "../../../graph/tensor.js";
import type { Rule } from "../../rule.js";
import type { CompileOptions } from "../records.js";

export interface Site {
  readonly node: Node;
  /** Geometry of a layer whose weights are constant and whose shapes are known; null otherwise. */
  readonly layer: () => LayerGeometry | null;
  readonly options: CompileOptions;
  /** Where the channels of operators without a `layout` attribute are (Add, Concat, Pad). */
  readonly layout: Layout;
}

/** Returns what the rules look at. The geometry, which several ask for, is worked out once. */
export function siteOf(node: Node, options: CompileOptions, layout: Layout): Site {
  let known: LayerGeometry | null | undefined;
  const layer = () => {
    if (known === undefined) known = isShaped(node) ? layerGeometry(node) : null;
    return known;
  };
  return { node, layer, options, layout };
}

function isShaped({ inputs, outputs }: Node): boolean {
  return isStatic(inputs[0]?.shape ?? null) && isStatic(outputs[0]?.shape ?? null);
}

/**
 * What a broken rule does to the node: it is refused, runs on the CPU with a float or an integer kernel, runs
 * hybrid, or stays on the NPU at the price of extra epochs.
 */
export type Outcome = "unsupported" | "float" | "integer" | "hybrid" | "extra";

export interface SupportRule extends Rule<Site> {
  /** Operators that the rule speaks of; empty for all. */
  readonly ops: readonly string[];
  readonly outcome: Outcome;
}

/** Returns the layout that the format of the node's file implies; what code builds follows TFLite. */
export function impliedLayout(node: Node): Layout {
  return node.source.format === "onnx" ? "NCHW" : "NHWC";
}

/** Returns the axis of the channels: the last one, or the second where the file is channel first. */
export function channelAxis(rank: number, layout: Layout): number {
  return layout === "NCHW" && rank > 2 ? 1 : Math.max(0, rank - 1);
}

/** Returns the values that flow into the node at run time. */
export function activationInputs(node: Node): readonly Tensor[] {
  return node.inputs.filter((input): input is Tensor => input !== null && !input.isConstant);
}

/** Returns whether the tensor holds integers that stand for reals. */
export function isQuantized(tensor: Tensor): boolean {
  return isInteger(tensor.dtype) && tensor.quantization !== null;
}

export function isReal(tensor: Tensor): boolean {
  return isFloat(tensor.dtype);
}

/** Returns the static shape, or null when a dimension is open. */
export function knownShape(tensor: Tensor | null | undefined): readonly number[] | null {
  const shape = tensor?.shape ?? null;
  return isStatic(shape) ? shape : null;
}
