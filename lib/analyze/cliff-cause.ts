/** What is otherwise in two plans of one network on either side of a cliff: rules, packing, epochs, memory. */
import { kernelsPerPass } from "../cost/hardware.js";
import type { Node } from "../graph/node.js";
import type { Epoch, PackedBuffer } from "../targets/neural-art/records.js";
import type { Prediction } from "./predict.js";
import type { CliffFlip, CliffMetric } from "./record.js";

/** Nodes that a slowdown is told for, the largest parts of it first. */
const NAMED_SLOW = 3;
/** Part of a jump in time that makes a node worth naming. */
const WORTH_NAMING = 0.15;

const count = (value: number) => value.toLocaleString("en-US");
const time = (ms: number) => `${ms.toLocaleString("en-US", { maximumSignificantDigits: 3 })} ms`;

function byName(prediction: Prediction): ReadonlyMap<string, Node> {
  return new Map(prediction.graph.nodes.map((node) => [node.name, node]));
}

interface Sides {
  readonly a: Prediction;
  readonly b: Prediction;
  /** Nodes of one name on both sides. */
  readonly common: readonly (readonly [Node, Node])[];
}

/** Joins flips that say the same of several nodes; of texts with numbers the first stands for all. */
function joined(flips: readonly (CliffFlip & { readonly key: string })[]): CliffFlip[] {
  const groups = new Map<string, CliffFlip>();
  for (const { key, ...flip } of flips) {
    const group = groups.get(key);
    groups.set(key, group ? { ...group, nodes: [...group.nodes, ...flip.nodes] } : flip);
  }
  return [...groups.values()];
}

function structureFlips({ a, b }: Sides): CliffFlip[] {
  const [left, right] = [byName(a), byName(b)];
  const only = (own: ReadonlyMap<string, Node>, other: ReadonlyMap<string, Node>) =>
    [...own.values()].filter(({ name }) => !other.has(name));
  const describe = (nodes: readonly Node[]) => [...new Set(nodes.map(({ op }) => op))].join(", ");
  const gone = only(left, right);
  const come = only(right, left);
  if (gone.length + come.length === 0) return [];
  return [
    {
      kind: "structure",
      rule: "",
      nodes: [...gone, ...come].map(({ name }) => name),
      before: gone.length > 0 ? `has ${describe(gone)}` : "does not have them",
      after: come.length > 0 ? `has ${describe(come)}` : "does not have them",
    },
  ];
}

function ruleFlips({ a, b, common }: Sides): CliffFlip[] {
  const flips = common.flatMap(([left, right]) => {
    const before = new Map((a.plan.reasons.get(left) ?? []).map((reason) => [reason.rule, reason]));
    const after = new Map((b.plan.reasons.get(right) ?? []).map((reason) => [reason.rule, reason]));
    const broken = [...after.values()].filter(({ rule }) => !before.has(rule));
    const mended = [...before.values()].filter(({ rule }) => !after.has(rule));
    const flip = (rule: string, texts: { before: string; after: string }, way: string) => ({
      kind: "rule" as const,
      rule,
      nodes: [right.name],
      key: `${rule} ${way}`,
      ...texts,
    });
    return [
      ...broken.map(({ rule, why }) => flip(rule, { before: "keeps the rule", after: why }, "broken")),
      ...mended.map(({ rule, why }) => flip(rule, { before: why, after: "keeps the rule" }, "mended")),
    ];
  });
  return joined(flips);
}

/** Zeros beside the weights, in tenths: a kernel whose channels have no useful divisor fills up its words. */
const padding = ({ part, bytes }: PackedBuffer) => (part ? Math.round((10 * bytes) / part.payload) : 10);

/** What of a buffer is a decision of the packer, not a size. */
const decision = (buffer: PackedBuffer) =>
  `${buffer.rule} ${buffer.role} ${buffer.mode} ${buffer.group} ${padding(buffer)}`;

function told({ explanation, part, bytes }: PackedBuffer): string {
  if (!part) return `${explanation}, ${count(bytes)} B`;
  const blocks =
    part.mode === "deep" ? ` in blocks of ${part.inputBlock} inputs × ${part.kernelGroup} kernels` : "";
  return `${explanation}${blocks}`;
}

