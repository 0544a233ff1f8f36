/** How a chip's own file holds a network's constants: the record in which chips without an epoch compiler meet. */
import type { Bytes } from "../units.js";
import type { Evidence, Finding } from "./rule.js";

/** A rule that sizes stored bytes; it forbids nothing. */
export interface StoringRule {
  readonly id: string;
  readonly sentence: string;
  readonly evidence: Evidence;
  readonly source: string;
}

/** What stored bytes are there for. */
export const STORED_CAUSES = {
  kernel: "weights as the file holds them",
  floatWidening: "int8 weights widened to float32",
  bias: "biases, 4 bytes per channel",
  constant: "other constants that the network reads",
  batchNorm: "per-channel multiplier, shift and addend",
  activation: "table of the 16-segment activation",
  registers: "settings of the accelerator for a layer",
  header: "headers and arguments of layers",
  alignment: "gaps up to the next boundary",
  unsupported: "weights of layers that the format has no layer for, as the file holds them",
} as const;
export type StoredCause = keyof typeof STORED_CAUSES;

export interface StoredEntry {
  /** Name of the tensor, or what the bytes are when no tensor stands for them. */
  readonly tensor: string;
  readonly node: string;
  readonly op: string;
  readonly cause: StoredCause;
  readonly bytes: Bytes;
  readonly rule: string;
}

/** A node that the format cannot hold. */
export interface Obstacle extends Finding {
  readonly node: string;
  readonly op: string;
  readonly rule: string;
}

export interface StoredForm {
  readonly chip: "cortex-m" | "k210";
  /** The file that holds it: `network_data.bin`, `kmodel V3`. */
  readonly form: string;
  /** Sum of the ledger. With obstacles it is what the rest and the bare weights take: such a file cannot exist. */
  readonly bytes: Bytes;
  readonly ledger: readonly StoredEntry[];
  readonly rules: readonly StoringRule[];
  /** Empty when the whole network can be stored. */
  readonly obstacles: readonly Obstacle[];
}
