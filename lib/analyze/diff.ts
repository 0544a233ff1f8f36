/** What differs between two networks, whatever files they came from. */
import type { Graph, Model } from "../graph/graph.js";
import { normalizeModel } from "../graph/passes/normalize.js";
import { formatShape, type Shape, sameShape } from "../graph/shape.js";
import type { Tensor } from "../graph/tensor.js";
import { align, type Pair } from "./diff-align.js";
import type { ImageLayout } from "./diff-layouts.js";
import { type Step, type StepConstant, stepsOf } from "./diff-steps.js";
import {
  type ElementDifference,
  elementDifference,
  isQuantized,
  quantizationDifference,
  sameBytes,
  sameKind,
  storageText,
} from "./diff-storage.js";

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
 * activations, biases as nodes of their own, names of tensors and constants folded at export are no
 * differences. Operators are aligned along the running order by what they do, so one operator more does not
 * make all later ones differ. A layer that is quantised in one network alone is one difference.
 */
export function diffModels(a: Model, b: Model): Difference[] {
  const [left, right] = [normalizeModel(a).graph, normalizeModel(b).graph];
  const [usualA, usualB] = [usualLayout(left), usualLayout(right)];
  const pairs = align(
    withoutMarks(stepsOf(left, { usual: usualA }), right),
    withoutMarks(stepsOf(right, { usual: usualB }), left),
    { score: similarity, same: (x, y) => keyOf(x) === keyOf(y) },
  );
  const crossed = usualA !== usualB;
  return [
    ...diffPorts("input", left, right, crossed),
    ...pairs.flatMap((pair) => diffStep(pair)),
    ...diffPorts("output", left, right, crossed),
  ];
}

/** Steps between float and stored numbers say nothing beside a network that stores none. */
function withoutMarks(steps: readonly Step[], other: Graph): readonly Step[] {
  if ([...other.tensors()].some(({ quantization }) => quantization)) return steps;
  return steps.filter(({ op }) => op !== "QuantizeLinear" && op !== "DequantizeLinear");
}

/** Returns the layout that a graph's operators have where they say one, else that of its format. */
function usualLayout(graph: Graph): ImageLayout {
  const node = graph.nodes.find(({ attributes }) => attributes.layout !== undefined);
  if (node) return node.attributes.layout === "NCHW" ? "first" : "last";
  return graph.nodes.some(({ source }) => source.format === "onnx") ? "first" : "last";
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
  if (!sameOutput(a, b)) {
    found.push(changed("shape", "output", formatShape(a.outputShape), formatShape(b.outputShape)));
  }
  const quantized: QuantizedPart[] = [];
  const parts = { changed, quantized };
  if (a.output && b.output) found.push(...diffStorage(a.output, b.output, "output", parts));
  for (const role of new Set([...a.constants, ...b.constants].map((constant) => constant.role))) {
    const [from, to] = [a, b].map(({ constants }) => constants.find((c) => c.role === role) ?? null);
    found.push(...diffConstant(role, from!, to!, parts));
  }
  return quantized.length > 0 ? [...found, quantizedLayer(a, changed, quantized)] : found;
}

/** A tensor that is float in one network and quantised in the other. */
interface QuantizedPart {
  readonly role: string;
  readonly a: Tensor;
  readonly b: Tensor;
  readonly elements: ElementDifference | null;
}

/** Returns one difference for a layer that is quantised in one network alone: `weights int8, 8 scales …`. */
function quantizedLayer({ op }: Step, changed: Changed, parts: readonly QuantizedPart[]): Difference {
  const order = ["weights", "bias", "output"];
  const sorted = parts.toSorted((x, y) => order.indexOf(x.role) - order.indexOf(y.role));
  const text = (side: "a" | "b") => {
    const all = sorted.map(({ role, [side]: tensor }) => `${role} ${storageText(tensor)}`);
    return sorted.every(({ [side]: tensor }) => tensor.quantization === null)
      ? sorted[0]![side].dtype
      : all.join("; ");
  };
  const weights = sorted.find(({ elements }) => elements)?.elements;
  const difference = {
    ...changed("quantization", "quantised", text("a"), text("b")),
    what: `${op} quantised`,
  };
  return weights
    ? { ...difference, elements: weights.differing, maxAbsDifference: weights.maxAbs }
    : difference;
}

/** Whether two steps give the same shape, in any reading of their axes that nothing rules out. */
function sameOutput(a: Step, b: Step): boolean {
  const readings = ({ outputShape, otherShape }: Step) =>
    otherShape ? [outputShape, otherShape] : [outputShape];
  return readings(a).some((left) => readings(b).some((right) => sameElements(left, right)));
}

/** Shapes that differ only by axes of size 1 hold the same elements: pooling keeps or drops the image axes. */
function sameElements(a: Shape | null, b: Shape | null): boolean {
  const kept = (shape: Shape | null) => shape?.filter((size) => size !== 1) ?? null;
  return sameShape(kept(a), kept(b));
}

type Changed = (kind: DifferenceKind, what: string, a: string | null, b: string | null) => Difference;

/** Where differences of one step go: plain ones by `changed`, quantised tensors into a list. */
interface Parts {
  readonly changed: Changed;
  readonly quantized: QuantizedPart[];
}

function diffStorage(a: Tensor, b: Tensor, role: string, { changed, quantized }: Parts): Difference[] {
  if (isQuantized(a, b)) {
    quantized.push({ role, a, b, elements: null });
    return [];
  }
  const found: Difference[] = [];
  if (!sameKind(a, b)) found.push(changed("type", role, a.dtype, b.dtype));
  const text = quantizationDifference(a.quantization, b.quantization);
  if (text) found.push(changed("quantization", role, ...text));
  return found;
}

function diffConstant(
  role: string,
  a: StepConstant | null,
  b: StepConstant | null,
  parts: Parts,
): Difference[] {
  const { changed, quantized } = parts;
  if (a === null || b === null) {
    const text = (constant: StepConstant | null) => constant && formatShape(constant.shape);
    return [changed("weights", role, text(a), text(b))];
  }
  if (!sameShape(a.shape, b.shape)) {
    return [
      ...diffStorage(a.tensor, b.tensor, role, parts),
      changed("shape", role, formatShape(a.shape), formatShape(b.shape)),
    ];
  }
  if (isQuantized(a.tensor, b.tensor)) {
    const elements = elementDifference(a, b, true);
    quantized.push({ role, a: a.tensor, b: b.tensor, elements });
    if (elements.beyondRounding === 0) return [];
    const text = `${elements.beyondRounding} of ${elements.count} differ by more than rounding`;
    return [elementsChanged(changed, role, text, elements, true)];
  }
  const found = diffStorage(a.tensor, b.tensor, role, parts);
  if (sameBytes(a, b)) return found;
  // Numbers stored in different ways are compared by what they stand for.
  const real = found.length > 0;
  const elements = elementDifference(a, b, real);
  if (elements.differing === 0) return found;
  const text = `${elements.differing} of ${elements.count} differ`;
  return [...found, elementsChanged(changed, role, text, elements, real)];
}

function elementsChanged(
  changed: Changed,
  role: string,
  text: string,
  { differing, maxAbs }: ElementDifference,
  real: boolean,
): Difference {
  const difference = changed("weights", role, text, `by up to ${maxAbs}${real ? " (real values)" : ""}`);
  return { ...difference, elements: differing, maxAbsDifference: maxAbs };
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
    if (isQuantized(from, to)) {
      return [...found, changed("quantization", `${kind} quantised`, storageText(from), storageText(to))];
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
