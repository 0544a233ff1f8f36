/**
 * Keeps the committed calibration honest. `UPDATE_CALIBRATION=1 npx vitest run test/cost/calibration.test.ts`
 * makes the rows anew where the networks are at hand, and always fits anew.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { accuracyOf } from "../../lib/cost/accuracy.js";
import { learnMacsLinear, learnRoofline } from "../../lib/cost/baselines.js";
import {
  type Calibration,
  calibrate,
  type LatencyRow,
  type Learner,
  leaveOneFamilyOut,
  predictRow,
} from "../../lib/cost/calibrate.js";
import { CALIBRATION } from "../../lib/cost/calibration.js";
import { estimateLatency, LEARNT_FACTORS } from "../../lib/cost/estimate.js";
import { describeShared, sharedPath } from "../shared.js";
import { compiled, latencyRow, type NotPredicted, publishedRows } from "./latency-rows.js";

const ROOT = resolve(import.meta.dirname, "../..");
const DATASET = resolve(ROOT, "datasets/measurements/latency-rows.json");
const GENERATED = resolve(ROOT, "lib/cost/calibration.ts");

interface Dataset {
  readonly title: string;
  readonly how: string;
  readonly rows: readonly LatencyRow[];
  readonly notPredicted: readonly NotPredicted[];
}

const readRows = (): readonly LatencyRow[] => (JSON.parse(readFileSync(DATASET, "utf8")) as Dataset).rows;

function writeRows(): void {
  const { figures, notPredicted } = publishedRows();
  const dataset: Dataset = {
    title:
      "Published latencies of whole networks on STM32N6570-DK, beside what the model says before calibration",
    how: "measuredMs, imageKib and source: tables of the STM32 model zoo (Developer Cloud, CPU 800 MHz, NPU 1000 MHz, epoch controller). match: how sure the network is; built ones are those of lib/models. busyMs, streamMs, timedMs, untimedMs: estimateLatency with neutral factors, tool as given, profile O3. notPredicted: the other rows of the same tables.",
    rows: figures.map(latencyRow),
    notPredicted,
  };
  writeFileSync(DATASET, `${JSON.stringify(dataset, null, 2)}\n`);
}

const short = (value: number) => Number(value.toPrecision(4));

/** The same figures of a simpler model, on the same folds. */
function baselineErrors(rows: readonly LatencyRow[], learn: Learner) {
  const residuals = leaveOneFamilyOut(rows, learn).filter(({ row }) => row.suspect === undefined);
  const { meanError, medianError, within10, within25, spearman } = accuracyOf(residuals);
  return {
    meanError: short(meanError),
    medianError: short(medianError),
    within10: short(within10),
    within25: short(within25),
    spearman: short(spearman),
  };
}

function writeCalibration({
  factors,
  interval,
  coverage,
  rows,
  families,
  cpuShare,
  milliseconds,
  accuracy,
}: Calibration): void {
  const record = {
    source: `datasets/measurements/latency-rows.json: ${rows} published figures of ${families} families, least absolute relative error (calibrate.ts)`,
    rows,
    families,
    learntWith: { clock: "overdrive", epochController: true, cpuShare: short(cpuShare), milliseconds },
    factors: Object.fromEntries(Object.entries(factors).map(([name, value]) => [name, short(value)])),
    interval: { lowRatio: short(interval.lowRatio), highRatio: short(interval.highRatio) },
    leftOut: {
      coverage: short(coverage),
      meanError: short(accuracy.meanError),
      medianError: short(accuracy.medianError),
      within10: short(accuracy.within10),
      within25: short(accuracy.within25),
      spearman: short(accuracy.spearman),
    },
    baselines: {
      macsLinear: baselineErrors(readRows(), learnMacsLinear),
      roofline: baselineErrors(readRows(), learnRoofline),
    },
  };
  const text = `/**
 * What whole networks taught the latency model, and its errors on families left out of the fit. Generated from
 * datasets/measurements/latency-rows.json by UPDATE_CALIBRATION=1 in test/cost/calibration.test.ts.
 */
export const CALIBRATION = ${JSON.stringify(record, null, 2)} as const;
`;
  writeFileSync(GENERATED, text);
  execFileSync("npx", ["biome", "check", "--write", GENERATED, DATASET], { cwd: ROOT, stdio: "ignore" });
}

