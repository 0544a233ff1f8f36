import { LabError } from "../../../errors.js";
import { tensorNumbers } from "../../../graph/elements.js";
import type { LayerGeometry } from "../../../graph/geometry.js";
import { flagAttribute, type Node, stringAttribute } from "../../../graph/node.js";

/** Strides, in elements, that walk a stored kernel in the order output, row, column, input. */
interface Strides {
  readonly output: number;
  readonly row: number;
  readonly column: number;
  readonly input: number;
}

/** Returns how the file lays a kernel out; `null` when it already runs output, row, column, input. */
function stridesOf(node: Node, geometry: LayerGeometry): Strides | null {
  const { kernelHeight: height, kernelWidth: width, inputChannels, outputChannels, groups } = geometry;
  const taps = height * width;
  if (geometry.kind === "dense") {
    if (node.op === "Gemm" && flagAttribute(node, "transB", false)) return null;
    return { output: 1, row: 0, column: 0, input: outputChannels };
  }
  const order = stringAttribute(node, "weightLayout", node.op === "Conv" ? "OIHW" : "IOHW");
  switch (order) {
    case "OHWI":
      return null;
    case "1HWO":
      return { output: 1, row: width * outputChannels, column: outputChannels, input: 0 };
    case "OIHW":
      return { output: (inputChannels / groups) * taps, row: width, column: 1, input: taps };
    case "IOHW":
      return { output: taps, row: width, column: 1, input: (outputChannels / groups) * taps };
    default:
      throw new LabError({
        code: "LAYOUT",
        message: `Cannot read the weights of ${node.describe()}: their layout is '${order}', expected OHWI, 1HWO, OIHW or IOHW`,
      });
  }
}

/**
 * Returns the quantised 8-bit weights of a layer as signed values in the order [output][row][column][input],
 * inputs counted per group: a view into the file where it stores them so, else a copy. uint8 is shifted by 128.
 * Throws a LabError that names the node for other types and for grouped transposed kernels.
 *
 *   ONNX stores 2 kernels of 3 inputs, 1x2:  [a0 a1 | b0 b1 | c0 c1] [d0 d1 | e0 e1 | f0 f1]
 *   returned:                                [a0 b0 c0 | a1 b1 c1]   [d0 e0 f0 | d1 e1 f1]
 */
export function kernelValues(node: Node, geometry: LayerGeometry): Int8Array {
  const { weights, kernelHeight, kernelWidth, outputChannels, groups } = geometry;
  const inputs = geometry.inputChannels / groups;
  const count = outputChannels * kernelHeight * kernelWidth * inputs;
  const data = weights.data?.read();
  const fits = (weights.dtype === "int8" || weights.dtype === "uint8") && data?.byteLength === count;
  if (!data || !fits || (geometry.kind === "transpose" && groups > 1)) {
    throw new LabError({
      code: "KERNEL_VALUES",
      message: `Cannot order the weights of ${node.describe()}: they are ${data?.byteLength ?? 0} bytes of ${weights.dtype} in ${groups} groups, expected ${count} bytes of int8 or uint8 of a kernel that is not both grouped and transposed`,
      at: weights.name,
    });
  }
  const shift = weights.dtype === "uint8" ? 0x80 : 0;
  const strides = stridesOf(node, geometry);
  if (strides === null && shift === 0) return new Int8Array(data.buffer, data.byteOffset, count);

  const values = new Int8Array(count);
  if (strides === null) {
    for (let index = 0; index < count; index++) values[index] = data[index]! ^ shift;
    return values;
  }
  let at = 0;
  for (let output = 0; output < outputChannels; output++) {
    for (let row = 0; row < kernelHeight; row++) {
      for (let column = 0; column < kernelWidth; column++) {
        let from = output * strides.output + row * strides.row + column * strides.column;
        for (let input = 0; input < inputs; input++, from += strides.input) {
          values[at++] = data[from]! ^ shift;
        }
      }
    }
  }
  return values;
}

/**
 * Returns the real values of a layer's weights in the same order, quantised ones times their scale. Throws a
 * LabError that names the node where the weights do not fill the kernel or each index of another axis has a scale.
 */
export function realKernelValues(node: Node, geometry: LayerGeometry): Float32Array {
  const { weights, kernelHeight, kernelWidth, outputChannels, groups } = geometry;
  const inputs = geometry.inputChannels / groups;
  const each = kernelHeight * kernelWidth * inputs;
  const { scale, zeroPoint } = weights.quantization ?? { scale: [1], zeroPoint: [0] };
  const perChannel = scale.length > 1;
  if (weights.size !== outputChannels * each || (perChannel && scale.length !== outputChannels)) {
    throw new LabError({
      code: "KERNEL_VALUES",
      message: `Cannot widen the weights of ${node.describe()}: they are ${weights.size} values with ${scale.length} scales, expected ${outputChannels * each} values with 1 or ${outputChannels}`,
      at: weights.name,
    });
  }
  const stored = tensorNumbers(weights);
  const strides = stridesOf(node, geometry);
  return Float32Array.from(stored, (_, index) => {
    const output = Math.floor(index / each);
    const channel = perChannel ? output : 0;
    const value = stored[strides === null ? index : placeInFile(geometry, strides, index)]!;
    return (value - zeroPoint[channel]!) * scale[channel]!;
  });
}

/** Returns where a file has the weight of an index in the order output, row, column, input. */
function placeInFile(
  { kernelHeight, kernelWidth, inputChannels, groups }: LayerGeometry,
  strides: Strides,
  index: number,
): number {
  const inputs = inputChannels / groups;
  const tap = Math.floor(index / inputs);
  const line = Math.floor(tap / kernelWidth);
  return (
    Math.floor(line / kernelHeight) * strides.output +
    (line % kernelHeight) * strides.row +
    (tap % kernelWidth) * strides.column +
    (index % inputs) * strides.input
  );
}
