/** SparseTensorProto: the values that are not zero, and where they are. The graph holds it dense. */
import { LabError } from "../../errors.js";
import { byteLength, DTYPES } from "../../graph/dtype.js";
import { tensorNumbers } from "../../graph/elements.js";
import { elementCount, formatShape } from "../../graph/shape.js";
import { type Constant, Tensor } from "../../graph/tensor.js";
import { located } from "../shared/located.js";
import { MOST_DIMENSIONS } from "../shared/rank.js";
import { type NamedTensor, readTensor, type TensorSite } from "./tensor.js";
import type { Message } from "./wire.js";

/** What the place of a value takes as a number while the tensor unfolds. */
const PLACE_COST = 16;

/** A few bytes can claim any size: what unfolds to more than this is damage, or no use on a microcontroller. */
const DENSE_LIMIT = 256 << 20;

/**
 * Returns the constant in a SparseTensorProto, under the name of its values; it unfolds when read. Indices
 * are places in the flattened tensor, [count], or one index per axis, [count, rank]:
 *
 * ```
 * dims 2x3, values [7 9], indices [1 5]            0 7 0
 *                     or indices [[0 1] [1 2]]     0 0 9
 * ```
 */
export function readSparseTensor(message: Message, site: TensorSite): NamedTensor {
  const dims: number[] = [];
  let values: NamedTensor | null = null;
  let indices: Tensor | null = null;
  while (message.next()) {
    // 1: values, 2: indices, 3: dims
    switch (message.field) {
      case 1:
        values = readTensor(message.message("values"), site);
        break;
      case 2:
        indices = readTensor(message.message("indices"), site).tensor;
        break;
      case 3:
        message.int64s(dims);
        break;
    }
  }
  if (values === null) throw message.broken("it has no values");
  const { name, tensor } = values;
  const count = elementCount(dims);
  const size = byteLength(tensor.dtype, count);
  if (dims.length > MOST_DIMENSIONS) {
    throw message.broken(
      `sparse tensor '${tensor.name}' has ${dims.length} dimensions, expected at most ${MOST_DIMENSIONS}`,
    );
  }
  if (dims.some((dim) => dim < 0) || !(size <= DENSE_LIMIT)) {
    throw message.broken(
      `sparse tensor '${tensor.name}' unfolds to ${formatShape(dims)}, expected at most ${DENSE_LIMIT} bytes`,
    );
  }
  if (DTYPES[tensor.dtype].bits < 8) {
    throw message.broken(`sparse tensor '${tensor.name}' is of ${tensor.dtype}, expected whole bytes`);
  }
  const places =
    indices ??
    new Tensor({
      name: "none",
      dtype: "int64",
      shape: [0],
      data: { byteLength: 0, read: () => new Uint8Array(0) },
    });
  const [rows, axes] = places.staticShape();
  const isFlat = places.shape?.length === 1;
  if (places.dtype !== "int64" || rows !== tensor.size || (!isFlat && axes !== dims.length)) {
    throw message.broken(
      `sparse tensor '${tensor.name}' has ${tensor.size} values and indices ${formatShape(places.shape)} of ${places.dtype}, expected an int64 index for each`,
    );
  }
  message.spend(size + PLACE_COST * tensor.size);
  const here = message.held();
  const data: Constant = {
    byteLength: size,
    read: () => located(here, () => unfold({ values: tensor, places, dims, size, isFlat })),
  };
  return { name, tensor: new Tensor({ name: tensor.name, dtype: tensor.dtype, shape: dims, data }) };
}

function unfold({
  values,
  places,
  dims,
  size,
  isFlat,
}: {
  readonly values: Tensor;
  readonly places: Tensor;
  readonly dims: readonly number[];
  readonly size: number;
  readonly isFlat: boolean;
}): Uint8Array {
  const dense = new Uint8Array(size);
  const source = values.data!.read();
  const width = DTYPES[values.dtype].bits / 8;
  const indices = [...tensorNumbers(places)];
  const axes = isFlat ? 1 : dims.length;
  const limits = isFlat ? [elementCount(dims)] : dims;
  for (let index = 0; index < values.size; index++) {
    let place = 0;
    for (let axis = 0; axis < axes; axis++) {
      const along = indices[index * axes + axis]!;
      if (along < 0 || along >= limits[axis]!) {
        throw new LabError({
          code: "SPARSE",
          message: `Cannot unfold sparse tensor '${values.name}': index ${along} is outside of ${formatShape(dims)}`,
          hint: "the file is damaged",
        });
      }
      place = place * limits[axis]! + along;
    }
    dense.set(source.subarray(index * width, (index + 1) * width), place * width);
  }
  return dense;
}
