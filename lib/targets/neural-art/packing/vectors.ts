import { type Bytes, bytes } from "../../../units.js";
import { type PackingRule, RULES, VECTORS } from "../facts-packing.js";
import type { CompileOptions } from "../records.js";
import type { WeightedLayer } from "./layer.js";

/** A scale, bias or zero-offset buffer that a layer brings beside its kernel. */
export interface PackedVector {
  readonly role: "scale" | "bias" | "zeroOffset";
  /** Bytes of one value per channel; the rest of `bytes` is repetition along the output width. */
  readonly own: Bytes;
  readonly bytes: Bytes;
  readonly rule: PackingRule;
  readonly explanation: string;
}

/** Whether a dense layer is applied to several rows, as a transformer's is to its tokens. */
function isDenseOnRows({ kind, outputHeight, outputWidth }: WeightedLayer): boolean {
  return kind === "dense" && outputHeight * outputWidth > 1;
}

/** Returns the vectors of a layer in the flash image; none for those the epoch controller's blob holds. */
export function packVectors(layer: WeightedLayer, options: CompileOptions): readonly PackedVector[] {
  const channels = layer.outputChannels;
  if (layer.onCpu) {
    if (!layer.hasBias) return [];
    const size = bytes(channels * VECTORS.biasBytes.value);
    return [
      { role: "bias", own: size, bytes: size, rule: RULES.float, explanation: `${channels} float32 biases` },
    ];
  }
  if (channels > VECTORS.broadcastAbove.value) {
    if (isDenseOnRows(layer)) return [];
    const own = bytes(channels * VECTORS.broadcastBytes.value);
    const width = layer.outputWidth;
    const wide = (role: "scale" | "bias"): PackedVector => ({
      role,
      own,
      bytes: bytes(own * width),
      rule: RULES.broadcast,
      explanation: `int16 ${role} of ${channels} channels (more than ${VECTORS.broadcastAbove.value}), repeated over ${width} columns`,
    });
    return layer.perChannel ? [wide("bias"), wide("scale")] : [wide("bias")];
  }
  if (options.epochController) return [];

  const vectors: PackedVector[] = [];
  const add = (role: PackedVector["role"], size: number, rule: PackingRule, explanation: string) =>
    vectors.push({ role, own: bytes(size), bytes: bytes(size), rule, explanation });
  add("bias", channels * VECTORS.biasBytes.value, RULES.bias, `int32 bias of ${channels} channels`);
  if (layer.perChannel) {
    add("scale", channels * VECTORS.scaleBytes.value, RULES.scale, `int16 scale of ${channels} channels`);
  }
  if (layer.inputZeroPoint === VECTORS.zeroPoint.value) {
    add(
      "zeroOffset",
      1,
      RULES.zeroOffset,
      `input zero point ${VECTORS.zeroPoint.value}, taken off by one byte`,
    );
  }
  return vectors;
}
