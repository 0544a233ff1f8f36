/** The vendor's account of a network as one side of a comparison: a report, a C-info file, or both. */
import { LabError } from "../errors.js";
import type { CInfo, CInfoBuffer, CInfoNode } from "../formats/vendor/c-info/records.js";
import type { PrintedSize } from "../formats/vendor/lines.js";
import type { CommandOption, MeasuredNode, VendorReport } from "../formats/vendor/report/records.js";
import type {
  BufferRole,
  ComparedKind,
  Figure,
  Side,
  SideBuffer,
  SideEpoch,
  SidePool,
} from "./compare-record.js";

/** At least one of the two; both must be of one compilation. */
export interface VendorAccount {
  readonly report?: VendorReport;
  readonly cInfo?: CInfo;
}

const exact = (value: number): Figure => ({ value, plusMinus: 0 });
const printed = ({ bytes, plusMinus }: PrintedSize): Figure => ({ value: bytes, plusMinus });

/** Parameters by the names that the compiler gives them: what stands before the mark is the layer. */
const ROLES: readonly { readonly role: BufferRole; readonly mark: RegExp }[] = [
  { role: "kernel", mark: /_weights(_|$)/ },
  { role: "scale", mark: /_mul_scale_/ },
  // From 3.0 on one step scales and adds the bias; its scale is the operand A.
  { role: "scale", mark: /_off_bias_\d+_A_/ },
  { role: "bias", mark: /_off_bias_/ },
  { role: "zeroOffset", mark: /_zero_off_/ },
];
/** A dense layer runs as a convolution that the compiler adds: `Gemm_209_conv_4` is `Gemm_209`. */
const AS_CONVOLUTION = /_conv_\d+$/;
const CONSTANT_PARTS = /_(?:[xy]_)?(?:atonn_internal_)?(?:scale|offset|zero_point)$/;

function bufferOf({ name, bytes, shape, bits }: CInfoBuffer): SideBuffer {
  const found = ROLES.find(({ mark }) => mark.test(name));
  const role = found?.role ?? "constant";
  return {
    name,
    layer: found
      ? name.slice(0, name.search(found.mark)).replace(AS_CONVOLUTION, "")
      : name.replace(CONSTANT_PARTS, ""),
    role,
    bytes,
    payloadBytes: role === "kernel" ? Math.ceil((shape.reduce((a, b) => a * b, 1) * bits) / 8) : null,
    group: role !== "kernel" ? null : name.includes("_inflated_") ? (shape[1] ?? null) : 1,
    rule: null,
  };
}

/** Names that the compiler gives to steps of requantisation; they belong to the layer before or behind. */
const REQUANTISATION = /_(mul_scale|off_bias|suboff|zero_off)_\d+|_ca_pipe_\d+$/;
/** What a step belongs to: `Conv2D_8_suboff_12` to `Conv2D_8`. */
const layerOf = ({ name }: CInfoNode): string => name.replace(REQUANTISATION, "");
const RETURN = "__NN__RETURN__";

const kindOf = ({ mapping }: CInfoNode): ComparedKind => (mapping === "other" ? "unknown" : mapping);

interface CInfoEpochs {
  readonly epochs: readonly SideEpoch[];
  readonly buffers: readonly SideBuffer[];
}

