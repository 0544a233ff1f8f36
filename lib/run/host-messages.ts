/** What is said between the process that asks for inferences and the one that runs them. */
import type { InferenceSession, Tensor } from "onnxruntime-node";

export interface HostTensor {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly data: Tensor["data"];
}

export interface HostSlot {
  readonly name: string;
  /** Null for what is no tensor. */
  readonly type: Tensor.Type | null;
  readonly shape: readonly (number | string)[];
}

export type HostCall =
  | {
      readonly op: "open";
      readonly session: number;
      readonly model: Uint8Array | string;
      readonly options: InferenceSession.SessionOptions;
    }
  | { readonly op: "run"; readonly session: number; readonly feeds: readonly HostTensor[] }
  | { readonly op: "close"; readonly session: number };

export type HostRequest = HostCall & { readonly id: number };

export interface HostReply {
  readonly id: number;
  readonly inputs?: readonly HostSlot[];
  readonly outputs?: readonly HostSlot[];
  readonly results?: readonly HostTensor[];
  /** The runtime's own words when it refuses. */
  readonly failure?: string;
  /** Why the package cannot be loaded. */
  readonly missing?: string;
}
