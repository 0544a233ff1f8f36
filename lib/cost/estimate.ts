/** Latency of one inference: epoch after epoch, each bound by its slowest resource, with a learnt interval. */
import type { Node } from "../graph/node.js";
import type { Tensor } from "../graph/tensor.js";
import { CLOCKS, type ClockMode } from "../targets/neural-art/facts.js";
import type { Epoch, EpochKind, EpochPlan, PackedBuffer, RomPlan } from "../targets/neural-art/records.js";
import { type Cycles, cycles, cyclesToMilliseconds, type Milliseconds, milliseconds } from "../units.js";
import { CALIBRATION } from "./calibration.js";
import type { CostFactors } from "./factors.js";
import { hardwareBounds, ON_CHIP, type Placement, type WeightStore } from "./hardware.js";
import { EXTERNAL_DOUBT, SETUP, SOFTWARE_PRODUCTS, UNSEEN_CPU_FACTOR } from "./parameters.js";
import type { Bound } from "./records.js";
import { hybridCost, softwareCost } from "./software.js";

/** Milliseconds that each resource is busy; all but `cpu` and `setup` run side by side. */
export type TimeParts = Readonly<Record<Bound, number>>;

export interface EpochCost {
  /** 1-based, as in the plan. */
  readonly index: number;
  readonly kind: EpochKind;
  readonly ms: Milliseconds;
  /** What takes the time. */
  readonly bound: Bound;
  /** The same time in cycles: of the CPU for software epochs, of the NPU for the others. */
  readonly cycles: Cycles;
  readonly parts: TimeParts;
}

export interface LatencyEstimate {
  readonly ms: Milliseconds;
  /** About 80 of 100 boards' figures lie between; see calibration.ts. */
  readonly low: Milliseconds;
  readonly high: Milliseconds;
  /** How the number was obtained. */
  readonly level: string;
  readonly perEpoch: readonly EpochCost[];
  /** Share of the time that the NPU works: hardware epochs, and the copies of hybrid ones. */
  readonly offloadTime: number;
}

export interface CostOptions {
  readonly clock?: ClockMode;
  /** Where the parameters are read from; flash unless the memory plan says otherwise. */
  readonly weights?: WeightStore;
  /** Whether an activation lies in external RAM; none does unless the memory plan says otherwise. */
  readonly isExternal?: (tensor: Tensor) => boolean;
  /** Factors to use in place of the learnt ones; calibration starts from neutral ones. */
  readonly factors?: CostFactors;
}

/**
 * What whole networks with the epoch controller taught. They hold without it too, so that what the controller
 * saves is set-up alone: the board runs that the constants come from are some 6 % faster than the zoo's tables,
 * for a reason that nothing published tells.
 */
export const LEARNT_FACTORS: CostFactors = CALIBRATION.factors;

/** An epoch that takes nothing; filled in by what applies. */
const NO_TIME: TimeParts = {
  compute: 0,
  output: 0,
  input: 0,
  ports: 0,
  flash: 0,
  external: 0,
  cpu: 0,
  setup: 0,
};

/** Returns the part that takes longest, in the order in which ties are told. */
function boundOf(parts: TimeParts): Bound {
  let bound: Bound = "output";
  for (const candidate of ["input", "compute", "ports", "flash", "external", "cpu", "setup"] as const) {
    if (parts[candidate] > parts[bound]) bound = candidate;
  }
  return bound;
}

/** Returns the CPU cycles that program and finish an epoch without the epoch controller. */
function programmingCycles(epoch: Epoch): Cycles {
  const channels = epoch.layer?.geometry.outputChannels ?? 0;
  const written = channels <= SETUP.writtenChannels.value ? channels : 0;
  return cycles(SETUP.cpuCycles.value + SETUP.cpuCyclesPerChannel.value * written + SETUP.endCpuCycles.value);
}

interface Context {
  readonly plan: EpochPlan;
  readonly buffers: ReadonlyMap<Node, readonly PackedBuffer[]>;
  readonly clock: ClockMode;
  readonly placement: Placement;
  readonly factors: CostFactors;
}

function partsOf(epoch: Epoch, context: Context): TimeParts {
  const { factors, plan } = context;
  const clocks = CLOCKS[context.clock];
  const onCpu = (count: Cycles) => cyclesToMilliseconds(count, clocks.cpu.value);
  const onNpu = (count: Cycles) => cyclesToMilliseconds(count, clocks.npu.value) * factors.npu;
  if (epoch.kind === "sw") {
    const { timed, untimed } = softwareCost(epoch);
    return { ...NO_TIME, cpu: onCpu(timed) + onCpu(untimed) * factors.untimed };
  }

  const buffers = epoch.layer ? (context.buffers.get(epoch.layer.node) ?? []) : [];
  const bounds = hardwareBounds(epoch, buffers, context.placement);
  const hybrid = epoch.kind === "hybrid" ? hybridCost(epoch, plan.options.tool) : null;
  // The controller's own time follows the NPU clock; its factor was learnt at 1 GHz.
  const controller = factors.epochMicroseconds / 1000 / (clocks.npu.value / 1e9);
  return {
    compute: onNpu(bounds.compute),
    output: onNpu(hybrid && !epoch.layer ? hybrid.copy : bounds.output),
    input: hybrid && !epoch.layer ? 0 : onNpu(bounds.input),
    ports: cyclesToMilliseconds(bounds.ports, clocks.npu.value),
    flash: bounds.flashMs * factors.stream,
    external: bounds.externalMs,
    cpu: hybrid ? onCpu(hybrid.prepare) * factors.untimed : 0,
    setup: plan.options.epochController ? controller : onCpu(programmingCycles(epoch)),
  };
}

