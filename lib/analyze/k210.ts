/**
 * A network on the Kendryte K210: whether it fits, which layer does not, the largest picture that would, what
 * each layer takes, and what streaming its weights from flash or PSRAM costs.
 */
import { LabError } from "../errors.js";
import { imageSize } from "../graph/geometry.js";
import type { Graph, Model } from "../graph/graph.js";
import { stringAttribute } from "../graph/node.js";
import { normalizeModel } from "../graph/passes/normalize.js";
import type { Shape } from "../graph/shape.js";
import { breakEvenFrames } from "../stream/break-even.js";
import { streamSchedule } from "../stream/law.js";
import { MAIX_FIGURES } from "../stream/maixpy.js";
import type { Store, StreamLayer } from "../stream/record.js";
import { MAIX_STORES } from "../stream/store.js";
import { KMODEL, KPU_MEMORY, KPU_RULES, KPU_SPEED, MODEL_LIMITS } from "../targets/k210/facts.js";
import { holdNodes, storeAsKmodel } from "../targets/k210/kmodel.js";
import { type UnitLayer, unitLayers } from "../targets/k210/kpu-memory.js";
import { kpuMs } from "../targets/k210/kpu-time.js";
import type { StoredForm } from "../targets/stored-form.js";
import { type Bytes, bytes, type Hertz } from "../units.js";
import type { K210Analysis, K210Layer, K210Obstacle, K210Run } from "./k210-record.js";

export interface K210Options {
  /** Clock of the unit; that of the forum's log when absent. */
  readonly clock?: Hertz;
  /** Bytes that the flash runner reads at once; the forum's 0xC000 when absent. */
  readonly batchBytes?: Bytes;
  /** Whether reading goes on with the next layer; within a layer when absent. */
  readonly overlap?: "layer" | "network";
  readonly stores?: readonly Store[];
  /** Fixes the shapes of inputs. */
  readonly inputShapes?: ReadonlyMap<string, Shape>;
}

/** Reading a model once, per byte: the log's 421 ms for the 2,645,840 B of its network. */
const LOAD_MS_PER_BYTE = MAIX_FIGURES.loadOnceMs.value / 2_645_840;

const LAYER_CONSTANTS: ReadonlySet<string> = new Set([
  "kernel",
  "batchNorm",
  "activation",
  "floatWidening",
  "bias",
]);

/** Returns the constants of each node that the runner has to bring: weights and tables, without headers. */
function constantsByNode(stored: StoredForm): ReadonlyMap<string, number> {
  const totals = new Map<string, number>();
  for (const { node, cause, bytes: size } of stored.ledger) {
    if (LAYER_CONSTANTS.has(cause)) totals.set(node, (totals.get(node) ?? 0) + size);
  }
  return totals;
}

/** Returns the layers of the unit as the streaming law takes them. */
export function k210StreamLayers(graph: Graph, clock: Hertz = KPU_SPEED.clock.value): readonly StreamLayer[] {
  const constants = constantsByNode(storeAsKmodel(graph));
  return unitLayers(graph).map(({ node, geometry }) => ({
    name: node.name,
    computeMs: kpuMs(geometry, clock),
    bytes: bytes(constants.get(node.name) ?? 0),
  }));
}

function layerRecord({ node, geometry, readBytes, writtenBytes }: UnitLayer, clock: Hertz): K210Layer {
  const taken = readBytes + writtenBytes;
  return {
    node: node.name,
    kind: geometry.kind,
    map: `${geometry.inputHeight}x${geometry.inputWidth}x${geometry.inputChannels}`,
    macs: geometry.macs,
    readBytes,
    writtenBytes,
    fits: taken <= KPU_MEMORY.bytes.value,
    computeMs: kpuMs(geometry, clock),
  };
}

function memoryObstacles(layers: readonly K210Layer[]): K210Obstacle[] {
  return layers
    .filter(({ fits }) => !fits)
    .map(({ node, kind, readBytes, writtenBytes }) => ({
      node,
      op: kind,
      rule: KPU_RULES.memory.id,
      why: `reads ${readBytes} B and writes ${writtenBytes} B, together ${readBytes + writtenBytes} B of ${KPU_MEMORY.bytes.value} B`,
      fix: "a lower resolution, or fewer channels in the first layers",
    }));
}

function modelObstacle(size: number): K210Obstacle | null {
  if (size <= MODEL_LIMITS.flash.value) return null;
  return {
    node: "",
    op: "",
    rule: KPU_RULES.flash.id,
    why: `the model takes ${size} B, the flash ${MODEL_LIMITS.flash.value} B`,
    fix: "a narrower network",
  };
}

/**
 * Returns the obstacles of one graph: what the format has no layer for, which layer does not fit the unit's
 * memory, and whether the model fits the flash.
 */
