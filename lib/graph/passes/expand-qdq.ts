/**
 * The other way round than foldQdq: quantisation leaves the tensors and stands in the graph as ONNX marks it.
 *
 *     x:i8 ─▶ Conv ─▶ y:i8      becomes      x:i8 ─▶ DQ ─▶ Conv ─▶ Q ─▶ y:i8
 *     w:i8 ──┤                               w:i8 ─▶ DQ ─────┤
 *     b:i32 ─┘                               b:i32 ─▶ DQ ────┘
 *
 * Every input that has a scale is dequantised, every output that has one is quantised; tensors without stay
 * as they are, be they float or positions.
 */
import { LabError } from "../../errors.js";
import type { DType } from "../dtype.js";
import { constantFrom, encodeElements, lazyConstant, tensorNumbers } from "../elements.js";
import type { Graph } from "../graph.js";
import { type Attributes, Node } from "../node.js";
import { scaleConstants } from "../scale-constants.js";
import { Tensor } from "../tensor.js";
import type { Pass } from "./pass.js";
import { biasQuantization } from "./quantize-bias.js";

/** Types that ONNX dequantises, and those that it quantises to. Source: DequantizeLinear-21, QuantizeLinear-21. */
const STORED_TYPES: ReadonlySet<DType> = new Set(["int8", "uint8", "int16", "uint16", "int4", "uint4"]);
const READ_TYPES: ReadonlySet<DType> = new Set([...STORED_TYPES, "int32"]);

/** The largest float32 that is an int32. */
const MOST_INT32 = 2 ** 31 - 128;

/** Operators that see the stored integers as they are. */
const RAW = new Set(["Cast", "Shape", "Size"]);

/** Where a layer has its bias, which may come without a scale of its own. */
const BIAS_INPUT: Readonly<Record<string, number>> = { Conv: 2, ConvTranspose: 2, Gemm: 2 };

/** Puts one graph into its other form: the nodes that are made, in running order. */
class Expansion {
  readonly #graph: Graph;
  readonly #nodes: Node[] = [];
  /** The float value of a stored tensor; one DequantizeLinear serves all its readers. */
  readonly #real = new Map<Tensor, Tensor>();
  marks = 0;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  run(): void {
    for (const node of this.#graph.nodes) this.#expand(node);
    this.#graph.setNodes(this.#nodes);
    for (const tensor of this.#graph.tensors()) tensor.quantization = null;
  }

  #expand(node: Node): void {
    if (RAW.has(node.op)) {
      this.#nodes.push(node);
      return;
    }
    if (node.op === "QuantizeLinear" && node.inputs.length === 1) {
      this.#quantize(node, this.#realOf(node, node.input(0)), node.output());
      return;
    }
    if (node.op === "DequantizeLinear" && node.inputs.length === 1 && node.input(0).quantization) {
      this.#dequantize(node, node.input(0), node.output());
      return;
    }
    const inputs = node.inputs.map((input, index) => {
      const bias = input && this.#bias(node, index, input);
      return bias ?? (input && this.#realOf(node, input));
    });
    node.inputs = inputs;
    const stored = node.outputs;
    node.outputs = stored.map((output) => (output.quantization ? realTensor(output) : output));
    this.#nodes.push(node);
    stored.forEach((output, index) => {
      if (output.quantization) this.#quantize(node, node.output(index), output);
    });
  }

  /** Returns the float value of a tensor; the tensor itself where it has no scale. */
  #realOf(node: Node, tensor: Tensor): Tensor {
    if (!tensor.quantization) return tensor;
    const known = this.#real.get(tensor);
    if (known) return known;
    const real = tensor.isConstant && tensor.dtype === "int64" ? realConstant(tensor) : realTensor(tensor);
    this.#real.set(tensor, real);
    if (!real.isConstant) this.#dequantize(node, tensor, real);
    return real;
  }

  /** A bias that states no scale of its own counts in steps of data × weights. */
  #bias(node: Node, index: number, bias: Tensor): Tensor | null {
    if (BIAS_INPUT[node.op] !== index || bias.quantization || bias.dtype !== "int32") return null;
    const [data, weights] = node.inputs;
    if (!data?.quantization || !weights?.quantization) return null;
    const quantization = biasQuantization(data.quantization, weights.quantization);
    return this.#realOf(node, new Tensor({ ...fieldsOf(bias), quantization }));
  }

