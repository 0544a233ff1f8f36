import { LabError } from "../../errors.js";
import { constantFrom } from "../elements.js";
import type { Graph } from "../graph.js";
import { type Attributes, Node } from "../node.js";
import { quantizationFrom } from "../quantization.js";
import { type Quantization, Tensor } from "../tensor.js";
import { claimQuantization } from "./claim-quantization.js";
import type { Pass } from "./pass.js";
import { biasQuantization } from "./quantize-bias.js";

/**
 * Where an operator that has its quantisation as inputs has them. An operand is [data, scale, zero point] in
 * a row from its index on; the output's scale is followed by its zero point.
 * Source: ONNX operators QLinearConv-10 and QLinearMatMul-21; onnxruntime docs/ContribOperators.md.
 */
interface QLinearForm {
  readonly op: string;
  readonly operands: readonly number[];
  readonly output: number;
  /** An int32 bias. */
  readonly bias?: number;
  /** An input that is no quantised data, before the operands. */
  readonly plain?: number;
  readonly attributes?: Attributes;
}

const ONE_OPERAND = { operands: [0], output: 3 };
const TWO_OPERANDS = { operands: [0, 3], output: 6 };
const IMAGE = { layout: "NCHW" };

const FORMS: Readonly<Record<string, QLinearForm>> = {
  QLinearConv: { op: "Conv", ...TWO_OPERANDS, bias: 8, attributes: { ...IMAGE, weightLayout: "OIHW" } },
  QLinearMatMul: { op: "MatMul", ...TWO_OPERANDS },
  "com.microsoft:QGemm": { op: "Gemm", operands: [0, 3], bias: 6, output: 7 },
  "com.microsoft:QLinearAdd": { op: "Add", ...TWO_OPERANDS },
  "com.microsoft:QLinearAveragePool": { op: "AveragePool", ...ONE_OPERAND, attributes: IMAGE },
  "com.microsoft:QLinearGlobalAveragePool": { op: "GlobalAveragePool", ...ONE_OPERAND, attributes: IMAGE },
  "com.microsoft:QLinearLeakyRelu": { op: "LeakyRelu", ...ONE_OPERAND },
  "com.microsoft:QLinearMul": { op: "Mul", ...TWO_OPERANDS },
  "com.microsoft:QLinearReduceMean": { op: "ReduceMean", ...ONE_OPERAND },
  "com.microsoft:QLinearSigmoid": { op: "Sigmoid", ...ONE_OPERAND },
  "com.microsoft:QLinearSoftmax": { op: "Softmax", ...ONE_OPERAND },
  "com.microsoft:QLinearWhere": { op: "Where", plain: 0, operands: [1, 4], output: 7 },
};

/** ONNX Runtime had these before ONNX took the types over; inputs and attributes are the same. */
const SAME_MEANING: Readonly<Record<string, string>> = {
  "com.microsoft:DequantizeLinear": "DequantizeLinear",
  "com.microsoft:QuantizeLinear": "QuantizeLinear",
};

/** Concat takes any number of operands, behind the output's scale. */
function formOf(node: Node): QLinearForm | undefined {
  if (node.op !== "com.microsoft:QLinearConcat") return FORMS[node.op];
  const count = Math.floor((node.inputs.length - 2) / 3);
  return { op: "Concat", output: 0, operands: Array.from({ length: count }, (_, index) => 2 + 3 * index) };
}

/** Returns the quantisation that a scale and the zero point behind it say for a tensor. */
function readQuantization(node: Node, scaleIndex: number, tensor: Tensor, axis: number): Quantization {
  return quantizationFrom({
    node,
    scale: node.input(scaleIndex),
    zeroPoint: node.inputs[scaleIndex + 1] ?? null,
    axis,
    rank: tensor.shape?.length ?? axis + 1,
  });
}

function lowerNode(node: Node, form: QLinearForm): Node {
  if (node.inputs[form.output] == null) {
    throw new LabError({
      code: "UNSUPPORTED",
      message: `Cannot lower ${node.describe()}: it gives a float result of quantised inputs, expected an output scale`,
      at: node.name,
    });
  }
  const operands = form.operands.map((index) => {
    const tensor = node.input(index);
    // Weights are stored per output channel: axis 0 of a convolution, the columns of a matrix.
    const axis = form.op === "Conv" ? 0 : Math.max(0, (tensor.shape?.length ?? 2) - 1);
    return claimQuantization({
      node,
      tensor,
      quantization: readQuantization(node, index + 1, tensor, node.attributes.transB === 1 ? 0 : axis),
    });
  });
  const output = node.output();
  output.dtype = node.inputs[form.output + 1]?.dtype ?? "uint8";
  claimQuantization({
    node,
    tensor: output,
    quantization: readQuantization(node, form.output, output, 0),
  });
  const plain = form.plain === undefined ? [] : [node.input(form.plain)];
  const { channelsLast, axes, ...attributes } = node.attributes;
  const layout = channelsLast === 1 ? { layout: "NHWC" } : {};
  return new Node({
    name: node.name,
    op: form.op,
    inputs: [...plain, ...operands, ...lowerBias(node, form, operands), ...axesInput(node, axes)],
    outputs: node.outputs,
    attributes: { ...form.attributes, ...attributes, ...layout },
    source: node.source,
  });
}

/** The bias is in steps of data scale × weight scale and has no scale of its own. */
function lowerBias(node: Node, form: QLinearForm, [data, weights]: readonly Tensor[]): Tensor[] {
  const bias = form.bias === undefined ? null : node.inputs[form.bias];
  if (!bias || !data?.quantization || !weights?.quantization) return [];
  return [
    claimQuantization({
      node,
      tensor: bias,
      quantization: biasQuantization(data.quantization, weights.quantization),
    }),
  ];
}

function axesInput(node: Node, axes: Attributes[string] | undefined): Tensor[] {
  if (!Array.isArray(axes)) return [];
  const values = axes as number[];
  const data = constantFrom("int64", values);
  return [new Tensor({ name: `${node.name}/axes`, dtype: "int64", shape: [values.length], data })];
}

function fieldsOf({ name, inputs, outputs, attributes, source }: Node) {
  return { name, inputs, outputs, attributes, source };
}

function lowerQLinearNodes(graph: Graph): number {
  let lowered = 0;
  const nodes = graph.nodes.map((node) => {
    const form = formOf(node);
    const marked = SAME_MEANING[node.op];
    if (!form && !marked) return node;
    lowered += 1;
    return form ? lowerNode(node, form) : new Node({ ...fieldsOf(node), op: marked! });
  });
  if (lowered > 0) graph.setNodes(nodes);
  return lowered;
}

export const lowerQLinear: Pass = {
  name: "lower-qlinear",
  sentence:
    "Turns operators that have scales as inputs (QLinearConv, QLinearAdd, …) into plain ones on quantised tensors",
  requires: "scales and zero points are constants",
  ensures: "no operator of the form QLinear* or QGemm remains, nor com.microsoft's own QuantizeLinear",
  run: lowerQLinearNodes,
};
