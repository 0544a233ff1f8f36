/** Published latencies of whole networks, and what the latency model says of each before calibration. */
import { readFileSync } from "node:fs";
import type { LatencyRow } from "../../lib/cost/calibrate.js";
import { estimateLatency } from "../../lib/cost/estimate.js";
import { NEUTRAL_FACTORS } from "../../lib/cost/factors.js";
import { openModel } from "../../lib/formats/open.js";
import type { Model } from "../../lib/graph/graph.js";
import { normalizeModel } from "../../lib/graph/passes/normalize.js";
import type { Tensor } from "../../lib/graph/tensor.js";
import { bufferSource } from "../../lib/source.js";
import { formEpochs } from "../../lib/targets/neural-art/epochs/form.js";
import { packModel } from "../../lib/targets/neural-art/packing/pack-model.js";
import type { CompileOptions, ToolVersion } from "../../lib/targets/neural-art/records.js";
import { sum } from "../../lib/units.js";
import { type CsvRow, readCsv } from "../csv.js";
import { requireShared } from "../shared.js";
import { builtNetwork, FOUR_BITS } from "./built-networks.js";

/** A published figure. */
export interface Published {
  readonly key: string;
  readonly family: string;
  readonly network: string;
  readonly tool: ToolVersion;
  readonly measuredMs: number;
  readonly source: string;
}

/** A published figure and its network. */
export interface Figure extends Published {
  /** How sure it is that this is the network: exact-name, arch-same, near for files; built in code. */
  readonly match: string;
  readonly suspect?: string;
  /** KiB of the flash image as published. */
  readonly imageKib: number;
  /** Bytes of the activations that the published external RAM holds; 0 where there is none. */
  readonly externalTensor: number;
  readonly open: () => Model;
}

/** A published figure that nothing here predicts. */
export interface NotPredicted extends Published {
  readonly why: string;
}

/** One architecture from several exporters is one family: what it teaches is left out together. */
const FAMILIES: Readonly<Record<string, string>> = {
  mobilenet_pt: "mobilenetv1",
  mobilenetv2_pt: "mobilenetv2",
  fdmobilenet_pt: "fdmobilenet",
};

/** Figures that may not be what they seem, by key or part of it. */
const SUSPECT: readonly (readonly [RegExp, string])[] = [
  [
    /stft_tcnn/,
    "the table warns that convolutions fell back to software in this version; the file is the variant without normalisation",
  ],
  [
    /fpnlite_035_416/,
    "activations exceed the chip and the external RAM is printed as 0: probably misreported",
  ],
  [
    /mobilenetv2b?_a025_pt/,
    "its published RAM of 392 KiB cannot hold the 588 KiB that the second block expands to: built otherwise than named, or compiled as no other row is",
  ],
  [
    /^7f3764d:mobilenetv1:/,
    "tool 3.0, printed with the figures of tool 4.0 to the last digit: one measurement in two tables",
  ],
  [
    /st_person\/tiny_yolo_v2_224/,
    "the figures of coco_2017_person to the last digit: one measurement printed twice",
  ],
  [
    /resnet50v2|efficientnetv2s/,
    "activations in external RAM; which ones was taken from the published size, and their rate was fitted here",
  ],
];

/** Tensors that fill the published external RAM: 4 of 56x56x256, 1 of 96x96x192. */
const EXTERNAL_TENSORS: readonly (readonly [RegExp, number])[] = [
  [/resnet50v2/, 56 * 56 * 256],
  [/efficientnetv2s/, 96 * 96 * 192],
];

function whyNot({ model_file: network = "", family = "" }: CsvRow): string {
  if (FOUR_BITS.test(network))
    return "weights of 4 bits in part: which layers is not published, no file at hand";
  if (family === "st_resnet_pt") return "ST's own architecture; neither file nor description at hand";
  if (family === "resnet18_pt")
    return "no width of ResNet-18 gives the published image of 3,843.64 KiB (a quarter of the channels: 0.8 MB)";
  return "neither file nor a description of the architecture at hand";
}

