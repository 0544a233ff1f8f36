import { DTYPES } from "../dtype.js";
import { decodeElements, encodeElements, lazyConstant } from "../elements.js";
import { denseStrides, forEachOffset, readView, type View } from "../infer/strides.js";
import { elementCount, type StaticShape } from "../shape.js";
import { Tensor } from "../tensor.js";

/** Returns a shape with its axes in another order: axis `perm[i]` of the old one is axis i of the new. */
export function permutedShape(shape: StaticShape, perm: readonly number[]): number[] {
  return perm.map((axis) => shape[axis]!);
}

/**
 * Returns a constant with its axes in another order, scales along with them. Elements are moved when the
 * constant is read, and not at all where only axes of size 1 change places.
 */
export function permutedConstant(tensor: Tensor, perm: readonly number[]): Tensor {
  const shape = tensor.staticShape();
  const { name, dtype, data, quantization } = tensor;
  const axis = quantization?.axis == null ? null : perm.indexOf(quantization.axis);
  const fields = {
    name,
    dtype,
    shape: permutedShape(shape, perm),
    quantization: quantization && { ...quantization, axis },
  };
  if (data === null || keepsOrder(shape, perm)) return new Tensor({ ...fields, data });
  const strides = denseStrides(shape);
  const view: View = { shape: fields.shape, strides: perm.map((from) => strides[from]!), offset: 0 };
  const { bits } = DTYPES[dtype];
  return new Tensor({
    ...fields,
    data: lazyConstant(data.byteLength, () =>
      bits >= 8
        ? movedBytes(data.read(), view, bits / 8)
        : encodeElements(dtype, readView(decodeElements(dtype, data.read(), elementCount(shape)), view)),
    ),
  });
}

/** Returns whether the elements lie the same way before and after: the axes above size 1 keep their order. */
export function keepsOrder(shape: StaticShape, perm: readonly number[]): boolean {
  const moving = perm.filter((axis) => shape[axis] !== 1);
  return moving.every((axis, index) => index === 0 || axis > moving[index - 1]!);
}

function movedBytes(data: Uint8Array, view: View, width: number): Uint8Array {
  const moved = new Uint8Array(elementCount(view.shape) * width);
  if (width === 1) {
    forEachOffset(view, (from, to) => {
      moved[to] = data[from]!;
    });
    return moved;
  }
  forEachOffset(view, (from, to) => {
    for (let byte = 0; byte < width; byte++) moved[to * width + byte] = data[from * width + byte]!;
  });
  return moved;
}
