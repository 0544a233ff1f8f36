/**
 * What an inference would save were nodes that left the NPU to run on it. The network is scheduled and timed
 * once more with their rules waived; the difference is the gain. What else changes is in it: conversions that
 * vanish, steps that stream into a neighbour, epochs that no longer cut the schedule.
 *
 *   Conv → Dequantize → Exp (float) → Quantize → Conv      now: 2 hardware epochs, 3 on the CPU
 *   Conv + Exp                      →         → Conv      were Exp an integer table: 2 epochs, one blob
 *
 * Neighbours off the NPU are taken together: mending one of them may gain nothing. The answer holds if the
 * compiler accepts the nodes as it accepts others of their kind; no board can be asked.
 */
import { CALIBRATION } from "../cost/calibration.js";
import { estimateLatency, type LatencyEstimate } from "../cost/estimate.js";
import { UNSEEN_CPU_FACTOR } from "../cost/parameters.js";
import { LabError } from "../errors.js";
import type { Graph } from "../graph/graph.js";
import type { Node } from "../graph/node.js";
import { type FormedEpochs, formEpochs } from "../targets/neural-art/epochs/form.js";
import type { Waivers } from "../targets/neural-art/epochs/scope.js";
import { packModel } from "../targets/neural-art/packing/pack-model.js";
import type { Epoch, PackedBuffer, RomPlan } from "../targets/neural-art/records.js";
import type { Reason } from "../targets/rule.js";
import { bytes, sum } from "../units.js";
import type { Prediction } from "./predict.js";
import type { GainRecord } from "./record.js";

/** Broken by operators that no unit computes: how long one would take there is not a question of rules. */
const NO_UNIT: ReadonlySet<string> = new Set(["N6-OP-01", "N6-OP-02", "N6-SHAPE-01"]);

/** Nodes up to which each is asked alone too; a network with more left the NPU as a whole. */
const ALONE_LIMIT = 64;
const FLOAT32_BYTES = 4;

/** A node that left the NPU, wholly or in part, with the rules that sent it off and the epochs they cost. */
export interface Leaver {
  readonly node: Node;
  readonly reasons: readonly Reason[];
  readonly epochs: readonly Epoch[];
}

/** Returns the leavers in running order. */
export function leaversOf(graph: Graph, plan: FormedEpochs): readonly Leaver[] {
  const byReason = new Map<Reason, Epoch[]>();
  for (const epoch of plan.epochs) {
    if (epoch.kind === "hw" || !epoch.reason) continue;
    const epochs = byReason.get(epoch.reason);
    if (epochs) epochs.push(epoch);
    else byReason.set(epoch.reason, [epoch]);
  }
  return graph.nodes.flatMap((node) => {
    const reasons = (plan.reasons.get(node) ?? []).filter((reason) => byReason.has(reason));
    if (reasons.length === 0) return [];
    return [{ node, reasons, epochs: reasons.flatMap((reason) => byReason.get(reason) ?? []) }];
  });
}

/** Returns the nodes whose results a node reads, looking through those that take no epoch. */
function sourcesOf(graph: Graph, node: Node, free: ReadonlySet<Node>): Node[] {
  const found: Node[] = [];
  const seen = new Set<Node>();
  const open: Node[] = [node];
  for (let reader = open.pop(); reader; reader = open.pop()) {
    for (const input of reader.inputs) {
      const producer = input ? graph.producer(input) : null;
      if (!producer || seen.has(producer)) continue;
      seen.add(producer);
      if (free.has(producer)) open.push(producer);
      else found.push(producer);
    }
  }
  return found;
}

/** Returns the connected runs of leavers, each in running order. */
export function runsOf<T extends { readonly node: Node }>(
  graph: Graph,
  leavers: readonly T[],
  free: ReadonlySet<Node>,
): T[][] {
  const runOf = new Map<Node, Set<T>>();
  for (const leaver of leavers) {
    const run = new Set([leaver]);
    for (const source of sourcesOf(graph, leaver.node, free)) {
      for (const member of runOf.get(source) ?? []) run.add(member);
    }
    for (const { node } of run) runOf.set(node, run);
  }
  return [...new Set(runOf.values())].map((run) => leavers.filter((leaver) => run.has(leaver)));
}

function waive(leavers: readonly Leaver[]): Waivers {
  return new Map(leavers.map(({ node, reasons }) => [node, new Set(reasons.map(({ rule }) => rule))]));
}

/** Weights that are float in the file come to the NPU as int8. */
function quantised(buffer: PackedBuffer): PackedBuffer {
  if (buffer.mode !== "float") return buffer;
  return { ...buffer, mode: "plain", bytes: bytes(Math.ceil(buffer.bytes / FLOAT32_BYTES)) };
}

