import { LabError } from "../errors.js";
import { layerGeometry } from "../graph/geometry.js";
import type { Model } from "../graph/graph.js";
import { normalizeModel } from "../graph/passes/normalize.js";
import { constantOf } from "../graph/tensor.js";
import { ERASED } from "./seal.js";

export interface ErasedModel {
  readonly model: Model;
  /** How many weighted layers read erased flash, and how many bytes of weights and biases that is. */
  readonly layers: number;
  readonly bytes: number;
}

/**
 * Returns the network that runs when its weights were never programmed: kernels and biases hold 0xFF, as erased
 * flash reads. int8 weights and int32 biases become -1, uint8 ones 255, floats NaN. Scales and zero points stay:
 * in `network_data.bin` of X-CUBE-AI there are none, and ONNX cannot say a scale of -1, which is what those of an
 * NPU image would become, so that a real chip does at least as badly. The given model stays as it is. Throws a
 * LabError when the network has no weighted layer.
 */
export function eraseWeights(model: Model): ErasedModel {
  const { graph } = normalizeModel(model);
  const erased = new Set<unknown>();
  let layers = 0;
  let bytes = 0;
  for (const node of graph.nodes) {
    const geometry = layerGeometry(node);
    if (!geometry) continue;
    layers++;
    for (const tensor of [geometry.weights, geometry.bias]) {
      if (!tensor?.data || erased.has(tensor)) continue;
      erased.add(tensor);
      bytes += tensor.data.byteLength;
      tensor.data = constantOf(new Uint8Array(tensor.data.byteLength).fill(ERASED));
    }
  }
  if (bytes === 0) {
    throw new LabError({
      code: "NO_WEIGHTS",
      message: `Cannot erase the weights of '${model.name}': it has no weighted layer with constants`,
    });
  }
  return { model: { ...model, graph }, layers, bytes };
}