/** Epoch 0 brings the parameters, and a last one stands for the return: neither is counted by the reports. */
function fromCInfo(cInfo: CInfo): CInfoEpochs {
  const parameters = new Map(
    cInfo.buffers.filter(({ isParameter }) => isParameter).map((buffer) => [buffer.id, buffer]),
  );
  const nodes = cInfo.graphs.flatMap((graph) => graph.nodes);
  const epochs: SideEpoch[] = [];
  const buffers = new Set<CInfoBuffer>();
  for (const node of nodes) {
    const number = /^epoch_(\d+)$/.exec(node.name)?.[1];
    const parts = node.parts.filter(({ kind, name }) => kind !== "Param" && name !== RETURN);
    const reads = new Set(node.inputs.flatMap((id) => parameters.get(id) ?? []));
    if (number !== "0") for (const buffer of reads) buffers.add(buffer);
    if (number === "0" || (node.parts.length > 0 && parts.length === 0)) continue;
    const main = parts.filter(({ name }) => !REQUANTISATION.test(name));
    const shown = main.length > 0 ? main : parts;
    const index = number === undefined ? epochs.length + 1 : Number(number);
    epochs.push({
      index,
      last: index,
      kind: kindOf(node),
      ops: parts.length > 0 ? [...new Set(shown.map(({ kind }) => kind))] : [node.kind || node.name],
      nodes: parts.length > 0 ? [...new Set(parts.map(layerOf))] : [node.name],
      kernelBytes: [...reads].reduce(
        (sum, buffer) => sum + (bufferOf(buffer).role === "kernel" ? buffer.bytes : 0),
        0,
      ),
      ms: null,
      because: null,
    });
  }
  for (const buffer of parameters.values()) buffers.add(buffer);
  return { epochs, buffers: [...buffers].map(bufferOf) };
}

function fromReport({ epochs, validation }: VendorReport): readonly SideEpoch[] {
  const bare = { kernelBytes: null, because: null, nodes: [] };
  if (epochs) {
    return epochs.epochs.map(({ index, last, kind, operator }) => ({
      ...bare,
      index,
      last,
      kind,
      ops: operator === null ? [] : [operator],
      ms: null,
    }));
  }
  // A validate report lists what ran: no other list is in it.
  return (validation?.nodes ?? []).flatMap((node) =>
    node.epochs && node.kind !== "extra" && node.kind !== "cpu"
      ? [{ ...bare, index: node.epochs.first, last: node.epochs.last, kind: node.kind, ops: [], ms: node.ms }]
      : [],
  );
}

/** Adds what only the report says: kinds that the C-info file leaves open, operators and times. */
function merge(epochs: readonly SideEpoch[], report: VendorReport): readonly SideEpoch[] {
  const listed = new Map(fromReport(report).map((epoch) => [epoch.index, epoch]));
  return epochs.map((epoch) => {
    const other = listed.get(epoch.index);
    if (!other || epoch.kind !== "unknown") return epoch;
    return { ...epoch, kind: other.kind };
  });
}

function withTimes(epochs: readonly SideEpoch[], measured: readonly MeasuredNode[]): readonly SideEpoch[] {
  const times = new Map(
    measured.flatMap((node) => (node.epochs ? [[node.epochs.first, node.ms] as const] : [])),
  );
  return times.size === 0
    ? epochs
    : epochs.map((epoch) => ({ ...epoch, ms: times.get(epoch.index) ?? null }));
}

function weightsOf({ report, cInfo }: VendorAccount): Figure | null {
  if (cInfo?.footprint) return exact(cInfo.footprint.weights);
  const module = report?.modules?.modules.find((entry) => entry.module === "weights");
  if (module) return exact(module.rodata);
  if (report?.summary?.weightBytes != null) return exact(report.summary.weightBytes);
  return report?.memory ? printed(report.memory.weights) : null;
}

function activationsOf({ report, cInfo }: VendorAccount): Figure | null {
  if (cInfo?.footprint) return exact(cInfo.footprint.activations);
  const module = report?.modules?.modules.find((entry) => entry.module === "activations");
  if (module) return exact(module.bss);
  if (report?.summary?.activationBytes != null) return exact(report.summary.activationBytes);
  return report?.memory ? printed(report.memory.activations) : null;
}

function poolsOf({ report, cInfo }: VendorAccount): readonly SidePool[] {
  if (report?.memory) {
    return report.memory.pools.map(({ name, weights, activations }) => ({
      name,
      weightBytes: weights.bytes,
      activationBytes: activations.bytes,
    }));
  }
  const real = (cInfo?.pools ?? []).filter(({ subpools }) => subpools.length === 0);
  return real.map(({ name, usedBytes, rights }) => ({
    name,
    weightBytes: rights === "read" ? usedBytes : 0,
    activationBytes: rights === "write" ? usedBytes : 0,
  }));
}