function publishedOf(row: CsvRow): Published {
  const family = row.family!;
  return {
    key: row.row_key!,
    family: FAMILIES[family] ?? family,
    network: row.model_file!,
    tool: row.stedgeai_core_version!.split(".").slice(0, 2).join(".") as ToolVersion,
    measuredMs: Number(row.inference_ms),
    source: `${row.source_repo}, ${row.source_path}, commit ${row.source_commit!.slice(0, 7)}`,
  };
}

function fileModel(file: string): Model {
  return openModel(bufferSource(file, readFileSync(requireShared(`models/${file}`))));
}

/** Returns every published row: those whose network is there, and the others with the reason. */
export function publishedRows(): {
  readonly figures: readonly Figure[];
  readonly notPredicted: readonly NotPredicted[];
} {
  const files = new Map<string, CsvRow>();
  for (const entry of readCsv("models/MANIFEST.csv")) {
    for (const key of entry.npu_row_keys!.split(" + ")) if (key !== "") files.set(key, entry);
  }
  const footprints = new Map(readCsv("measurements/npu_footprint.csv").map((row) => [row.row_key!, row]));
  const figures: Figure[] = [];
  const notPredicted: NotPredicted[] = [];
  for (const row of readCsv("measurements/npu_latency.csv")) {
    const published = publishedOf(row);
    const { key, network } = published;
    const file = files.get(key);
    const named = { network, dataset: row.dataset!, resolution: row.resolution! };
    const build = () => builtNetwork(named);
    if (!file && build() === null) {
      notPredicted.push({ ...published, why: whyNot(row) });
      continue;
    }
    const suspect = SUSPECT.find(([pattern]) => pattern.test(key))?.[1];
    const footprint = footprints.get(key);
    const external = Number(footprint?.external_ram_kib ?? 0) > 0;
    figures.push({
      ...published,
      match: file ? file.match_quality!.split(" ")[0]! : "built",
      ...(suspect === undefined ? {} : { suspect }),
      imageKib: Number(footprint?.weights_flash_kib),
      externalTensor: external ? (EXTERNAL_TENSORS.find(([pattern]) => pattern.test(key))?.[1] ?? 0) : 0,
      open: () => (file ? fileModel(file.file!) : build()!),
    });
  }
  return { figures, notPredicted };
}

const round = (value: number) => Number(value.toPrecision(4));

function compileModel(model: Model, options: CompileOptions) {
  const { graph } = normalizeModel(model);
  const plan = formEpochs(graph, options);
  return { plan, rom: packModel({ graph, options, plan }) };
}

/** Returns the plan and packed parameters of a network of the reference material. */
export function compileFile(file: string, options: CompileOptions) {
  return compileModel(fileModel(file), options);
}

/** The same as the zoo's tables were made. */
export function compiled({ open, tool }: Figure) {
  return compileModel(open(), { tool, epochController: true, profile: "O3" });
}

/** Returns the row of one figure; throws what the model's rooms throw for a network they cannot handle. */
export function latencyRow(
  figure: Figure,
): LatencyRow & { readonly match: string; readonly imageKib: number } {
  const { externalTensor, suspect, match, imageKib, key, family, network, tool, measuredMs, source } = figure;
  const { plan, rom } = compiled(figure);
  const isExternal = (tensor: Tensor) => externalTensor > 0 && tensor.bytes === externalTensor;
  const estimate = (untimed: number) =>
    estimateLatency({ plan, rom, options: { isExternal, factors: { ...NEUTRAL_FACTORS, untimed } } })
      .perEpoch;
  const cpuMs = (untimed: number) => sum(estimate(untimed).map(({ parts }) => parts.cpu));
  const onNpu = estimate(1).filter(({ kind }) => kind !== "sw");
  return {
    key,
    family,
    network,
    tool,
    measuredMs,
    source,
    match,
    ...(suspect === undefined ? {} : { suspect }),
    macs: sum(plan.epochs.map((epoch) => epoch.macs)),
    imageBytes: rom.imageBytes,
    imageKib,
    busyMs: onNpu.map(({ parts }) =>
      round(Math.max(parts.compute, parts.output, parts.input, parts.ports, parts.external)),
    ),
    streamMs: onNpu.map(({ parts }) => round(parts.flash)),
    timedMs: round(cpuMs(0)),
    untimedMs: round(cpuMs(1) - cpuMs(0)),
  };
}
