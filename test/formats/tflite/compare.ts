/** Models as plain records, for deep comparison: everything that a graph has, bytes of constants included. */
import { createHash } from "node:crypto";
import { Graph, type Model } from "../../../lib/graph/graph.js";
import type { Attributes, Node } from "../../../lib/graph/node.js";
import { type Constant, Tensor } from "../../../lib/graph/tensor.js";

const digest = (data: Constant) => createHash("sha256").update(data.read()).digest("hex");

function plainTensor(tensor: Tensor, ids: Map<Tensor, number>): object {
  const { name, dtype, shape, quantization, data, blocks, isVariable, recorded } = tensor;
  const { customQuantization, ...said } = recorded ?? {};
  return {
    name,
    dtype,
    shape,
    quantization,
    data: data && digest(data),
    isVariable,
    recorded: { ...said, custom: customQuantization && digest(customQuantization) },
    blocks: blocks && {
      ...blocks,
      scales: plainTensor(blocks.scales, ids),
      zeroPoints: blocks.zeroPoints && plainTensor(blocks.zeroPoints, ids),
    },
  };
}

function plainAttributes(attributes: Attributes, ids: Map<Tensor, number>): object {
  return Object.fromEntries(
    Object.entries(attributes)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => {
        if (value instanceof Graph) return [name, plainGraph(value)];
        if (!(value instanceof Tensor)) return [name, value];
        return [name, { ...plainTensor(value, ids), name: "" }];
      }),
  );
}

function plainNode(node: Node, ids: Map<Tensor, number>): object {
  const { name, op, inputs, outputs, attributes, source } = node;
  const edge = (tensor: Tensor | null) => (tensor ? ids.get(tensor) : null);
  const { recorded } = source;
  return {
    name,
    op,
    inputs: inputs.map(edge),
    outputs: outputs.map(edge),
    attributes: plainAttributes(attributes, ids),
    source: source.op,
    index: source.index,
    version: recorded?.version,
    options: recorded?.options,
    mutating: recorded?.mutatingInputs,
    debugMetadata: recorded?.debugMetadata,
    intermediates: recorded?.intermediates?.map((tensor) => tensor && plainTensor(tensor, ids)),
  };
}

export function plainGraph(graph: Graph): object {
  const tensors = [...graph.tensors()];
  const ids = new Map(tensors.map((tensor, index) => [tensor, index]));
  return {
    name: graph.name,
    debugMetadata: graph.debugMetadata,
    inputs: graph.inputs.map((tensor) => ids.get(tensor)),
    outputs: graph.outputs.map((tensor) => ids.get(tensor)),
    tensors: tensors.map((tensor) => plainTensor(tensor, ids)),
    nodes: graph.nodes.map((node) => plainNode(node, ids)),
  };
}

export function plainModel(model: Model): object {
  return {
    producer: model.producer,
    version: model.version,
    metadata: [...model.metadata],
    bytes: [...(model.metadataBytes ?? [])].map(([name, data]) => [name, digest(data)]),
    signatures: model.signatures,
    graph: plainGraph(model.graph),
    subgraphs: (model.subgraphs ?? []).map(plainGraph),
  };
}