export function k210Obstacles(graph: Graph): readonly K210Obstacle[] {
  const stored = storeAsKmodel(graph);
  const layers = unitLayers(graph).map((layer) => layerRecord(layer, KPU_SPEED.clock.value));
  const model = modelObstacle(stored.bytes);
  return [...stored.obstacles, ...memoryObstacles(layers), ...(model ? [model] : [])];
}

/** Returns a network on the K210. Throws a LabError when shapes are not known. */
export function analyzeK210(model: Model, options: K210Options = {}): K210Analysis {
  const clock = options.clock ?? KPU_SPEED.clock.value;
  const batchBytes = options.batchBytes ?? MAIX_FIGURES.batchBytes.value;
  const overlap = options.overlap ?? "layer";
  const { graph } = normalizeModel(model, options.inputShapes ? { inputShapes: options.inputShapes } : {});
  const stored = storeAsKmodel(graph);
  const layers = unitLayers(graph).map((layer) => layerRecord(layer, clock));
  const streamed = k210StreamLayers(graph, clock);
  const obstacles = k210Obstacles(graph);
  const resident = streamSchedule({
    layers: streamed,
    store: MAIX_STORES.flash,
    streaming: { mode: "resident" },
  });
  const residentFits = stored.bytes <= KMODEL.ram.value;
  const loadOnceMs = stored.bytes * LOAD_MS_PER_BYTE;
  const runs = (options.stores ?? Object.values(MAIX_STORES)).flatMap((store): K210Run[] =>
    (
      [
        { mode: "single", batchBytes },
        { mode: "double", overlap, batchBytes },
      ] as const
    ).map((streaming) => {
      const schedule = streamSchedule({ layers: streamed, store, streaming });
      const frame = { startMs: MAIX_FIGURES.streamStartMs.value, frameMs: schedule.totalMs };
      return {
        store: store.name,
        mode: streaming.mode,
        schedule,
        startMs: frame.startMs,
        breakEvenFrames: !residentFits
          ? null
          : breakEvenFrames({ startMs: loadOnceMs, frameMs: resident.totalMs }, frame),
      };
    }),
  );
  return {
    schema: "npulab/k210@1",
    model: model.name,
    clock,
    fits: obstacles.length === 0,
    obstacles,
    modelBytes: stored.bytes,
    residentFits,
    memoryBytes: KPU_MEMORY.bytes.value,
    layers,
    untimed: untimedOps(graph),
    resident,
    loadOnceMs,
    runs,
    level: `${KPU_SPEED.overhead.value} × documented figures, learnt from one measured network: no interval can be given; layers of the CPU are in that factor, not counted one by one`,
  };
}

/** Returns the operators that run on the CPU, each once. */
function untimedOps(graph: Graph): readonly string[] {
  const cpu = [...holdNodes(graph)].filter(([, { kind }]) => kind === "cpu" || kind === "float dense");
  return [...new Set(cpu.map(([{ op }]) => op))];
}

export interface ResolutionRequest {
  readonly model: Model;
  /** Largest side to try; the file's own when absent. */
  readonly from?: number;
  /** Sides are multiples of it. */
  readonly step?: number;
}

/**
 * Returns the largest square input at which every layer fits, and what stops the next one; null where no
 * multiple of `step` fits. Tries each size downwards: limits need not be monotone. Throws a LabError when the
 * model has no single image input.
 */
export function largestResolution({ model, from, step = 16 }: ResolutionRequest): {
  readonly side: number;
  readonly stops: readonly K210Obstacle[];
} | null {
  const [input, ...others] = model.graph.inputs;
  const shape = input?.shape;
  if (!input || others.length > 0 || shape?.length !== 4) {
    throw new LabError({
      code: "K210_INPUT",
      message: `Cannot vary the resolution of '${model.name}': its inputs are ${model.graph.inputs.map((given) => `'${given.name}' of ${given.shape?.length ?? "unknown"} dimensions`).join(", ")}, expected one image`,
    });
  }
  const conv = model.graph.nodes.find(({ op }) => op === "Conv");
  const layout = conv && stringAttribute(conv, "layout", "NCHW") === "NHWC" ? "NHWC" : "NCHW";
  const { channels, height } = imageSize(input, layout);
  let stops: readonly K210Obstacle[] = [];
  for (let side = Math.floor((from ?? height) / step) * step; side >= step; side -= step) {
    const size = layout === "NHWC" ? [1, side, side, channels] : [1, channels, side, side];
    const { graph } = normalizeModel(model, { inputShapes: new Map([[input.name, size]]) });
    const obstacles = k210Obstacles(graph);
    if (obstacles.length === 0) return { side, stops };
    stops = obstacles;
  }
  return null;
}
