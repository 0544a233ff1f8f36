/** Schedule, flash image, memory and time of a network: the rooms called one after another. */
import { type CostOptions, estimateLatency, type LatencyEstimate } from "../cost/estimate.js";
import type { WeightStore } from "../cost/hardware.js";
import { readMpool } from "../formats/vendor/mpool.js";
import type { Graph, Model } from "../graph/graph.js";
import { type NormalizedModel, type NormalizeReport, normalizeModel } from "../graph/passes/normalize.js";
import type { Shape } from "../graph/shape.js";
import type { Tensor } from "../graph/tensor.js";
import { type MemoryPlan, planMemory } from "../memory/plan.js";
import { type Board, boardOf } from "../targets/neural-art/boards.js";
import type { Ports } from "../targets/neural-art/epochs/edges.js";
import { blobsOf, type FormedEpochs, formEpochs } from "../targets/neural-art/epochs/form.js";
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

/** Where tensors lie: the plan, and the tensors behind its ids. */
interface Placed {
  readonly memory: MemoryPlan;
  readonly ids: ReadonlyMap<Tensor, string>;
}

function memoryOf(plan: FormedEpochs, rom: RomPlan, pools: readonly MemoryPool[]): Placed {
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
  return { memory: planMemory({ steps, tensors, weightBytes: rom.imageBytes, pools }), ids };
}

/** Returns the memory that holds most of the weights, as the cost model tells memories apart. */
function weightStoreOf(memory: MemoryPlan): WeightStore {
  const most = [...memory.pools].sort((a, b) => b.weightBytes - a.weightBytes)[0];
  if (most?.name === "hyperRAM") return "hyperRAM";
  return most === undefined || most.weightBytes === 0 || most.name === "octoFlash" ? "octoFlash" : "internal";
}

/**
 * Returns whether a tensor lies outside the chip, in whole or in part. Tensors of another schedule of the same
 * network go by their name.
 */
function externalTest({ memory, ids }: Placed, pools: readonly MemoryPool[]): (tensor: Tensor) => boolean {
  const outside = new Set(pools.filter(({ external }) => external).map(({ name }) => name));
  const lies = new Map<string, boolean>();
  const found = memory.buffers.filter(({ pool }) =>
    recall(lies, pool, () => pool.split("_").some((name) => outside.has(name))),
  );
  if (found.length === 0) return () => false;
  const names = new Set(found.map(({ id }) => String(id)));
  return (tensor) => names.has(ids.get(tensor) ?? tensor.name);
}

function poolsOf(board: Board, { mpool, pools }: AnalyzeOptions): readonly MemoryPool[] {
  if (mpool) return poolsFromFile(readMpool(mpool.text, mpool.name).pools, mpool.name);
  return pools ?? board.pools;
}

interface Image {
  readonly rom: RomPlan;
  /** By the pools that the board or the caller names. */
  readonly placed: Map<readonly MemoryPool[], Placed>;
}

/** Returns what is known for `key`, made on first use. */
function recall<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  const value = known.get(key);
  if (value !== undefined) return value;
  const made = make();
  known.set(key, made);
  return made;
}

/** Says what a model becomes on a target. */
export type Predictor = (options?: AnalyzeOptions) => Prediction;

/** Returns the options that make one image, as a key: profiles only differ from tool 3.0 on. */
function imageKey({ tool, epochController, profile }: CompileOptions): string {
  return JSON.stringify([tool, epochController, tool < "3.0" ? "" : profile]);
}

/**
 * Returns a function that says what the model becomes on any target, and remembers what a target does not
 * change: the normalised graph per input shapes, the schedule per tool and ports, the image per controller and
 * profile too, memory per pools. The model must stay as it is meanwhile. Throws like `study`.
 */
export function predictor(model: Model): Predictor {
  const graphs = new Map<string, NormalizedModel>();
  const schedules = new Map<string, FormedEpochs>();
  const images = new Map<string, Image>();
  return (options = {}) => {
    const { inputShapes } = options;
    const board = boardOf(options.board ?? "stm32n6570-dk");
    const clock = options.clock ?? "overdrive";
    const compile: CompileOptions = {
      tool: options.tool ?? "2.1",
      epochController: options.epochController ?? true,
      profile: options.profile ?? "O3",
    };
    const pools = poolsOf(board, options);
    const ports = options.ports ?? {};
    const shapes = inputShapes ? JSON.stringify([...inputShapes]) : "";
    const { graph, report } = recall(graphs, shapes, () =>
      normalizeModel(model, inputShapes ? { inputShapes } : {}),
    );
    const key = JSON.stringify([shapes, compile.tool, ports]);
    const formed = recall(schedules, key, () => formEpochs(graph, compile, ports));
    // The controller plays runs of epochs as blobs; the epochs are the same without it.
    const blobs = compile.epochController ? blobsOf(formed.epochs) : [];
    // Field by field, here and below: a spread takes longer than the cost model.
    const plan: FormedEpochs = {
      options: compile,
      epochs: formed.epochs,
      blobs,
      inputs: formed.inputs,
      outputs: formed.outputs,
      free: formed.free,
      storage: formed.storage,
      reasons: formed.reasons,
    };
    const { rom: packed, placed } = recall(images, `${key} ${imageKey(compile)}`, () => ({
      rom: packModel({ graph, options: compile, plan }),
      placed: new Map(),
    }));
    const rom: RomPlan = {
      options: compile,
      sourceBytes: packed.sourceBytes,
      imageBytes: packed.imageBytes,
      blobBytes: packed.blobBytes,
      buffers: packed.buffers,
      ledger: packed.ledger,
    };
    const place = recall(placed, pools, () => memoryOf(plan, rom, pools));
    const { memory } = place;
    const cost = { clock, weights: weightStoreOf(memory), isExternal: externalTest(place, pools) };
    const latency = estimateLatency({ plan, rom, options: cost });
    return { graph, report, board, pools, compile, ports, cost, plan, rom, memory, latency };
  };
}

/** Returns what a model becomes on a target. Throws like `study`. */
export function predict(model: Model, options: AnalyzeOptions = {}): Prediction {
  return predictor(model)(options);
}
