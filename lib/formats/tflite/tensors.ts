/** The tensors of a subgraph, out of their tables. */
import { DecodeError } from "../../errors.js";
import { byteLength, DTYPES, type DType } from "../../graph/dtype.js";
import { elementCount, formatShape, isStatic, type Shape } from "../../graph/shape.js";
import {
  type BlockQuantization,
  type Constant,
  constantOf,
  type Quantization,
  type RecordedTensor,
  type Sparsity,
  Tensor,
} from "../../graph/tensor.js";
import { locatedError } from "../shared/located.js";
import { MOST_DIMENSIONS } from "../shared/rank.js";
import { type Buffers, stored } from "./constants.js";
import {
  BLOCKWISE_QUANTIZATION,
  CUSTOM_QUANTIZATION,
  MULTI_AXIS_QUANTIZATION,
  QUANTIZATION,
  QUANTIZATION_DETAILS,
  TENSOR,
  VARIANT,
} from "./schema.js";
import { densify, readSparsity } from "./sparsity.js";
import type { Table, TableList } from "./table.js";

/** What a tensor costs besides its lists and its name, in bytes of the heap. */
const TENSOR_COST = 112;

/** Returns a subgraph's tensors, in the order of the file. */
export function readTensors(list: TableList, buffers: Buffers): Tensor[] {
  const blockwise: [Tensor, BlockPlaces][] = [];
  const tensors = list.map((table, index) => {
    table.file.spend(TENSOR_COST, table.at, table);
    const name = table.get(TENSOR.name) || `tensor_${index}`;
    const quantization = table.get(TENSOR.quantization);
    try {
      const tensor = readTensor({ table, name, quantization, buffers });
      const places = quantization && blockPlaces(quantization);
      if (places) blockwise.push([tensor, places]);
      return tensor;
    } catch (error) {
      throw locatedError(error, { start: table.at, path: table.path });
    }
  });
  // Scales per block lie in tensors of the same list.
  for (const [tensor, places] of blockwise) tensor.blocks = blocksAt(places, tensors);
  return tensors;
}

function readTensor({
  table,
  name,
  quantization,
  buffers,
}: {
  readonly table: Table;
  readonly name: string;
  readonly quantization: Table | null;
  readonly buffers: Buffers;
}): Tensor {
  const dtype = table.get(TENSOR.dtype);
  const isVariable = table.get(TENSOR.isVariable);
  const packed = isVariable ? null : buffers.ofTensor(table, name);
  const sizes = table.get(TENSOR.shape);
  const shape = tensorShape(table, sizes, packed);
  const recorded = recordedTensor(table, quantization);
  return new Tensor({
    name,
    dtype,
    shape,
    quantization: quantization && tensorQuantization(quantization, { name, sizes }),
    data: packed && unpacked(packed, { table, name, dtype, shape, sparsity: recorded?.sparsity }),
    isVariable,
    recorded,
  });
}

/** Returns the bytes of all elements, once their number is as the shape says. */
function unpacked(
  data: Constant,
  {
    table,
    name,
    dtype,
    shape,
    sparsity,
  }: {
    readonly table: Table;
    readonly name: string;
    readonly dtype: DType;
    readonly shape: Shape | null;
    readonly sparsity: Sparsity | undefined;
  },
): Constant {
  if (DTYPES[dtype].bits === 0 || !isStatic(shape)) return data;
  if (sparsity) {
    const dense = densify(data, { sparsity, dtype, shape, at: table.path });
    table.file.spend(dense.byteLength, table.at, table);
    return dense;
  }
  const expected = byteLength(dtype, elementCount(shape));
  if (data.byteLength === expected) return data;
  throw new DecodeError({
    code: "DATA_SIZE",
    message: `Cannot read constant '${name}': its buffer has ${data.byteLength} bytes, expected ${expected} for ${dtype} ${formatShape(shape)}`,
    offset: table.at,
    path: table.path,
  });
}

