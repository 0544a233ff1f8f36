import { type Bytes, bytes } from "../../../units.js";
import { BLOB, VECTORS } from "../facts-packing.js";
import type { CompileOptions } from "../records.js";
import type { WeightedLayer } from "./layer.js";

/**
 * Returns the program flash that the epoch controller's blobs take, outside the weights image; null without the
 * controller. A straight line through nine networks: good to about 30 %.
 */
export function estimateBlob(layers: readonly WeightedLayer[], options: CompileOptions): Bytes | null {
  if (!options.epochController) return null;
  const onNpu = layers.filter((layer) => !layer.onCpu);
  const channels = onNpu
    .map((layer) => layer.outputChannels)
    .filter((count) => count <= VECTORS.broadcastAbove.value)
    .reduce((total, count) => total + count, 0);
  const size = BLOB.bytesPerLayer.value * onNpu.length + BLOB.bytesPerChannel.value * channels;
  const recent = options.tool === "3.0" || options.tool === "4.0";
  return bytes(Math.round(recent ? size * BLOB.ratioSince3.value : size));
}
