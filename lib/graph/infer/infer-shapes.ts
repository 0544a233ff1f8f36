import { LabError } from "../../errors.js";
import { decodeElements, hasNumbers, type Numbers } from "../elements.js";
import type { Graph } from "../graph.js";
import type { Node } from "../node.js";
import { elementCount, formatShape, isStatic, type Shape, sameShape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { branchOf } from "./control.js";
import { evaluateNode } from "./evaluate.js";
import { resolveInputShapes } from "./input-shapes.js";
import { DataDependent, InferenceCall, isUnknown, type PartialType, type TensorType } from "./rule.js";
import { inferenceRule } from "./table.js";

/** Operators that a constant tells which shape to give. */
const TOLD_SIZES = new Set([
  ..."Resize RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR Reshape Expand Tile ConstantOfShape".split(" "),
]);

/** Values are followed through tensors up to this many elements: shapes, axes, indices, not weights. */
const VALUE_LIMIT = 4096;

export interface InferenceOptions {
  /** Shapes of inputs by name, in place of the recorded ones; ranks must agree. */
  readonly inputShapes?: ReadonlyMap<string, Shape>;
  /**
   * What to do where a shape cannot be told before running: stop with a LabError (default), or leave it as
   * it is and list the node in `unknown`.
   */
  readonly onUnknown?: "error" | "keep";
}

/** A node that inference could not follow, and why. */
export interface Unfollowed {
  readonly node: Node;
  readonly why: string;
}

export interface InferenceResult {
  /** Small tensors whose values do not depend on the run. */
  readonly values: ReadonlyMap<Tensor, Numbers>;
  /** Nodes whose outputs keep the shape that the file records. */
  readonly assumed: readonly Unfollowed[];
  /** Nodes whose outputs have no known shape; empty unless `onUnknown` is "keep". */
  readonly unknown: readonly Unfollowed[];
}

/**
 * Sets the shape of every tensor, in running order, and the element type of every tensor of an ONNX graph,
 * where files need not record it; returns the values that became known on the way. Recorded shapes are
 * checked as long as the inputs keep theirs, and believed where an operator has no rule. A node whose inputs
 * do not fit, or whose recorded output contradicts the inferred one, is a LabError that names it.
 *
 * Values follow so that shape arithmetic comes out; the usual exporter's idiom:
 *
 *     x 1x7x7x512 ─▶ Shape ─▶ StridedSlice [0:1] ─▶ Stack(·, −1) ─▶ Reshape(x, ·)
 *                    1 7 7 512       1                 1 −1            1x25088
 */
export function inferShapes(graph: Graph, options: InferenceOptions = {}): InferenceResult {
  return new Inference(graph, options).run();
}

interface TypesFound {
  readonly types: readonly TensorType[];
  /** What is known of outputs whose sizes the data decide. */
  readonly partial: readonly PartialType[];
  readonly why: string | null;
}

/** A walk over the nodes; holds what the file recorded, which the walk overwrites. */
class Inference {
  readonly #graph: Graph;
  readonly #options: InferenceOptions;
  readonly #recorded = new Map<Tensor, Shape | null>();
  readonly #values = new Map<Tensor, Numbers>();
  readonly #assumed: Unfollowed[] = [];
  readonly #unknown: Unfollowed[] = [];
  #symbols: ReadonlyMap<string, number> = new Map();
  #inputsChanged = false;

  constructor(graph: Graph, options: InferenceOptions) {
    this.#graph = graph;
    this.#options = options;
  }

  run(): InferenceResult {
    const { inputShapes } = this.#options;
    for (const tensor of this.#graph.tensors()) this.#recorded.set(tensor, tensor.shape);
    const { shapes, symbols } = resolveInputShapes(this.#graph, inputShapes ? { given: inputShapes } : {});
    this.#symbols = symbols;
    for (const input of this.#graph.inputs) {
      input.shape = shapes.get(input.name) ?? null;
      if (contradicts(input.shape, this.#recorded.get(input) ?? null)) this.#inputsChanged = true;
    }
    for (const node of this.#graph.nodes) this.#visit(node);
    return { values: this.#values, assumed: this.#assumed, unknown: this.#unknown };
  }

  #visit(node: Node): void {
    const unchanged = this.#unchanged(node);
    const { types, partial, why } = this.#inferTypes(node);
    for (const [index, output] of node.outputs.entries()) {
      const type = types[index];
      const reason = why ?? `nothing is known of output ${index}`;
      if (type) this.#setType({ node, output, type, unchanged });
      else this.#believe({ node, output, partial: partial[index] ?? null, why: reason, unchanged });
    }
    if (types.length < node.outputs.length) return;
    this.#takeBranchValues(node);
    const small = types.every(({ shape }) => elementCount(shape) <= VALUE_LIMIT);
    const values = small ? evaluateNode({ node, types, valuesOf: (tensor) => this.#valuesOf(tensor) }) : null;
    for (const [index, list] of values?.entries() ?? []) {
      const output = node.outputs[index];
      if (output) this.#values.set(output, list);
    }
  }

  /** What an If gives is what the branch gives that a known condition takes. */
  #takeBranchValues(node: Node): void {
    const condition = node.op === "If" && node.inputs[0] ? this.#valuesOf(node.inputs[0]) : null;
    const body = condition && branchOf(node, condition[0]!);
    for (const [index, output] of node.outputs.entries()) {
      const values = body?.outputs[index] && this.#valuesOf(body.outputs[index]);
      if (values) this.#values.set(output, values);
    }
  }

  #inferTypes(node: Node): TypesFound {
    const rule = inferenceRule(node.op);
    if (!rule) return { types: [], partial: [], why: `no rule infers the shapes of ${node.op}` };
    const call = new InferenceCall(
      node,
      (tensor) => this.#valuesOf(tensor),
      (body, inputs) => this.#inferBody(node, body, inputs),
    );
    try {
      return { types: rule(call), partial: [], why: null };
    } catch (error) {
      if (error instanceof DataDependent) return { types: [], partial: error.types, why: error.why };
      if (isUnknown(error)) return { types: [], partial: [], why: error.message };
      throw this.#inputsChanged && error instanceof LabError ? this.#blame(node, error) : error;
    }
  }

  /** Adds to an error at other input sizes which node before it holds on to the old ones. */
  #blame(node: Node, error: LabError): LabError {
    const fixed = this.#fixedBefore(node);
    if (!fixed) return error;
    const { code, message } = error;
    const hint = `${fixed.describe()} gives ${formatShape(fixed.output().shape)} at any input size: the file holds this size in a constant; export the model at the size you want`;
    return new LabError({ code, message, hint, at: node.name });
  }

  /** Returns the nearest node before this one that was told its size, and still gives the recorded one. */
  #fixedBefore(node: Node): Node | null {
    const seen = new Set<Tensor>();
    const waiting = [...node.inputs];
    for (let input = waiting.shift(); waiting.length > 0 || input; input = waiting.shift()) {
      const producer = input && !seen.has(input) ? this.#graph.producer(input) : undefined;
      if (!input || !producer) continue;
      seen.add(input);
      const recorded = this.#resolve(this.#recorded.get(input) ?? null);
      if (!sameShape(input.shape, recorded)) continue;
      if (TOLD_SIZES.has(producer.op)) return producer;
      waiting.push(...producer.inputs);
    }
    return null;
  }

  /** Infers the nodes of a subgraph like those around; a body is visited once per visit of its node. */
  #inferBody(node: Node, body: Graph, inputs: readonly TensorType[]): readonly TensorType[] {
    for (const tensor of body.tensors()) {
      if (!this.#recorded.has(tensor)) this.#recorded.set(tensor, tensor.shape);
    }
    for (const [index, input] of body.inputs.entries()) {
      const type = inputs[index];
      if (!type) continue;
      input.shape = type.shape;
      input.dtype = type.dtype;
    }
    for (const inner of body.nodes) this.#visit(inner);
    return body.outputs.map((output) => {
      if (isStatic(output.shape)) return { dtype: output.dtype, shape: output.shape };
      throw new DataDependent({
        node,
        why: `its subgraph gives '${output.name}' of shape ${formatShape(output.shape)}`,
        types: body.outputs.map(({ dtype, shape }) => ({ dtype, shape })),
      });
    });
  }

  #setType(fields: {
    readonly node: Node;
    readonly output: Tensor;
    readonly type: TensorType;
    readonly unchanged: boolean;
  }): void {
    const { node, output, type, unchanged } = fields;
    const recorded = this.#resolve(this.#recorded.get(output) ?? null);
    if (!type.shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
      throw new LabError({
        code: "SHAPE_MISMATCH",
        message: `Cannot infer the shapes of ${node.describeWithShapes()}: they would give ${formatShape(type.shape)}, expected whole sizes`,
        at: node.name,
      });
    }
    // TFLite writes no sizes where it means "not known yet" as well as for a scalar.
    const vague = node.source.format === "tflite" && recorded?.length === 0;
    if (unchanged && !vague && contradicts(type.shape, recorded)) {
      throw new LabError({
        code: "SHAPE_CONTRADICTION",
        message: `Cannot trust the shapes of ${node.describeWithShapes()}: its output '${output.name}' is recorded as ${formatShape(recorded)}, its inputs give ${formatShape(type.shape)}`,
        hint: "if the file was edited, infer its shapes again with the tool that wrote it; if not, please report this operator with its attributes",
        at: node.name,
      });
    }
    output.shape = type.shape;
    if (node.source.format === "onnx" && output.quantization === null) output.dtype = type.dtype;
  }

  /** Takes the recorded shape of an output, which holds only while the node's inputs have theirs. */
  #believe(fields: {
    readonly node: Node;
    readonly output: Tensor;
    readonly partial: PartialType | null;
    readonly why: string;
    readonly unchanged: boolean;
  }): void {
    const { node, output, partial, why, unchanged } = fields;
    const recorded = this.#resolve(this.#recorded.get(output) ?? null);
    if (partial && node.source.format === "onnx") output.dtype = partial.dtype;
    if (unchanged && isStatic(recorded)) {
      output.shape = recorded;
      if (this.#assumed.at(-1)?.node !== node) this.#assumed.push({ node, why });
      return;
    }
    if (this.#options.onUnknown === "keep") {
      output.shape = partial?.shape ?? (unchanged ? recorded : null);
      if (this.#unknown.at(-1)?.node !== node) this.#unknown.push({ node, why });
      return;
    }
    const record = unchanged
      ? `the file records ${formatShape(recorded)}`
      : "the file's record is for other inputs";
    throw new LabError({
      code: "SHAPE_UNKNOWN",
      message: `Cannot infer the shape of '${output.name}' of ${node.describeWithShapes()}: ${why}, and ${record}`,
      hint: "run shape inference of the tool that exported the model, so that the file records this shape",
      at: node.name,
    });
  }

  /** Returns whether the inputs of a node have the shapes that the file recorded its output for. */
  #unchanged(node: Node): boolean {
    return node.inputs.every((input) => {
      if (!input || input.isConstant) return true;
      // Sizes that the file computes from other sizes: the shape stays, the values do not.
      if (this.#inputsChanged && this.#values.has(input)) return false;
      const recorded = this.#resolve(this.#recorded.get(input) ?? null);
      if (recorded === null || input.shape === null) return !this.#inputsChanged;
      return !contradicts(input.shape, recorded);
    });
  }

  /** Puts the sizes of bound symbols into a recorded shape. */
  #resolve(shape: Shape | null): Shape | null {
    return shape?.map((dim) => (typeof dim === "string" ? (this.#symbols.get(dim) ?? dim) : dim)) ?? null;
  }

  #valuesOf(tensor: Tensor): Numbers | null {
    const held = this.#values.get(tensor);
    if (held) return held;
    if (tensor.data === null || !isStatic(tensor.shape) || !hasNumbers(tensor.dtype)) return null;
    const count = elementCount(tensor.shape);
    if (count > VALUE_LIMIT) return null;
    const values = decodeElements(tensor.dtype, tensor.data.read(), count);
    this.#values.set(tensor, values);
    return values;
  }
}

/** Returns whether two shapes differ in rank or in a size that both know. */
function contradicts(shape: Shape | null, recorded: Shape | null): boolean {
  if (shape === null || recorded === null) return false;
  if (shape.length !== recorded.length) return true;
  return shape.some((dim, axis) => {
    const other = recorded[axis];
    return typeof dim === "number" && typeof other === "number" && dim !== other;
  });
}