export interface Saving {
  readonly ms: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Returns the time between two estimates of one network. CPU kernels may be off by their factor both ways, the
 * rest as far as whole networks were; the corner cases of both make the interval.
 */
export function savingOf(now: LatencyEstimate, then: LatencyEstimate): Saving {
  const cpuOf = ({ perEpoch }: LatencyEstimate) => sum(perEpoch.map(({ parts }) => parts.cpu));
  const cpu = cpuOf(now) - cpuOf(then);
  const rest = now.ms - then.ms - cpu;
  const { lowRatio, highRatio } = CALIBRATION.interval;
  const corners = [1 / UNSEEN_CPU_FACTOR.value, 1, UNSEEN_CPU_FACTOR.value].flatMap((doubt) =>
    [lowRatio, 1, highRatio].map((ratio) => (cpu * doubt + rest) * ratio),
  );
  return { ms: now.ms - then.ms, low: Math.min(...corners), high: Math.max(...corners) };
}

/** Runs of hw epochs, whether or not a controller plays them as blobs. */
function stretches(epochs: readonly Epoch[]): number {
  return epochs.filter(({ kind }, index) => kind === "hw" && epochs[index - 1]?.kind !== "hw").length;
}

/** Asks what the network would take with the rules of some leavers waived. */
export class Supposition {
  readonly #now: Prediction;
  /** Buffers of each leaver as they were if all of them ran on the NPU. */
  readonly #buffers = new Map<Node, PackedBuffer[]>();

  constructor(now: Prediction, leavers: readonly Leaver[]) {
    this.#now = now;
    const { graph, compile, ports } = now;
    const plan = formEpochs(graph, compile, ports, waive(leavers));
    const nodes = new Set(leavers.map(({ node }) => node));
    for (const buffer of packModel({ graph, options: compile, plan }).buffers) {
      if (!nodes.has(buffer.node)) continue;
      const list = this.#buffers.get(buffer.node) ?? [];
      list.push(quantised(buffer));
      this.#buffers.set(buffer.node, list);
    }
  }

  /** Returns the epochs and the saving; null where the cost model lacks the work of an operator on the NPU. */
  ask(leavers: readonly Leaver[]): { readonly epochs: readonly Epoch[]; readonly saving: Saving | null } {
    const { graph, compile, ports, rom, plan, latency, cost } = this.#now;
    const then = formEpochs(graph, compile, ports, waive(leavers));
    const work = (epochs: readonly Epoch[]) => sum(epochs.map((epoch) => epoch.macs));
    if (work(then.epochs) < work(plan.epochs)) return { epochs: then.epochs, saving: null };
    const moved = new Set(leavers.map(({ node }) => node));
    const supposed: RomPlan = {
      ...rom,
      buffers: [
        ...rom.buffers.filter(({ node }) => !moved.has(node)),
        ...leavers.flatMap(({ node }) => this.#buffers.get(node) ?? []),
      ],
    };
    const estimate = estimateLatency({ plan: then, rom: supposed, options: cost });
    return { epochs: then.epochs, saving: savingOf(latency, estimate) };
  }
}

/**
 * Returns what each connected run of nodes off the NPU would gain on it, largest gain first, and each node of it
 * alone. Empty when nothing left. Takes one schedule per run and node: O((runs + nodes) × epochs).
 */
export function gainsOf(now: Prediction): readonly GainRecord[] {
  const { graph, plan, latency } = now;
  const leavers = leaversOf(graph, plan);
  if (leavers.length === 0) return [];
  const movable = leavers.filter(({ reasons }) => !reasons.some(({ rule }) => NO_UNIT.has(rule)));
  const moving = new Set(movable);
  const supposition = supposeAll(now, movable);
  const timeOf = (epochs: readonly Epoch[]) =>
    sum(epochs.map(({ index }) => latency.perEpoch[index - 1]!.ms));
  const runs = [
    ...runsOf(graph, movable, new Set(plan.free)),
    ...leavers.filter((leaver) => !moving.has(leaver)).map((leaver) => [leaver]),
  ];
  const gains = runs.map((run): GainRecord => {
    const together = run.every((leaver) => moving.has(leaver)) ? (supposition?.ask(run) ?? null) : null;
    const alone = (leaver: Leaver) => {
      if (run.length === 1) return together?.saving?.ms ?? null;
      if (leavers.length > ALONE_LIMIT) return null;
      return supposition?.ask([leaver]).saving?.ms ?? null;
    };
    const epochs = [...new Set(run.flatMap((leaver) => leaver.epochs))].sort((a, b) => a.index - b.index);
    const after = together?.epochs ?? plan.epochs;
    return {
      nodes: run.map((leaver) => ({
        node: leaver.node.name,
        op: leaver.node.op,
        rule: leaver.reasons[0]!.rule,
        why: leaver.reasons[0]!.why,
        fix: leaver.reasons[0]!.fix,
        aloneMs: alone(leaver),
      })),
      epochs: epochs.map(({ index }) => index),
      nowMs: timeOf(epochs),
      saving: together?.saving ?? null,
      savedEpochs: plan.epochs.length - after.length,
      savedBlobs: stretches(plan.epochs) - stretches(after),
    };
  });
  const order = ({ saving }: GainRecord) => saving?.ms ?? Number.NEGATIVE_INFINITY;
  return gains.toSorted((a, b) => order(b) - order(a));
}

/** null when the leavers cannot be packed for the NPU at all: 16-bit activations, weights of a foreign type. */
function supposeAll(now: Prediction, leavers: readonly Leaver[]): Supposition | null {
  try {
    return new Supposition(now, leavers);
  } catch (error) {
    if (error instanceof LabError) return null;
    throw error;
  }
}
