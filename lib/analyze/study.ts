/** From a loaded model to everything known about it on a target. */
import { timelineOf } from "../cost/timeline.js";
import { countModel } from "../graph/count.js";
import type { Tensor } from "../graph/tensor.js";
import { storeForCpu } from "../targets/cortex-m/store.js";
import { storeAsKmodel } from "../targets/k210/kmodel.js";
import { offload } from "../targets/neural-art/epochs/offload.js";
import { RULES } from "../targets/neural-art/facts-packing.js";
import type { RomPlan } from "../targets/neural-art/records.js";
import { gainsOf } from "./gain.js";
import type { LoadedModel } from "./loaded.js";
import { notesOf } from "./notes.js";
import { type AnalyzeOptions, type Prediction, predict } from "./predict.js";
import type { Analysis, PortRecord, RuleRecord } from "./record.js";

/** An analysis with the values that it was made from. */
export interface Study extends Pick<Prediction, "graph" | "plan" | "rom" | "memory" | "latency"> {
  readonly analysis: Analysis;
}

/** Returns the packing rules that a ledger names, in the order in which it names them. */
function rulesOf(rom: RomPlan): RuleRecord[] {
  const named = new Set(rom.ledger.map(({ rule }) => rule));
  return Object.values(RULES)
    .filter(({ id }) => named.has(id))
    .map(({ id, sentence, evidence, source }) => ({ id, sentence, evidence, source }));
}

function portOf(tensor: Tensor): PortRecord {
  return { name: tensor.name, shape: tensor.staticShape(), dtype: tensor.dtype };
}

/**
 * Returns the analysis of a model and everything that it was made from. Throws a LabError that names the
 * operator, tensor or option that stands in the way.
 *
 * @example
 * ```ts
 * import { preset, study } from "npulab";
 * const { analysis, rom } = study(preset("mobilenet_v1_0.25_96"), { tool: "2.1" });
 * rom.buffers[0].explanation;
 * ```
 */
export function study({ model, file, sha256, notes = [] }: LoadedModel, options: AnalyzeOptions = {}): Study {
  const prediction = predict(model, options);
  const { graph, report, board, compile, plan, rom, memory, latency } = prediction;
  const rates = offload(plan);
  const counts = countModel(graph);
  const ofKind = (kind: "hw" | "hybrid" | "sw") => plan.epochs.filter((epoch) => epoch.kind === kind).length;

  const analysis: Analysis = {
    schema: "npulab/analysis@1",
    model: {
      file,
      sha256,
      format: model.format,
      inputs: graph.inputs.map(portOf),
      outputs: graph.outputs.map(portOf),
      nodes: model.graph.nodes.length,
      macs: counts.macs,
      weightBytes: counts.weightBytes,
      constantBytes: counts.constantBytes,
    },
    target: { chip: board.chip, board: board.id, clock: prediction.cost.clock, ...compile },
    epochs: {
      total: plan.epochs.length,
      hw: ofKind("hw"),
      hybrid: ofKind("hybrid"),
      sw: ofKind("sw"),
      list: plan.epochs.map((epoch, index) => ({
        index: epoch.index,
        kind: epoch.kind,
        ops: epoch.ops,
        nodes: epoch.nodes.map((node) => node.name),
        macs: epoch.macs,
        ms: latency.perEpoch[index]!.ms,
        bound: latency.perEpoch[index]!.bound,
        ...(epoch.reason ? { reason: epoch.reason } : {}),
        ...(epoch.note ? { note: epoch.note } : {}),
      })),
    },
    gains: gainsOf(prediction),
    offload: { ...rates, time: latency.offloadTime },
    rom: {
      sourceBytes: rom.sourceBytes,
      imageBytes: rom.imageBytes,
      blobBytes: rom.blobBytes,
      ledger: rom.ledger,
      rules: rulesOf(rom),
      elsewhere: [storeForCpu(graph), storeAsKmodel(graph)],
    },
    memory: {
      pools: memory.pools.map(({ name, sizeBytes, weightBytes, activationBytes }) => ({
        name,
        sizeBytes,
        weightBytes,
        activationBytes,
      })),
      activationPeakBytes: memory.activationPeakBytes,
      lowerBoundBytes: memory.lowerBoundBytes,
    },
    latency: { ms: latency.ms, low: latency.low, high: latency.high, level: latency.level },
    timeline: timelineOf({ perEpoch: latency.perEpoch, epochController: compile.epochController }),
    notes: [...notes, ...notesOf(report)],
  };
  return { analysis, graph, plan, rom, memory, latency };
}

/**
 * Returns the analysis of a model on a target, as plain data. Throws like `study`.
 *
 * @example
 * ```ts
 * import { analyze, load } from "npulab";
 * const analysis = analyze(load("my_model.tflite"), { tool: "3.0" });
 * analysis.rom.imageBytes / analysis.rom.sourceBytes;
 * ```
 */
export function analyze(loaded: LoadedModel, options: AnalyzeOptions = {}): Analysis {
  return study(loaded, options).analysis;
}
