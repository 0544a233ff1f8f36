/** What `network_c_info.json` says, as plain data. */
import type { Bytes, Cycles, Macs, Milliseconds } from "../../../units.js";
import type { Unread } from "../json.js";
import type { CommandOption } from "../report/records.js";

export interface CInfoTool {
  /** `ST.EdgeAI.Core`, `ATONN Compiler` */
  readonly name: string;
  readonly version: string;
  readonly commandLine: string;
  readonly options: readonly CommandOption[];
  readonly model: {
    readonly name: string;
    readonly type: string;
    /** Weights and biases as the tool counts them. */
    readonly bytes: Bytes | null;
    readonly params: number | null;
  } | null;
}

export interface CInfoBuffer {
  readonly id: number;
  readonly name: string;
  readonly poolId: number;
  readonly offset: number;
  readonly bytes: Bytes;
  readonly isParameter: boolean;
  /** First epoch that needs it and the one after the last; epoch 0 stands for what is there before. */
  readonly epochs: { readonly start: number; readonly end: number };
  readonly shape: readonly number[];
  /** Without its prefix: `S8`, `FLOAT`, `Q`. */
  readonly format: string;
  readonly bits: number;
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
}

export interface CInfoPool {
  readonly id: number;
  readonly name: string;
  /** null where the linker decides. */
  readonly address: number | null;
  /** null: no limit. */
  readonly sizeBytes: Bytes | null;
  /** Of a virtual pool: from its first to its last byte in use, whatever lies between. */
  readonly usedBytes: Bytes;
  readonly rights: "read" | "write";
  /** Ids of the pools that a virtual one is made of; empty for a real one. */
  readonly subpools: readonly number[];
  readonly byteWidth: number | null;
  readonly freqRatio: number | null;
  readonly score: number | null;
}

/** `hw`, or `ec` where the epoch controller plays it; other: parameters, returns, words not known. */
export type CInfoMapping = "hw" | "ec" | "sw" | "hybrid" | "other";

export interface CInfoNode {
  readonly id: number;
  /** `epoch_2`, or the operator's name on CPU targets. */
  readonly name: string;
  readonly mapping: CInfoMapping;
  /** As the file writes it: `NODE_HW`. */
  readonly mappingName: string;
  /** `Conv`, where the file says. */
  readonly kind: string;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Names or numbers of the file's operators, where the tool kept them. */
  readonly originals: readonly string[];
  /** The hardware unit that runs it, from 3.0 on: `CONV_ACC_V2 0`. */
  readonly unit: string | null;
  readonly macs: Macs | null;
  readonly parts: readonly CInfoNode[];
}

export interface CInfoEdge {
  readonly id: number;
  readonly kind: string;
  readonly bufferId: number;
  readonly from: { readonly nodeId: number; readonly port: number };
  readonly to: { readonly nodeId: number; readonly port: number };
}

export interface CInfoGraph {
  readonly name: string;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly nodes: readonly CInfoNode[];
  readonly edges: readonly CInfoEdge[];
}

export interface CInfoFootprint {
  readonly weights: Bytes;
  readonly activations: Bytes;
  readonly io: readonly Bytes[];
  readonly kernelFlash: Bytes | null;
  readonly kernelRam: Bytes | null;
}

export interface CInfoAccess {
  readonly nodeId: number;
  readonly poolId: number;
  readonly readBytes: number;
  readonly readCycles: Cycles;
  readonly writeBytes: number;
  readonly writeCycles: Cycles;
}

export interface CInfoPower {
  readonly nodeId: number;
  readonly ops: number;
  readonly computeCycles: Cycles;
  readonly maxCycles: Cycles;
  readonly unitsMilliwatts: number;
  readonly memoryMilliwatts: number;
}

/** One row of what a board measured; rows come in the order of the epoch blocks. */
export interface CInfoExecution {
  /** Before, in and after the hardware's work. */
  readonly counters: readonly [number, number, number];
  readonly ms: Milliseconds;
  readonly share: number;
}

export interface CInfo {
  readonly title: string;
  /** compiled: what generate and analyze write; validated: what validate leaves in its place. */
  readonly kind: "compiled" | "validated";
  readonly tools: readonly CInfoTool[];
  readonly networkSignature: string | null;
  readonly device: string | null;
  readonly generatedAt: string | null;
  readonly buffers: readonly CInfoBuffer[];
  readonly pools: readonly CInfoPool[];
  readonly graphs: readonly CInfoGraph[];
  readonly blobs: readonly { readonly name: string; readonly nodeIds: readonly number[] }[];
  readonly footprint: CInfoFootprint | null;
  readonly accesses: readonly CInfoAccess[];
  readonly power: readonly CInfoPower[];
  readonly execution: readonly CInfoExecution[];
  /** Metrics of the validate command, as the file holds them. */
  readonly metrics: readonly Readonly<Record<string, unknown>>[];
  /** Values that the schema does not name. */
  readonly unread: readonly Unread[];
}
