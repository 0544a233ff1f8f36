/** Images of both layouts: kernels work on NHWC; NCHW ones are turned before and after. */
import { imageSize, layoutOf } from "../graph/geometry.js";
import { placeWindow } from "../graph/infer/window.js";
import { numbersAttribute, stringAttribute } from "../graph/node.js";
import type { Tensor } from "../graph/tensor.js";
import { type Compute, emptyValues, type KernelCall, type Values } from "./kernel.js";

export type Image = ReturnType<typeof imageSize>;

/** Writes [batch, rows, columns] as [batch, columns, rows]. */
function turn(
  values: Values,
  into: Values,
  [batch, rows, columns]: readonly [number, number, number],
): Values {
  for (let image = 0; image < batch; image++) {
    const start = image * rows * columns;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        into[start + column * rows + row] = values[start + row * columns + column]!;
      }
    }
  }
  return into;
}

/** Returns a computation on NHWC images as one on images of the node's layout: its input 0 and its output 0. */
export function onImages(call: KernelCall, compute: Compute): Compute {
  const { node } = call;
  if (layoutOf(node) === "NHWC") return compute;
  const input = imageSize(node.input(0), "NCHW");
  const output = imageSize(node.output(), "NCHW");
  const blank = (tensor: Tensor) => emptyValues(tensor.dtype, tensor.size);
  return ([x, ...others]) => {
    const last = turn(x!, blank(node.input(0)), [input.batch, input.channels, input.height * input.width]);
    const [result] = compute([last, ...others]);
    return [
      turn(result!, blank(node.output()), [output.batch, output.height * output.width, output.channels]),
    ];
  };
}

/** Where a window starts and what lies under it, along one axis. */
export interface Slide {
  readonly size: number;
  readonly positions: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
}

/** Returns the window's way over height and width. */
export function slides(
  call: KernelCall,
  image: { readonly height: number; readonly width: number },
  window: {
    readonly kernel: readonly [number, number];
    readonly strides: readonly [number, number];
    readonly dilations: readonly [number, number];
  },
): readonly [Slide, Slide] {
  const { node } = call;
  const pads = numbersAttribute(node, "pads", [0, 0, 0, 0]);
  const [top, left, bottom, right] = pads.length === 2 ? [0, pads[0]!, 0, pads[1]!] : pads;
  const autoPad = stringAttribute(node, "autoPad", "NOTSET") as "NOTSET";
  const slide = (axis: 0 | 1, size: number, padStart: number, padEnd: number): Slide => {
    const [kernel, stride, dilation] = [window.kernel[axis], window.strides[axis], window.dilations[axis]];
    const ceil = node.attributes.ceilMode === 1;
    const placed = placeWindow({ size, kernel, stride, dilation, padStart, padEnd, autoPad, ceil });
    return { size, positions: placed.positions, kernel, stride, dilation, before: placed.padStart };
  };
  return [slide(0, image.height, top ?? 0, bottom ?? 0), slide(1, image.width, left ?? 0, right ?? 0)];
}