/** Returns what the file says about a tensor beyond its graph; null for most. */
function recordedTensor(table: Table, quantization: Table | null): RecordedTensor | null {
  const shapeSignature = table.get(TENSOR.shapeSignature);
  const sparsity = table.get(TENSOR.sparsity);
  const variants = table.get(TENSOR.variantTensors);
  const range = quantization && calibratedRange(quantization);
  const custom = quantization && customQuantization(quantization);
  if (!shapeSignature && !sparsity && !variants && !range && !custom) return null;
  return {
    ...(shapeSignature && { shapeSignature }),
    ...(range && { range }),
    ...(sparsity && { sparsity: readSparsity(sparsity) }),
    ...(custom && { customQuantization: custom }),
    ...(variants && {
      variants: variants.map((variant) => ({
        dtype: variant.get(VARIANT.dtype),
        shape: variant.get(VARIANT.shape),
        hasRank: variant.get(VARIANT.hasRank),
      })),
    }),
  };
}

function calibratedRange(quantization: Table): RecordedTensor["range"] | null {
  const min = quantization.get(QUANTIZATION.min);
  const max = quantization.get(QUANTIZATION.max);
  return min.length > 0 || max.length > 0 ? { min, max } : null;
}

function customQuantization(quantization: Table): Constant | null {
  if (quantization.get(QUANTIZATION.detailsType) !== QUANTIZATION_DETAILS.custom) return null;
  const custom = quantization.get(QUANTIZATION.details)?.get(CUSTOM_QUANTIZATION.custom);
  return custom ? stored(quantization.file.source, custom.at, custom.count) : null;
}

/** Scales per block as the file says them: by the numbers of tensors, which may come later. */
interface BlockPlaces extends Omit<BlockQuantization, "scales" | "zeroPoints"> {
  readonly scales: number;
  readonly zeroPoints: number;
  /** For messages. */
  readonly at: number;
  readonly path: string;
}

function blockPlaces(quantization: Table): BlockPlaces | null {
  const kind = quantization.get(QUANTIZATION.detailsType);
  if (kind !== QUANTIZATION_DETAILS.blockwise && kind !== QUANTIZATION_DETAILS.multiAxis) return null;
  const details = quantization.get(QUANTIZATION.details);
  if (details === null) return null;
  const { at, path } = details;
  if (kind === QUANTIZATION_DETAILS.blockwise) {
    return {
      at,
      path,
      scales: details.get(BLOCKWISE_QUANTIZATION.scales),
      zeroPoints: details.get(BLOCKWISE_QUANTIZATION.zeroPoints),
      blockSize: details.get(BLOCKWISE_QUANTIZATION.blockSize),
      blockShape: details.get(BLOCKWISE_QUANTIZATION.blockShape),
      axis: quantization.get(QUANTIZATION.quantizedDimension),
    };
  }
  const axes = details.get(MULTI_AXIS_QUANTIZATION.axes);
  return {
    at,
    path,
    scales: details.get(MULTI_AXIS_QUANTIZATION.scales),
    zeroPoints: details.get(MULTI_AXIS_QUANTIZATION.zeroPoints),
    blockSize: details.get(MULTI_AXIS_QUANTIZATION.blockSize),
    blockShape: [],
    axis: axes[0] ?? 0,
    axes,
  };
}

/** Returns scales per block; throws a DecodeError when their tensor is none of the list. */
function blocksAt(
  { at, path, scales, zeroPoints, ...blocks }: BlockPlaces,
  tensors: readonly Tensor[],
): BlockQuantization {
  const tensor = tensors[scales];
  if (tensor === undefined) {
    throw new DecodeError({
      code: "TENSOR_INDEX",
      message: `Cannot find tensor ${scales} of ${path}: the subgraph has ${tensors.length} tensors`,
      offset: at,
      path: `${path}.scales`,
    });
  }
  // Tensor 0 is an input of the graph; here it says that there are none.
  return { scales: tensor, zeroPoints: zeroPoints > 0 ? (tensors[zeroPoints] ?? null) : null, ...blocks };
}

