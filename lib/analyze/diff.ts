/** What differs between two networks, whatever files they came from. */
import { tensorNumbers } from "../graph/elements.js";
import type { Graph, Model } from "../graph/graph.js";
import { normalizeModel } from "../graph/passes/normalize.js";
import { elementCount, formatShape, type Shape, sameShape } from "../graph/shape.js";
import type { Quantization, Tensor } from "../graph/tensor.js";
import { align, type Pair } from "./diff-align.js";
import { type Step, type StepConstant, stepsOf } from "./diff-steps.js";

export type DifferenceKind =
  | "input"
  | "output"
  | "operator"
  | "parameter"
  | "shape"
  | "type"
  | "quantization"
  | "weights";

export interface Difference {
  readonly kind: DifferenceKind;
  /** added: only in b; removed: only in a. */
  readonly change: "added" | "removed" | "changed";
  /** The node or the port, by its name in a, or in b where a has none. */
  readonly at: string;
  /** The operator, or what of it differs: `Conv`, `Conv weights`, `Conv output`. */
  readonly what: string;
  readonly a: string | null;
  readonly b: string | null;
  /** weights: how many elements differ, and by how much at most; real values where types or scales differ. */
  readonly elements?: number;
  readonly maxAbsDifference?: number;
}

/**
 * Returns what differs between two networks; nothing when they compute the same. Both are normalised first, so
 * a TFLite file and a QDQ export of the same network compare equal: layouts, orders of weights, fused
 * activations, names of tensors and constants folded at export are no differences. Operators are aligned along
 * the running order by what they do, so one operator more does not make all later ones differ.
 */
export function diffModels(a: Model, b: Model): Difference[] {
  const [left, right] = [normalizeModel(a).graph, normalizeModel(b).graph];
  const [firstA, firstB] = [channelsFirst(left), channelsFirst(right)];
  const crossed = firstA !== firstB;
  const pairs = align(stepsOf(left, { channelsFirst: firstA }), stepsOf(right, { channelsFirst: firstB }), {
    score: similarity,
    same: (x, y) => keyOf(x) === keyOf(y),
  });
  return [
    ...diffPorts("input", left, right, crossed),
    ...pairs.flatMap((pair) => diffStep(pair)),
    ...diffPorts("output", left, right, crossed),
  ];
}

/** Whether a graph's images are NCHW: what its operators say. */
function channelsFirst(graph: Graph): boolean {
  const node = graph.nodes.find(({ attributes }) => attributes.layout !== undefined);
  if (node) return node.attributes.layout === "NCHW";
  return graph.nodes.some(({ source }) => source.format === "onnx");
}

function factsText({ facts }: Step): string {
  return [...facts].map(([name, value]) => `${name} ${value}`).join(", ");
}

function keyOf(step: Step): string {
  return `${step.op} ${factsText(step)} ${formatShape(step.outputShape)}`;
}

/** An operator of the same kind may pair; the same geometry is better, the same sizes best. */
function similarity(a: Step, b: Step): number {
  if (a.op !== b.op) return 0;
  const sameFacts = factsText(a) === factsText(b);
  const sameSize = sameShape(a.outputShape, b.outputShape);
  return 4 + (sameFacts ? 2 : 0) + (sameSize ? 1 : 0);
}

function describe(step: Step): string {
  const facts = factsText(step);
  return `${step.op}${facts ? ` (${facts})` : ""} → ${formatShape(step.outputShape)}`;
}

function diffStep({ a, b }: Pair<Step>): Difference[] {
  if (a === null && b === null) return [];
  if (a === null || b === null) {
    const only = (a ?? b)!;
    if (only.implied) return [];
    const text = describe(only);
    return [
      {
        kind: "operator",
        change: a ? "removed" : "added",
        at: only.name,
        what: only.op,
        a: a && text,
        b: b && text,
      },
    ];
  }
  const changed = (
    kind: DifferenceKind,
    what: string,
    from: string | null,
    to: string | null,
  ): Difference => ({
    kind,
    change: "changed",
    at: a.name,
    what: `${a.op} ${what}`,
    a: from,
    b: to,
  });
  const found: Difference[] = [];
  for (const name of new Set([...a.facts.keys(), ...b.facts.keys()])) {
    const [from, to] = [a.facts.get(name) ?? null, b.facts.get(name) ?? null];
    if (from !== to) found.push(changed("parameter", name, from, to));
  }
  if (!sameElements(a.outputShape, b.outputShape)) {
    found.push(changed("shape", "output", formatShape(a.outputShape), formatShape(b.outputShape)));
  }
  if (a.output && b.output) found.push(...diffStorage(a.output, b.output, "output", changed));
  for (const role of new Set([...a.constants, ...b.constants].map((constant) => constant.role))) {
    const [from, to] = [a, b].map(({ constants }) => constants.find((c) => c.role === role) ?? null);
    found.push(...diffConstant(role, from!, to!, changed));
  }
  return found;
}

/** Shapes that differ only by axes of size 1 hold the same elements: pooling keeps or drops the image axes. */
function sameElements(a: Shape | null, b: Shape | null): boolean {
  const kept = (shape: Shape | null) => shape?.filter((size) => size !== 1) ?? null;
  return sameShape(kept(a), kept(b));
}

type Changed = (kind: DifferenceKind, what: string, a: string | null, b: string | null) => Difference;

