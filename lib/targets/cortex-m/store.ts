/**
 * What a network takes in flash when a Cortex-M runs it: nothing is repacked, so this is the ground level that
 * growth on an NPU is measured against.
 *
 *   depthwise 3x3, 3 channels, int8 weights, bias:  27 + 3 x 4 = 39 bytes
 */
import { DTYPES } from "../../graph/dtype.js";
import { layerGeometry } from "../../graph/geometry.js";
import type { Graph } from "../../graph/graph.js";
import type { Node } from "../../graph/node.js";
import type { Tensor } from "../../graph/tensor.js";
import { bytes, sum } from "../../units.js";
import { storedConstants } from "../neural-art/packing/constants.js";
import type { StoredCause, StoredEntry, StoredForm, StoringRule } from "../stored-form.js";

/** Bytes of a bias value: int32 beside 8-bit weights, float32 beside float ones. */
const BIAS_BYTES = 4;

const CONTENTS =
  "ST Edge AI Core 2.1, api documentation of network_data.bin: weights and biases only; topology, scales and zero points are code";

export const CPU_RULES = {
  kernel: {
    id: "CM-KERNEL",
    sentence: "Weights are stored as the file holds them, without gaps between tensors.",
    evidence: "observed",
    source: `${CONTENTS}; networks, weights_cpu_report: 9 of 9 builds with a known source equal weights + 4 bytes per bias`,
  },
  bias: {
    id: "CM-BIAS",
    sentence: `A bias takes ${BIAS_BYTES} bytes per output channel: int32 beside 8-bit weights, float32 beside float ones.`,
    evidence: "observed",
    source: "networks, weights_cpu_report of the same builds",
  },
  constant: {
    id: "CM-CONSTANT",
    sentence: "Other constants that a node reads as data are stored with their own type.",
    evidence: "inferred",
    source: "as for weights; no build with a known source has many of them",
  },
} as const satisfies Readonly<Record<string, StoringRule>>;

/** Returns the flash that the constants of a network take without any repacking, tensor by tensor. */
export function storeForCpu(graph: Graph): StoredForm {
  const ledger: StoredEntry[] = [];
  const stored = new Set<Tensor>();
  const add = (node: Node, tensor: Tensor, cause: StoredCause, size: number, rule: StoringRule) => {
    if (stored.has(tensor)) return;
    stored.add(tensor);
    ledger.push({
      tensor: tensor.name,
      node: node.name,
      op: node.op,
      cause,
      bytes: bytes(size),
      rule: rule.id,
    });
  };
  for (const node of graph.nodes) {
    const geometry = layerGeometry(node);
    if (geometry) {
      const { weights, bias } = geometry;
      add(node, weights, "kernel", weights.bytes, CPU_RULES.kernel);
      if (bias?.isConstant) add(node, bias, "bias", bias.size * BIAS_BYTES, CPU_RULES.bias);
    }
    for (const tensor of storedConstants(node)) {
      if (DTYPES[tensor.dtype].bits > 0) add(node, tensor, "constant", tensor.bytes, CPU_RULES.constant);
    }
  }
  return {
    chip: "cortex-m",
    form: "network_data.bin",
    bytes: sum(ledger.map((entry) => entry.bytes)),
    ledger,
    rules: Object.values(CPU_RULES),
    obstacles: [],
  };
}
