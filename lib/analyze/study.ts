/** From a loaded model to everything known about it on a target: the rooms called one after another. */
import { estimateLatency, type LatencyEstimate } from "../cost/estimate.js";
import type { WeightStore } from "../cost/hardware.js";
import { countModel } from "../graph/count.js";
import type { Graph } from "../graph/graph.js";
import { normalizeModel } from "../graph/passes/normalize.js";
import type { Shape } from "../graph/shape.js";
import type { Tensor } from "../graph/tensor.js";
import { type MemoryPlan, planMemory } from "../memory/plan.js";
import { type Board, boardOf } from "../targets/neural-art/boards.js";
import type { Ports } from "../targets/neural-art/epochs/edges.js";
import { formEpochs } from "../targets/neural-art/epochs/form.js";
import { offload } from "../targets/neural-art/epochs/offload.js";
import type { ClockMode } from "../targets/neural-art/facts.js";
import { RULES } from "../targets/neural-art/facts-packing.js";
import { packModel } from "../targets/neural-art/packing/pack-model.js";
import { type MemoryPool, poolsFromFile } from "../targets/neural-art/pools.js";
import type {
  CompileOptions,
  EpochPlan,
  Profile,
  RomPlan,
  ToolVersion,
} from "../targets/neural-art/records.js";
import { readMpool } from "../vendor/mpool.js";
import type { LoadedModel } from "./loaded.js";
import { notesOf } from "./notes.js";
import type { Analysis, PortRecord, RuleRecord } from "./record.js";

export interface AnalyzeOptions {
  /** `stm32n6570-dk` or `nucleo-n657x0-q`. */
  readonly board?: string;
  readonly tool?: ToolVersion;
  readonly clock?: ClockMode;
  readonly epochController?: boolean;
  readonly profile?: Profile;
  /**
   * What the application hands over and takes where the file says float: `stored` as in the file, `integer`
   * without the conversion. The default is what the tool version was seen to do (epochs/edges.ts).
   */
  readonly ports?: Partial<Ports>;
  /** Text of a memory pool file to use in place of the board's stock pools, and its name for messages. */
  readonly mpool?: { readonly name: string; readonly text: string };
  /** Memory pools in place of the board's, where no such file is at hand. */
  readonly pools?: readonly MemoryPool[];
  /** Fixes the shapes of inputs, e.g. to try another resolution. */
  readonly inputShapes?: ReadonlyMap<string, Shape>;
}

/** An analysis with the values that it was made from. */
export interface Study {
  readonly analysis: Analysis;
  readonly graph: Graph;
  readonly plan: EpochPlan;
  readonly rom: RomPlan;
  readonly memory: MemoryPlan;
  readonly latency: LatencyEstimate;
}

function memoryOf(plan: EpochPlan, rom: RomPlan, pools: readonly MemoryPool[]): MemoryPlan {
  const ids = new Map<Tensor, string>();
  const taken = new Set<string>();
  const idOf = (tensor: Tensor) => {
    const known = ids.get(tensor);
    if (known !== undefined) return known;
    let id = tensor.name;
    for (let copy = 2; taken.has(id); copy++) id = `${tensor.name} #${copy}`;
    taken.add(id);
    ids.set(tensor, id);
    return id;
  };
  const activations = (tensors: readonly Tensor[]) =>
    tensors.filter((tensor) => !tensor.isConstant).map(idOf);
  const steps = plan.epochs.map((epoch) => ({
    reads: activations(epoch.reads),
    writes: activations(epoch.writes),
  }));
  const kept = new Set(plan.outputs);
  const tensors = [...ids].map(([tensor, id]) => ({ id, bytes: tensor.bytes, keep: kept.has(tensor) }));
  return planMemory({ steps, tensors, weightBytes: rom.imageBytes, pools });
}

/** Returns the memory that holds most of the weights, as the cost model tells memories apart. */
function weightStoreOf(memory: MemoryPlan): WeightStore {
  const most = [...memory.pools].sort((a, b) => b.weightBytes - a.weightBytes)[0];
  if (most?.name === "hyperRAM") return "hyperRAM";
  return most === undefined || most.weightBytes === 0 || most.name === "octoFlash" ? "octoFlash" : "internal";
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

function poolsOf(board: Board, { mpool, pools }: AnalyzeOptions): readonly MemoryPool[] {
  if (mpool) return poolsFromFile(readMpool(mpool.text, mpool.name).pools, mpool.name);
  return pools ?? board.pools;
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
  const board = boardOf(options.board ?? "stm32n6570-dk");
  const clock = options.clock ?? "overdrive";
  const compile: CompileOptions = {
    tool: options.tool ?? "2.1",
    epochController: options.epochController ?? true,
    profile: options.profile ?? "O3",
  };
  const pools = poolsOf(board, options);
  const { graph, report } = normalizeModel(
    model,
    options.inputShapes ? { inputShapes: options.inputShapes } : {},
  );
  const plan = formEpochs(graph, compile, options.ports);
  const rom = packModel({ graph, options: compile, plan });
  const memory = memoryOf(plan, rom, pools);
  const latency = estimateLatency({ plan, rom, options: { clock, weights: weightStoreOf(memory) } });
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
    target: { chip: board.chip, board: board.id, clock, ...compile },
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
    offload: { ...rates, time: latency.offloadTime },
    rom: {
      sourceBytes: rom.sourceBytes,
      imageBytes: rom.imageBytes,
      blobBytes: rom.blobBytes,
      ledger: rom.ledger,
      rules: rulesOf(rom),
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