/** Returns the milliseconds between start and end of an epoch on the NPU: its slowest resource. */
export function coreOf({ compute, output, input, ports, flash, external }: TimeParts): number {
  return Math.max(compute, output, input, ports, flash, external);
}

function costOf(epoch: Epoch, context: Context): EpochCost {
  const parts = partsOf(epoch, context);
  const core = coreOf(parts);
  const ms = milliseconds(core + parts.cpu + parts.setup);
  const { cpu, npu } = CLOCKS[context.clock];
  const clock = epoch.kind === "sw" ? cpu.value : npu.value;
  return {
    index: epoch.index,
    kind: epoch.kind,
    ms,
    bound: boundOf(parts),
    cycles: cycles((ms / 1000) * clock),
    parts,
  };
}

/** Returns the parameter buffers of each node. */
function buffersByNode(rom: RomPlan): ReadonlyMap<Node, readonly PackedBuffer[]> {
  const map = new Map<Node, PackedBuffer[]>();
  for (const buffer of rom.buffers) {
    const list = map.get(buffer.node);
    if (list) list.push(buffer);
    else map.set(buffer.node, [buffer]);
  }
  return map;
}

export interface EstimateRequest {
  readonly plan: EpochPlan;
  readonly rom: RomPlan;
  readonly options?: CostOptions;
}

/** Returns the time of one inference with its interval, and what bounds each epoch. O(epochs + buffers). */
export function estimateLatency({ plan, rom, options = {} }: EstimateRequest): LatencyEstimate {
  const { clock = "overdrive", factors = LEARNT_FACTORS } = options;
  const { weights = ON_CHIP.weights, isExternal = ON_CHIP.isExternal } = options;
  const placement = { weights, isExternal };
  const context: Context = { plan, buffers: buffersByNode(rom), clock, placement, factors };
  const perEpoch = plan.epochs.map((epoch) => costOf(epoch, context));
  let total = 0;
  let onCpu = 0;
  // What epochs take longer because activations lie outside the chip.
  let outside = 0;
  for (const { ms, parts } of perEpoch) {
    total += ms;
    onCpu += parts.cpu;
    if (parts.external > 0) outside += coreOf(parts) - coreOf({ ...parts, external: 0 });
  }
  const cpuShare = total === 0 ? 0 : onCpu / total;
  const { lowRatio, highRatio } = CALIBRATION.interval;
  // CPU kernels that no row exercised may be off by their factor both ways; the rest is as sure as it was learnt.
  const doubt = cpuShare > CALIBRATION.learntWith.cpuShare ? UNSEEN_CPU_FACTOR.value : 1;
  const sure = total - onCpu - outside;
  const products = plan.epochs.filter(isSoftwareProduct).length;
  const { times, share } = SOFTWARE_PRODUCTS;
  const longer = 1 + (times.value - 1) * Math.min(1, products / (share.value * plan.epochs.length || 1));
  return {
    ms: milliseconds(total),
    low: milliseconds((sure + onCpu / doubt + outside / EXTERNAL_DOUBT.value) * lowRatio),
    high: milliseconds((sure + onCpu * doubt + outside * EXTERNAL_DOUBT.value) * highRatio * longer),
    level: levelOf({ plan, clock, cpuShare, total, outside, products }),
    perEpoch,
    offloadTime: 1 - cpuShare,
  };
}

const significant = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 2 });

interface Circumstances {
  readonly plan: EpochPlan;
  readonly clock: ClockMode;
  readonly cpuShare: number;
  readonly total: number;
  readonly outside: number;
  readonly products: number;
}

/** Whether an epoch multiplies on the CPU what the NPU would take only as constant weights. */
const isSoftwareProduct = ({ kind, ops }: Epoch): boolean => kind === "sw" && ops.includes("Conv");

/** Says what the figure rests on, and where it leaves what the calibration saw. */
function levelOf({ plan, clock, cpuShare, total, outside, products }: Circumstances): string {
  const { rows, families, learntWith } = CALIBRATION;
  const beyond: string[] = [];
  if (clock !== learntWith.clock) beyond.push(`${clock} clocks`);
  if (plan.options.epochController !== learntWith.epochController) beyond.push("no epoch controller");
  if (cpuShare > learntWith.cpuShare) {
    const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
    beyond.push(
      `${percent(cpuShare)} of the time on the CPU, at most ${percent(learntWith.cpuShare)} among them; the interval takes the CPU's part as uncertain by a factor of ${UNSEEN_CPU_FACTOR.value}`,
    );
  }
  const [shortest, longest] = learntWith.milliseconds;
  if (total > 0 && (total < shortest || total > longest)) {
    beyond.push(`an inference of ${significant.format(total)} ms, those took ${shortest} to ${longest} ms`);
  }
  if (outside > 0) {
    beyond.push(
      `activations in external RAM, ${significant.format(outside)} ms of waiting for them, uncertain by a factor of ${EXTERNAL_DOUBT.value}`,
    );
  }
  if (products > 0) {
    beyond.push(
      `${products} products or convolutions on the CPU, none among them; the one such network that was timed took 2.4 times its prediction, and the interval reaches as far`,
    );
  }
  const base = `estimate: bounds per epoch, calibrated on ${rows} published figures of ${families} families`;
  return beyond.length === 0 ? base : `${base}; outside of them: ${beyond.join(", ")}`;
}
