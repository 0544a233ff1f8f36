/** Schedule, flash image, memory and time of a network: the rooms called one after another. */
import { type CostOptions, estimateLatency, type LatencyEstimate } from "../cost/estimate.js";
import type { WeightStore } from "../cost/hardware.js";
import { readMpool } from "../formats/vendor/mpool.js";
import type { Graph, Model } from "../graph/graph.js";
import { type NormalizeReport, normalizeModel } from "../graph/passes/normalize.js";
import type { Shape } from "../graph/shape.js";
import type { Tensor } from "../graph/tensor.js";
import { type MemoryPlan, planMemory } from "../memory/plan.js";
import { type Board, boardOf } from "../targets/neural-art/boards.js";
import type { Ports } from "../targets/neural-art/epochs/edges.js";
import { type FormedEpochs, formEpochs } from "../targets/neural-art/epochs/form.js";
import type { ClockMode } from "../targets/neural-art/facts.js";
import { packModel } from "../targets/neural-art/packing/pack-model.js";
import { type MemoryPool, poolsFromFile } from "../targets/neural-art/pools.js";
import type { CompileOptions, Profile, RomPlan, ToolVersion } from "../targets/neural-art/records.js";

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

/** Schedule, flash image, memory and time of a network on a target, as the rooms hand them on. */
export interface Prediction {
  readonly graph: Graph;
  readonly report: NormalizeReport;
  readonly board: Board;
  readonly pools: readonly MemoryPool[];
  readonly compile: CompileOptions;
  readonly ports: Partial<Ports>;
  readonly cost: CostOptions & { readonly clock: ClockMode };
  readonly plan: FormedEpochs;
  readonly rom: RomPlan;
  readonly memory: MemoryPlan;
  readonly latency: LatencyEstimate;
}

function memoryOf(plan: FormedEpochs, rom: RomPlan, pools: readonly MemoryPool[]): MemoryPlan {
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

function poolsOf(board: Board, { mpool, pools }: AnalyzeOptions): readonly MemoryPool[] {
  if (mpool) return poolsFromFile(readMpool(mpool.text, mpool.name).pools, mpool.name);
  return pools ?? board.pools;
}

/** Returns what a model becomes on a target. Throws like `study`. */
export function predict(model: Model, options: AnalyzeOptions = {}): Prediction {
  const board = boardOf(options.board ?? "stm32n6570-dk");
  const clock = options.clock ?? "overdrive";
  const compile: CompileOptions = {
    tool: options.tool ?? "2.1",
    epochController: options.epochController ?? true,
    profile: options.profile ?? "O3",
  };
  const pools = poolsOf(board, options);
  const ports = options.ports ?? {};
  const { graph, report } = normalizeModel(
    model,
    options.inputShapes ? { inputShapes: options.inputShapes } : {},
  );
  const plan = formEpochs(graph, compile, ports);
  const rom = packModel({ graph, options: compile, plan });
  const memory = memoryOf(plan, rom, pools);
  const cost = { clock, weights: weightStoreOf(memory) };
  const latency = estimateLatency({ plan, rom, options: cost });
  return { graph, report, board, pools, compile, ports, cost, plan, rom, memory, latency };
}
