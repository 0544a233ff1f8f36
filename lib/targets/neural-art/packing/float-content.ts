/** What buffers of layers on the CPU hold: float32 values, as the file has them or widened from 8 bits. */
import { encodeElements } from "../../../graph/elements.js";
import type { LayerGeometry } from "../../../graph/geometry.js";
import type { KernelPart, PackedBuffer } from "../records.js";
import { assumed, type BufferContent, unknown } from "./buffer-content.js";
import { realKernelValues } from "./kernel-values.js";
import { realBiases } from "./requantization.js";

/**
 * Returns the values of a float kernel part in the order output, row, column, input. Two kernels of 2x3, abcdef and
 * ghijkl, the part of their last column:
 *
 *   c f i l
 */
function partValues(values: Float32Array, part: KernelPart, width: number): Float32Array {
  const { rows, columns, outputChannels, inputChannels } = part;
  const height = values.length / (outputChannels * width * inputChannels);
  const run = (columns[1] - columns[0]) * inputChannels;
  const cut = new Float32Array(outputChannels * (rows[1] - rows[0]) * run);
  let at = 0;
  for (let output = 0; output < outputChannels; output++) {
    for (let row = rows[0]; row < rows[1]; row++, at += run) {
      const from = ((output * height + row) * width + columns[0]) * inputChannels;
      cut.set(values.subarray(from, from + run), at);
    }
  }
  return cut;
}

/** Returns what a float part of a kernel holds; unknown for kernels of transposed convolutions. */
export function floatKernelContent(
  buffer: PackedBuffer,
  part: KernelPart,
  geometry: LayerGeometry,
): BufferContent {
  if (geometry.kind === "transpose")
    return unknown(buffer, "no compiled network at hand has a transposed float kernel");
  const values = partValues(realKernelValues(buffer.node, geometry), part, geometry.kernelWidth);
  const order = "no image has a float kernel; order from the shapes of eight in two networks";
  return assumed(encodeElements("float32", values), order);
}

/** Returns what the bias of a layer on the CPU holds. */
export function floatBiasContent(buffer: PackedBuffer, geometry: LayerGeometry): BufferContent {
  const values = realBiases(geometry.bias, geometry.outputChannels);
  return values === null
    ? unknown(buffer, "the bias of the layer has no scale")
    : assumed(encodeElements("float32", values), "no image has a float bias; one value per output channel");
}
