/**
 * What whole networks taught the latency model. Written by `writeCalibration` (test/cost/calibration.test.ts)
 * from datasets/measurements/latency-rows.json; do not edit by hand.
 */
export const CALIBRATION = {
  source: "not fitted yet: neutral factors",
  rows: 0,
  families: 0,
  learntWith: { clock: "overdrive", epochController: true },
  factors: { npu: 1, stream: 1, untimed: 1, epochMicroseconds: 5 },
  interval: { lowRatio: 0.5, highRatio: 2 },
} as const;
