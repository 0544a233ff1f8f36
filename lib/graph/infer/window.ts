/**
 * Where a sliding window fits along one axis. Used by convolutions and pooling of both formats.
 *
 *     size 5, kernel 3, stride 2, pads 1+1      . 0 1 2 3 4 .
 *                                              [· · ·]
 *                                                  [· · ·]
 *                                                      [· · ·]      → 3 positions
 */
export interface WindowAxis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padStart: number;
  readonly padEnd: number;
  /** NOTSET takes the pads as given, VALID none, SAME_* as many as cover the input once per stride. */
  readonly autoPad: AutoPad;
  /** Counts a last window that reaches over the end (ONNX `ceil_mode`). */
  readonly ceil: boolean;
}

export type AutoPad = "NOTSET" | "VALID" | "SAME_UPPER" | "SAME_LOWER";

export interface WindowPlacement {
  readonly positions: number;
  readonly padStart: number;
  /** What the last window needs after the end; may be less than a NOTSET pad offers. */
  readonly padEnd: number;
}

/**
 * Returns how many positions a window takes and the padding it uses; zero or fewer positions mean that it
 * does not fit. SAME puts an odd pad at the end (UPPER) or at the start (LOWER).
 */
export function placeWindow(axis: WindowAxis): WindowPlacement {
  const { size, stride, dilation, autoPad } = axis;
  const reach = dilation * (axis.kernel - 1) + 1;
  if (autoPad === "SAME_UPPER" || autoPad === "SAME_LOWER") {
    const positions = Math.ceil(size / stride);
    const total = Math.max(0, (positions - 1) * stride + reach - size);
    const small = Math.floor(total / 2);
    const [padStart, padEnd] = autoPad === "SAME_UPPER" ? [small, total - small] : [total - small, small];
    return { positions, padStart, padEnd };
  }
  const [padStart, padEnd] = autoPad === "VALID" ? [0, 0] : [axis.padStart, axis.padEnd];
  const steps = (size + padStart + padEnd - reach) / stride;
  let positions = (axis.ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
  // A window that would start in the padding after the end sees no input; frameworks drop it.
  if (axis.ceil && (positions - 1) * stride >= size + padStart) positions -= 1;
  return { positions, padStart, padEnd };
}

/**
 * Returns the size that a transposed convolution gives: the input spread by the stride, widened by the
 * kernel, cut by the pads. SAME gives size × stride.
 */
export function spreadWindow(axis: WindowAxis & { readonly outputPadding: number }): number {
  if (axis.autoPad === "SAME_UPPER" || axis.autoPad === "SAME_LOWER") return axis.size * axis.stride;
  const [padStart, padEnd] = axis.autoPad === "VALID" ? [0, 0] : [axis.padStart, axis.padEnd];
  const reach = axis.dilation * (axis.kernel - 1) + 1;
  return axis.stride * (axis.size - 1) + axis.outputPadding + reach - padStart - padEnd;
}
