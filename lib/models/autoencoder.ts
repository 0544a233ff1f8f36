import type { Model } from "../graph/graph.js";
import { NetworkBuilder } from "./builder.js";

export interface AutoencoderConfig {
  /** Features in, and out again. */
  readonly features: number;
  /** Units of the four layers on either side. */
  readonly hidden?: number;
  /** Units of the middle layer. */
  readonly code?: number;
}

/**
 * Returns the dense autoencoder of MLPerf Tiny's anomaly detection (the DCASE 2020 task 2 baseline, Koizumi et
 * al.): 640–128×4–8–128×4–640, int8 in and out.
 *
 *   autoencoder({ features: 640 })
 *   // 264,192 B of weights, 6,688 B of bias: 270,880 B
 */
export function autoencoder({ features, hidden = 128, code = 8 }: AutoencoderConfig): Model {
  const net = new NetworkBuilder({ name: `autoencoder_${features}`, seed: "autoencoder", ports: "int8" });
  // Range of the features in the reference model: scale 0.39102, zero point 89.
  const spectrum = net.input({
    name: "spectrum",
    shape: [1, features],
    range: { low: -217 * 0.39102, high: 38 * 0.39102 },
  });
  let signal = spectrum;
  const units = [hidden, hidden, hidden, hidden, code, hidden, hidden, hidden, hidden];
  for (const [index, count] of units.entries()) {
    signal = net.dense(signal, { name: `dense_${index + 1}`, units: count, activation: "relu" });
  }
  return net.build([net.dense(signal, { name: "reconstruction", units: features })]);
}