/** Returns the options that the compiler was given; null where no file has its command line. */
export function compilerOptions({ report, cInfo }: VendorAccount): readonly CommandOption[] | null {
  if (report?.compilation) return report.compilation.options;
  return cInfo?.tools.find(({ name }) => /^ATONN/.test(name))?.options ?? null;
}

/** Returns the version of the tool, `2.1`; null where no file says. */
export function toolRelease({ report, cInfo }: VendorAccount): string | null {
  if (report) return report.tool.release;
  const version = cInfo?.tools.find(({ name }) => name === "ST.EdgeAI.Core")?.version;
  return /^\d+\.\d+/.exec(version ?? "")?.[0] ?? null;
}

/** Returns whether the options switch the epoch controller on; null without options. */
export function usesController(options: readonly CommandOption[] | null): boolean | null {
  return options?.some(({ name }) => name === "--enable-epoch-controller") ?? null;
}

/** Returns the profile that the options amount to; null without options. */
export function profileOf(options: readonly CommandOption[] | null): "O3" | "default" | null {
  if (options === null) return null;
  const fast = options.some(
    ({ name, value }) => name === "-O3" || (/^--?(O|optimization)$/.test(name) && value === "3"),
  );
  return fast ? "O3" : "default";
}

/** Throws unless both files name the same version of the tool. */
function requireOneCompilation({ report, cInfo }: VendorAccount): void {
  if (!report || !cInfo) return;
  const other = toolRelease({ cInfo });
  if (other !== null && other !== report.tool.release) {
    throw new LabError({
      code: "TWO_COMPILATIONS",
      message: `Cannot take '${report.title}' and '${cInfo.title}' together: one is of tool ${report.tool.release}, the other of ${other}`,
      hint: "give the files that one run of the tool wrote",
    });
  }
}

const count = (epochs: readonly SideEpoch[], ...kinds: readonly ComparedKind[]): number =>
  epochs.reduce((sum, { kind, index, last }) => sum + (kinds.includes(kind) ? last - index + 1 : 0), 0);

/** Returns the vendor's account; throws a LabError when its two files contradict each other. */
export function reportedSide(account: VendorAccount): Side {
  requireOneCompilation(account);
  const { report, cInfo } = account;
  const compiled = cInfo?.kind === "compiled" ? fromCInfo(cInfo) : null;
  const listed = compiled
    ? report
      ? merge(compiled.epochs, report)
      : compiled.epochs
    : report
      ? fromReport(report)
      : [];
  const epochs = withTimes(listed, report?.validation?.nodes ?? []);
  const options = compilerOptions(account);
  const controller = usesController(options) ?? (epochs.some(({ kind }) => kind === "ec") ? true : null);
  const details = report?.epochs;
  const total =
    details?.total ?? (epochs.length > 0 ? count(epochs, "hw", "ec", "sw", "hybrid", "unknown") : null);
  const tellsHybrid = details?.layout === "boxed" || epochs.some(({ kind }) => kind === "hybrid");
  const times = cInfo?.execution ?? [];
  const ms =
    report?.validation?.ms ?? (times.length > 0 ? times.reduce((sum, row) => sum + row.ms, 0) : null);
  const title = report?.title ?? cInfo?.title;
  if (title === undefined) {
    throw new LabError({
      code: "NO_ACCOUNT",
      message: "Cannot compare with nothing: expected a report or a C-info file",
    });
  }
  return {
    title: title.split(/[\\/]/).at(-1) ?? title,
    source: "reported",
    tool: toolRelease(account),
    epochController: controller,
    profile: profileOf(options),
    timing: ms === null ? null : "measured",
    totals: {
      weights: weightsOf(account),
      activations: activationsOf(account),
      epochs: total,
      hardware: total === null ? null : (details?.hw ?? count(epochs, "hw", "ec")),
      hybrid: total === null || !tellsHybrid ? null : (details?.hybrid ?? count(epochs, "hybrid")),
      software: total === null ? null : (details?.sw ?? count(epochs, "sw")),
      blobs: details?.blobs ?? (cInfo && cInfo.blobs.length > 0 ? cInfo.blobs.length : null),
      ms,
    },
    epochs,
    buffers: compiled ? compiled.buffers : null,
    pools: poolsOf(account),
  };
}
