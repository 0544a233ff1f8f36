/**
 * What an analysis says, as plain data: the object that `npulab analyze --json` prints. Sizes in bytes, times
 * in milliseconds, rates as fractions of one. Fields may be added; a change of meaning changes `schema`.
 */
import type { Bound } from "../cost/records.js";
import type { Timeline } from "../cost/timeline.js";
import type { EpochKind, Profile, RomCause, ToolVersion } from "../targets/neural-art/records.js";
import type { Reason } from "../targets/rule.js";
import type { StoredForm } from "../targets/stored-form.js";

export interface PortRecord {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
}

export interface EpochRecord {
  /** 1-based. */
  readonly index: number;
  readonly kind: EpochKind;
  readonly ops: readonly string[];
  readonly nodes: readonly string[];
  readonly macs: number;
  readonly ms: number;
  /** What the time is bound by. */
  readonly bound: Bound;
  /** Why it is not plain hardware. */
  readonly reason?: Reason;
  /** Why an epoch exists that no node asks for. */
  readonly note?: string;
}

export interface LedgerRecord {
  readonly tensor: string;
  readonly node: string;
  readonly op: string;
  readonly cause: RomCause;
  readonly bytes: number;
  /** Id of the packing rule that asks for the bytes; `rom.rules` has its sentence. */
  readonly rule: string;
}

export interface RuleRecord {
  readonly id: string;
  readonly sentence: string;
  /** How the rule is known: documented, observed, measured, fitted or inferred. */
  readonly evidence: string;
  readonly source: string;
}

export interface PoolRecord {
  readonly name: string;
  readonly sizeBytes: number;
  readonly weightBytes: number;
  readonly activationBytes: number;
}

/** Connected nodes that left the NPU, and what an inference would save were they to run on it. */
export interface GainRecord {
  /** In running order, each with the rule that sent it off. */
  readonly nodes: readonly {
    readonly node: string;
    readonly op: string;
    readonly rule: string;
    readonly why: string;
    readonly fix: string;
    /** Saved were this node alone to run on the NPU; null when not asked (very many nodes) or not known. */
    readonly aloneMs: number | null;
  }[];
  /** Epochs that the CPU takes part in because of them, and what these take now. */
  readonly epochs: readonly number[];
  readonly nowMs: number;
  /** If the compiler accepted them; null where the cost model has no figure for an operator on the NPU. */
  readonly saving: { readonly ms: number; readonly low: number; readonly high: number } | null;
  readonly savedEpochs: number;
  /** Fewer interruptions of the hardware's schedule. */
  readonly savedBlobs: number;
}

export interface Analysis {
  readonly schema: "npulab/analysis@1";
  readonly model: {
    readonly file: string;
    readonly sha256: string;
    readonly format: "onnx" | "tflite" | "built";
    readonly inputs: readonly PortRecord[];
    readonly outputs: readonly PortRecord[];
    readonly nodes: number;
    readonly macs: number;
    /** Weights of convolutions and dense layers. */
    readonly weightBytes: number;
    /** Everything that does not change from run to run: weights, biases, other operands. */
    readonly constantBytes: number;
  };
  readonly target: {
    readonly chip: string;
    readonly board: string;
    readonly clock: string;
    readonly tool: ToolVersion;
    readonly epochController: boolean;
    readonly profile: Profile;
  };
  readonly epochs: {
    readonly total: number;
    readonly hw: number;
    readonly hybrid: number;
    readonly sw: number;
    readonly list: readonly EpochRecord[];
  };
  /** What nodes off the NPU would gain on it, largest gain first; empty when all run there. */
  readonly gains: readonly GainRecord[];
  /** Share that runs on the NPU; it differs with what is counted, so each is given. */
  readonly offload: { readonly epochs: number; readonly macs: number; readonly time: number };
  readonly rom: {
    readonly sourceBytes: number;
    readonly imageBytes: number;
    /** Program flash of the epoch controller's blobs, outside the image; an estimate. */
    readonly blobBytes: number | null;
    readonly ledger: readonly LedgerRecord[];
    /** The packing rules that the ledger names. */
    readonly rules: readonly RuleRecord[];
    /** The same constants as other chips store them: what growth is to be compared with. */
    readonly elsewhere: readonly StoredForm[];
  };
  readonly memory: {
    readonly pools: readonly PoolRecord[];
    readonly activationPeakBytes: number;
    readonly lowerBoundBytes: number;
  };
  readonly latency: {
    readonly ms: number;
    /** An interval that holds about 80 % of boards' figures; how it was learnt is in the docs. */
    readonly low: number;
    readonly high: number;
    /** How the number was obtained. */
    readonly level: string;
  };
  /** When each resource works, and what the NPU waits for. */
  readonly timeline: Timeline;
  /** What was assumed or repaired on the way, in sentences. */
  readonly notes: readonly string[];
}

