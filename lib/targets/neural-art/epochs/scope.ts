/** What lowering knows while it walks the graph, and the steps written so far. */

import { type LayerGeometry, layerGeometry } from "../../../graph/geometry.js";
import type { Graph } from "../../../graph/graph.js";
import type { Layout, Node } from "../../../graph/node.js";
import { Tensor } from "../../../graph/tensor.js";
import type { Reason } from "../../rule.js";
import type { CompileOptions } from "../records.js";
import { type Classification, classifySite, extraWork } from "../rules/classify.js";
import { type Site, siteOf } from "../rules/site.js";
import { type Step, type StepFields, step } from "./step.js";
import { Storage } from "./storage.js";

/** Stored value that stands for zero in tensors which a subtraction turns into unsigned ones. */
const LOWEST_INT8 = -128;

/**
 * Nodes that are taken to run on the NPU whatever the rules say, each with the rules that are waived for it:
 * the network as it would be scheduled were they mended.
 */
export type Waivers = ReadonlyMap<Node, ReadonlySet<string>>;

const NONE: Waivers = new Map();

export class Scope {
  readonly graph: Graph;
  readonly options: CompileOptions;
  readonly layout: Layout;
  readonly storage = new Storage();
  readonly #steps: Step[] = [];
  readonly #free: Node[] = [];
  readonly #sites = new Map<Node, Site>();
  readonly #verdicts = new Map<Node, Classification>();
  readonly #extra = new Map<Node, readonly Reason[]>();
  readonly #waivers: Waivers;
  /** Input of a layer after its zero point was subtracted. */
  readonly #unsigned = new Map<Node, Tensor>();

  constructor(graph: Graph, options: CompileOptions, layout: Layout, waivers: Waivers = NONE) {
    this.graph = graph;
    this.options = options;
    this.layout = layout;
    this.#waivers = waivers;
  }

  get steps(): readonly Step[] {
    return this.#steps;
  }

  get freeNodes(): readonly Node[] {
    return this.#free;
  }

  site(node: Node): Site {
    const known = this.#sites.get(node);
    if (known) return known;
    const site = siteOf(node, this.options, this.layout);
    this.#sites.set(node, site);
    return site;
  }

  verdict(node: Node): Classification {
    const known = this.#verdicts.get(node);
    if (known) return known;
    const asked = classifySite(this.site(node));
    const verdict: Classification = this.#waivers.has(node)
      ? { ...asked, kind: "hw", kernel: null, unsupported: false, reason: null }
      : asked;
    this.#verdicts.set(node, verdict);
    return verdict;
  }

  /** Returns the rules that leave the node on the NPU but cost it extra epochs. */
  extraWork(node: Node): readonly Reason[] {
    const known = this.#extra.get(node);
    if (known) return known;
    const waived = this.#waivers.get(node);
    const extra = extraWork(this.site(node)).filter(({ rule }) => !waived?.has(rule));
    this.#extra.set(node, extra);
    return extra;
  }

  /** Returns the rules that shaped each node's epochs so far: the very objects that the epochs carry. */
  reasons(): ReadonlyMap<Node, readonly Reason[]> {
    const reasons = new Map<Node, readonly Reason[]>();
    for (const [node, { reason }] of this.#verdicts) if (reason) reasons.set(node, [reason]);
    for (const [node, extra] of this.#extra) {
      if (extra.length > 0) reasons.set(node, [...(reasons.get(node) ?? []), ...extra]);
    }
    return reasons;
  }

  emit(fields: StepFields): void {
    this.#steps.push(step(fields));
  }

  /** Lists the node as free; its output lies where `parts` lie. */
  free(node: Node, parts: readonly Tensor[]): void {
    this.#free.push(node);
    for (const output of node.outputs) this.storage.put(output, parts);
  }

  /** Returns the layer that the NPU computes, or null. */
  acceleratedLayer(node: Node): LayerGeometry | null {
    return this.verdict(node).kind === "hw" ? this.layer(node) : null;
  }

  /** Returns the geometry of a weighted layer, null for other nodes; throws where a shape is not known. */
  layer(node: Node): LayerGeometry | null {
    return this.site(node).layer() ?? layerGeometry(node);
  }

  /** Returns what the epoch reads for an activation of the node. */
  reads(tensors: readonly (Tensor | null | undefined)[]): Tensor[] {
    const places: Tensor[] = [];
    for (const tensor of tensors) {
      if (!tensor || tensor.isConstant) continue;
      for (const place of this.storage.of(tensor)) places.push(place);
    }
    return places.length > 1 ? [...new Set(places)] : places;
  }

  /** Returns what the epoch writes for the node's outputs: themselves, unless an edge made integers of them. */
  writes(node: Node): Tensor[] {
    return node.outputs.flatMap((output) => this.storage.of(output));
  }

  /** Returns what a layer reads: its input, after the zero point was subtracted where that is a step. */
  layerReads(node: Node): Tensor[] {
    const unsigned = this.#unsigned.get(node);
    return unsigned ? [unsigned] : this.reads([node.inputs[0]]);
  }

  /**
   * Subtracts the zero point of `tensor` once for each layer that reads it, when the lowest value stands for
   * zero: kernels then see unsigned values. Other zero points are folded into the bias. Seen in c_info.json of
   * four networks, 2.1 to 3.0: after every rectified layer, and nowhere else. The step ends the epoch that
   * computes the tensor, or is one by itself where no unit is left or memory lies between.
   */
  subtractZero(tensor: Tensor): void {
    if (!startsAtZero(tensor)) return;
    for (const reader of this.graph.consumers(tensor)) {
      if (reader.inputs[0] !== tensor || !this.acceleratedLayer(reader)) continue;
      const unsigned = derived(tensor, `${tensor.name}/unsigned/${reader.name}`, { dtype: "uint8" });
      this.#unsigned.set(reader, unsigned);
      const reads = this.reads([tensor]);
      this.emit({
        op: "Sub",
        reads,
        writes: [unsigned],
        units: { arithmetic: 1 },
        joins: ({ steps }) => reads.length === 1 || steps.every(({ op }) => op === "Sub"),
        note: `zero point of '${tensor.name}' subtracted before '${reader.name}'`,
      });
    }
  }
}

/** Returns whether the lowest stored value is zero: the output of a rectified layer. */
function startsAtZero(tensor: Tensor): boolean {
  const zero = tensor.quantization?.zeroPoint[0];
  if (zero === undefined) return false;
  return tensor.dtype === "int8" ? zero === LOWEST_INT8 : tensor.dtype === "uint8" && zero === 0;
}

/** Returns a tensor of the same form for values that the graph has no name for. */
export function derived(
  like: Tensor,
  name: string,
  change: Partial<Pick<Tensor, "dtype" | "shape">> = {},
): Tensor {
  return new Tensor({
    name,
    dtype: change.dtype ?? like.dtype,
    shape: change.shape ?? like.shape,
    quantization: change.dtype === "float32" ? null : like.quantization,
  });
}
