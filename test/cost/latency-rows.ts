/**
 * Makes the rows of datasets/measurements/latency-rows.json: published figures beside what the model says of
 * each network before calibration. Needs the networks themselves, which are not part of the repository.
 */
import { readFileSync } from "node:fs";
import type { LatencyRow } from "../../lib/cost/calibrate.js";
import { estimateLatency } from "../../lib/cost/estimate.js";
import { NEUTRAL_FACTORS } from "../../lib/cost/factors.js";
import { openModel } from "../../lib/formats/open.js";
import { normalizeModel } from "../../lib/graph/passes/normalize.js";
import { bufferSource } from "../../lib/source.js";
import { formEpochs } from "../../lib/targets/neural-art/epochs/form.js";
import { packModel } from "../../lib/targets/neural-art/packing/pack-model.js";
import type { CompileOptions, ToolVersion } from "../../lib/targets/neural-art/records.js";
import { type CsvRow, readCsv } from "../csv.js";
import { requireShared } from "../shared.js";

/** A published figure and the file of its network. */
export interface Figure {
  readonly key: string;
  readonly family: string;
  readonly network: string;
  readonly file: string;
  readonly tool: ToolVersion;
  readonly ms: number;
  readonly source: string;
  /** How sure it is that the file is the network: exact-name, arch-same, near. */
  readonly match: string;
  readonly suspect?: string;
}

/** Figures that may not be what they seem, by part of the network's name. */
const SUSPECT: readonly (readonly [string, string])[] = [
  [
    "stft_tcnn",
    "the table warns that convolutions fell back to software in this version; the file is the variant without normalisation",
  ],
  [
    "fpnlite_035_416",
    "activations exceed the chip and the external RAM is printed as 0: probably misreported",
  ],
];

/** Returns the published latencies whose network is there as a file. */
export function figures(): readonly Figure[] {
  const files = new Map<string, CsvRow>();
  for (const entry of readCsv("models/MANIFEST.csv")) {
    for (const key of entry.npu_row_keys!.split(" + ")) if (key !== "") files.set(key, entry);
  }
  return readCsv("measurements/npu_latency.csv").flatMap((row): Figure[] => {
    const file = files.get(row.row_key!);
    if (!file) return [];
    const suspect = SUSPECT.find(([part]) => row.model_file!.includes(part))?.[1];
    return [
      {
        key: row.row_key!,
        family: row.family!,
        network: row.model_file!,
        file: file.file!,
        tool: row.stedgeai_core_version!.split(".").slice(0, 2).join(".") as ToolVersion,
        ms: Number(row.inference_ms),
        source: `${row.source_repo}, ${row.source_path}, commit ${row.source_commit!.slice(0, 7)}`,
        match: file.match_quality!.split(" ")[0]!,
        ...(suspect === undefined ? {} : { suspect }),
      },
    ];
  });
}

const round = (value: number) => Number(value.toPrecision(4));

/** Returns the plan and packed parameters of a network of the reference material. */
export function compileFile(file: string, options: CompileOptions) {
  const data = readFileSync(requireShared(`models/${file}`));
  const { graph } = normalizeModel(openModel(bufferSource(file, data)));
  const plan = formEpochs(graph, options);
  return { plan, rom: packModel({ graph, options, plan }) };
}

/** The same as the zoo's tables were made. */
export function compiled({ file, tool }: Figure) {
  return compileFile(file, { tool, epochController: true, profile: "O3" });
}

/** Returns the row of one figure; throws what the model's rooms throw for a network they cannot handle. */
export function latencyRow(figure: Figure): LatencyRow & { readonly match: string } {
  const { plan, rom } = compiled(figure);
  const { perEpoch } = estimateLatency({ plan, rom, options: { factors: NEUTRAL_FACTORS } });
  const onNpu = perEpoch.filter(({ kind }) => kind !== "sw");
  const cpuMs = (untimed: number) =>
    estimateLatency({ plan, rom, options: { factors: { ...NEUTRAL_FACTORS, untimed } } }).perEpoch.reduce(
      (total, { parts }) => total + parts.cpu,
      0,
    );
  return {
    key: figure.key,
    family: figure.family,
    network: figure.network,
    tool: figure.tool,
    measuredMs: figure.ms,
    source: figure.source,
    match: figure.match,
    ...(figure.suspect === undefined ? {} : { suspect: figure.suspect }),
    busyMs: onNpu.map(({ parts }) => round(Math.max(parts.compute, parts.output, parts.input))),
    streamMs: onNpu.map(({ parts }) => round(parts.flash)),
    timedMs: round(cpuMs(0)),
    untimedMs: round(cpuMs(1) - cpuMs(0)),
  };
}
