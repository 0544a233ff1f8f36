import { layerGeometry } from "../graph/geometry.js";
import type { Graph } from "../graph/graph.js";
import type { SplitTensor } from "../memory/what-if-split.js";
import type { Fact } from "../targets/rule.js";

/**
 * Output positions that one pass over a kernel serves on a Cortex-M. X-CUBE-AI's own kernels are closed; take 1 for
 * the worst case, or what a board shows.
 */
export const POSITIONS_PER_PASS: Fact = {
  value: 2,
  evidence: "inferred",
  source:
    "CMSIS-NN arm_nn_mat_mult_kernel_s8_s16: a kernel is multiplied with two columns of im2col at a time",
};

/**
 * Returns the weights and biases of a network with the bytes that one inference reads of them on a CPU without a
 * cache that would hold them: a convolution reads its kernel anew for each few output positions, a dense layer
 * once. Tensors that several layers share count once, their traffic adds up. Shapes must be static.
 */
export function weightTraffic(
  graph: Graph,
  positionsPerPass: number = POSITIONS_PER_PASS.value,
): readonly SplitTensor[] {
  const traffic = new Map<string, { bytes: number; traffic: number }>();
  for (const node of graph.nodes) {
    const geometry = layerGeometry(node);
    if (!geometry) continue;
    const positions = geometry.batch * geometry.outputHeight * geometry.outputWidth;
    const passes = Math.max(1, Math.ceil(positions / positionsPerPass));
    for (const tensor of [geometry.weights, geometry.bias]) {
      if (!tensor?.data) continue;
      const bytes = tensor.data.byteLength;
      const held = traffic.get(tensor.name) ?? { bytes, traffic: 0 };
      traffic.set(tensor.name, { bytes, traffic: held.traffic + bytes * passes });
    }
  }
  return [...traffic].map(([name, read]) => ({ name, ...read }));
}
