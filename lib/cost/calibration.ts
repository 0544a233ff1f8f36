/**
 * What whole networks taught the latency model, and its errors on families left out of the fit. Generated from
 * datasets/measurements/latency-rows.json by UPDATE_CALIBRATION=1 in test/cost/calibration.test.ts.
 */
export const CALIBRATION = {
  source:
    "datasets/measurements/latency-rows.json: 29 published figures of 8 families, least absolute relative error (calibrate.ts)",
  rows: 29,
  families: 8,
  learntWith: {
    clock: "overdrive",
    epochController: true,
    cpuShare: 0.6148,
  },
  factors: {
    npu: 1.063,
    stream: 1.05,
    untimed: 1.189,
    epochMicroseconds: 1.872,
  },
  interval: {
    lowRatio: 0.8933,
    highRatio: 1.09,
  },
  leftOut: {
    coverage: 0.8646,
    meanError: 0.0597,
    medianError: 0.05862,
    within10: 0.8276,
    within25: 1,
  },
} as const;
