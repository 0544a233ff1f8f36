import { type Bytes, sum } from "../../../units.js";
import type { CompileOptions } from "../records.js";
import { type PackedKernel, packKernel } from "./kernel.js";
import type { WeightedLayer } from "./layer.js";
import { type PackedVector, packVectors } from "./vectors.js";

export interface PackedLayer {
  readonly kernel: PackedKernel;
  readonly vectors: readonly PackedVector[];
  /** Kernel and vectors without the gaps between buffers. */
  readonly bytes: Bytes;
}

/**
 * Returns what a layer takes in the flash image.
 *
 *   packLayer(depthwise 3x3, 64 channels; tool 2.1, epoch controller)
 *   // kernel 4,608 B, inflated to groups of 8; no vectors: the controller's blob holds them
 */
export function packLayer(layer: WeightedLayer, options: CompileOptions): PackedLayer {
  const kernel = packKernel(layer, options);
  const vectors = packVectors(layer, options);
  return { kernel, vectors, bytes: sum([kernel.bytes, ...vectors.map((vector) => vector.bytes)]) };
}