if (process.env.UPDATE_CALIBRATION) {
  if (sharedPath("models/MANIFEST.csv")) writeRows();
  writeCalibration(calibrate(readRows()));
}

describe("the committed calibration", () => {
  let rows: readonly LatencyRow[];
  let fresh: Calibration;
  beforeAll(() => {
    rows = readRows();
    fresh = calibrate(rows);
  });

  it.skipIf(process.env.UPDATE_CALIBRATION)(
    "calibrate() gives what is committed, from the committed rows",
    () => {
      for (const [name, value] of Object.entries(fresh.factors)) {
        expect(value, name).toBeCloseTo(LEARNT_FACTORS[name as keyof typeof LEARNT_FACTORS], 3);
      }
      expect(fresh.interval.lowRatio).toBeCloseTo(CALIBRATION.interval.lowRatio, 3);
      expect(fresh.interval.highRatio).toBeCloseTo(CALIBRATION.interval.highRatio, 3);
      expect(fresh.cpuShare).toBeCloseTo(CALIBRATION.learntWith.cpuShare, 3);
      expect([fresh.rows, fresh.families]).toEqual([CALIBRATION.rows, CALIBRATION.families]);
    },
  );

  it("calibrate() errs by less than 8 % on families left out, suspects aside", () => {
    expect(rows.length).toBeGreaterThanOrEqual(80);
    expect(fresh.accuracy.meanError).toBeLessThan(0.08);
    expect(fresh.accuracy.within10).toBeGreaterThan(0.8);
    expect(fresh.accuracy.within25).toBeGreaterThan(0.95);
    expect(fresh.accuracy.spearman).toBeGreaterThan(0.97);
    expect(fresh.coverage).toBeGreaterThanOrEqual(0.75);
    expect(fresh.coverage).toBeLessThanOrEqual(0.85);
    // Suspect rows stay in sight: with them the errors are larger.
    expect(fresh.accuracyWithSuspects.rows).toBe(rows.length);
    expect(fresh.accuracyWithSuspects.meanError).toBeGreaterThan(fresh.accuracy.meanError);
  });
});

it("leaveOneFamilyOut() errs several times less with the model than with multiply-adds or a roofline", () => {
  const rows = readRows();
  const { accuracy } = calibrate(rows);
  for (const learn of [learnMacsLinear, learnRoofline]) {
    expect(baselineErrors(rows, learn).meanError).toBeGreaterThan(4 * accuracy.meanError);
  }
});

describeShared("rows against the networks", () => {
  it("publishedRows() accounts for all 108 rows of the published tables, and built networks for their images", () => {
    const { figures, notPredicted } = publishedRows();
    expect(figures.length + notPredicted.length).toBe(108);
    expect(notPredicted.every(({ why }) => why.length > 20)).toBe(true);
    const built = (readRows() as readonly (LatencyRow & { match: string; imageKib: number })[]).filter(
      ({ match }) => match === "built",
    );
    expect(built.length).toBeGreaterThan(50);
    // Tables of tool 2.0 give the image without the epoch controller, some 2 KiB per ten epochs larger.
    const off = built
      .filter(({ tool }) => tool !== "2.0")
      .map(({ network, imageBytes, imageKib }) => [network, imageBytes / 1024 / imageKib - 1] as const)
      .filter(([, error]) => Math.abs(error) > 0.02);
    expect(off).toEqual([]);
  });

  it("latencyRow() predicts what the committed rows do; run UPDATE_CALIBRATION=1 after a change of the model", () => {
    const committed = new Map(readRows().map((row) => [row.key, row]));
    const moved: string[] = [];
    for (const figure of publishedRows().figures) {
      const row = committed.get(figure.key);
      const change = row
        ? predictRow(latencyRow(figure), LEARNT_FACTORS) / predictRow(row, LEARNT_FACTORS) - 1
        : NaN;
      if (!(Math.abs(change) < 0.02))
        moved.push(`${figure.network} (${figure.tool}): ${(change * 100).toFixed(1)} %`);
    }
    expect(moved).toEqual([]);
  });

  it("estimateLatency() agrees with predictRow() on a real network", () => {
    const figure = publishedRows().figures.find(({ network }) =>
      network.startsWith("ssd_mobilenet_v2_fpnlite_035_192"),
    )!;
    const { ms } = estimateLatency(compiled(figure));
    expect(ms / predictRow(latencyRow(figure), LEARNT_FACTORS)).toBeCloseTo(1, 3);
  });
});