function buffersByNode({ rom }: Prediction): ReadonlyMap<Node, readonly PackedBuffer[]> {
  const map = new Map<Node, PackedBuffer[]>();
  for (const buffer of rom.buffers) map.set(buffer.node, [...(map.get(buffer.node) ?? []), buffer]);
  return map;
}

/** Layers whose weights or vectors are stored otherwise, those that change most bytes first. */
function packingFlips({ a, b, common }: Sides): CliffFlip[] {
  const [left, right] = [buffersByNode(a), buffersByNode(b)];
  const all = (buffers: readonly PackedBuffer[]) => buffers.map(told).join("; ") || "no buffer";
  const flips = common.flatMap(([nodeA, nodeB]) => {
    const [before, after] = [left.get(nodeA) ?? [], right.get(nodeB) ?? []];
    const had = new Set(before.map(decision));
    const has = new Set(after.map(decision));
    const gone = before.filter((buffer) => !has.has(decision(buffer)));
    const come = after.filter((buffer) => !had.has(decision(buffer)));
    if (gone.length + come.length === 0) return [];
    const size = (buffers: readonly PackedBuffer[]) => buffers.reduce((sum, { bytes }) => sum + bytes, 0);
    const rule = (come[0] ?? gone[0])!.rule;
    const key = `${gone.map(decision).sort().join()} → ${come.map(decision).sort().join()}`;
    const flip = {
      kind: "packing" as const,
      rule,
      nodes: [nodeB.name],
      before: all(gone),
      after: all(come),
    };
    return [{ ...flip, key, weight: Math.abs(size(come) - size(gone)) }];
  });
  const sorted = flips.toSorted((x, y) => y.weight - x.weight);
  return joined(sorted.map(({ weight: _, ...flip }) => flip));
}

function epochsByNode({ plan }: Prediction): ReadonlyMap<Node, readonly Epoch[]> {
  const map = new Map<Node, Epoch[]>();
  for (const epoch of plan.epochs) {
    for (const node of epoch.nodes) map.set(node, [...(map.get(node) ?? []), epoch]);
  }
  return map;
}

/** Nodes whose epoch is made of other steps, without a rule of their own that says so. */
function fusionFlips({ a, b, common }: Sides, explained: ReadonlySet<string>): CliffFlip[] {
  const [left, right] = [epochsByNode(a), epochsByNode(b)];
  const steps = (epochs: readonly Epoch[] | undefined) =>
    (epochs ?? []).map(({ ops }) => ops.join(" + ")).join(" | ") || "no epoch";
  const flips = common.flatMap(([nodeA, nodeB]) => {
    const [before, after] = [steps(left.get(nodeA)), steps(right.get(nodeB))];
    if (before === after || explained.has(nodeB.name)) return [];
    const flip = { kind: "fusion" as const, rule: "", nodes: [nodeB.name], before, after };
    return [{ ...flip, key: `${before} → ${after}` }];
  });
  return joined(flips);
}

/** The pool that activations use first: tensors beyond its size span several. */
export function bankOf({ pools }: Prediction) {
  return pools.find(({ rights, sizeBytes }) => rights === "write" && sizeBytes > 0) ?? null;
}

