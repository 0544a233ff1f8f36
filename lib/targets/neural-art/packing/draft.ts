import type { Node } from "../../../graph/node.js";
import { bytes } from "../../../units.js";
import { type PackingRule, RULES, VECTOR_VALUES } from "../facts-packing.js";
import type { BufferSource, KernelPart, PackedBuffer, RomCause } from "../records.js";
import type { PackedLayer } from "./pack-layer.js";

/** A buffer that has no place in the image yet. */
export type BufferDraft = Omit<PackedBuffer, "offset">;

/** Returns a buffer of a single cause that is no kernel. */
export function simpleDraft(fields: {
  readonly tensor: string;
  readonly node: Node;
  readonly role: PackedBuffer["role"];
  readonly mode: PackedBuffer["mode"];
  readonly cause: RomCause;
  readonly bytes: number;
  readonly rule: PackingRule;
  readonly explanation: string;
  readonly source: BufferSource;
}): BufferDraft {
  const size = bytes(fields.bytes);
  return {
    tensor: fields.tensor,
    node: fields.node,
    role: fields.role,
    mode: fields.mode,
    group: 1,
    part: null,
    source: fields.source,
    bytes: size,
    rule: fields.rule.id,
    explanation: fields.explanation,
    causes: [[fields.cause, size]],
  };
}

function kernelCauses(part: KernelPart): BufferDraft["causes"] {
  const widening = part.mode === "float" ? "floatWidening" : "inflation";
  return [
    ["kernel", part.payload],
    [widening, part.widening],
    ["deepPadding", part.deepPadding],
  ];
}

function placeOf({ rows, columns }: KernelPart): string {
  return `rows ${rows[0]} to ${rows[1] - 1}, columns ${columns[0]} to ${columns[1] - 1}`;
}

const VECTOR_CAUSES = { scale: "scale", bias: "bias", zeroOffset: "zeroOffset" } as const;

/**
 * Returns the buffers of a packed layer: one per kernel part, then bias, scale and zero offset. Weights that
 * are float in the file are all payload: nothing widened them.
 */
export function layerDrafts(
  node: Node,
  layer: PackedLayer,
  names: { readonly weights: string; readonly bias: string; readonly isFloat: boolean },
): readonly BufferDraft[] {
  const { kernel, vectors } = layer;
  const several = kernel.parts.length > 1;
  const source: BufferSource = { from: "kernel", shape: kernel.shape };
  const kernels = kernel.parts.map((part): BufferDraft => {
    const isFloatPart = part.mode === "float" && kernel.mode !== "float";
    const where = several ? placeOf(part) : "";
    return {
      tensor: several ? `${names.weights}[${where}]` : names.weights,
      node,
      role: "kernel",
      mode: part.mode,
      group: kernel.group,
      part,
      source,
      bytes: part.bytes,
      rule: isFloatPart ? RULES.float.id : kernel.rule.id,
      explanation: several
        ? `${kernel.explanation}; ${where}${isFloatPart ? " on the CPU, float32" : ""}: ${part.bytes} B`
        : kernel.explanation,
      causes: names.isFloat ? [["kernel", part.bytes]] : kernelCauses(part),
    };
  });
  const others = vectors.map(
    (vector): BufferDraft => ({
      tensor: vector.role === "bias" ? names.bias : `${names.weights}.${vector.role}`,
      node,
      role: vector.role,
      mode: "vector",
      group: 1,
      part: null,
      source:
        vector.role === "zeroOffset"
          ? { from: "fill", value: VECTOR_VALUES.zeroOffset.value }
          : { from: vector.role },
      bytes: vector.bytes,
      rule: vector.rule.id,
      explanation: vector.explanation,
      causes: [
        [VECTOR_CAUSES[vector.role], vector.own],
        ["widthBroadcast", bytes(vector.bytes - vector.own)],
      ],
    }),
  );
  return others.length === 0 ? kernels : [...kernels, ...others];
}
