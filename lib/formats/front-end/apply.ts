/**
 * A front-end network and its quantisation table as the QDQ network that they stand for. What the table stores
 * as integers, and the file has in float, gets its marks:
 *
 *     x ─▶ Conv ─▶ c ─▶ Reshape ─▶ r       becomes      x ─▶ Conv ─▶ Q ─▶ c:i8 ─▶ DQ ─▶ Reshape ─▶ Q ─▶ r:i8 …
 *     w ────┤                                    w:i8 ─▶ DQ ─┤
 *     b ────┘                                   b:i32 ─▶ DQ ─┘
 *
 * Marks that the file has are left as they are, and held against the table.
 */
import { LabError } from "../../errors.js";
import { DTYPES } from "../../graph/dtype.js";
import { encodeElements, lazyConstant, tensorNumbers } from "../../graph/elements.js";
import { Graph } from "../../graph/graph.js";
import { type Attributes, flagAttribute, Node } from "../../graph/node.js";
import { nodeQuantization } from "../../graph/quantization.js";
import { scaleConstants } from "../../graph/scale-constants.js";
import { Tensor } from "../../graph/tensor.js";
import type { QuantizationTable, StoredFormat } from "./table.js";

/** Scales pass through float32 on one side: equal ones differ by less. */
const SCALE_TOLERANCE = 1e-6;
/** A float weight is a whole number of steps, but for float32's own rounding. */
const OUTSIDE_BY = 1;

const isMark = ({ op }: Node) => op === "QuantizeLinear" || op === "DequantizeLinear";

/**
 * Returns the network with the quantisation that the table says; the given graph stays as it is. Throws a
 * LabError where the table belongs to another network: it knows none of the tensors, or says other scales
 * than the file's own marks.
 */
export function applyQuantizationTable(graph: Graph, table: QuantizationTable): Graph {
  const known = [...graph.tensors()].filter(({ name }) => table.formats.has(name));
  if (known.length === 0) {
    throw foreign(table, `it says how none of the tensors of '${graph.name}' is stored`);
  }
  const marking = new Marking(graph, table);
  for (const node of graph.nodes) marking.take(node);
  return new Graph({
    name: graph.name,
    inputs: graph.inputs,
    outputs: graph.outputs.map((output) => marking.real(output)),
    nodes: marking.nodes,
    documentation: graph.documentation,
  });
}

function foreign({ title }: QuantizationTable, why: string, at?: string): LabError {
  return new LabError({
    code: "QUANTIZATION_FOREIGN",
    message: `Cannot use the quantisation table '${title}' for this network: ${why}`,
    hint: "put the table beside it that was written with it, or take the table away to read the network as float",
    ...(at === undefined ? {} : { at }),
  });
}

/** The nodes that are made, in running order. */
class Marking {
  readonly nodes: Node[] = [];
  readonly #graph: Graph;
  readonly #table: QuantizationTable;
  /** What is read in the place of a float tensor. */
  readonly #real = new Map<Tensor, Tensor>();

