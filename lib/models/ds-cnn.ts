import type { Model } from "../graph/graph.js";
import { NetworkBuilder } from "./builder.js";
import { poolAndFlatten } from "./pool-and-flatten.js";

export interface DsCnnConfig {
  /** Time steps of the spectrogram. */
  readonly frames: number;
  /** Coefficients per time step. */
  readonly coefficients: number;
  /** Keywords, with silence and unknown. */
  readonly classes: number;
  readonly filters?: number;
  readonly blocks?: number;
}

/**
 * Returns DS-CNN, the depthwise-separable keyword spotter of Zhang et al., "Hello Edge", 2017, as the MLPerf
 * Tiny reference builds it: a 10x4 stem of stride 2 and four blocks of 64 filters, int8 in and out.
 *
 *   dsCnn({ frames: 49, coefficients: 10, classes: 12 })
 *   // 22,016 B of weights (2,304 B of them depthwise), 2,656,768 MACs
 */
export function dsCnn({ frames, coefficients, classes, filters = 64, blocks = 4 }: DsCnnConfig): Model {
  const activation = "relu";
  const net = new NetworkBuilder({ name: `dscnn_${frames}x${coefficients}`, seed: "dscnn", ports: "int8" });

  // Range of the features in the reference model: scale 0.5847, zero point 83.
  const spectrogram = net.input({
    name: "spectrogram",
    shape: [1, frames, coefficients, 1],
    range: { low: -211 * 0.5847, high: 44 * 0.5847 },
  });
  let features = net.conv(spectrogram, { name: "conv1", filters, kernel: [10, 4], stride: 2, activation });
  for (let block = 1; block <= blocks; block++) {
    features = net.depthwise(features, { name: `conv_dw_${block}`, kernel: 3, activation });
    features = net.conv(features, { name: `conv_pw_${block}`, filters, kernel: 1, activation });
  }
  const logits = net.dense(poolAndFlatten(net, features), { name: "dense", units: classes });
  return net.build([net.softmax(logits, { name: "softmax" })]);
}
