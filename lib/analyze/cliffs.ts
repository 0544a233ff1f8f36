/**
 * Walks over networks that differ in one number, resolution or width, and finds the values at which ROM, RAM,
 * epochs or latency leave their trend: first point by point, then by bisection down to the exact value.
 *
 *   walk      96 … 128   144   160 …        RAM steps out of its trend between 128 and 144
 *   bisection        136, 140, 142, 141     the tensor that outgrows its bank does so at 142
 *
 * A cliff that rises and falls again between two points of the walk is not seen: walk in smaller steps.
 */
import { LabError } from "../errors.js";
import type { Model } from "../graph/graph.js";
import type { Shape } from "../graph/shape.js";
import { sum } from "../units.js";
import { bankOf, causesOf } from "./cliff-cause.js";
import { CRITERION, jumpOf, METRICS, partOf, sizeOf, type Trend, trendAround } from "./cliff-criterion.js";
import { type AnalyzeOptions, type Prediction, predict } from "./predict.js";
import type { Cliff, CliffFigures, CliffJump, CliffPoint, CliffReport, CliffRun } from "./record.js";

/** Networks that differ in one number. */
export interface WalkAxis {
  readonly name: CliffReport["axis"]["name"];
  readonly unit: string;
  /** Ascending. */
  readonly values: readonly number[];
  /** Values closer than this are not told apart; cliffs are narrowed down to it. */
  readonly step: number;
  /** Returns the network of a value; throws a LabError where there is none. */
  at(value: number): { readonly model: Model; readonly inputShapes?: ReadonlyMap<string, Shape> };
}

export interface WalkProgress {
  readonly done: number;
  /** Points of all walks; those that narrow cliffs down are added as they come up. */
  readonly planned: number;
  readonly value: number;
}

export interface FindCliffsRequest {
  /** What the walked networks are called. */
  readonly model: string;
  readonly axis: WalkAxis;
  /** One run each. */
  readonly settings: readonly AnalyzeOptions[];
  readonly onProgress?: (progress: WalkProgress) => void;
  /** Ends the walk; what was computed by then is in the report. */
  readonly signal?: AbortSignal;
}

interface Station extends CliffPoint {
  readonly prediction: Prediction | null;
}

function figuresOf({ graph, pools, plan, rom, memory, latency }: Prediction): CliffFigures {
  const ofKind = (kind: "hybrid" | "sw") => plan.epochs.filter((epoch) => epoch.kind === kind).length;
  const outside = new Set(pools.filter(({ external }) => external).map(({ name }) => name));
  return {
    macs: sum(plan.epochs.map(({ macs }) => macs)),
    sourceBytes: rom.sourceBytes,
    romBytes: rom.imageBytes,
    ramBytes: memory.activationPeakBytes,
    externalBytes: sum(
      memory.pools.filter(({ name }) => outside.has(name)).map(({ activationBytes }) => activationBytes),
    ),
    largestBytes: Math.max(0, ...memory.buffers.map(({ sizeBytes }) => sizeBytes)),
    activationBytes: sum(graph.nodes.flatMap(({ outputs }) => outputs.map(({ bytes }) => bytes))),
    epochs: plan.epochs.length,
    hybrid: ofKind("hybrid"),
    sw: ofKind("sw"),
    ms: latency.ms,
    low: latency.low,
    high: latency.high,
  };
}

/** Lets timers and signals in between two points. */
const breathe = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** One setting's walk: points by value, each computed once. */
class Walk {
  readonly #axis: WalkAxis;
  readonly #options: AnalyzeOptions;
  readonly #stations = new Map<number, Station>();
  readonly #onPoint: (value: number) => void;
  readonly #signal: AbortSignal | undefined;

  constructor(request: FindCliffsRequest, options: AnalyzeOptions, onPoint: (value: number) => void) {
    this.#axis = request.axis;
    this.#signal = request.signal;
    this.#options = options;
    this.#onPoint = onPoint;
  }

