/** The tensors of a subgraph, out of their records. */
import { DecodeError } from "../../errors.js";
import { byteLength, DTYPES } from "../../graph/dtype.js";
import { elementCount, formatShape, isStatic, type Shape } from "../../graph/shape.js";
import {
  type BlockQuantization,
  type Constant,
  type Quantization,
  type RecordedTensor,
  Tensor,
} from "../../graph/tensor.js";
import type { ByteSource } from "../../source.js";
import { located } from "../shared/located.js";
import { readAnyTable } from "./codec.js";
import { bufferConstant, externalConstant, stored } from "./constants.js";
import type { FlatBuffer } from "./flatbuffer.js";
import {
  BLOCKWISE_QUANTIZATION,
  CUSTOM_QUANTIZATION,
  type ModelRecord,
  QUANTIZATION_DETAILS,
  type SubgraphRecord,
  type TensorRecord,
} from "./schema.js";
import { densify, readSparsity } from "./sparsity.js";

export interface TensorBuild {
  readonly file: FlatBuffer;
  readonly record: ModelRecord;
  /** Contents of buffers by number: tensors that share a buffer share the constant. */
  readonly buffers: Map<number, Constant | null>;
  readonly siblings?: (name: string) => ByteSource;
}

/** Returns a subgraph's tensors, in the order of the file. */
export function buildTensors(build: TensorBuild, { tensors: records }: SubgraphRecord): Tensor[] {
  const tensors = records.map((record, index) =>
    located({ start: record.at, path: record.path }, () => buildTensor(build, record, index)),
  );
  // Scales per block lie in tensors of the same list.
  for (const [index, record] of records.entries()) {
    if (record.quantization?.detailsType === QUANTIZATION_DETAILS.blockwise) {
      tensors[index]!.blocks = blockQuantization(build.file, record, tensors);
    }
  }
  return tensors;
}

function buildTensor(build: TensorBuild, tensor: TensorRecord, index: number): Tensor {
  const name = tensor.name || `tensor_${index}`;
  const recorded = recordedTensor(build.file, tensor);
  const packed = tensor.isVariable ? null : constantData(build, tensor);
  const shape = tensorShape(tensor, packed);
  const { dtype, isVariable } = tensor;
  const data = unpacked(packed, { name, tensor, shape, sparsity: recorded?.sparsity });
  const quantization = tensorQuantization(tensor, name);
  return new Tensor({ name, dtype, shape, quantization, data, isVariable, recorded });
}

/** Returns the bytes of all elements, once their number is as the shape says. */
function unpacked(
  data: Constant | null,
  {
    name,
    tensor,
    shape,
    sparsity,
  }: {
    readonly name: string;
    readonly tensor: TensorRecord;
    readonly shape: Shape | null;
    readonly sparsity: RecordedTensor["sparsity"];
  },
): Constant | null {
  const { dtype, at, path } = tensor;
  if (data === null || DTYPES[dtype].bits === 0 || !isStatic(shape)) return data;
  if (sparsity) return densify(data, { sparsity, dtype, shape, at: path });
  const expected = byteLength(dtype, elementCount(shape));
  if (data.byteLength === expected) return data;
  throw new DecodeError({
    code: "DATA_SIZE",
    message: `Cannot read constant '${name}': its buffer has ${data.byteLength} bytes, expected ${expected} for ${dtype} ${formatShape(shape)}`,
    offset: at,
    path,
  });
}

function constantData(build: TensorBuild, tensor: TensorRecord): Constant | null {
  if (tensor.externalBuffer !== 0) return externalConstant({ ...build, tensor });
  const known = build.buffers.get(tensor.buffer);
  if (known !== undefined) return known;
  const { file, record } = build;
  const path = `${tensor.path}.buffer`;
  const data = bufferConstant({ file, record, index: tensor.buffer, at: tensor.at, path });
  build.buffers.set(tensor.buffer, data);
  return data;
}

/** Returns what the file says about a tensor beyond its graph; null for most. */
function recordedTensor(file: FlatBuffer, tensor: TensorRecord): RecordedTensor | null {
  const { shapeSignature, sparsity, variantTensors, quantization } = tensor;
  const recorded: RecordedTensor = {
    ...(shapeSignature === null ? {} : { shapeSignature }),
    ...(quantization !== null && (quantization.min.length > 0 || quantization.max.length > 0)
      ? { range: { min: quantization.min, max: quantization.max } }
      : {}),
    ...(sparsity === null ? {} : { sparsity: readSparsity(file, sparsity) }),
    ...customQuantization(file, tensor),
    ...(variantTensors === null
      ? {}
      : { variants: variantTensors.map(({ dtype, shape, hasRank }) => ({ dtype, shape, hasRank })) }),
  };
  return Object.keys(recorded).length === 0 ? null : recorded;
}

