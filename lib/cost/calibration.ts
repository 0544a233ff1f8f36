/**
 * What whole networks taught the latency model, and its errors on families left out of the fit. Generated from
 * datasets/measurements/latency-rows.json by UPDATE_CALIBRATION=1 in test/cost/calibration.test.ts.
 */
export const CALIBRATION = {
  source:
    "datasets/measurements/latency-rows.json: 69 published figures of 10 families, least absolute relative error (calibrate.ts)",
  rows: 69,
  families: 10,
  learntWith: {
    clock: "overdrive",
    epochController: true,
    cpuShare: 0.5892,
    milliseconds: [0.75, 60.29],
  },
  factors: {
    npu: 0.9971,
    stream: 1.116,
    untimed: 1.173,
    epochMicroseconds: 3.611,
  },
  interval: {
    lowRatio: 0.9302,
    highRatio: 1.107,
  },
  leftOut: {
    coverage: 0.8005,
    meanError: 0.0384,
    medianError: 0.02651,
    within10: 0.9565,
    within25: 1,
    spearman: 0.9975,
  },
  baselines: {
    macsLinear: {
      meanError: 0.3818,
      medianError: 0.3851,
      within10: 0.2319,
      within25: 0.3913,
      spearman: 0.9041,
    },
    roofline: {
      meanError: 0.227,
      medianError: 0.177,
      within10: 0.3768,
      within25: 0.6812,
      spearman: 0.9492,
    },
  },
} as const;
