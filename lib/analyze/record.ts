/**
 * What an analysis says, as plain data: the object that `npulab analyze --json` prints. Sizes in bytes, times
 * in milliseconds, rates as fractions of one. Fields may be added; a change of meaning changes `schema`.
 */
import type { Bound } from "../cost/records.js";
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
  /** What was assumed or repaired on the way, in sentences. */
  readonly notes: readonly string[];
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