function memoryFlips({ a, b }: Sides): CliffFlip[] {
  const used = ({ memory }: Prediction) =>
    memory.pools.filter(({ activationBytes }) => activationBytes > 0).map(({ name }) => name);
  const bank = bankOf(b);
  const limit = bank?.sizeBytes ?? 0;
  const wide = ({ memory }: Prediction) =>
    memory.buffers.filter(({ sizeBytes }) => sizeBytes > limit).map(({ id }) => String(id));
  const flips: CliffFlip[] = [];
  const flip = (nodes: readonly string[], before: string, after: string) =>
    flips.push({ kind: "memory", rule: "", nodes, before, after });
  const [poolsA, poolsB] = [used(a).join(", "), used(b).join(", ")];
  if (poolsA !== poolsB) {
    const live = b.memory.witness.live.slice(0, NAMED_SLOW).map(({ id }) => String(id));
    flip(live, `activations in ${poolsA}`, `activations in ${poolsB}`);
  }
  const [wideA, wideB] = [wide(a), wide(b)];
  if (bank && (wideA.length === 0) !== (wideB.length === 0)) {
    const largest = (side: Prediction) =>
      Math.max(0, ...side.memory.buffers.map(({ sizeBytes }) => sizeBytes));
    const of = `one bank (${bank.name}, ${count(limit)} B)`;
    const say = (side: Prediction) =>
      `largest tensor ${count(largest(side))} B, ${largest(side) > limit ? `beyond ${of}: it spans several` : `within ${of}`}`;
    flip(wideB.length > 0 ? wideB : wideA, say(a), say(b));
  }
  if (a.cost.weights !== b.cost.weights)
    flip([], `weights in ${a.cost.weights}`, `weights in ${b.cost.weights}`);
  const [stepA, stepB] = [a.memory.witness, b.memory.witness];
  const crowd = ({ live }: typeof stepA) => live.map(({ id }) => String(id)).sort();
  if (flips.length === 0 && crowd(stepA).join() !== crowd(stepB).join()) {
    const say = (at: typeof stepA) => `fullest step ${at.step}: ${count(at.bytes)} B live`;
    flip(crowd(stepB).slice(0, NAMED_SLOW), say(stepA), say(stepB));
  }
  return flips;
}

/** Nodes whose time grew most beyond `factor`, with what bounds them. */
function timeFlips({ a, b, common }: Sides, factor: number): CliffFlip[] {
  const [left, right] = [epochsByNode(a), epochsByNode(b)];
  const excess = b.latency.ms - a.latency.ms * factor;
  const told = (side: Prediction, epochs: readonly Epoch[]) => {
    const costs = epochs.map(({ index }) => side.latency.perEpoch[index - 1]!);
    const layer = epochs.find((epoch) => epoch.layer)?.layer?.geometry;
    const kernels = layer ? layer.outputChannels / layer.groups : 0;
    const passes =
      layer && layer.kind !== "depthwise"
        ? `, ${kernels} kernels in ${Math.ceil(kernels / kernelsPerPass(kernels))} passes`
        : "";
    const ms = costs.reduce((sum, cost) => sum + cost.ms, 0);
    return { ms, text: `${time(ms)}, bound by ${costs[0]?.bound ?? "nothing"}${passes}` };
  };
  return common
    .flatMap(([nodeA, nodeB]) => {
      const before = told(a, left.get(nodeA) ?? []);
      const after = told(b, right.get(nodeB) ?? []);
      const share = (after.ms - before.ms * factor) / excess;
      const flip = {
        kind: "time" as const,
        rule: "",
        nodes: [nodeB.name],
        before: before.text,
        after: after.text,
      };
      return share > WORTH_NAMING ? [{ flip, share }] : [];
    })
    .toSorted((x, y) => y.share - x.share)
    .slice(0, NAMED_SLOW)
    .map(({ flip }) => flip);
}

export interface CauseRequest {
  readonly before: Prediction;
  readonly after: Prediction;
  readonly metrics: ReadonlySet<CliffMetric>;
  /** Growth of the time that the trend leads to. */
  readonly timeFactor: number;
}

/** Returns what flipped between two plans, of the kinds that can move the metrics that jumped. */
export function causesOf({ before, after, metrics, timeFactor }: CauseRequest): CliffFlip[] {
  const right = byName(after);
  const common = before.graph.nodes.flatMap((node) => {
    const other = right.get(node.name);
    return other ? [[node, other] as const] : [];
  });
  const sides: Sides = { a: before, b: after, common };
  const any = (...wanted: CliffMetric[]) => wanted.some((metric) => metrics.has(metric));
  const structure = structureFlips(sides);
  const rules = any("epochs", "hybrid", "sw", "latency", "ram", "rom") ? ruleFlips(sides) : [];
  const packing = any("rom", "latency") ? packingFlips(sides) : [];
  const explained = new Set(rules.flatMap(({ nodes }) => nodes));
  return [
    ...structure,
    ...rules,
    ...packing,
    ...(any("epochs", "hybrid", "sw") ? fusionFlips(sides, explained) : []),
    ...(any("ram", "bank", "external") ? memoryFlips(sides) : []),
    ...(any("latency") ? timeFlips(sides, timeFactor) : []),
  ];
}
