/** The records that the rooms of this target hand on: options in; epochs and packed buffers out. */
import type { LayerGeometry } from "../../graph/geometry.js";
import type { Node } from "../../graph/node.js";
import type { Tensor } from "../../graph/tensor.js";
import type { Bytes, Macs } from "../../units.js";
import type { Reason } from "../rule.js";

export const TOOL_VERSIONS = ["2.0", "2.1", "2.2", "3.0", "4.0"] as const;
export type ToolVersion = (typeof TOOL_VERSIONS)[number];

/** The vendor's optimisation profile; it decides which depthwise kernels 3.0 and later inflate. */
export const PROFILES = ["O3", "default"] as const;
export type Profile = (typeof PROFILES)[number];

export interface CompileOptions {
  readonly tool: ToolVersion;
  readonly epochController: boolean;
  readonly profile: Profile;
}

export type EpochKind = "hw" | "hybrid" | "sw";

/** One step of the schedule. Nodes fused into it are listed in running order. */
export interface Epoch {
  /** 1-based, as the vendor's reports count. */
  readonly index: number;
  readonly kind: EpochKind;
  /** Operators in the graph's vocabulary; extra steps that no node stands for carry names of their own. */
  readonly ops: readonly string[];
  readonly nodes: readonly Node[];
  /** Activations read and written, constants read. */
  readonly reads: readonly Tensor[];
  readonly writes: readonly Tensor[];
  readonly constants: readonly Tensor[];
  readonly macs: Macs;
  /** The weighted layer at the head of the chain, when there is one. */
  readonly layer: { readonly node: Node; readonly geometry: LayerGeometry } | null;
  /** Why it is not plain hardware; null for hw. */
  readonly reason: Reason | null;
  /** Why an epoch exists that no node asks for (a kernel part, a layout copy); null otherwise. */
  readonly note: string | null;
}

export interface EpochPlan {
  readonly options: CompileOptions;
  readonly epochs: readonly Epoch[];
  /** What the application fills, and where the results are, as epochs read and write them. */
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** Nodes without an epoch: views of what is there already, or work that a reader does as it reads. */
  readonly free: readonly Node[];
  /** Where the values of a graph tensor lie when no epoch writes it by itself (epochs/storage.ts). */
  readonly storage: ReadonlyMap<Tensor, readonly Tensor[]>;
  /** Runs of hw epochs that the epoch controller plays as one blob, [first, last] indices; empty without it. */
  readonly blobs: readonly (readonly [number, number])[];
}

/** What bytes of the image are there for. */
export const ROM_CAUSES = {
  kernel: "weights as the file holds them",
  inflation: "zeros that widen depthwise kernels to blocks of a group",
  floatWidening: "int8 weights widened to float32 for layers that run on the CPU",
  deepPadding: "zeros that fill 24-bit words of deep-mode kernels",
  widthBroadcast: "scale and bias repeated along the output width (more than 512 channels)",
  scale: "per-channel requantisation scales",
  bias: "biases",
  zeroOffset: "activation zero points subtracted by an own step",
  constant: "other constants that the network reads",
  helper: "operands that the compiler adds: ones for padding and pooling, scales of steps on the CPU",
  alignment: "gaps up to the next 16-byte boundary",
} as const;
export type RomCause = keyof typeof ROM_CAUSES;

export interface LedgerEntry {
  readonly tensor: string;
  readonly node: string;
  readonly op: string;
  readonly cause: RomCause;
  readonly bytes: Bytes;
  /** Id of the packing rule that asks for the bytes. */
  readonly rule: string;
}

export type KernelMode = "plain" | "deep" | "inflated" | "rows" | "float";

/** Weights before they are packed: [output][row][column][input], inputs counted per group. */
export interface KernelShape {
  readonly outputChannels: number;
  readonly height: number;
  readonly width: number;
  readonly inputChannels: number;
}

/** A piece of a kernel as it lies in flash; packing/layout.ts has the order of its bytes. */
export interface KernelPart {
  readonly mode: KernelMode;
  /** Rows and columns of the kernel that the part holds, half open. */
  readonly rows: readonly [number, number];
  readonly columns: readonly [number, number];
  readonly outputChannels: number;
  /** Input channels stored per kernel: 1 for a depthwise kernel, its group once inflated. */
  readonly inputChannels: number;
  readonly kernelGroup: number;
  readonly inputBlock: number;
  /** What runs fastest within a block: inputs, or rows and columns of pairs of kernels. */
  readonly order: "inputs" | "kernelPairs";
  /** Bytes that the weights themselves take. */
  readonly payload: Bytes;
  /** Zeros of inflation, or bytes that widen int8 to float32. */
  readonly widening: Bytes;
  readonly deepPadding: Bytes;
  readonly bytes: Bytes;
}

export type PackingMode = KernelMode | "vector" | "constant";

/** Where the bytes of a buffer come from; packing/content.ts makes them. */
export type BufferSource =
  | { readonly from: "kernel"; readonly shape: KernelShape }
  /** The vector of the node's layer, for its whole input and output. */
  | { readonly from: "scale" }
  | { readonly from: "bias" }
  | { readonly from: "fill"; readonly value: number }
  | { readonly from: "tensor"; readonly tensor: Tensor; readonly as: "stored" | "float32" }
  | { readonly from: "scaleOf"; readonly tensor: Tensor }
  | { readonly from: "zeroPointOf"; readonly tensor: Tensor }
  | { readonly from: "numbers"; readonly as: "float32" | "int64"; readonly values: readonly number[] }
  | { readonly from: "nowhere"; readonly why: string };

/** One parameter buffer of the flash image. */
export interface PackedBuffer {
  readonly tensor: string;
  readonly node: Node;
  readonly role: "kernel" | "scale" | "bias" | "zeroOffset" | "constant";
  readonly mode: PackingMode;
  /** Inflation group of a depthwise kernel; 1 for everything else. */
  readonly group: number;
  /** How its bytes are ordered, for a kernel; null for everything else. */
  readonly part: KernelPart | null;
  readonly source: BufferSource;
  readonly offset: Bytes;
  readonly bytes: Bytes;
  /** What the bytes are there for; sums to `bytes`. */
  readonly causes: readonly (readonly [RomCause, Bytes])[];
  /** The rule that sized it, for the report: id and one sentence with the numbers. */
  readonly rule: string;
  readonly explanation: string;
}

export interface RomPlan {
  readonly options: CompileOptions;
  /** Constants that the packed layers read, as the file stores them. */
  readonly sourceBytes: Bytes;
  /** End of the last buffer: the vendor's "weights" figure and the size of the flash image. */
  readonly imageBytes: Bytes;
  /** Program flash taken by the epoch controller's blobs, outside the image; null when not estimated. */
  readonly blobBytes: Bytes | null;
  readonly buffers: readonly PackedBuffer[];
  /** Sums to `imageBytes`. */
  readonly ledger: readonly LedgerEntry[];
}
