import { expect, it } from "vitest";
import { normalizeModel } from "../../lib/graph/passes/normalize.js";
import { load } from "../../lib/node/load.js";
import type { Ports } from "../../lib/targets/neural-art/epochs/edges.js";
import { formEpochs } from "../../lib/targets/neural-art/epochs/form.js";
import { validatePlan } from "../../lib/targets/neural-art/epochs/validate.js";
import { type EpochPlan, TOOL_VERSIONS, type ToolVersion } from "../../lib/targets/neural-art/records.js";
import { type CsvRow, readCsv } from "../csv.js";
import { describeShared, requireShared } from "../shared.js";

/** What the application hands over, where the build says so: its options, or the absence of conversions. */
const PORTS: Readonly<Record<string, Partial<Ports>>> = {
  pele_mobilefacenet: { inputs: "stored" },
  xc_face_detector: { inputs: "integer", outputs: "integer" },
};

/** Three reports of one model that networks.csv leaves out: [tool, epochs, of which in software]. */
const FRONT_END = "mobilenetv2/mobilenet_v2_128_0.5_QDQ_frontend.onnx";
const REPORTS = ["2.1", "2.2", "3.0"].map((tool) => [tool as ToolVersion, 56, 1] as const);

interface Result {
  readonly name: string;
  readonly plan: EpochPlan;
  readonly total: number;
  readonly sw: number;
  readonly hybrid: number;
  readonly kinds: string;
}

function count(plan: EpochPlan, kind: string): number {
  return plan.epochs.filter((epoch) => epoch.kind === kind).length;
}

/** Operators off the NPU, sorted: `DequantizeLinear x1; Softmax x1`. */
function kindsOf(plan: EpochPlan): string {
  const counts = new Map<string, number>();
  for (const { kind, ops } of plan.epochs) {
    if (kind !== "hw") counts.set(ops[0] ?? "", (counts.get(ops[0] ?? "") ?? 0) + 1);
  }
  return sorted([...counts].map(([op, times]) => `${op} x${times}`));
}

function sorted(kinds: readonly string[]): string {
  return [...kinds].sort().join("; ");
}

function toolOf(row: CsvRow): ToolVersion {
  const text = row.stai_branch?.replace("STAI-", "") || (row.stedgeai ?? "");
  const tool = TOOL_VERSIONS.find((version) => text.startsWith(version));
  if (!tool) throw new Error(`Cannot tell the tool version of ${row.id} from '${text}'`);
  return tool;
}

function open(file: string) {
  return normalizeModel(load(requireShared(`models/${file}`)).model).graph;
}

function plan(file: string, tool: ToolVersion, epochController: boolean, ports: Partial<Ports> = {}) {
  const graph = open(file);
  const plan = formEpochs(graph, { tool, epochController, profile: "O3" }, ports);
  expect(validatePlan(graph, plan), file).toEqual([]);
  return plan;
}

function results(): Result[] {
  const files = new Map(readCsv("models/MANIFEST.csv").map((row) => [row.sha256, row.file]));
  const compiled = readCsv("compiled/networks.csv").flatMap((row): Result[] => {
    const file = files.get(row.model_sha256);
    const id = row.id ?? "";
    if (!file || row.duplicate_of) return [];
    return [
      {
        name: id,
        plan: plan(file, toolOf(row), row.epoch_controller === "True", PORTS[id]),
        total: Number(row.epochs_total),
        sw: Number(row.epochs_sw),
        hybrid: Number(row.epochs_hybrid || 0),
        kinds: sorted(
          (row.sw_or_hybrid_kinds ?? "").split("; ").map((kind) => kind.replace(/SW:|\(float\)/g, "")),
        ),
      },
    ];
  });
  const reported = REPORTS.map(
    ([tool, total, sw]): Result => ({
      name: `mobilenetv2_050_128_${tool}`,
      plan: plan(FRONT_END, tool, false),
      total,
      sw,
      hybrid: 0,
      kinds: "Softmax x1",
    }),
  );
  return [...compiled, ...reported];
}

describeShared("formEpochs() beside real compilations", () => {
  it("formEpochs() meets the vendor's counts", () => {
    const all = results();
    const lines = all.map(({ name, plan, total, sw, hybrid, kinds }) => {
      const error = `${(((plan.epochs.length - total) / total) * 100).toFixed(1)} %`;
      const counts = `${plan.epochs.length} / ${total} (${error})`;
      const off = `sw ${count(plan, "sw")} / ${sw}  hybrid ${count(plan, "hybrid")} / ${hybrid}`;
      const differs = kinds && kinds !== kindsOf(plan) ? `  kinds ${kindsOf(plan)} / ${kinds}` : "";
      return `${name.padEnd(26)} ${counts.padEnd(22)} ${off}${differs}`;
    });
    console.info(`predicted / real\n${lines.join("\n")}`);

    expect(all.length).toBeGreaterThanOrEqual(23);
    for (const { name, plan, total, sw } of all) {
      expect(Math.abs(plan.epochs.length - total) / total, name).toBeLessThanOrEqual(0.08);
      expect(count(plan, "sw"), name).toBe(sw);
    }
    // Palm detection: three Pads of channels, two of them between Transposes; which one is not, and why, is open.
    const others = all.filter(({ name }) => name !== "xc_palm_detector");
    for (const { name, plan, hybrid, kinds } of others) {
      expect(count(plan, "hybrid"), name).toBe(hybrid);
      if (kinds) expect(kindsOf(plan), name).toBe(kinds);
    }
    const exact = all.filter(({ plan, total }) => plan.epochs.length === total);
    expect(exact.length).toBeGreaterThanOrEqual(16);
  });

  it("formEpochs() plans every node of every model once", () => {
    const files = readCsv("models/MANIFEST.csv").map(({ file = "" }) => file);
    for (const file of files) {
      for (const tool of ["2.1", "4.0"] as const) plan(file, tool, true);
    }
  });
});
