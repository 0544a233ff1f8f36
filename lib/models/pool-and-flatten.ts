import type { NetworkBuilder, Signal } from "./builder.js";

/** Returns the map averaged by one window and flattened: what `AveragePooling2D` and `Flatten` export. */
export function poolAndFlatten(net: NetworkBuilder, features: Signal): Signal {
  const [batch = 1, height = 1, width = 1, channels = 1] = features.tensor.staticShape();
  const kernel = [height, width] as const;
  const pooled = net.averagePool(features, { name: "average_pool", kernel, stride: kernel });
  return net.reshape(pooled, { name: "flatten", shape: [batch, channels] });
}
