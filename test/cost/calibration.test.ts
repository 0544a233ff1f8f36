/**
 * Keeps the committed calibration honest. `UPDATE_CALIBRATION=1 npx vitest run test/cost/calibration.test.ts`
 * makes the rows anew where the networks are at hand, and always fits anew.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Calibration, calibrate, type LatencyRow, predictRow } from "../../lib/cost/calibrate.js";
import { CALIBRATION } from "../../lib/cost/calibration.js";
import { estimateLatency, LEARNT_FACTORS } from "../../lib/cost/estimate.js";
import { describeShared, sharedPath } from "../shared.js";
import { compiled, figures, latencyRow } from "./latency-rows.js";

const ROOT = resolve(import.meta.dirname, "../..");
const DATASET = resolve(ROOT, "datasets/measurements/latency-rows.json");
const GENERATED = resolve(ROOT, "lib/cost/calibration.ts");

interface Dataset {
  readonly title: string;
  readonly how: string;
  readonly rows: readonly LatencyRow[];
}

const readRows = (): readonly LatencyRow[] => (JSON.parse(readFileSync(DATASET, "utf8")) as Dataset).rows;

function writeRows(): void {
  const dataset: Dataset = {
    title:
      "Published latencies of whole networks on STM32N6570-DK, beside what the model says before calibration",
    how: "measuredMs and source: tables of the STM32 model zoo (Developer Cloud, CPU 800 MHz, NPU 1000 MHz, epoch controller). busyMs, streamMs, timedMs, untimedMs: estimateLatency with neutral factors on the network's file, tool as given, profile O3.",
    rows: figures().map(latencyRow),
  };
  writeFileSync(DATASET, `${JSON.stringify(dataset, null, 2)}\n`);
}

const short = (value: number) => Number(value.toPrecision(4));

function writeCalibration({
  factors,
  interval,
  coverage,
  rows,
  families,
  cpuShare,
  accuracy,
}: Calibration): void {
  const record = {
    source: `datasets/measurements/latency-rows.json: ${rows} published figures of ${families} families, least absolute relative error (calibrate.ts)`,
    rows,
    families,
    learntWith: { clock: "overdrive", epochController: true, cpuShare: short(cpuShare) },
    factors: Object.fromEntries(Object.entries(factors).map(([name, value]) => [name, short(value)])),
    interval: { lowRatio: short(interval.lowRatio), highRatio: short(interval.highRatio) },
    leftOut: {
      coverage: short(coverage),
      meanError: short(accuracy.meanError),
      medianError: short(accuracy.medianError),
      within10: short(accuracy.within10),
      within25: short(accuracy.within25),
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

  it("calibrate() errs by less than 12 % on families left out, suspects aside", () => {
    expect(rows.length).toBeGreaterThanOrEqual(30);
    expect(fresh.accuracy.meanError).toBeLessThan(0.12);
    expect(fresh.accuracy.within10).toBeGreaterThan(0.6);
    expect(fresh.accuracy.within25).toBeGreaterThan(0.95);
    expect(fresh.coverage).toBeGreaterThanOrEqual(0.75);
    // Suspect rows stay in sight: with them the errors are larger.
    expect(fresh.accuracyWithSuspects.rows).toBe(rows.length);
    expect(fresh.accuracyWithSuspects.meanError).toBeGreaterThan(fresh.accuracy.meanError);
  });
});

describeShared("rows against the networks", () => {
  it("latencyRow() predicts what the committed rows do; run UPDATE_CALIBRATION=1 after a change of the model", () => {
    const committed = new Map(readRows().map((row) => [row.key, row]));
    const moved: string[] = [];
    for (const figure of figures()) {
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
    const figure = figures().find(({ network }) => network.startsWith("ssd_mobilenet_v2_fpnlite_035_192"))!;
    const { ms } = estimateLatency(compiled(figure));
    expect(ms / predictRow(latencyRow(figure), LEARNT_FACTORS)).toBeCloseTo(1, 3);
  });
});
