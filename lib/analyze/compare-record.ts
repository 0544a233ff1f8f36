/**
 * Two accounts of one network side by side: our prediction and what the vendor's files say, or two of the
 * vendor's. Plain data: the object that `npulab compare --json` prints. Sizes in bytes, times in milliseconds.
 */

/** ec: hardware that the epoch controller plays; unknown: the file does not say. */
export type ComparedKind = "hw" | "ec" | "sw" | "hybrid" | "unknown";

export type BufferRole = "kernel" | "scale" | "bias" | "zeroOffset" | "constant";

export interface SideEpoch {
  /** 1-based; `last` is another only where a file lists ranges. */
  readonly index: number;
  readonly last: number;
  readonly kind: ComparedKind;
  /** Empty where the file does not say what runs. */
  readonly ops: readonly string[];
  /** Nodes or layers with a step in it, by the names of the side. */
  readonly nodes: readonly string[];
  /** Bytes of the kernels that it reads; null where the file does not say. */
  readonly kernelBytes: number | null;
  /** Estimated or measured, see the side's `timing`. */
  readonly ms: number | null;
  /** Why it is what it is: only a prediction knows. */
  readonly because: Explanation | null;
}

export interface SideBuffer {
  readonly name: string;
  /** What the buffer belongs to: a layer's node, or a name that stands for it. */
  readonly layer: string;
  readonly role: BufferRole;
  readonly bytes: number;
  /** Of a kernel, without what fills it up to whole words; null for others and where not known. */
  readonly payloadBytes: number | null;
  /** How many channels a depthwise kernel is widened to; 1 for others, null when not known. */
  readonly group: number | null;
  readonly rule: Explanation | null;
}

export interface SidePool {
  readonly name: string;
  readonly weightBytes: number;
  readonly activationBytes: number;
}

/** A figure that may have been rounded when it was printed. */
export interface Figure {
  readonly value: number;
  readonly plusMinus: number;
}

export interface SideTotals {
  readonly weights: Figure | null;
  readonly activations: Figure | null;
  readonly epochs: number | null;
  /** With those that the controller plays. */
  readonly hardware: number | null;
  /** null where hybrid epochs are counted as software. */
  readonly hybrid: number | null;
  readonly software: number | null;
  readonly blobs: number | null;
  readonly ms: number | null;
}

export interface Side {
  /** `prediction`, or the file's name. */
  readonly title: string;
  readonly source: "predicted" | "reported";
  /** `2.1`; null for a file that does not say. */
  readonly tool: string | null;
  readonly epochController: boolean | null;
  readonly profile: string | null;
  readonly timing: "estimated" | "measured" | null;
  readonly totals: SideTotals;
  readonly epochs: readonly SideEpoch[];
  /** Parameter buffers; null where the file does not list them. */
  readonly buffers: readonly SideBuffer[] | null;
  readonly pools: readonly SidePool[];
}

/** Why two figures differ: a rule with its sentence, or a sentence alone. */
export interface Explanation {
  readonly rule: string | null;
  readonly text: string;
  /** The rule in full, where `text` only says what it comes to. */
  readonly sentence?: string;
}

/** What stands for an explanation where there is none. */
export const NOT_EXPLAINED = "not explained";

export interface TotalRow {
  readonly what: string;
  readonly unit: "bytes" | "count" | "ms";
  readonly left: number | null;
  readonly right: number | null;
  /** right - left; null where one is missing. */
  readonly difference: number | null;
  readonly differs: boolean;
  readonly explanation: Explanation | null;
}

export interface EpochRow {
  readonly left: SideEpoch | null;
  readonly right: SideEpoch | null;
  /** Kind, or presence on one side only. */
  readonly differs: boolean;
  readonly explanation: Explanation | null;
}

export interface BufferRow {
  readonly role: BufferRole;
  readonly left: SideBuffer | null;
  readonly right: SideBuffer | null;
  /** right - left, counting nothing as zero. */
  readonly difference: number;
  readonly explanation: Explanation | null;
}

export interface PoolRow {
  readonly name: string;
  readonly left: SidePool | null;
  readonly right: SidePool | null;
}

export interface Comparison {
  readonly schema: "npulab/comparison@1";
  readonly network: string;
  readonly left: Omit<Side, "epochs" | "buffers" | "pools">;
  readonly right: Omit<Side, "epochs" | "buffers" | "pools">;
  readonly totals: readonly TotalRow[];
  readonly pools: readonly PoolRow[];
  readonly epochs: readonly EpochRow[];
  /** null where one side lists no buffers. */
  readonly buffers: readonly BufferRow[] | null;
  readonly summary: {
    readonly differences: number;
    readonly explained: number;
    /** Buffers of equal size on both sides. */
    readonly equalBuffers: number;
    readonly equalEpochs: number;
  };
  readonly notes: readonly string[];
}
