/** What scale and bias vectors hold, and how far it is known. */
import { encodeElements } from "../../../graph/elements.js";
import type { LayerGeometry } from "../../../graph/geometry.js";
import { VECTORS } from "../facts-packing.js";
import type { CompileOptions, PackedBuffer } from "../records.js";
import { assumed, type BufferContent, seen, unknown } from "./buffer-content.js";
import { chooseKernel } from "./kernel.js";
import { weightedLayer } from "./layer.js";
import { outputBlock } from "./layout.js";
import { requantization } from "./requantization.js";
import { bufferKind } from "./seen-in-images.js";
import { narrowBias, vectorValues } from "./vector-values.js";

/**
 * Returns a vector repeated along the width, in the order of the output that it is applied to: block of channels,
 * column, channel of the block. Channels abcd in blocks of 2 on 3 columns:
 *
 *   [ ab ab ab ]  [ cd cd cd ]
 */
export function repeatAlongWidth(
  values: Int16Array,
  { block, columns }: { readonly block: number; readonly columns: number },
): Int16Array {
  const repeated = new Int16Array(values.length * columns);
  for (let first = 0, at = 0; first < values.length; first += block) {
    const channels = values.subarray(first, first + block);
    for (let column = 0; column < columns; column++, at += block) repeated.set(channels, at);
  }
  return repeated;
}

const PLAIN_READING =
  "order from the shapes of such vectors; no image shows their values, taken as those of narrower layers, the bias at the finest 16-bit fixed point";

/** Returns what the scale or bias vector of a layer holds. */
export function vectorContent(
  buffer: PackedBuffer,
  geometry: LayerGeometry,
  role: "scale" | "bias",
  options: CompileOptions,
): BufferContent {
  const values = requantization(buffer.node, geometry);
  if (values === null) return unknown(buffer, "input, weights, bias or output of the layer have no scale");
  const { scale, bias } = vectorValues(values, options.tool);

  if (geometry.outputChannels > VECTORS.broadcastAbove.value) {
    const layer = weightedLayer(buffer.node, geometry, false);
    const place = { block: outputBlock(layer, chooseKernel(layer, options)), columns: layer.outputWidth };
    const repeated = repeatAlongWidth(role === "scale" ? scale : narrowBias(values), place);
    return assumed(encodeElements("int16", repeated), PLAIN_READING);
  }
  const bytes = role === "scale" ? encodeElements("int16", scale) : encodeElements("int32", bias);
  return values.weightScales.length > 1
    ? seen(bytes, bufferKind(buffer), options)
    : assumed(bytes, "no image with its model has per-tensor weights");
}