/** Figures of one point of a walk over networks that differ in one number. */
export interface CliffFigures {
  readonly macs: number;
  readonly sourceBytes: number;
  readonly romBytes: number;
  readonly ramBytes: number;
  /** Of them behind the external bus. */
  readonly externalBytes: number;
  /** Size of the largest activation. */
  readonly largestBytes: number;
  /** All activations that epochs write, whether or not they live together. */
  readonly activationBytes: number;
  readonly epochs: number;
  readonly hybrid: number;
  readonly sw: number;
  readonly ms: number;
  readonly low: number;
  readonly high: number;
}

export interface CliffPoint {
  /** Pixels, width factor or channels. */
  readonly value: number;
  /** null where the network cannot be built, inferred or placed; `error` says why. */
  readonly figures: CliffFigures | null;
  readonly error: string | null;
}

/** fits: whether there is a plan at all. bank, external: whether a tensor outgrows a bank, or the chip. */
export type CliffMetric =
  | "rom"
  | "ram"
  | "latency"
  | "epochs"
  | "hybrid"
  | "sw"
  | "bank"
  | "external"
  | "fits";

/** A figure that left its trend between two values. Yes-or-no figures are 0 and 1. */
export interface CliffJump {
  readonly metric: CliffMetric;
  readonly before: number;
  readonly after: number;
  /** What the local trend leads to from `before`. */
  readonly expected: number;
}

/** What is otherwise on the two sides of a cliff. */
export interface CliffFlip {
  /**
   * rule: an operator rule breaks or mends; packing: weights are stored otherwise; fusion: other steps share an
   * epoch; memory: other pools; structure: the network has other nodes; time: an epoch is bound otherwise.
   */
  readonly kind: "rule" | "packing" | "fusion" | "memory" | "structure" | "time";
  /** Id of the operator or packing rule; an empty string where none is at work. */
  readonly rule: string;
  /** Nodes, or tensors for memory, that it happens to. */
  readonly nodes: readonly string[];
  readonly before: string;
  readonly after: string;
}

export interface Cliff {
  /** Values on either side: neighbours by the walk's smallest step, unless the change is spread between them. */
  readonly from: number;
  readonly to: number;
  readonly jumps: readonly CliffJump[];
  readonly flips: readonly CliffFlip[];
}

export interface CliffRun {
  readonly target: Analysis["target"];
  /** In order of value; those of the walk and those that narrowed a cliff down. */
  readonly points: readonly CliffPoint[];
  readonly cliffs: readonly Cliff[];
  /** Whether the walk went to its end. */
  readonly complete: boolean;
}

/** The object that `npulab cliffs --json` prints. Sizes in bytes, times in milliseconds. */
export interface CliffReport {
  readonly schema: "npulab/cliffs@1";
  readonly model: string;
  readonly axis: {
    readonly name: "resolution" | "width" | "channels";
    readonly unit: string;
    readonly values: readonly number[];
    /** Values closer than this are not told apart. */
    readonly step: number;
  };
  /** What counts as a cliff, in a sentence. */
  readonly criterion: string;
  readonly runs: readonly CliffRun[];
}

/** A real flash image beside the predicted one. */
export interface RomError {
  readonly model: string;
  readonly tool: ToolVersion;
  readonly epochController: boolean;
  /** compiled: read off a compiled network, exact. published: from a table, rounded to 0.01 KiB. */
  readonly evidence: "compiled" | "published";
  readonly realBytes: number;
  readonly predictedBytes: number;
  readonly source: string;
}
