/** A prediction as one side of a comparison. */
import type { Node } from "../graph/node.js";
import { RULES } from "../targets/neural-art/facts-packing.js";
import type { PackedBuffer } from "../targets/neural-art/records.js";
import type { Explanation, Side, SideBuffer, SideEpoch } from "./compare-record.js";
import type { Study } from "./study.js";

const SENTENCES = new Map<string, string>(Object.values(RULES).map(({ id, sentence }) => [id, sentence]));

const exact = (value: number) => ({ value, plusMinus: 0 });

function bufferOf(buffer: PackedBuffer): SideBuffer {
  return {
    name: buffer.tensor,
    // Operands that the compiler adds carry names of their own: `epoch 3.QuantizeLinear.scale`.
    layer: buffer.role === "constant" ? buffer.tensor.replace(/\.(scale|zeroPoint)$/, "") : buffer.node.name,
    role: buffer.role,
    bytes: buffer.bytes,
    payloadBytes: buffer.part ? buffer.bytes - buffer.part.deepPadding : null,
    group: buffer.role === "kernel" ? buffer.group : null,
    rule: { rule: buffer.rule, text: `${buffer.explanation}. ${SENTENCES.get(buffer.rule) ?? ""}`.trim() },
  };
}

function becauseOf({ plan, analysis }: Study, index: number): Explanation | null {
  const epoch = plan.epochs[index]!;
  const { reason, note } = analysis.epochs.list[index]!;
  if (reason) return { rule: reason.rule, text: reason.why };
  return epoch.note === null || note === undefined ? null : { rule: null, text: note };
}

/** Returns the buffers by the epoch that first uses their node, kernels before vectors. */
function inRunningOrder({ plan, rom }: Study): readonly PackedBuffer[] {
  const first = new Map<Node, number>();
  for (const { index, nodes } of plan.epochs) {
    for (const node of nodes) if (!first.has(node)) first.set(node, index);
  }
  const rank = ({ node, tensor }: PackedBuffer) =>
    Number(/^epoch (\d+)\./.exec(tensor)?.[1] ?? first.get(node) ?? Number.POSITIVE_INFINITY);
  return rom.buffers
    .map((buffer, offset) => ({ buffer, offset, rank: rank(buffer) }))
    .sort((a, b) => (a.rank === b.rank ? a.offset - b.offset : a.rank - b.rank))
    .map(({ buffer }) => buffer);
}

/** Returns what was predicted, in the form that a report takes. */
export function predictedSide(study: Study): Side {
  const { analysis, plan, rom } = study;
  const kernels = new Map<Node, number>();
  for (const { node, role, bytes } of rom.buffers) {
    if (role === "kernel") kernels.set(node, (kernels.get(node) ?? 0) + bytes);
  }
  const controller = analysis.target.epochController;
  const epochs = plan.epochs.map(
    (epoch, index): SideEpoch => ({
      index: epoch.index,
      last: epoch.index,
      kind: epoch.kind === "hw" && controller ? "ec" : epoch.kind,
      ops: epoch.ops,
      nodes: epoch.nodes.map(({ name }) => name),
      kernelBytes: epoch.nodes.reduce((sum, node) => sum + (kernels.get(node) ?? 0), 0),
      ms: analysis.epochs.list[index]!.ms,
      because: becauseOf(study, index),
    }),
  );
  return {
    title: "prediction",
    source: "predicted",
    tool: analysis.target.tool,
    epochController: controller,
    profile: analysis.target.profile,
    timing: "estimated",
    totals: {
      weights: exact(rom.imageBytes),
      activations: exact(analysis.memory.activationPeakBytes),
      epochs: analysis.epochs.total,
      hardware: analysis.epochs.hw,
      hybrid: analysis.epochs.hybrid,
      software: analysis.epochs.sw,
      blobs: plan.blobs.length,
      ms: analysis.latency.ms,
    },
    epochs,
    buffers: inRunningOrder(study).map(bufferOf),
    pools: analysis.memory.pools.map(({ name, weightBytes, activationBytes }) => ({
      name,
      weightBytes,
      activationBytes,
    })),
  };
}
