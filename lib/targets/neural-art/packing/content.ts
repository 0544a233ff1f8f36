/** Fills a buffer: the bytes, and how far they can be trusted. */
import { LabError } from "../../../errors.js";
import { decodeElements, encodeElements } from "../../../graph/elements.js";
import { type LayerGeometry, layerGeometry } from "../../../graph/geometry.js";
import type { Tensor } from "../../../graph/tensor.js";
import type { CompileOptions, PackedBuffer } from "../records.js";
import { assumed, type BufferContent, seen, unknown } from "./buffer-content.js";
import { floatBiasContent, floatKernelContent } from "./float-content.js";
import { packKernelBytes } from "./kernel-bytes.js";
import { kernelValues } from "./kernel-values.js";
import { signedZeroPoint } from "./layer.js";
import { bufferKind } from "./seen-in-images.js";
import { vectorContent } from "./vector-content.js";

function geometryOf(buffer: PackedBuffer): LayerGeometry {
  const geometry = layerGeometry(buffer.node);
  if (geometry) return geometry;
  throw new LabError({
    code: "BUFFER_SOURCE",
    message: `Cannot fill buffer '${buffer.tensor}': ${buffer.node.describe()} is no weighted layer`,
  });
}

/** Why a kernel's order is an assumption; null when images show it. */
function doubtOf(buffer: PackedBuffer, { weights, kind, groups }: LayerGeometry): string | null {
  const { part } = buffer;
  if (weights.dtype === "uint8") return "uint8 weights are taken to be stored as value - 128";
  if (weights.quantization?.zeroPoint.some((zero) => zero !== 0))
    return "no image has weights with a zero point";
  if (kind === "transpose") return "no image has a transposed kernel with a source model";
  if (kind === "conv" && groups > 1) return "no image has a grouped kernel";
  if (part?.order === "kernelPairs") return "seen in one network, whose image is not at hand";
  if (part?.mode === "rows" && part.inputBlock !== part.inputChannels)
    return "no image has a kernel of more than 3 rows with several input blocks";
  if (buffer.rule === "N6-PACK-FLATTEN") return "seen in one network, whose image is not at hand";
  return null;
}

function kernelContent(buffer: PackedBuffer, options: CompileOptions): BufferContent {
  const { part, source, node } = buffer;
  if (part === null || source.from !== "kernel") return unknown(buffer, "it has no layout");
  const geometry = geometryOf(buffer);
  if (part.mode === "float") return floatKernelContent(buffer, part, geometry);
  const bytes = packKernelBytes(kernelValues(node, geometry), source.shape, [part]);
  const doubt = doubtOf(buffer, geometry);
  return doubt === null ? seen(bytes, bufferKind(buffer), options) : assumed(bytes, doubt);
}

/** Returns a constant as float32, dequantised when it has a scale; undefined for one scale per index. */
function asFloat(tensor: Tensor): Uint8Array | undefined {
  const { quantization, data, dtype, size } = tensor;
  if (data === null || (quantization && quantization.scale.length !== 1)) return undefined;
  const [scale, zeroPoint] = [quantization?.scale[0] ?? 1, quantization?.zeroPoint[0] ?? 0];
  const values = decodeElements(dtype, data.read(), size).map((value) => (value - zeroPoint) * scale);
  return encodeElements("float32", values);
}

function tensorContent(buffer: PackedBuffer, tensor: Tensor, as: "stored" | "float32"): BufferContent {
  const bytes = as === "stored" ? tensor.data?.read() : asFloat(tensor);
  if (bytes === undefined || bytes.length !== buffer.bytes)
    return unknown(buffer, `the values of '${tensor.name}' do not fill it`);
  return assumed(bytes, "no image at hand has this kind of constant with its model");
}

/** Returns what a buffer holds. The bytes are a view into the file where it stores them so: never write to them. */
export function bufferContent(buffer: PackedBuffer, options: CompileOptions): BufferContent {
  const { source } = buffer;
  const bySeen = (bytes: Uint8Array) => seen(bytes, bufferKind(buffer), options);
  switch (source.from) {
    case "kernel":
      return kernelContent(buffer, options);
    case "scale":
    case "bias":
      return buffer.rule === "N6-PACK-FLOAT"
        ? floatBiasContent(buffer, geometryOf(buffer))
        : vectorContent(buffer, geometryOf(buffer), source.from, options);
    case "fill":
      return bySeen(new Uint8Array(buffer.bytes).fill(source.value));
    case "tensor":
      return tensorContent(buffer, source.tensor, source.as);
    case "scaleOf":
      return bySeen(encodeElements("float32", [source.tensor.quantization?.scale[0] ?? 0]));
    case "numbers":
      return bySeen(encodeElements(source.as, source.values));
    case "zeroPointOf":
      return bySeen(new Uint8Array([signedZeroPoint(source.tensor) ?? 0]));
    case "nowhere":
      return unknown(buffer, source.why);
    default:
      return source satisfies never;
  }
}
