import type { EpochPlan } from "../records.js";

/** Parts of the network that stay on the NPU, 0 to 1. They differ: always say of what. */
export interface Offload {
  /** hw epochs of all epochs, as the vendor counts; 1 for a network without any. */
  readonly epochs: number;
  /** MACs in hw epochs of all MACs; 1 for a network without any. */
  readonly macs: number;
}

/** Returns how much of a network stays on the NPU by count of epochs and by MACs; time is the cost model's. */
export function offload(plan: EpochPlan): Offload {
  const onNpu = plan.epochs.filter(({ kind }) => kind === "hw");
  const total = plan.epochs.reduce((sum, { macs }) => sum + macs, 0);
  const accelerated = onNpu.reduce((sum, { macs }) => sum + macs, 0);
  return {
    epochs: plan.epochs.length === 0 ? 1 : onNpu.length / plan.epochs.length,
    macs: total === 0 ? 1 : accelerated / total,
  };
}
