/** Reproduces constants of the cost model that were chosen, not measured: each choice beside the others. */
import { expect, it } from "vitest";
import { type LatencyRow, leaveOneFamilyOut } from "../../lib/cost/calibrate.js";
import { estimateLatency } from "../../lib/cost/estimate.js";
import { NEUTRAL_FACTORS } from "../../lib/cost/factors.js";
import { NPU } from "../../lib/cost/parameters.js";
import { describeShared } from "../shared.js";
import { compiled, latencyRow, publishedRows } from "./latency-rows.js";

const CHAINS = [1, 2, 3, 4] as const;

/** Returns a row as it would be with other numbers of convolution units in a chain, in the order of CHAINS. */
function chained(figure: Parameters<typeof latencyRow>[0]): readonly LatencyRow[] {
  const row = latencyRow(figure);
  const { plan, rom } = compiled(figure);
  const { perEpoch } = estimateLatency({ plan, rom, options: { factors: NEUTRAL_FACTORS } });
  const onNpu = perEpoch.flatMap(({ kind, parts }, index) =>
    kind === "sw" ? [] : [{ parts, layer: plan.epochs[index]!.layer?.geometry }],
  );
  return CHAINS.map((units) => ({
    ...row,
    busyMs: onNpu.map(({ parts, layer }, index) => {
      if (!layer || layer.kind === "depthwise" || layer.kernelHeight * layer.kernelWidth === 1) {
        return row.busyMs[index]!;
      }
      const wanted = Math.ceil(layer.inputChannels / layer.groups / NPU.unitChannels.value);
      const used = Math.min(NPU.chainedUnits.value, wanted);
      return Math.max(
        (parts.compute * used) / Math.min(units, wanted),
        parts.output,
        parts.input,
        parts.ports,
      );
    }),
  }));
}

/** Mean over families of their mean error when left out. */
function familyMean(rows: readonly LatencyRow[]): number {
  const families = new Map<string, number[]>();
  for (const { family, ratio } of leaveOneFamilyOut(rows)) {
    const errors = families.get(family) ?? [];
    errors.push(Math.abs(1 / ratio - 1));
    families.set(family, errors);
  }
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  return mean([...families.values()].map(mean));
}

describeShared("constants that were chosen with whole networks in view", () => {
  it("NPU.chainedUnits errs least of 1 to 4, and would be chosen without any one family but one", () => {
    const figures = publishedRows().figures.filter(({ suspect }) => suspect === undefined);
    const variants = figures.map(chained);
    const errorsOf = (without: string | null) =>
      CHAINS.map((_, chain) =>
        familyMean(variants.map((rows) => rows[chain]!).filter(({ family }) => family !== without)),
      );
    const bestOf = (errors: readonly number[]) => CHAINS[errors.indexOf(Math.min(...errors))];
    expect(bestOf(errorsOf(null))).toBe(NPU.chainedUnits.value);
    const families = [...new Set(figures.map(({ family }) => family))];
    const other = families.filter((family) => bestOf(errorsOf(family)) !== NPU.chainedUnits.value);
    // Only the single-scale detector tells one unit from two.
    expect(other).toEqual(["st_yolo_lc_v1"]);
    // Chosen anew in each fold, as a stranger's network would find it: one family pays for it.
    const nested = families.flatMap((family) => {
      const errors = errorsOf(family);
      const chain = errors.indexOf(Math.min(...errors));
      const residuals = leaveOneFamilyOut(variants.map((rows) => rows[chain]!));
      return residuals
        .filter((residual) => residual.family === family)
        .map(({ ratio }) => Math.abs(1 / ratio - 1));
    });
    const mean = nested.reduce((a, b) => a + b, 0) / nested.length;
    expect(mean).toBeCloseTo(0.051, 2);
  }, 120_000);
});