function diffStorage(a: Tensor, b: Tensor, what: string, changed: Changed): Difference[] {
  const found: Difference[] = [];
  if (a.dtype !== b.dtype) found.push(changed("type", what, a.dtype, b.dtype));
  const text = quantizationDifference(a.quantization, b.quantization);
  if (text) found.push(changed("quantization", what, ...text));
  return found;
}

/** Returns both quantisations as text when they differ. The axis is one of layout: as many scales are compared. */
function quantizationDifference(a: Quantization | null, b: Quantization | null): [string, string] | null {
  if (a === null || b === null) return a === b ? null : [quantizationText(a), quantizationText(b)];
  if (a.scale.length !== b.scale.length) return [`${a.scale.length} scales`, `${b.scale.length} scales`];
  const index = a.scale.findIndex(
    (scale, channel) =>
      Math.fround(scale) !== Math.fround(b.scale[channel]!) || a.zeroPoint[channel] !== b.zeroPoint[channel],
  );
  if (index < 0) return null;
  return [quantizationText(a, index), quantizationText(b, index)];
}

function quantizationText(quantization: Quantization | null, index = 0): string {
  if (quantization === null) return "none";
  const { scale, zeroPoint } = quantization;
  const channel = scale.length > 1 ? `channel ${index} of ${scale.length}: ` : "";
  return `${channel}scale ${scale[index]}, zero point ${zeroPoint[index]}`;
}

function diffConstant(
  role: string,
  a: StepConstant | null,
  b: StepConstant | null,
  changed: Changed,
): Difference[] {
  if (a === null || b === null) {
    const text = (constant: StepConstant | null) => constant && formatShape(constant.shape);
    return [changed("weights", role, text(a), text(b))];
  }
  const found = diffStorage(a.tensor, b.tensor, role, changed);
  if (!sameShape(a.shape, b.shape)) {
    return [...found, changed("shape", role, formatShape(a.shape), formatShape(b.shape))];
  }
  if (sameBytes(a, b)) return found;
  // Numbers stored in different ways are compared by what they stand for.
  const real = found.length > 0;
  const [left, right] = [a, b].map((constant) =>
    real ? realNumbers(constant) : tensorNumbers(constant.tensor),
  );
  let elements = 0;
  let maxAbsDifference = 0;
  const count = left!.length;
  for (let index = 0; index < count; index++) {
    const from = left![a.order ? a.order[index]! : index]!;
    const to = right![b.order ? b.order[index]! : index]!;
    if (Object.is(from, to) || from === to) continue;
    elements++;
    maxAbsDifference = Math.max(maxAbsDifference, Math.abs(from - to));
  }
  if (elements === 0) return found;
  const difference = changed(
    "weights",
    role,
    `${elements} of ${count} differ`,
    `by up to ${maxAbsDifference}${real ? " (real values)" : ""}`,
  );
  return [...found, { ...difference, elements, maxAbsDifference }];
}

/** Returns what a constant's stored numbers stand for, in the file's order. */
function realNumbers({ tensor }: StepConstant): Float64Array {
  const values = tensorNumbers(tensor);
  const { quantization } = tensor;
  if (quantization === null) return values;
  const { scale, zeroPoint, axis } = quantization;
  const shape = tensor.staticShape();
  const run = axis === null ? values.length : elementCount(shape.slice(axis + 1));
  return values.map((value, index) => {
    const channel = Math.floor(index / run) % scale.length;
    return scale[channel]! * (value - zeroPoint[channel]!);
  });
}

/** Whether two constants of one order and type are the same bytes; false says nothing. */
function sameBytes(a: StepConstant, b: StepConstant): boolean {
  if (a.order || b.order || a.tensor.dtype !== b.tensor.dtype) return false;
  const [left, right] = [a.tensor.data!.read(), b.tensor.data!.read()];
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

function diffPorts(kind: "input" | "output", a: Graph, b: Graph, crossed: boolean): Difference[] {
  const [left, right] = kind === "input" ? [a.inputs, b.inputs] : [a.outputs, b.outputs];
  return Array.from({ length: Math.max(left.length, right.length) }, (_, index): Difference[] => {
    const [from, to] = [left[index], right[index]];
    const text = (port: Tensor | undefined) => (port ? `${formatShape(port.shape)} ${port.dtype}` : null);
    if (!from || !to) {
      const at = (from ?? to)!.name;
      return [{ kind, change: from ? "removed" : "added", at, what: kind, a: text(from), b: text(to) }];
    }
    const changed: Changed = (of, what, before, after) => ({
      kind: of,
      change: "changed",
      at: from.name,
      what,
      a: before,
      b: after,
    });
    const found: Difference[] = [];
    if (!samePortShape(from.shape, to.shape, crossed)) {
      found.push(changed("shape", kind, formatShape(from.shape), formatShape(to.shape)));
    }
    if (from.dtype !== to.dtype) found.push(changed("type", kind, from.dtype, to.dtype));
    // An output's quantisation is that of the operator which computes it.
    const quantization = kind === "input" && quantizationDifference(from.quantization, to.quantization);
    if (quantization) found.push(changed("quantization", kind, ...quantization));
    return found;
  }).flat();
}

/** Whether two ports hold the same image; `crossed`: one of them may have its channels first. */
function samePortShape(a: Shape | null, b: Shape | null, crossed: boolean): boolean {
  if (sameShape(a, b) || sameElements(a, b)) return true;
  if (!crossed || a?.length !== 4 || b?.length !== 4) return false;
  const [n, first, second, third] = a;
  return sameShape([n!, third!, first!, second!], b) || sameShape([n!, second!, third!, first!], b);
}