  #dequantize(node: Node, stored: Tensor, real: Tensor): void {
    if (!READ_TYPES.has(stored.dtype)) throw refuse(node, stored, "dequantise");
    this.#mark(node, "DequantizeLinear", stored, stored, real);
  }

  #quantize(node: Node, real: Tensor, stored: Tensor): void {
    if (stored.dtype === "int32") {
      this.#round(node, real, stored);
      return;
    }
    if (!STORED_TYPES.has(stored.dtype)) throw refuse(node, stored, "quantise to");
    this.#mark(node, "QuantizeLinear", stored, real, stored);
  }

  /** ONNX quantises to no 32 bits: divided, rounded half to even, kept in range, cast. */
  #round(node: Node, real: Tensor, stored: Tensor): void {
    const { scale, zeroPoint, axis } = stored.quantization!;
    if (axis !== null || zeroPoint[0] !== 0)
      throw refuse(node, stored, "quantise per channel or off zero to");
    const { name, shape } = stored;
    const constant = (role: string, value: number) =>
      new Tensor({
        name: `${name}/${role}`,
        dtype: "float32",
        shape: [],
        data: constantFrom("float32", [value]),
      });
    const step = (op: string, inputs: readonly Tensor[], output: Tensor, attributes: Attributes = {}) => {
      this.#nodes.push(
        new Node({ name: `${name}/${op}`, op, inputs, outputs: [output], attributes, source: node.source }),
      );
      return output;
    };
    const between = (role: string) => new Tensor({ name: `${name}/${role}`, dtype: "float32", shape });
    const steps = step("Div", [real, constant("scale", scale[0]!)], between("steps"));
    const whole = step("Round", [steps], between("whole"));
    const bounds = [constant("min", -(2 ** 31)), constant("max", MOST_INT32)];
    step("Cast", [step("Clip", [whole, ...bounds], between("clipped"))], stored, { to: "int32" });
    this.marks += 1;
  }

  #mark(node: Node, op: string, stored: Tensor, input: Tensor, output: Tensor): void {
    const { quantization } = stored;
    if (!quantization) {
      throw new LabError({
        code: "QUANTIZATION",
        message: `Cannot mark '${stored.name}' at ${node.describe()}: it has no scale, expected one`,
      });
    }
    const attributes: Attributes = quantization.axis === null ? {} : { axis: quantization.axis };
    this.marks += 1;
    this.#nodes.push(
      new Node({
        name: `${stored.name}/${op}`,
        op,
        inputs: [input, ...scaleConstants(stored, quantization)],
        outputs: [output],
        attributes,
        source: node.source,
      }),
    );
  }
}

function refuse(node: Node, tensor: Tensor, what: string): LabError {
  return new LabError({
    code: "UNSUPPORTED",
    message: `Cannot write the quantisation of ${node.describe()}: ONNX does not ${what} ${tensor.dtype}, the type of '${tensor.name}'`,
    at: node.name,
  });
}

function fieldsOf({ name, dtype, shape, data }: Tensor) {
  return { name, dtype, shape, data };
}

function realTensor({ name, shape }: Tensor): Tensor {
  return new Tensor({ name: `${name}/real`, dtype: "float32", shape });
}

/** ONNX has no 64-bit form of DequantizeLinear: such a bias (16-bit activations) becomes a float constant. */
function realConstant(tensor: Tensor): Tensor {
  const { scale, zeroPoint } = tensor.quantization!;
  const compute = () =>
    encodeElements(
      "float32",
      tensorNumbers(tensor).map((value, index) => {
        const own = scale.length === 1 ? 0 : index;
        return (value - zeroPoint[own]!) * scale[own]!;
      }),
    );
  const data = lazyConstant(4 * tensor.size, compute);
  return new Tensor({ name: `${tensor.name}/real`, dtype: "float32", shape: tensor.shape, data });
}

export const expandQdq: Pass = {
  name: "expand-qdq",
  sentence: "Marks quantised operators by pairs of QuantizeLinear and DequantizeLinear",
  requires: "quantisation is on the tensors; no node has a fused activation",
  ensures: "no tensor has a quantisation; each node but the marks computes in float or on plain integers",
  run(graph) {
    const expansion = new Expansion(graph);
    expansion.run();
    return expansion.marks;
  },
};
