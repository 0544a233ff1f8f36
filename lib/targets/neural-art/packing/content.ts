/** What lies in a buffer: the bytes, and how far they can be trusted. */
import { LabError } from "../../../errors.js";
import { DTYPES } from "../../../graph/dtype.js";
import { decodeElements, encodeElements, tensorNumbers } from "../../../graph/elements.js";
import { type LayerGeometry, layerGeometry } from "../../../graph/geometry.js";
import type { Node } from "../../../graph/node.js";
import type { Tensor } from "../../../graph/tensor.js";
import type { CompileOptions, PackedBuffer } from "../records.js";
import { packKernelBytes } from "./kernel-bytes.js";
import { kernelValues } from "./kernel-values.js";
import { signedZeroPoint } from "./layer.js";
import { biasVector, type Requantization, scaleVector } from "./vector-values.js";

/**
 * `known`: by rules that gave compiled images byte for byte; `assumed`: by a rule that no image at hand shows at
 * work; `unknown`: zeros stand for the bytes.
 */
export type ContentStatus = "known" | "assumed" | "unknown";

export interface BufferContent {
  readonly status: ContentStatus;
  /** Why it is not known; empty when it is. */
  readonly why: string;
  /** As many as the buffer has. */
  readonly bytes: Uint8Array;
}

const known = (bytes: Uint8Array): BufferContent => ({ status: "known", why: "", bytes });
const assumed = (bytes: Uint8Array, why: string): BufferContent => ({ status: "assumed", why, bytes });
const unknown = (buffer: PackedBuffer, why: string): BufferContent => ({
  status: "unknown",
  why,
  bytes: new Uint8Array(buffer.bytes),
});

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
  if (part.mode === "float") return unknown(buffer, "the order of float kernels was not seen in an image");
  const geometry = geometryOf(buffer);
  const bytes = packKernelBytes(kernelValues(node, geometry), source.shape, [part]);
  const doubt =
    options.tool === "2.0" ? "no image of tool 2.0 is at hand; taken as 2.1" : doubtOf(buffer, geometry);
  return doubt === null ? known(bytes) : assumed(bytes, doubt);
}

/** Returns the real values of a bias, as the float32 numbers that the vendor's front end hands on. */
function realBiases(bias: Tensor | null, channels: number): number[] | null {
  if (bias === null) return Array.from({ length: channels }, () => 0);
  if (bias.data === null || bias.size !== channels) return null;
  const values = tensorNumbers(bias);
  if (DTYPES[bias.dtype].kind === "float") return Array.from(values);
  const scales = bias.quantization?.scale;
  if (!scales || (scales.length !== 1 && scales.length !== channels)) return null;
  return Array.from(values, (value, channel) =>
    Math.fround(value * Math.fround(scales[scales.length === 1 ? 0 : channel]!)),
  );
}

function weightSums(values: Int8Array, channels: number): number[] {
  const each = values.length / channels;
  return Array.from({ length: channels }, (_, channel) => {
    let sum = 0;
    for (let index = channel * each; index < (channel + 1) * each; index++) sum += Math.abs(values[index]!);
    return sum;
  });
}

function requantization(node: Node, geometry: LayerGeometry): Requantization | null {
  const output = node.output();
  const inputScale = node.input(0).quantization?.scale[0];
  const outputScale = output.quantization?.scale[0];
  const outputZeroPoint = signedZeroPoint(output);
  const weightScales = geometry.weights.quantization?.scale;
  const biases = realBiases(geometry.bias, geometry.outputChannels);
  if (inputScale === undefined || outputScale === undefined || !weightScales || !biases) return null;
  if (outputZeroPoint === null || DTYPES[output.dtype].bits !== 8) return null;
  return {
    inputScale: Math.fround(inputScale),
    outputScale: Math.fround(outputScale),
    weightScales: weightScales.map(Math.fround),
    outputZeroPoint,
    biases,
    weightSums: weightSums(kernelValues(node, geometry), geometry.outputChannels),
  };
}

function vectorContent(buffer: PackedBuffer, role: "scale" | "bias", options: CompileOptions): BufferContent {
  const { tool } = options;
  const geometry = geometryOf(buffer);
  const words = role === "scale" ? 2 : 4;
  if (buffer.rule === "N6-PACK-FLOAT" || geometry.weights.quantization === null)
    return unknown(buffer, "the order of float biases was not seen in an image");
  if (buffer.bytes !== geometry.outputChannels * words)
    return unknown(buffer, "values repeated along the width were not seen in an image with its model");
  if (tool === "3.0" || tool === "4.0")
    return unknown(buffer, "from 3.0 on values depend on a shift of the accumulator that no rule gives yet");
  const layer = requantization(buffer.node, geometry);
  if (layer === null) return unknown(buffer, "input, weights, bias or output of the layer have no scale");
  const bytes =
    role === "scale"
      ? encodeElements("int16", scaleVector(layer, { dropDead: tool !== "2.2" }))
      : encodeElements("int32", biasVector(layer));
  if (tool === "2.0") return assumed(bytes, "no image of tool 2.0 is at hand; taken as 2.1");
  return layer.weightScales.length > 1
    ? known(bytes)
    : assumed(bytes, "no image with its model has per-tensor weights");
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
  switch (source.from) {
    case "kernel":
      return kernelContent(buffer, options);
    case "scale":
    case "bias":
      return vectorContent(buffer, source.from, options);
    case "fill":
      return known(new Uint8Array(buffer.bytes).fill(source.value));
    case "tensor":
      return tensorContent(buffer, source.tensor, source.as);
    case "scaleOf":
      return known(encodeElements("float32", [source.tensor.quantization?.scale[0] ?? 0]));
    case "numbers":
      return known(encodeElements(source.as, source.values));
    case "zeroPointOf":
      return known(new Uint8Array([signedZeroPoint(source.tensor) ?? 0]));
    case "nowhere":
      return unknown(buffer, source.why);
    default:
      return source satisfies never;
  }
}
