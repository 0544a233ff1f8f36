/** What the reports of ST Edge AI Core say, as plain data. */
import type { Bytes, Hertz, Milliseconds } from "../../../units.js";
import type { Unread } from "../json.js";
import type { PrintedSize } from "../lines.js";

export type ReportKind = "generate" | "analyze" | "validate";

/** `ST Edge AI Core v2.1.0-20194 329b0e98d` */
export interface ToolStamp {
  /** `2.1.0-20194` */
  readonly version: string;
  /** `2.1` */
  readonly release: string;
  readonly commit: string;
}

/** A row of the table of the imported graph. */
export interface GraphRow {
  /** Several rows may share one: what one operator of the file became. */
  readonly id: number;
  readonly name: string;
  /** As the file calls it; empty for inputs. */
  readonly operator: string;
  /** `b`, `h`, `w`, `c` and their sizes, in the order of the file. */
  readonly shape: readonly { readonly axis: string; readonly size: number }[];
  readonly params: number | null;
  readonly paramBytes: Bytes | null;
  readonly macs: number | null;
  readonly inputs: readonly string[];
  /** Further columns, by their header. */
  readonly extra: Readonly<Record<string, string>>;
}

export interface GraphTable {
  readonly name: string;
  readonly rows: readonly GraphRow[];
  /** `macc`, `weights`, `activations`, `io` of the last line, as printed: before/after for CPU targets. */
  readonly totals: Readonly<Record<string, string>>;
  readonly macs: number | null;
  /** Weights and biases as the imported graph counts them. */
  readonly weightBytes: Bytes | null;
}

export interface ExecSummary {
  readonly command: string;
  readonly entries: readonly { readonly key: string; readonly value: string }[];
  readonly params: number | null;
  readonly macs: number | null;
  readonly weightBytes: Bytes | null;
  readonly activationBytes: Bytes | null;
  readonly ramBytes: Bytes | null;
}

/** One option of a command line: `--Omax-ca-pipe 4`. */
export interface CommandOption {
  readonly name: string;
  readonly value: string | null;
}

export interface Compilation {
  readonly version: string;
  readonly commandLine: string;
  readonly options: readonly CommandOption[];
}

export interface PoolUse {
  readonly name: string;
  readonly address: number;
  readonly size: PrintedSize;
  readonly used: PrintedSize;
  readonly weights: PrintedSize;
  readonly activations: PrintedSize;
}

export interface MemoryUse {
  readonly pools: readonly PoolUse[];
  readonly total: PrintedSize;
  readonly weights: PrintedSize;
  readonly activations: PrintedSize;
}

export interface UsedRange {
  readonly pool: string;
  /** Half open. */
  readonly from: number;
  readonly to: number;
}

/** ec: hardware that the epoch controller plays; unknown: printed as `??`. */
export type ReportedEpochKind = "hw" | "ec" | "sw" | "hybrid" | "unknown";

export interface ReportedEpoch {
  readonly index: number;
  /** The same as `index` but for rows that stand for a range. */
  readonly last: number;
  readonly kind: ReportedEpochKind;
  /** What runs in software; null where the report does not say. */
  readonly operator: string | null;
}

export interface EpochDetails {
  /** lines: tools 2.x; boxed: a drawn table, from 3.0 on. */
  readonly layout: "lines" | "boxed";
  readonly total: number;
  /** In 2.x with the hybrid ones, which that layout does not tell apart. */
  readonly sw: number;
  /** null where the layout does not say. */
  readonly hybrid: number | null;
  readonly hw: number | null;
  readonly blobs: number | null;
  readonly epochs: readonly ReportedEpoch[];
}

/** Program sizes by module, in bytes. */
export interface ModuleSize {
  readonly module: string;
  readonly text: Bytes;
  readonly rodata: Bytes;
  readonly data: Bytes;
  readonly bss: Bytes;
}

export interface ModuleTable {
  readonly target: string;
  readonly modules: readonly ModuleSize[];
  readonly total: ModuleSize;
}

export type Clocks = Readonly<Partial<Record<"mcu" | "noc" | "npu" | "nic", Hertz>>>;

export interface MeasuredNode {
  readonly index: number;
  readonly type: string;
  /** cpu: an operator of a network without NPU; extra: hardware beside the epochs. */
  readonly kind: ReportedEpochKind | "extra" | "cpu";
  readonly ms: Milliseconds;
  readonly share: number;
  /** Before, in and after the hardware's work; CPU cycles. null where not printed. */
  readonly cycles: readonly [number, number, number] | null;
  readonly name: string;
  /** Epochs that the row stands for, from `EpochBlock_3 -> 7`; null for other names. */
  readonly epochs: { readonly first: number; readonly last: number } | null;
}

export interface Validation {
  readonly samples: number | null;
  readonly ms: Milliseconds | null;
  readonly nodes: readonly MeasuredNode[];
  readonly clocks: Clocks;
  /** What the board said of itself. */
  readonly device: readonly { readonly key: string; readonly value: string }[];
}

export interface VendorReport {
  readonly title: string;
  readonly kind: ReportKind;
  readonly tool: ToolStamp;
  readonly created: string | null;
  readonly commandLine: string | null;
  readonly options: readonly CommandOption[];
  readonly graph: GraphTable | null;
  readonly summary: ExecSummary | null;
  readonly compilation: Compilation | null;
  readonly memory: MemoryUse | null;
  readonly ranges: readonly UsedRange[];
  readonly epochs: EpochDetails | null;
  readonly modules: ModuleTable | null;
  readonly validation: Validation | null;
  /** Lines that no field holds. */
  readonly unread: readonly Unread[];
}