const SCALAR: Shape = [];

/** Returns the sizes; −1 is a size that is unknown. No shape at all is a scalar only if the file says so. */
function tensorShape(table: Table, sizes: readonly number[] | null, data: Constant | null): Shape | null {
  if (sizes === null || sizes.length === 0) {
    return table.get(TENSOR.hasRank) || sizes !== null || data !== null ? SCALAR : null;
  }
  if (sizes.length > MOST_DIMENSIONS) {
    throw new DecodeError({
      code: "SHAPE",
      message: `Cannot use the shape of ${table.path}: it has ${sizes.length} dimensions, expected at most ${MOST_DIMENSIONS}`,
      offset: table.at,
      path: `${table.path}.shape`,
    });
  }
  let least = 0;
  for (const size of sizes) if (size < least) least = size;
  if (least === 0) return sizes;
  if (least === -1) return sizes.map((size) => (size === -1 ? null : size));
  throw new DecodeError({
    code: "SHAPE",
    message: `Cannot use the shape ${sizes.join("x")} of ${table.path}: a size is ${least}, expected -1 or more`,
    offset: table.at,
    path: `${table.path}.shape`,
  });
}

function refuseQuantization(quantization: Table, name: string, why: string): DecodeError {
  return new DecodeError({
    code: "QUANTIZATION",
    message: `Cannot use the quantisation of tensor '${name}': ${why}`,
    offset: quantization.at,
    path: quantization.path,
  });
}

function tensorQuantization(
  quantization: Table,
  { name, sizes }: { readonly name: string; readonly sizes: readonly number[] | null },
): Quantization | null {
  const scale = quantization.get(QUANTIZATION.scale);
  if (scale.length === 0) return null;
  const zeroPoint = quantization.get(QUANTIZATION.zeroPoint);
  for (const value of scale) {
    if (Number.isFinite(value) && value >= 0) continue;
    throw refuseQuantization(
      quantization,
      name,
      `a scale is ${value}, expected a finite number, zero or more`,
    );
  }
  // Symmetric weights may come with no zero points, or with one for all channels.
  if (zeroPoint.length > 1 && zeroPoint.length !== scale.length) {
    throw refuseQuantization(
      quantization,
      name,
      `it has ${scale.length} scales and ${zeroPoint.length} zero points, expected as many`,
    );
  }
  const zeros = zeroPoint.length === scale.length ? zeroPoint : scale.map(() => zeroPoint[0] ?? 0);
  if (scale.length === 1) return { scale, zeroPoint: zeros, axis: null };
  const axis = quantization.get(QUANTIZATION.quantizedDimension);
  // Converters of 2019 wrote the axis of the weights on the bias too: person_detect.tflite says axis 3.
  if (sizes?.length === 1 && axis > 0 && sizes[0] === scale.length) {
    return { scale, zeroPoint: zeros, axis: 0 };
  }
  const size = sizes?.[axis];
  if (axis < 0 || size === undefined || (size !== -1 && size !== scale.length)) {
    throw refuseQuantization(
      quantization,
      name,
      `it has ${scale.length} scales along axis ${axis}, expected one for each of ${size ?? "no"} indices`,
    );
  }
  return { scale, zeroPoint: zeros, axis };
}

/** A constant without elements has no bytes to show it: it is what nobody computes and nobody feeds. */
export function markEmptyConstants(tensors: readonly Tensor[], fed: () => ReadonlySet<Tensor>): void {
  const empty = tensors.filter(
    ({ data, isVariable, shape }) =>
      data === null && !isVariable && shape?.includes(0) && isStatic(shape) && elementCount(shape) === 0,
  );
  if (empty.length === 0) return;
  const given = fed();
  for (const tensor of empty) if (!given.has(tensor)) tensor.data = constantOf(new Uint8Array(0));
}
