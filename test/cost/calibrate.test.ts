import fc from "fast-check";
import { expect, it } from "vitest";
import { accuracyOf, quantile, spearman } from "../../lib/cost/accuracy.js";
import { learnMacsLinear, learnRoofline } from "../../lib/cost/baselines.js";
import {
  calibrate,
  fitFactors,
  type LatencyRow,
  leaveOneFamilyOut,
  predictRow,
} from "../../lib/cost/calibrate.js";
import type { CostFactors } from "../../lib/cost/factors.js";

interface Shape {
  readonly epochs: readonly (readonly [busyMs: number, streamMs: number])[];
  readonly untimedMs: number;
}

const shape = fc.record({
  epochs: fc.array(
    fc.tuple(fc.double({ min: 0.01, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
    { minLength: 5, maxLength: 60 },
  ),
  untimedMs: fc.double({ min: 0, max: 3, noNaN: true }),
});

/** Returns rows whose figures are what `truth` says. */
function rowsOf(shapes: readonly Shape[], truth: CostFactors): LatencyRow[] {
  return shapes.map(({ epochs, untimedMs }, index) => {
    const row: LatencyRow = {
      key: `${index}`,
      family: `f${index % 4}`,
      network: `n${index}`,
      tool: "2.0",
      source: "made up",
      measuredMs: 1,
      macs: 1e6,
      imageBytes: 1e6,
      busyMs: epochs.map(([busy]) => busy),
      streamMs: epochs.map(([, stream]) => stream),
      timedMs: 0.1,
      untimedMs,
    };
    return { ...row, measuredMs: predictRow(row, truth) };
  });
}

const TRUTH: CostFactors = { npu: 1.1, stream: 1.3, untimed: 0.8, epochMicroseconds: 6 };

it("fitFactors() finds the factors that made the figures, one wild figure among them", () => {
  fc.assert(
    fc.property(fc.array(shape, { minLength: 16, maxLength: 24 }), (shapes) => {
      const rows = rowsOf(shapes, TRUTH);
      const wild = rows.map((row, index) => (index === 3 ? { ...row, measuredMs: row.measuredMs * 3 } : row));
      const factors = fitFactors(wild);
      const errors = rows.map((row) => Math.abs(predictRow(row, factors) / row.measuredMs - 1));
      expect(
        quantile(
          errors.sort((a, b) => a - b),
          0.5,
        ),
      ).toBeLessThan(0.02);
    }),
    { numRuns: 30, seed: 3 },
  );
});

it("fitFactors() never goes below zero and refuses too few rows", () => {
  const rows = rowsOf(
    Array.from({ length: 6 }, (_, index) => ({
      epochs: [[1 + index, 0]] as [number, number][],
      untimedMs: 0,
    })),
    { npu: 1, stream: 1, untimed: 0, epochMicroseconds: -500 },
  );
  const factors = fitFactors(rows);
  for (const value of Object.values(factors)) expect(value).toBeGreaterThanOrEqual(0);
  expect(() => fitFactors(rows.slice(0, 3))).toThrow("3 rows are given, expected at least 4");
});

it("leaveOneFamilyOut() does not learn from the family it predicts, nor from suspects", () => {
  const shapes = Array.from({ length: 12 }, (_, index) => ({
    epochs: Array.from(
      { length: 10 + index },
      (_, e) => [0.1 + 0.01 * e, 0.02 * ((e * index) % 13)] as [number, number],
    ),
    untimedMs: (index * 7) % 5,
  }));
  const rows = rowsOf(shapes, TRUTH);
  const odd = rows.map((row) => (row.family === "f1" ? { ...row, measuredMs: row.measuredMs * 2 } : row));
  const residuals = leaveOneFamilyOut(odd).filter(({ row }) => row.family === "f1");
  for (const { ratio } of residuals) expect(ratio).toBeCloseTo(2, 1);
  const suspect = odd.map((row) => (row.family === "f1" ? { ...row, suspect: "doubled" } : row));
  const { accuracy, accuracyWithSuspects, rows: sound, families } = calibrate(suspect);
  expect(accuracy.meanError).toBeLessThan(0.01);
  expect(accuracyWithSuspects.meanError).toBeGreaterThan(0.1);
  expect([sound, families]).toEqual([9, 3]);
});

it("accuracyOf(), quantile() and spearman() count as people do", () => {
  const of = (...ratios: number[]) =>
    ratios.map((ratio, index) => ({
      family: "f",
      measuredMs: (index + 1) * ratio,
      predictedMs: index + 1,
      ratio,
    }));
  expect(accuracyOf(of(1, 1 / 1.05, 1 / 1.2, 1 / 1.5))).toMatchObject({ within10: 0.5, within25: 0.75 });
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
  expect(quantile([7], 0.9)).toBe(7);
  expect(spearman([1, 2, 3], [10, 20, 1000])).toBe(1);
  expect(spearman([1, 2, 3], [3, 2, 1])).toBe(-1);
  // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: by hand 4.5 / sqrt(4.5 * 5).
  expect(spearman([1, 2, 2, 5], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(22.5), 12);
});

it("learnMacsLinear() and learnRoofline() find the law that made the figures", () => {
  const rows = rowsOf(
    Array.from({ length: 9 }, () => ({ epochs: [[1, 0]] as [number, number][], untimedMs: 0 })),
    TRUTH,
  ).map((row, index) => ({ ...row, macs: (index + 1) * 10e6, imageBytes: (10 - index) * 1e6 }));
  const linear = rows.map((row) => ({ ...row, measuredMs: 2 + (0.05 * row.macs) / 1e6 }));
  const roofline = rows.map((row) => ({
    ...row,
    measuredMs: Math.max((0.06 * row.macs) / 1e6, (0.4 * row.imageBytes) / 1e6),
  }));
  const worst = (learn: typeof learnRoofline, of: readonly LatencyRow[]) => {
    const predict = learn(of);
    return Math.max(...of.map((row) => Math.abs(predict(row) / row.measuredMs - 1)));
  };
  expect(worst(learnMacsLinear, linear)).toBeLessThan(0.001);
  expect(worst(learnRoofline, roofline)).toBeLessThan(0.001);
  expect(worst(learnMacsLinear, roofline)).toBeGreaterThan(0.05);
});
