/**
 * A network as a list of steps that mean the same whatever file it came from: images are NHWC, weights OHWI,
 * padding is counted, activations are steps of their own. What only turns or reinterprets data (a transpose
 * between NHWC and NCHW, Reshape, Flatten, Squeeze, Unsqueeze) is no step.
 */
import { DTYPES } from "../graph/dtype.js";
import { tensorNumbers } from "../graph/elements.js";
import { layerGeometry, layoutOf } from "../graph/geometry.js";
import type { Graph } from "../graph/graph.js";
import { roundHalfEven } from "../graph/infer/evaluate-arithmetic.js";
import { type AutoPad, placeWindow } from "../graph/infer/window.js";
import { type Node, numbersAttribute, stringAttribute } from "../graph/node.js";
import { elementCount, isStatic, type Shape } from "../graph/shape.js";
import type { Tensor } from "../graph/tensor.js";
import { biasesBehind } from "./diff-bias.js";
import { type ImageLayout, imageLayouts } from "./diff-layouts.js";

export interface Step {
  readonly name: string;
  readonly op: string;
  /** What the operator does, by name: `kernel` → `3x3`. */
  readonly facts: ReadonlyMap<string, string>;
  /** null inside of a node, before an activation fused into it. */
  readonly output: Tensor | null;
  readonly outputShape: Shape | null;
  /** The shape in the other reading of the axes, where no operator settles which one holds. */
  readonly otherShape: Shape | null;
  readonly constants: readonly StepConstant[];
  /** A clamp that storing its output does anyway: a network without the step computes the same. */
  readonly implied: boolean;
}

/** A constant in the common order. */
export interface StepConstant {
  readonly role: string;
  readonly tensor: Tensor;
  /** Sizes in the common order. */
  readonly shape: readonly number[];
  /** Position in the file's order of the element that comes next in the common one; null: the same order. */
  readonly order: readonly number[] | null;
}

