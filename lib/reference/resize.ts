/** Resizing of images to a recorded size: nearest neighbour, and bilinear with 10 bits of weight per axis. */
import { imageSize, layoutOf } from "../graph/geometry.js";
import { stringAttribute } from "../graph/node.js";
import { sameQuantization } from "../graph/quantization.js";
import { roundAway } from "./fixed-point.js";
import { onImages } from "./images.js";
import type { Kernel, KernelCall, Kernels } from "./kernel.js";

type Mode = "align_corners" | "half_pixel" | "asymmetric";

function modeOf(call: KernelCall): Mode {
  const mode = stringAttribute(call.node, "coordinateTransformationMode", "half_pixel");
  if (mode === "align_corners" || mode === "half_pixel" || mode === "asymmetric") return mode;
  throw call.refuse(`its coordinates are ${mode}, expected align_corners, half_pixel or asymmetric`);
}

/** Which input a position reads. Source: LiteRT internal/reference/resize_nearest_neighbor.h. */
function nearest(position: number, from: number, to: number, mode: Mode): number {
  const aligned = mode === "align_corners" && to > 1;
  const scale = aligned ? Math.fround((from - 1) / (to - 1)) : Math.fround(from / to);
  const at = Math.fround((position + (mode === "half_pixel" ? 0.5 : 0)) * scale);
  return Math.max(0, Math.min(from - 1, mode === "align_corners" ? roundAway(at) : Math.floor(at)));
}

/** Two neighbours along an axis, and the weight of the second in 1/1024. */
interface Between {
  readonly low: number;
  readonly high: number;
  readonly weight: number;
}

/** Source: LiteRT internal/reference/resize_bilinear.h, ComputeInterpolationValuesInteger. */
function between(position: number, from: number, to: number, mode: Mode): Between {
  const aligned = mode === "align_corners" && to > 1;
  const scale = aligned
    ? Math.floor((1024 * (from - 1) + Math.floor((to - 1) / 2)) / (to - 1))
    : Math.floor((1024 * from + Math.floor(to / 2)) / to);
  const shift = mode === "half_pixel" ? Math.trunc(scale / 2) - 512 : 0;
  const at = position * scale + shift;
  const low = Math.max(0, Math.trunc(at / 1024));
  const high = Math.min(from - 1, Math.trunc((at + 1023) / 1024));
  return { low, high, weight: at - 1024 * low };
}

const resize: Kernel = (call) => {
  const { node } = call;
  call.step(node.input(0));
  if (!sameQuantization(node.input(0).quantization, node.output().quantization)) {
    throw call.refuse("its input and output have different scales, expected one for both");
  }
  const kind = stringAttribute(node, "mode", "nearest");
  if (kind !== "nearest" && kind !== "linear")
    throw call.refuse(`its mode is ${kind}, expected nearest or linear`);
  const mode = modeOf(call);
  const [from, to] = [imageSize(node.input(0), layoutOf(node)), imageSize(node.output(), layoutOf(node))];
  const { channels } = from;
  const axis = <Place>(place: (at: number, from: number, to: number, mode: Mode) => Place) => ({
    rows: Array.from({ length: to.height }, (_, at) => place(at, from.height, to.height, mode)),
    columns: Array.from({ length: to.width }, (_, at) => place(at, from.width, to.width, mode)),
  });
  const base = (batch: number, row: number, column: number) =>
    ((batch * from.height + row) * from.width + column) * channels;
  if (kind === "nearest") {
    const { rows, columns } = axis(nearest);
    return onImages(call, ([x]) => {
      const result = call.empty();
      let at = 0;
      for (let batch = 0; batch < from.batch; batch++) {
        for (const row of rows) {
          for (const column of columns) {
            const source = base(batch, row, column);
            for (let c = 0; c < channels; c++) result[at++] = x![source + c]!;
          }
        }
      }
      return [result];
    });
  }
  if (node.input(0).dtype !== "int8")
    throw call.refuse("it is bilinear on uint8, which TFLite does in float");
  const { rows, columns } = axis(between);
  return onImages(call, ([x]) => {
    const result = call.empty();
    let at = 0;
    for (let batch = 0; batch < from.batch; batch++) {
      for (const row of rows) {
        for (const column of columns) {
          const [a, b] = [base(batch, row.low, column.low), base(batch, row.low, column.high)];
          const [d, e] = [base(batch, row.high, column.low), base(batch, row.high, column.high)];
          for (let c = 0; c < channels; c++) {
            const top = x![a + c]! * (1024 - column.weight) + x![b + c]! * column.weight;
            const bottom = x![d + c]! * (1024 - column.weight) + x![e + c]! * column.weight;
            const sum = top * (1024 - row.weight) + bottom * row.weight;
            result[at++] = Math.trunc((sum + (sum > 0 ? 2 ** 19 : -(2 ** 19))) / 2 ** 20);
          }
        }
      }
    }
    return [result];
  });
};

export const RESIZE_KERNELS: Kernels = { Resize: resize };