  constructor(graph: Graph, table: QuantizationTable) {
    this.#graph = graph;
    this.#table = table;
    for (const input of graph.inputs) {
      if (this.#wants(input)) this.#mark(input, { name: input.name, op: "Input", source: BUILT });
    }
  }

  /** Returns what stands for a tensor now: the value behind its marks. */
  real(tensor: Tensor): Tensor {
    return this.#real.get(tensor) ?? tensor;
  }

  take(node: Node): void {
    if (isMark(node)) this.#compare(node);
    const inputs = node.inputs.map((input, index) => {
      if (input?.isConstant && this.#wants(input) && !isMark(node)) return this.#constant(node, index, input);
      return input && this.real(input);
    });
    const { name, op, outputs, attributes, source } = node;
    this.nodes.push(new Node({ name, op, inputs, outputs, attributes, source }));
    if (isMark(node)) return;
    for (const output of outputs) if (this.#wants(output)) this.#mark(output, node);
  }

  /** Returns whether the table stores a tensor that the file has in float, with no mark of its own behind it. */
  #wants(tensor: Tensor): boolean {
    if (tensor.dtype !== "float32" || !this.#table.formats.has(tensor.name)) return false;
    const readers = this.#graph.consumers(tensor);
    return !(
      readers.length === 1 &&
      readers[0]!.op === "QuantizeLinear" &&
      !this.#graph.outputs.includes(tensor)
    );
  }

  /** Holds the scales of a mark against the table's. */
  #compare(node: Node): void {
    const stored = node.op === "QuantizeLinear" ? node.output() : node.input(0);
    const said = this.#table.formats.get(stored.name);
    if (!said || !node.inputs[1]?.isConstant) return;
    const { scale, zeroPoint } = nodeQuantization(node)!;
    const near = (own: number, index: number) =>
      Math.abs(own / (said.scale[index] ?? 0) - 1) <= SCALE_TOLERANCE &&
      zeroPoint[index] === said.zeroPoint[index];
    if (scale.length === said.scale.length && scale.every(near)) return;
    throw foreign(
      this.#table,
      `it stores '${stored.name}' with scale ${said.scale[0]} and zero point ${said.zeroPoint[0]}, the file has ${scale[0]} and ${zeroPoint[0]}`,
      node.name,
    );
  }

  /** Puts a pair of marks behind a computed tensor, which keeps its name on the stored side. */
  #mark(tensor: Tensor, behind: Pick<Node, "name" | "op" | "source">): void {
    const format = this.#table.formats.get(tensor.name)!;
    if (format.scale.length !== 1) {
      throw foreign(
        this.#table,
        `it has ${format.scale.length} scales for '${tensor.name}', which ${behind.op} '${behind.name}' computes, expected one`,
        behind.name,
      );
    }
    const { name, shape } = tensor;
    const stored = new Tensor({ name, dtype: format.dtype, shape });
    const real = new Tensor({ name: `${name}/real`, dtype: "float32", shape });
    const scales = scaleConstants(stored, { ...format, axis: null });
    const { source } = behind;
    this.nodes.push(
      new Node({
        name: `${name}/quantize`,
        op: "QuantizeLinear",
        inputs: [tensor, ...scales],
        outputs: [stored],
        source,
      }),
      new Node({
        name: `${name}/dequantize`,
        op: "DequantizeLinear",
        inputs: [stored, ...scales],
        outputs: [real],
        source,
      }),
    );
    this.#real.set(tensor, real);
  }

  /** Returns the float value of a constant that is stored in integers. */
  #constant(node: Node, index: number, constant: Tensor): Tensor {
    const known = this.#real.get(constant);
    if (known) return known;
    const format = this.#table.formats.get(constant.name)!;
    const axis = this.#axis(node, index, constant, format);
    const { name, shape } = constant;
    const length = Math.ceil((constant.size * DTYPES[format.dtype].bits) / 8);
    const data = lazyConstant(length, () => this.#store(constant, format, axis));
    const stored = new Tensor({ name, dtype: format.dtype, shape, data });
    const real = new Tensor({ name: `${name}/real`, dtype: "float32", shape });
    const attributes: Attributes = axis === null ? {} : { axis };
    const inputs = [stored, ...scaleConstants(stored, { ...format, axis })];
    const { source } = node;
    this.nodes.push(
      new Node({
        name: `${name}/dequantize`,
        op: "DequantizeLinear",
        inputs,
        outputs: [real],
        attributes,
        source,
      }),
    );
    this.#real.set(constant, real);
    return real;
  }

  /** Returns the axis that the scales of a constant run along; null where there is one. */
  #axis(node: Node, index: number, constant: Tensor, { scale }: StoredFormat): number | null {
    if (scale.length === 1) return null;
    const shape = constant.staticShape();
    const axis = channelAxis(node, index, shape.length);
    if (axis !== null && shape[axis] === scale.length) return axis;
    throw foreign(
      this.#table,
      `it has ${scale.length} scales for '${constant.name}' of shape ${shape.join("x")}, which ${node.describe()} reads`,
      node.name,
    );
  }

  /** Returns the integers that the float values of a constant stand for. */
  #store(constant: Tensor, { dtype, scale, zeroPoint }: StoredFormat, axis: number | null): Uint8Array {
    const shape = constant.staticShape();
    const stride = axis === null ? 1 : shape.slice(axis + 1).reduce((product, size) => product * size, 1);
    const { bits, kind } = DTYPES[dtype];
    const [least, most] = kind === "int" ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
    const steps = tensorNumbers(constant).map((value, place) => {
      const channel = axis === null ? 0 : Math.floor(place / stride) % scale.length;
      const step = Math.round(value / scale[channel]!) + zeroPoint[channel]!;
      if (step >= least! - OUTSIDE_BY && step <= most! + OUTSIDE_BY)
        return Math.max(least!, Math.min(most!, step));
      throw foreign(
        this.#table,
        `element ${place} of '${constant.name}' would be ${step}, expected ${least} to ${most} of ${dtype}`,
        constant.name,
      );
    });
    return encodeElements(dtype, steps);
  }
}

const BUILT = { format: "built", op: "Input", index: 0 } as const;

/** Returns the axis of a layer's weights, or of its bias, that its output channels run along. */
function channelAxis(node: Node, index: number, rank: number): number | null {
  if (index === 2) return rank - 1;
  if (index !== 1) return null;
  switch (node.op) {
    case "Conv":
      return 0;
    case "ConvTranspose":
      return 1;
    case "Gemm":
      return flagAttribute(node, "transB") ? 0 : 1;
    case "MatMul":
      return rank - 1;
  }
  return null;
}
