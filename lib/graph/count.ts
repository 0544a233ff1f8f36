import { byteLength } from "./dtype.js";
import { layerGeometry } from "./geometry.js";
import type { Graph } from "./graph.js";
import { type Node, stringAttribute } from "./node.js";
import type { Tensor } from "./tensor.js";

export interface NodeCount {
  readonly node: Node;
  readonly macs: number;
}

export interface ModelCount {
  readonly nodes: number;
  /** Multiply-accumulates of convolutions, dense layers and products of matrices. */
  readonly macs: number;
  /** The share of `macs` in depthwise convolutions. */
  readonly depthwiseMacs: number;
  /** Bytes of the weights of those layers; a constant that two layers share counts once. */
  readonly weightBytes: number;
  readonly biasBytes: number;
  /** Bytes of every constant that a node reads, weights and biases included. */
  readonly constantBytes: number;
  /** Nodes with multiply-accumulates, in running order. */
  readonly perNode: readonly NodeCount[];
}

/**
 * Returns the multiply-accumulates of a node; zero for operators that are none of Conv, ConvTranspose, Gemm
 * and MatMul. Products of two activations count as well as layers with constant weights.
 */
export function nodeMacs(node: Node): number {
  const geometry = layerGeometry(node);
  if (geometry) return geometry.macs;
  switch (node.op) {
    case "MatMul":
      return node.output().size * (node.input(0).staticShape().at(-1) ?? 1);
    case "Gemm":
    case "Conv": {
      // Weights that are computed: each output element takes the weights of one output channel.
      const weights = node.input(1).staticShape();
      const layout = stringAttribute(node, "weightLayout", "OIHW");
      const gemmAxis = node.attributes.transB ? 0 : 1;
      const channelAxis = node.op === "Gemm" ? gemmAxis : layout === "1HWO" ? weights.length - 1 : 0;
      return (node.output().size * node.input(1).size) / weights[channelAxis]!;
    }
    case "ConvTranspose": {
      const weights = node.input(1).staticShape();
      const layout = stringAttribute(node, "weightLayout", "IOHW");
      const inputChannels = layout === "IOHW" ? weights[0]! : weights[weights.length - 1]!;
      return (node.input(0).size * node.input(1).size) / inputChannels;
    }
    default:
      return 0;
  }
}

function constantBytes(tensors: Iterable<Tensor>): number {
  let total = 0;
  for (const tensor of new Set(tensors))
    total += tensor.data?.byteLength ?? byteLength(tensor.dtype, tensor.size);
  return total;
}

/** Returns what a network holds and computes; shapes must be inferred (normalizeModel). */
export function countModel(graph: Graph): ModelCount {
  const perNode: NodeCount[] = [];
  const weights: Tensor[] = [];
  const biases: Tensor[] = [];
  let depthwiseMacs = 0;
  for (const node of graph.nodes) {
    const macs = nodeMacs(node);
    if (macs > 0) perNode.push({ node, macs });
    const geometry = layerGeometry(node);
    if (!geometry) continue;
    weights.push(geometry.weights);
    if (geometry.bias?.isConstant) biases.push(geometry.bias);
    if (geometry.kind === "depthwise") depthwiseMacs += macs;
  }
  return {
    nodes: graph.nodes.length,
    macs: perNode.reduce((total, { macs }) => total + macs, 0),
    depthwiseMacs,
    weightBytes: constantBytes(weights),
    biasBytes: constantBytes(biases),
    constantBytes: constantBytes(graph.constants()),
    perNode,
  };
}
