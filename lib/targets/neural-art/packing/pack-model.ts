import { LabError } from "../../../errors.js";
import { DTYPES } from "../../../graph/dtype.js";
import { layerGeometry } from "../../../graph/geometry.js";
import type { Graph } from "../../../graph/graph.js";
import type { Node } from "../../../graph/node.js";
import type { Tensor } from "../../../graph/tensor.js";
import { type Bytes, bytes, sum } from "../../../units.js";
import { RULES } from "../facts-packing.js";
import type { CompileOptions, EpochPlan, LedgerEntry, PackedBuffer, RomCause, RomPlan } from "../records.js";
import { estimateBlob } from "./blob.js";
import { constantDraft, dataConstants, storedConstants } from "./constants.js";
import { type BufferDraft, layerDrafts } from "./draft.js";
import { hardwareHelpers, softwareHelpers } from "./helpers.js";
import { imageSize, type Placed, placeBuffers } from "./image.js";
import { type WeightedLayer, weightedLayer } from "./layer.js";
import { packLayer } from "./pack-layer.js";

export interface PackModelRequest {
  readonly graph: Graph;
  readonly options: CompileOptions;
  /** Says which nodes run on the CPU. Without it, all quantised layers run on the NPU, and nothing else counts. */
  readonly plan?: EpochPlan;
}

function requireSameOptions(options: CompileOptions, plan: EpochPlan): void {
  const keys = ["tool", "epochController", "profile"] as const;
  const key = keys.find((candidate) => options[candidate] !== plan.options[candidate]);
  if (key === undefined) return;
  throw new LabError({
    code: "OPTIONS_DIFFER",
    message: `Cannot pack for ${key} ${options[key]}: the epoch plan was made for ${key} ${plan.options[key]}, expected the same`,
  });
}

function softwareNodes(plan: EpochPlan | undefined): ReadonlySet<Node> {
  const epochs = plan?.epochs.filter((epoch) => epoch.kind === "sw") ?? [];
  return new Set(epochs.flatMap((epoch) => epoch.nodes));
}

function ledgerOf(placed: readonly Placed<BufferDraft>[]): readonly LedgerEntry[] {
  const ledger: LedgerEntry[] = [];
  for (const { buffer, gap } of placed) {
    const { tensor, node } = buffer;
    const add = (cause: RomCause, size: Bytes, rule: string) => {
      if (size > 0) ledger.push({ tensor, node: node.name, op: node.op, cause, bytes: size, rule });
    };
    for (const [cause, size] of buffer.causes) add(cause, size, buffer.rule);
    add("alignment", gap, RULES.image.id);
  }
  return ledger;
}

function at(draft: BufferDraft, offset: Bytes): PackedBuffer {
  return {
    tensor: draft.tensor,
    node: draft.node,
    role: draft.role,
    mode: draft.mode,
    group: draft.group,
    part: draft.part,
    source: draft.source,
    offset,
    bytes: draft.bytes,
    causes: draft.causes,
    rule: draft.rule,
    explanation: draft.explanation,
  };
}

/**
 * Returns the flash image of a model as the compiler would lay it out: every buffer with the rule that sized
 * it, and a ledger of causes that sums to the size of the image. Shapes must be inferred and static.
 */
export function packModel({ graph, options, plan }: PackModelRequest): RomPlan {
  if (plan) requireSameOptions(options, plan);
  const software = softwareNodes(plan);
  const drafts: BufferDraft[] = [];
  const layers: WeightedLayer[] = [];
  const sources = new Set<Tensor>();
  const stored = new Set<Tensor>();

  for (const node of graph.nodes) {
    const data = dataConstants(node);
    for (const tensor of data) sources.add(tensor);
    const onCpu = software.has(node);
    const geometry = layerGeometry(node);
    if (geometry) {
      const { weights, bias } = geometry;
      const layer = weightedLayer(node, geometry, onCpu);
      layers.push(layer);
      const names = {
        weights: weights.name,
        bias: bias?.name ?? `${weights.name}.bias`,
        isFloat: DTYPES[weights.dtype].kind === "float",
      };
      drafts.push(...layerDrafts(node, packLayer(layer, options), names));
    }
    for (const tensor of storedConstants(node, data)) {
      if (tensor === geometry?.weights || tensor === geometry?.bias || stored.has(tensor)) continue;
      stored.add(tensor);
      const draft = constantDraft(node, tensor, { onCpu, options });
      if (draft) drafts.push(draft);
    }
    if (!onCpu) drafts.push(...hardwareHelpers(node, options));
  }
  for (const epoch of plan?.epochs ?? []) {
    const anchor = epoch.nodes[0] ?? graph.nodes[0];
    if (epoch.kind === "sw" && anchor) drafts.push(...softwareHelpers(epoch, anchor, { graph, options }));
  }

  const placed = placeBuffers(drafts);
  return {
    options,
    sourceBytes: sum([...sources].map((tensor) => bytes(tensor.bytes))),
    imageBytes: imageSize(placed),
    blobBytes: estimateBlob(layers, options, plan),
    buffers: placed.map(({ buffer, offset }) => at(buffer, offset)),
    ledger: ledgerOf(placed),
  };
}
