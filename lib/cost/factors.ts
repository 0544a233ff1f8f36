/** The few numbers that whole networks teach the latency model; everything else is per epoch and sourced. */
export interface CostFactors {
  /** On the time in which the NPU computes or moves activations. */
  readonly npu: number;
  /** On the time in which parameters arrive from external memory. */
  readonly stream: number;
  /** On the time of CPU operators whose rate no board run gives; timed ones keep theirs. */
  readonly untimed: number;
  /** What the epoch controller adds per hardware epoch, at 1 GHz. */
  readonly epochMicroseconds: number;
}

/** Bounds as they come, nothing added: what calibration starts from. */
export const NEUTRAL_FACTORS: CostFactors = { npu: 1, stream: 1, untimed: 1, epochMicroseconds: 0 };
