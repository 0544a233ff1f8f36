/**
 * From the graph to steps, in running order. Each node is lowered once: to steps, or to nothing when its output
 * is a view or its work is done by a reader.
 */
import type { Node } from "../../../graph/node.js";
import type { Tensor } from "../../../graph/tensor.js";
import { keepsBytes } from "../rules/movement.js";
import { isSpatialReduction } from "../rules/pooling.js";
import { activationInputs } from "../rules/site.js";
import { lowerFloat, lowerInteger } from "./lower-cpu.js";
import {
  lowerConcat,
  lowerGlobalPool,
  lowerHybrid,
  lowerPad,
  lowerPool,
  lowerResize,
} from "./lower-image.js";
import { lowerLayer, lowerProduct } from "./lower-layer.js";
import type { Scope } from "./scope.js";
import { always, type OpenEpoch, type StepFields, type UnitNeeds } from "./step.js";

const VIEWS: ReadonlySet<string> = new Set([
  "Reshape",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "Identity",
  "Dropout",
]);
const CONVERTERS: ReadonlySet<string> = new Set(["QuantizeLinear", "DequantizeLinear"]);

/** A product of two activations with zero points: xy − x·zy − y·zx, one ARITH each (`_mul_sub1_`, `_mul_sub2_`). */
const PRODUCT = 3;
/** PRelu with a slope per channel: both halves, a product, two sums. Inferred from the epochs of palm detection. */
const PRELU: Partial<UnitNeeds> = { activation: 2, arithmetic: 3 };

/** Sigmoid nodes whose only reader multiplies the result with their own input, and that reader. */
function swishes(scope: Scope): ReadonlyMap<Node, Node> {
  const found = new Map<Node, Node>();
  for (const node of scope.graph.nodes) {
    if (node.op !== "Sigmoid" || scope.verdict(node).kind !== "hw") continue;
    const [reader, ...others] = scope.graph.consumers(node.output());
    if (reader?.op !== "Mul" || others.length > 0 || scope.verdict(reader).kind !== "hw") continue;
    if (reader.inputs.includes(node.input(0)) && reader.inputs.includes(node.output()))
      found.set(node, reader);
  }
  return found;
}

/**
 * Lowers all nodes in `order`. `dropped` are conversions that the network is handed over without.
 */
export function lowerNodes(scope: Scope, order: readonly Node[], dropped: ReadonlySet<Node>): void {
  const swish = swishes(scope);
  const sigmoidOf = new Map([...swish].map(([sigmoid, product]) => [product, sigmoid]));
  const shapeValues = new Set<Tensor>();
  for (const input of scope.graph.inputs) scope.subtractZero(input);
  for (const node of order) {
    const inputs = activationInputs(node);
    if (node.op === "Shape" || inputs.every((input) => shapeValues.has(input))) {
      // Shape arithmetic and constants: computed by the front end.
      for (const output of node.outputs) shapeValues.add(output);
      scope.free(node, []);
      continue;
    }
    const sigmoid = sigmoidOf.get(node);
    if (dropped.has(node)) {
      scope.free(node, scope.reads([node.inputs[0]]));
    } else if (sigmoid) {
      const reads = scope.reads([sigmoid.inputs[0]]);
      const nodes = [sigmoid, node];
      scope.emit({
        op: "Swish",
        nodes,
        reads,
        writes: scope.writes(node),
        units: { activation: 1 },
        joins: always,
      });
    } else if (!swish.has(node)) {
      lowerNode(scope, node);
    }
    for (const output of node.outputs) scope.subtractZero(output);
  }
}

type Lowering = (scope: Scope, node: Node) => void;

function lowerNode(scope: Scope, node: Node): void {
  const { kind, kernel, reason } = scope.verdict(node);
  if (VIEWS.has(node.op) || (node.op === "Transpose" && keepsBytes(node))) {
    scope.free(node, scope.reads([node.inputs[0]]));
  } else if (reason === null) {
    lowerAccelerated(scope, node);
  } else if (kind === "hybrid") {
    const lower = node.op === "Resize" ? lowerResize : lowerHybrid;
    lower(scope, node, reason);
  } else {
    const lower = kernel === "integer" || CONVERTERS.has(node.op) ? lowerInteger : lowerFloat;
    lower(scope, node, reason);
  }
}

function lowerAccelerated(scope: Scope, node: Node): void {
  const layer = scope.layer(node);
  const lower = Object.hasOwn(ACCELERATED, node.op) ? ACCELERATED[node.op] : undefined;
  if (layer) lowerLayer(scope, node, layer);
  else if (lower) lower(scope, node);
  else emit(scope, node, { units: { activation: 1 }, joins: always });
}

const arithmetic: Lowering = (scope, node) => emit(scope, node, { units: { arithmetic: 1 }, joins: always });

/** Done by the stream engines alone: memory to memory, in an epoch of its own. */
const copy: Lowering = (scope, node) => emit(scope, node, { seals: true });

const reduction: Lowering = (scope, node) => {
  if (isSpatialReduction(scope.site(node))) lowerGlobalPool(scope, node);
  else emit(scope, node, { units: { pooling: 1 } });
};

/** A residual sum after Swish was an epoch by itself 6 of 6 times in a YOLO network (2.2). */
const sum: Lowering = (scope, node) => {
  const residual = activationInputs(node).length > 1;
  const joins = ({ steps }: OpenEpoch) => !residual || steps.every(({ op }) => op !== "Swish");
  emit(scope, node, { units: { arithmetic: 1 }, joins });
};

const product: Lowering = (scope, node) => {
  const units = { arithmetic: activationInputs(node).length > 1 ? PRODUCT : 1 };
  emit(scope, node, { units, joins: always });
};

/** What is not listed is a function of one value: a table in ACTIV. */
const ACCELERATED: Readonly<Record<string, Lowering>> = {
  Pad: lowerPad,
  Concat: lowerConcat,
  MaxPool: lowerPool,
  AveragePool: lowerPool,
  GlobalAveragePool: lowerGlobalPool,
  GlobalMaxPool: lowerGlobalPool,
  ReduceMean: reduction,
  ReduceMax: reduction,
  Add: sum,
  Sum: sum,
  Mul: product,
  Sub: arithmetic,
  Div: arithmetic,
  Neg: arithmetic,
  And: arithmetic,
  Or: arithmetic,
  Not: arithmetic,
  Equal: arithmetic,
  QuantizeLinear: arithmetic,
  MatMul: lowerProduct,
  Gemm: lowerProduct,
  PRelu: (scope, node) => emit(scope, node, { units: PRELU }),
  Transpose: (scope, node) => emit(scope, node, { joins: always, seals: true }),
  Cast: copy,
  Slice: copy,
  StridedSlice: copy,
  Split: copy,
  Stack: copy,
  Unstack: copy,
  Tile: copy,
};

type Streaming = Pick<StepFields, "units" | "joins" | "seals">;

function emit(scope: Scope, node: Node, streaming: Streaming): void {
  scope.emit({
    op: node.op,
    nodes: [node],
    reads: scope.reads(node.inputs),
    writes: scope.writes(node),
    constants: node.inputs.filter((input): input is Tensor => input?.isConstant ?? false),
    ...streaming,
  });
}
