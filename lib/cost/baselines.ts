/** What the latency model is to be compared with: models that know a network by one or two numbers. */
import type { LatencyRow, Learner } from "./calibrate.js";
import { nonNegative } from "./least-squares.js";

const ROUNDS = 60;
const ERROR_FLOOR = 0.03;
const NO_PRIOR = [0, 1e-9] as const;

/** Returns the non-negative coefficients that make relative errors small in the least-absolute sense. */
function fitRelative(
  columns: readonly (readonly number[])[],
  measured: readonly number[],
): readonly number[] {
  const a = columns.map((row, index) => row.map((value) => value / measured[index]!));
  const targets = measured.map(() => 1);
  const priors = (columns[0] ?? []).map(() => NO_PRIOR);
  let weights = measured.map(() => 1);
  let solution: readonly number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    solution = nonNegative(a, targets, weights, priors);
    weights = a.map((row) => {
      const sum = row.reduce((total, value, index) => total + value * solution[index]!, 0);
      return 1 / Math.max(Math.abs(sum - 1), ERROR_FLOOR);
    });
  }
  return solution;
}

/** milliseconds = a + b · multiply-adds. */
export const learnMacsLinear: Learner = (rows) => {
  const columns = rows.map(({ macs }) => [1, macs / 1e6]);
  const [constant = 0, perMega = 0] = fitRelative(
    columns,
    rows.map(({ measuredMs }) => measuredMs),
  );
  return ({ macs }) => constant + (perMega * macs) / 1e6;
};

/** Ratios of the two slopes from which the roofline's fit starts; the best end is kept. */
const STARTS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10] as const;

/** milliseconds = max(multiply-adds ÷ rate, bytes of the image ÷ bandwidth), both learnt. */
export const learnRoofline: Learner = (rows) => {
  const measured = rows.map(({ measuredMs }) => measuredMs);
  const sides = ({ macs, imageBytes }: LatencyRow) => [macs / 1e6, imageBytes / 1e6] as const;
  const predictWith =
    ([perMega, perMegabyte]: readonly [number, number]) =>
    (row: LatencyRow) => {
      const [macs, bytes] = sides(row);
      return Math.max(macs * perMega, bytes * perMegabyte);
    };
  const errorOf = (slopes: readonly [number, number]) => {
    const predict = predictWith(slopes);
    return rows.reduce((total, row) => total + Math.abs(predict(row) / row.measuredMs - 1), 0);
  };
  let best: readonly [number, number] = [1, 1];
  let least = Number.POSITIVE_INFINITY;
  for (const start of STARTS) {
    let slopes: readonly [number, number] = [start, 1];
    for (let round = 0; round < 20; round++) {
      const [perMega, perMegabyte] = slopes;
      const columns = rows.map((row) => {
        const [macs, bytes] = sides(row);
        return macs * perMega >= bytes * perMegabyte ? [macs, 0] : [0, bytes];
      });
      const [a = 0, b = 0] = fitRelative(columns, measured);
      slopes = [a, b];
      const error = errorOf(slopes);
      if (error < least) [least, best] = [error, slopes];
    }
  }
  return predictWith(best);
};
