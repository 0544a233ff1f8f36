import { type Bytes, bytes } from "../../../units.js";
import { BLOB, VECTORS } from "../facts-packing.js";
import type { CompileOptions, EpochPlan } from "../records.js";
import type { WeightedLayer } from "./layer.js";

/** What the size of the controller's blobs is estimated from. */
export interface BlobCounts {
  /** Epochs that the controller plays. */
  readonly epochs: number;
  readonly blobs: number;
  /** Output channels of weighted layers of up to 512: their scales and biases are immediate data. */
  readonly channels: number;
}

/** Bytes that an epoch, a hand-over and a channel take. */
export interface BlobLaw {
  readonly perEpoch: number;
  readonly perHandOver: number;
  readonly perChannel: number;
}

const LAW: BlobLaw = {
  perEpoch: BLOB.bytesPerEpoch.value,
  perHandOver: BLOB.bytesPerHandOver.value,
  perChannel: BLOB.bytesPerChannel.value,
};

/**
 * Returns the bytes of all blobs. An epoch that follows another one in its blob takes it over, at a price:
 *
 *   32 epochs in one blob, 2,741 channels:  650 x 32 + 650 x 31 + 12 x 2,741 = 73,842   (compiled: 73,960)
 *
 * Tests vary `law` to see how much the fit depends on each network.
 */
export function blobBytes({ epochs, blobs, channels }: BlobCounts, law: BlobLaw = LAW): number {
  return law.perEpoch * epochs + law.perHandOver * (epochs - blobs) + law.perChannel * channels;
}

/**
 * Returns the program flash that the epoch controller's blobs take, outside the weights image; null without the
 * controller. Without a plan, each layer counts as an epoch and all are one blob. Networks left
 * out of the fit were 12 % off on average, a third at most.
 */
export function estimateBlob(
  layers: readonly WeightedLayer[],
  options: CompileOptions,
  plan?: EpochPlan,
): Bytes | null {
  if (!options.epochController) return null;
  const onNpu = layers.filter((layer) => !layer.onCpu);
  const channels = onNpu
    .map((layer) => layer.outputChannels)
    .filter((count) => count <= VECTORS.broadcastAbove.value)
    .reduce((total, count) => total + count, 0);
  const epochs = plan ? plan.epochs.filter(({ kind }) => kind === "hw").length : onNpu.length;
  const blobs = plan ? plan.blobs.length : Math.min(1, epochs);
  return bytes(Math.round(blobBytes({ epochs, blobs, channels })));
}