  get stations(): readonly Station[] {
    return [...this.#stations.values()].sort((a, b) => a.value - b.value);
  }

  /** Returns the point of a value; null once the walk was ended. */
  async at(value: number): Promise<Station | null> {
    const known = this.#stations.get(value);
    if (known) return known;
    await breathe();
    if (this.#signal?.aborted) return null;
    const station = this.#compute(value);
    this.#stations.set(value, station);
    this.#onPoint(value);
    return station;
  }

  #compute(value: number): Station {
    try {
      const { model, inputShapes } = this.#axis.at(value);
      const prediction = predict(model, { ...this.#options, ...(inputShapes ? { inputShapes } : {}) });
      return { value, figures: figuresOf(prediction), error: null, prediction };
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      return { value, figures: null, error: error.describe(), prediction: null };
    }
  }
}

/** The whole number of steps halfway between; null for neighbours. */
function halfway(from: number, to: number, step: number): number | null {
  const steps = Math.round((to - from) / step);
  if (steps < 2) return null;
  // Rounded to the decimals of the step: 0.1 + 0.2 is not 0.3.
  return Number((from + Math.floor(steps / 2) * step).toPrecision(12));
}

interface Narrowed {
  readonly from: Station;
  readonly to: Station;
  readonly jump: CliffJump;
}

/** Part of a jump that a half must have for the search to go on in it: up-and-down within is left alone. */
const WORTH_FOLLOWING = 1 / 3;

/** Bisects a step that left its trend, into each half that has its part of it; a step spread out stays. */
async function narrow(
  walk: Walk,
  axis: WalkAxis,
  { from, to, jump }: Narrowed,
  context: { readonly trend: Trend; readonly bank: number },
): Promise<readonly Narrowed[]> {
  const value = halfway(from.value, to.value, axis.step);
  const middle = value === null ? null : await walk.at(value);
  // A value between two networks for which there is none does not narrow a figure's step down.
  if (!middle || (middle.figures === null && jump.metric !== "fits")) return [{ from, to, jump }];
  const halves: Narrowed[] = [];
  for (const [a, b] of [
    [from, middle],
    [middle, to],
  ] as const) {
    const trend = partOf(context.trend, (b.value - a.value) / (to.value - from.value));
    const own = jumpOf(jump.metric, a, b, { ...context, trend });
    if (own && sizeOf(own) / sizeOf(jump) >= WORTH_FOLLOWING)
      halves.push(...(await narrow(walk, axis, { from: a, to: b, jump: own }, { ...context, trend })));
  }
  return halves.length > 0 ? halves : [{ from, to, jump }];
}

function causes({ from, to }: Narrowed, jumps: readonly CliffJump[]): Cliff["flips"] {
  if (!from.prediction || !to.prediction) {
    const say = ({ error }: Station) => error ?? "there is a plan";
    return [{ kind: "memory", rule: "", nodes: [], before: say(from), after: say(to) }];
  }
  const latency = jumps.find(({ metric }) => metric === "latency");
  return causesOf({
    before: from.prediction,
    after: to.prediction,
    metrics: new Set(jumps.map(({ metric }) => metric)),
    timeFactor: latency ? latency.expected / latency.before : 1,
  });
}

/** Joins the jumps of several metrics between the same values, in order of value. */
function cliffsFrom(found: readonly Narrowed[]): Cliff[] {
  const places = new Map<string, Narrowed[]>();
  for (const one of found) {
    const key = `${one.from.value} ${one.to.value}`;
    places.set(key, [...(places.get(key) ?? []), one]);
  }
  return [...places.values()]
    .map((here) => {
      const jumps = here.map(({ jump }) => jump);
      const [{ from, to }] = here as [Narrowed, ...Narrowed[]];
      return { from: from.value, to: to.value, jumps, flips: causes(here[0]!, jumps) };
    })
    .sort((a, b) => a.from - b.from || a.to - b.to);
}

/** Errors that say the network outgrew the board; others say that there is no such network. */
const outgrew = ({ error }: CliffPoint) => error !== null && /^Cannot (place|find a place)/.test(error);

async function run(walk: Walk, axis: WalkAxis, options: AnalyzeOptions): Promise<CliffRun> {
  for (const value of axis.values) if ((await walk.at(value)) === null) break;
  const points = walk.stations;
  const first = points.find(({ prediction }) => prediction)?.prediction ?? null;
  const bank = (first && bankOf(first)?.sizeBytes) ?? Number.POSITIVE_INFINITY;
  const found: Narrowed[] = [];
  for (const metric of METRICS) {
    for (let index = 0; index + 1 < points.length; index++) {
      const [from, to] = [points[index]!, points[index + 1]!];
      if (metric === "fits" && !outgrew(from) && !outgrew(to)) continue;
      const context = { trend: trendAround(metric, points, index), bank };
      const jump = jumpOf(metric, from, to, context);
      if (jump) found.push(...(await narrow(walk, axis, { from, to, jump }, context)));
    }
  }
  const complete = axis.values.every((value) => walk.stations.some((station) => station.value === value));
  return {
    target: targetOf(first, options),
    points: walk.stations.map(({ value, figures, error }) => ({ value, figures, error })),
    cliffs: cliffsFrom(found),
    complete,
  };
}

function targetOf(prediction: Prediction | null, options: AnalyzeOptions): CliffRun["target"] {
  return {
    chip: prediction?.board.chip ?? "",
    board: prediction?.board.id ?? options.board ?? "",
    clock: prediction?.cost.clock ?? options.clock ?? "",
    tool: prediction?.compile.tool ?? options.tool ?? "2.1",
    epochController: prediction?.compile.epochController ?? options.epochController ?? true,
    profile: prediction?.compile.profile ?? options.profile ?? "O3",
  };
}

/**
 * Returns the cliffs of a family of networks. Points that fail are rows with their error; a walk that is ended
 * through `signal` reports what it has. Throws a LabError when no value gives a network at all.
 *
 * @example
 * ```ts
 * import { findCliffs, walkAxis } from "npulab";
 * const axis = walkAxis("built:mobilenet_v1_0.25_96", { name: "width", from: 0.25, to: 1, step: 0.05 });
 * const report = await findCliffs({ model: "mobilenet_v1", axis, settings: [{ tool: "2.1" }] });
 * ```
 */
export async function findCliffs(request: FindCliffsRequest): Promise<CliffReport> {
  const { model, axis, settings, onProgress, signal } = request;
  let done = 0;
  let planned = axis.values.length * settings.length;
  const runs: CliffRun[] = [];
  for (const options of settings) {
    if (signal?.aborted) break;
    let own = 0;
    const walk = new Walk(request, options, (value) => {
      own++;
      done++;
      if (own > axis.values.length) planned++;
      onProgress?.({ done, planned, value });
    });
    runs.push(await run(walk, axis, options));
  }
  const failed = runs.flatMap(({ points }) => points);
  if (failed.length > 0 && failed.every(({ figures }) => figures === null)) {
    throw new LabError({
      code: "CLIFFS_EMPTY",
      message: `Cannot walk over the ${axis.name} of '${model}': none of ${axis.values.length} values gives a network, expected one at least`,
      hint: `at ${failed[0]!.value}: ${failed[0]!.error}`,
    });
  }
  return {
    schema: "npulab/cliffs@1",
    model,
    axis: { name: axis.name, unit: axis.unit, values: axis.values, step: axis.step },
    criterion: CRITERION,
    runs,
  };
}
