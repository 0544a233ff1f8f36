/**
 * ONNX marks a quantised operator by what stands around it; the graph's vocabulary has quantisation on the
 * tensors. One layer as a file has it, and as it is afterwards:
 *
 *     x:i8 ─▶ DQ ─▶ Conv ─▶ Relu ─▶ Q ─▶ y:i8          x:i8 ─▶ Conv ─▶ c:i8 ─▶ Relu ─▶ y:i8
 *     w:i8 ─▶ DQ ─────┤                       becomes       w:i8 ──┤
 *     b:i32 ─▶ DQ ────┘                                     b:i32 ─┘
 *
 * An operator is quantised when each float input comes out of a DequantizeLinear and each float output that
 * is read goes into QuantizeLinear alone. Any other operator stays in float between the DequantizeLinear
 * before it and the QuantizeLinear behind it: a float island, which costs time on the CPU and must be seen.
 */
import { LabError } from "../../errors.js";
import { byteLength, isFloat } from "../dtype.js";
import { encodeElements, lazyConstant, tensorNumbers } from "../elements.js";
import type { Graph } from "../graph.js";
import { InferenceCall } from "../infer/rule.js";
import { evaluatorOf } from "../infer/table.js";
import type { Node } from "../node.js";
import { nodeQuantization, sameQuantization } from "../quantization.js";
import { type Quantization, Tensor } from "../tensor.js";
import type { Pass } from "./pass.js";

/**
 * Activations that exporters leave between a layer and its QuantizeLinear. They clamp, and clamping commutes
 * with a monotone quantisation: the tensor between takes the quantisation of the activation's output.
 */
const CLAMPS = new Set(["Relu", "Relu6", "Clip"]);

/** Float inputs that are settings rather than data: they stay float constants beside quantised data. */
const SETTINGS: Readonly<Record<string, readonly number[]>> = {
  Clip: [1, 2],
  Resize: [1, 2],
  Pad: [2],
};

/** Where a layer has its bias; a float bias of a quantised layer is stored as int32. */
const BIAS_INPUT: Readonly<Record<string, number>> = { Conv: 2, ConvTranspose: 2, Gemm: 2 };

/** Operators whose result is positions, the same for stored and for real values as scales are positive. */
const POSITIONS = new Set(["ArgMax", "ArgMin"]);

export const foldQdq: Pass = {
  name: "fold-qdq",
  sentence: "Puts the quantisation that QuantizeLinear and DequantizeLinear pairs mark onto the tensors",
  requires: "shapes and types are inferred; constants are folded",
  ensures: "QuantizeLinear and DequantizeLinear have one input and stand where stored and float values meet",
  run: (graph) => new QdqFolder(graph).run(),
};

function localName(node: Node): string {
  return node.op.replace(/^com\.microsoft:/, "");
}

class QdqFolder {
  readonly #graph: Graph;
  /** The stored tensor behind each float one that a DequantizeLinear gives. */
  readonly #stored = new Map<Tensor, Tensor>();
  /** The stored tensor that all readers of a float one take it to. */
  readonly #target = new Map<Tensor, Tensor>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  run(): number {
    const marks = this.#graph.nodes.filter(
      (node) =>
        ["QuantizeLinear", "DequantizeLinear"].includes(localName(node)) && node.inputs[1]?.isConstant === true,
    );
    if (marks.length === 0) return 0;
    for (const node of marks) this.#readMark(node);
    this.#mergeTwins(marks);
    const quantised = this.#graph.nodes.filter((node) => this.#isQuantised(node));
    // Decisions are made on the graph as it was; only now does it change.
    for (const node of quantised) this.#rewire(node);
    const dropped = this.#dropMarks(marks);
    return quantised.length + dropped;
  }

  /** Puts the quantisation of a Q or DQ onto its stored tensor, and leaves the node one input. */
  #readMark(node: Node): void {
    const quantization = nodeQuantization(node)!;
    if (localName(node) === "QuantizeLinear") {
      const source = node.input(0);
      if (source.isConstant) this.#storeConstant(node);
      this.#claim(node.output(), quantization, node);
    } else {
      const own = this.#claim(node.input(0), quantization, node);
      this.#stored.set(node.output(), own);
      node.inputs[0] = own;
    }
    if (localName(node) === "QuantizeLinear" || !node.inputs[0]!.isConstant) this.#strip(node);
    else this.#strip(node);
  }
}