const VIEWS = new Set(["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"]);
/** Operators that do what another one does, but for an axis of size 1, which is no step. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  Stack: "Concat",
  StridedSlice: "Slice",
  Unstack: "Split",
};
const LAYOUT_TURNS = new Set(["0,2,3,1", "0,3,1,2", "0,2,1"]);
const POOLS = new Set(["MaxPool", "AveragePool", "LpPool"]);
/** Operators whose constants are operands, the same in every layout up to axes of size 1. */
const OPERANDS = new Set(["Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "PRelu", "Gather", "MatMul"]);
const ACTIVATIONS: Readonly<Record<string, string>> = {
  relu: "Relu",
  relu6: "Relu6",
  tanh: "Tanh",
  sign: "Sign",
};

/** Returns the axes, in the file's order, that bring weights to OHWI. */
const WEIGHT_ORDERS: Readonly<Record<string, readonly number[]>> = {
  OHWI: [0, 1, 2, 3],
  "1HWO": [3, 1, 2, 0],
  OIHW: [0, 2, 3, 1],
  IOHW: [1, 2, 3, 0],
};

/** Returns, for each element in the order of `axes`, its position in the file; null when nothing moves. */
function reorder(shape: readonly number[], axes: readonly number[]): number[] | null {
  if (axes.every((axis, index) => axis === index)) return null;
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  let positions = [0];
  for (const axis of axes) {
    const along = Array.from({ length: shape[axis]! }, (_, index) => index * strides[axis]!);
    positions = positions.flatMap((base) => along.map((offset) => base + offset));
  }
  return positions;
}

function ordered(role: string, tensor: Tensor, axes: readonly number[]): StepConstant {
  const shape = tensor.staticShape();
  return { role, tensor, shape: axes.map((axis) => shape[axis]!), order: reorder(shape, axes) };
}

function plain(role: string, tensor: Tensor): StepConstant {
  // Axes of size 1 are where layouts differ: C is 1×C×1×1 elsewhere.
  return { role, tensor, shape: tensor.staticShape().filter((size) => size !== 1), order: null };
}

/** Returns the padding that a window uses: top, left, bottom, right. */
function countedPads(node: Node, input: readonly [number, number], kernel: readonly number[]): number[] {
  const autoPad = stringAttribute(node, "autoPad", "NOTSET") as AutoPad;
  const strides = numbersAttribute(node, "strides", [1, 1]);
  const dilations = numbersAttribute(node, "dilations", [1, 1]);
  const pads = numbersAttribute(node, "pads", [0, 0, 0, 0]);
  if (pads.length !== 4 || kernel.length !== 2) return [...pads];
  const axes = [0, 1].map((axis) =>
    placeWindow({
      size: input[axis]!,
      kernel: kernel[axis]!,
      stride: strides[axis]!,
      dilation: dilations[axis]!,
      padStart: pads[axis]!,
      padEnd: pads[axis + 2]!,
      autoPad,
      ceil: node.attributes.ceilMode === 1,
    }),
  );
  return [axes[0]!.padStart, axes[1]!.padStart, axes[0]!.padEnd, axes[1]!.padEnd];
}

function spatial(tensor: Tensor, node: Node): [number, number] {
  const shape = tensor.staticShape();
  const [height, width] = layoutOf(node) === "NHWC" ? shape.slice(1, 3) : shape.slice(2, 4);
  return [height ?? 1, width ?? 1];
}

interface Meaning {
  readonly op: string;
  readonly facts: ReadonlyMap<string, string>;
  readonly constants: readonly StepConstant[];
}

function layerStep(node: Node, behind: Tensor | null): Meaning | null {
  const geometry = layerGeometry(node);
  if (geometry === null) return null;
  const { kind, kernelHeight, kernelWidth, strides, dilations, groups } = geometry;
  const { inputChannels, outputChannels, weights } = geometry;
  const bias = geometry.bias ?? behind;
  const constants: StepConstant[] = [];
  const facts = new Map([["channels", `${inputChannels} → ${outputChannels}`]]);
  if (kind === "dense") {
    const rows = node.op === "Gemm" && Number(node.attributes.transB ?? 0) === 1;
    constants.push(ordered("weights", weights, rows ? [0, 1] : [1, 0]));
  } else {
    const layout = stringAttribute(node, "weightLayout", node.op === "Conv" ? "OIHW" : "IOHW");
    facts.set("kernel", `${kernelHeight}x${kernelWidth}`);
    facts.set("strides", strides.join("x"));
    facts.set("dilations", dilations.join("x"));
    facts.set("groups", `${groups}`);
    if (node.op === "Conv" && weights.staticShape().length === 4) {
      facts.set(
        "pads",
        countedPads(node, spatial(node.input(0), node), [kernelHeight, kernelWidth]).join(" "),
      );
    }
    const order = WEIGHT_ORDERS[layout]!;
    constants.push(
      weights.staticShape().length === 4 ? ordered("weights", weights, order) : plain("weights", weights),
    );
  }
  // A bias of nothing but zeros is none: some exporters write one, some do not.
  if (bias?.isConstant && tensorNumbers(bias).some((value) => value !== 0))
    constants.push(plain("bias", bias));
  return {
    op: kind === "dense" ? "Dense" : kind === "transpose" ? "ConvTranspose" : "Conv",
    facts,
    constants,
  };
}

function plainFacts(node: Node): Map<string, string> {
  const facts = new Map<string, string>();
  if (POOLS.has(node.op)) {
    const kernel = numbersAttribute(node, "kernelShape");
    facts.set("kernel", kernel.join("x"));
    facts.set("strides", numbersAttribute(node, "strides", [1, 1]).join("x"));
    if (isStatic(node.input(0).shape) && kernel.length === 2) {
      facts.set("pads", countedPads(node, spatial(node.input(0), node), kernel).join(" "));
    }
  }
  for (const name of ["alpha", "mode", "to", "blocksize", "coordinateTransformationMode", "approximate"]) {
    const value = node.attributes[name];
    if (typeof value === "string" || typeof value === "number") facts.set(name, `${value}`);
  }
  return facts;
}

function operatorStep(node: Node): Meaning {
  const op = commonName(node);
  const operands = OPERANDS.has(node.op) ? node.inputs : [];
  return {
    op,
    facts: op === "GlobalAveragePool" ? new Map() : plainFacts(node),
    constants: operands.flatMap((input, index) =>
      input?.isConstant ? [plain(`operand ${index}`, input)] : [],
    ),
  };
}

/** Returns a pooling over the whole image under one name, whichever operator says it. */
function commonName(node: Node): string {
  const shape = node.inputs[0]?.shape;
  if (node.op === "ReduceMean" && shape?.length === 4) {
    const [, second, third, fourth] = shape;
    const count = node.output().size;
    const over = Number(shape[0]) * (node.source.format === "onnx" ? Number(second) : Number(fourth));
    if (third !== undefined && count === over) return "GlobalAveragePool";
  }
  if (node.op === "AveragePool" && isStatic(shape ?? null) && shape?.length === 4) {
    const [height, width] = spatial(node.input(0), node);
    const kernel = numbersAttribute(node, "kernelShape");
    if (
      kernel[0] === height &&
      kernel[1] === width &&
      node.output().size === node.input(0).size / (height * width)
    )
      return "GlobalAveragePool";
  }
  if (node.op === "Clip") {
    const limits = node.inputs
      .slice(1, 3)
      .map((limit) => (limit?.isConstant ? tensorNumbers(limit)[0] : null));
    if (limits[0] === 0 && limits[1] === 6) return "Relu6";
  }
  return OTHER_NAMES[node.op] ?? node.op;
}

/** Whether a node changes how positions are counted and nothing else. */
function recounts(node: Node): boolean {
  if (node.op !== "Cast") return false;
  return [node.input(0), node.output()].every(
    ({ dtype, quantization }) => quantization === null && (dtype === "int32" || dtype === "int64"),
  );
}

/** Whether storing the output clamps it anyway: real values below 0, or above 6, have no code. */
function impliedBy(op: string, { dtype, quantization }: Tensor): boolean {
  const { bits, kind } = DTYPES[dtype];
  if (quantization === null || quantization.scale.length !== 1 || (kind !== "int" && kind !== "uint"))
    return false;
  const lowest = kind === "int" ? -(2 ** (bits - 1)) : 0;
  const [scale, zero] = [quantization.scale[0]!, quantization.zeroPoint[0]!];
  const highest = lowest + 2 ** bits - 1;
  return zero === lowest && (op === "Relu" || (op === "Relu6" && roundHalfEven(6 / scale) + zero >= highest));
}

/** Returns the shape of an output as NHWC. */
function commonShape({ shape }: Tensor, layout: ImageLayout): Shape | null {
  if (shape === null || shape.length !== 4 || layout === "last") return shape;
  return [shape[0]!, shape[2]!, shape[3]!, shape[1]!];
}

/** Returns the steps of a normalised graph. `usual`: the layout of images that no operator settles. */
export function stepsOf(graph: Graph, { usual }: { readonly usual: ImageLayout }): Step[] {
  const layouts = imageLayouts(graph);
  const biases = biasesBehind(graph);
  const partOfLayer = new Set([...biases.values()].map(({ add }) => add));
  return graph.nodes.flatMap((node): Step[] => {
    if (VIEWS.has(node.op) || partOfLayer.has(node) || recounts(node)) return [];
    if (node.op === "Transpose" && LAYOUT_TURNS.has(numbersAttribute(node, "perm", []).join())) return [];
    const behind = biases.get(node);
    const last = behind?.add ?? node;
    const output = last.outputs[0] ?? null;
    const settled = output && layouts.get(output);
    const outputShape = output && commonShape(output, settled ?? usual);
    const otherShape = settled || !output ? null : commonShape(output, usual === "first" ? "last" : "first");
    const shapes = { outputShape, otherShape };
    const base = layerStep(node, behind?.bias ?? null) ?? operatorStep(node);
    const fused = ACTIVATIONS[stringAttribute(last, "activation", "none")];
    const { name } = node;
    if (fused === undefined) {
      return [{ name, ...base, output, ...shapes, implied: output !== null && impliedBy(base.op, output) }];
    }
    // What storing the output clamps anyway is said by the layer's own output.
    const implied = output !== null && impliedBy(fused, output);
    return [
      { name, ...base, output: implied ? output : null, ...shapes, implied: false },
      {
        name: `${name} (fused)`,
        op: fused,
        facts: new Map(),
        output: implied ? null : output,
        ...shapes,
        constants: [],
        implied,
      },
    ];
  });
}
