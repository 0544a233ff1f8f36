import { LabError } from "../../../errors.js";
import { DTYPES, isInteger } from "../../../graph/dtype.js";
import type { LayerGeometry } from "../../../graph/geometry.js";
import type { Node } from "../../../graph/node.js";
import type { Tensor } from "../../../graph/tensor.js";

/** A weighted layer as numbers: all that its packed size depends on. */
export interface WeightedLayer
  extends Pick<
    LayerGeometry,
    | "kind"
    | "kernelHeight"
    | "kernelWidth"
    | "inputChannels"
    | "outputChannels"
    | "groups"
    | "inputHeight"
    | "inputWidth"
    | "outputHeight"
    | "outputWidth"
    | "strides"
    | "dilations"
  > {
  /** As a signed 8-bit value: 0 of uint8 is -128. null when the input is not quantised or nobody knows. */
  readonly inputZeroPoint: number | null;
  readonly weights: "int8" | "float";
  readonly perChannel: boolean;
  readonly hasBias: boolean;
  /** Runs on the CPU in float32, whatever its weights are. */
  readonly onCpu: boolean;
}

/** Returns the zero point of a quantised 8-bit tensor as a signed value; null without one. */
export function signedZeroPoint(tensor: Tensor): number | null {
  const zeroPoint = tensor.quantization?.zeroPoint[0];
  if (zeroPoint === undefined) return null;
  return tensor.dtype === "uint8" ? zeroPoint - 128 : zeroPoint;
}

/** Returns the number of weights, that is the bytes of the int8 kernel before packing. */
export function weightCount(layer: WeightedLayer): number {
  const { kernelHeight, kernelWidth, inputChannels, outputChannels, groups } = layer;
  return kernelHeight * kernelWidth * (inputChannels / groups) * outputChannels;
}

/**
 * Returns the numbers of a layer. Weights must be float or quantised 8-bit ones, activations at most 8-bit;
 * throws a LabError that names the node otherwise: no compiled sample shows how others are laid out.
 */
export function weightedLayer(node: Node, geometry: LayerGeometry, onCpu: boolean): WeightedLayer {
  const { weights } = geometry;
  const input = node.input(0);
  const { kind, bits } = DTYPES[weights.dtype];
  const isFloat = kind === "float";
  if (!isFloat && (bits !== 8 || weights.quantization === null)) {
    throw new LabError({
      code: "WEIGHT_TYPE",
      message: `Cannot size the weights of ${node.describe()}: they are ${weights.dtype}${weights.quantization ? "" : " without a scale"}, expected float or quantised 8-bit weights`,
      at: weights.name,
    });
  }
  if (!isFloat && !onCpu && isInteger(input.dtype) && DTYPES[input.dtype].bits > 8) {
    throw new LabError({
      code: "ACTIVATION_TYPE",
      message: `Cannot size the weights of ${node.describe()}: its input is ${input.dtype}, expected 8-bit activations`,
      at: input.name,
    });
  }
  const scales = weights.quantization;
  // Quantised weights with float activations become a float kernel: the units have no floating point.
  const floatInput = DTYPES[input.dtype].kind === "float";
  // Field by field, here and in what follows: V8 makes slow objects of large ones that are spread together.
  return {
    kind: geometry.kind,
    kernelHeight: geometry.kernelHeight,
    kernelWidth: geometry.kernelWidth,
    inputChannels: geometry.inputChannels,
    outputChannels: geometry.outputChannels,
    groups: geometry.groups,
    inputHeight: geometry.inputHeight,
    inputWidth: geometry.inputWidth,
    outputHeight: geometry.outputHeight,
    outputWidth: geometry.outputWidth,
    strides: geometry.strides,
    dilations: geometry.dilations,
    inputZeroPoint: signedZeroPoint(input),
    weights: isFloat ? "float" : "int8",
    perChannel: scales !== null && scales.axis !== null && scales.scale.length > 1,
    hasBias: geometry.bias !== null,
    onCpu: onCpu || isFloat || floatInput,
  };
}
