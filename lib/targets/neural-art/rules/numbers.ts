/** Rules on number formats and shapes: what the 8-bit data paths can carry at all. */
import { formatShape, isStatic } from "../../../graph/shape.js";
import { activationInputs, isReal, type SupportRule } from "./site.js";

const PAGE = "stneuralart_operator_support.html r1.1 (ST Edge AI Core 2.1.0)";

/** Operators that change no value: they run at any width. */
export const MOVERS: ReadonlySet<string> = new Set([
  "Reshape",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "Identity",
  "Dropout",
  "Transpose",
]);

const CONVERTERS: ReadonlySet<string> = new Set(["QuantizeLinear", "DequantizeLinear", "Cast"]);

export const NUMBER_RULES: readonly SupportRule[] = [
  {
    id: "N6-SHAPE-01",
    sentence: "Every dimension is a number; only the batch may be open, and counts as 1.",
    ops: [],
    outcome: "unsupported",
    facts: {},
    evidence: "documented",
    source: PAGE,
    check({ node }) {
      const open = [...activationInputs(node), ...node.outputs].find((tensor) => !isStatic(tensor.shape));
      if (!open) return null;
      return {
        why: `tensor '${open.name}' is ${formatShape(open.shape)}`,
        fix: "export the model with fixed dimensions",
      };
    },
  },
  {
    id: "N6-TYPE-01",
    sentence: "Activations are 8-bit integers with a scale; float32 ones are computed by the CPU.",
    ops: [],
    outcome: "float",
    facts: {},
    evidence: "documented",
    source: `${PAGE}; stneuralart_programming_model.html: no floating point in the data paths`,
    check({ node }) {
      if (MOVERS.has(node.op) || CONVERTERS.has(node.op)) return null;
      const real = [...activationInputs(node), ...node.outputs].find(isReal);
      if (!real) return null;
      return {
        why: `tensor '${real.name}' is ${real.dtype}`,
        fix: "quantise it: a scale and a zero point on every input and output of the node",
      };
    },
  },
  {
    id: "N6-TYPE-02",
    sentence: "Integer activations meet integer constants; a float constant makes the operator float.",
    ops: ["Conv", "ConvTranspose", "Gemm", "MatMul", "PRelu", "Add", "Sub", "Mul", "Div", "Max", "Min"],
    outcome: "float",
    facts: {},
    evidence: "documented",
    source: `${PAGE}: hybrid operators (integer and float mixed) are not supported`,
    check({ node }) {
      const real = node.inputs.slice(0, 2).find((input) => input?.isConstant && isReal(input));
      if (!real) return null;
      return {
        why: `constant '${real.name}' is ${real.dtype}`,
        fix: "quantise the constant too, with a scale of its own",
      };
    },
  },
  {
    id: "N6-TYPE-03",
    sentence:
      "Conversion between float and integer is done by the CPU; between two integer types it is a requantisation on the NPU.",
    ops: ["QuantizeLinear", "DequantizeLinear"],
    outcome: "float",
    facts: {},
    evidence: "documented",
    source: `${PAGE}, rows QuantizeLinear, DequantizeLinear and (RE)QUANTIZE`,
    check({ node }) {
      const real = [node.input(0), node.output()].find(isReal);
      if (!real) return null;
      return {
        why: `tensor '${real.name}' is ${real.dtype}`,
        fix: "keep both sides in integers, or hand the network integer inputs and take integer outputs",
      };
    },
  },
];