function customQuantization(file: FlatBuffer, { quantization }: TensorRecord): RecordedTensor {
  if (quantization?.detailsType !== QUANTIZATION_DETAILS.custom || quantization.details === 0) return {};
  const path = `${quantization.path}.details`;
  const { custom } = readAnyTable(file, CUSTOM_QUANTIZATION, quantization.details, path);
  return custom === null ? {} : { customQuantization: stored(file.source, custom.at, custom.count) };
}

/** Returns scales per block; throws a DecodeError when their tensor is none of the list. */
function blockQuantization(
  file: FlatBuffer,
  tensor: TensorRecord,
  tensors: readonly Tensor[],
): BlockQuantization | null {
  const { quantization } = tensor;
  if (quantization === null || quantization.details === 0) return null;
  const path = `${quantization.path}.details`;
  const record = readAnyTable(file, BLOCKWISE_QUANTIZATION, quantization.details, path);
  const scales = tensors[record.scales];
  if (scales === undefined) {
    throw new DecodeError({
      code: "TENSOR_INDEX",
      message: `Cannot find tensor ${record.scales} of ${path}: the subgraph has ${tensors.length} tensors`,
      offset: record.at,
      path: `${path}.scales`,
    });
  }
  return {
    scales,
    // Tensor 0 is an input of the graph; here it says that there are none.
    zeroPoints: record.zeroPoints > 0 ? (tensors[record.zeroPoints] ?? null) : null,
    blockSize: record.blockSize,
    blockShape: record.blockShape,
    axis: quantization.quantizedDimension,
  };
}

/** Returns the sizes; −1 is a size that is unknown. No shape at all is a scalar only if the file says so. */
function tensorShape(tensor: TensorRecord, data: Constant | null): Shape | null {
  const { shape, hasRank, at, path } = tensor;
  if (shape === null || shape.length === 0) {
    return hasRank || shape !== null || data !== null ? [] : null;
  }
  return shape.map((size) => {
    if (size >= 0) return size;
    if (size === -1) return null;
    throw new DecodeError({
      code: "SHAPE",
      message: `Cannot use the shape ${shape.join("x")} of ${path}: a size is ${size}, expected -1 or more`,
      offset: at,
      path: `${path}.shape`,
    });
  });
}

function tensorQuantization(tensor: TensorRecord, name: string): Quantization | null {
  const { quantization, at } = tensor;
  if (quantization === null || quantization.scale.length === 0) return null;
  const { scale, zeroPoint, quantizedDimension: axis } = quantization;
  const path = `${tensor.path}.quantization`;
  const wrong = (why: string) =>
    new DecodeError({
      code: "QUANTIZATION",
      message: `Cannot use the quantisation of tensor '${name}': ${why}`,
      offset: at,
      path,
    });
  const bad = scale.find((value) => !Number.isFinite(value) || value < 0);
  if (bad !== undefined) throw wrong(`a scale is ${bad}, expected a finite number, zero or more`);
  // Symmetric weights may come with no zero points, or with one for all channels.
  if (zeroPoint.length > 1 && zeroPoint.length !== scale.length) {
    throw wrong(`it has ${scale.length} scales and ${zeroPoint.length} zero points, expected as many`);
  }
  const zeros = zeroPoint.length === scale.length ? zeroPoint : scale.map(() => zeroPoint[0] ?? 0);
  if (scale.length === 1) return { scale, zeroPoint: zeros, axis: null };
  // Converters of 2019 wrote the axis of the weights on the bias too: person_detect.tflite says axis 3.
  if (tensor.shape?.length === 1 && axis > 0 && tensor.shape[0] === scale.length) {
    return { scale, zeroPoint: zeros, axis: 0 };
  }
  const size = tensor.shape?.[axis];
  if (axis < 0 || size === undefined || (size !== -1 && size !== scale.length)) {
    throw wrong(
      `it has ${scale.length} scales along axis ${axis}, expected one for each of ${size ?? "no"} indices`,
    );
  }
  return { scale, zeroPoint: zeros, axis };
}
