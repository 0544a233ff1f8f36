import { formatShape, type StaticShape } from "../shape.js";
import type { InferenceCall } from "./rule.js";

/**
 * Returns the shape that several shapes broadcast to, or null when two sizes of an axis differ and neither
 * is 1. Shapes align at their last axis:
 *
 *     1x14x14x64 ┐
 *             64 ┴─▶ 1x14x14x64
 */
export function broadcastShapes(shapes: readonly StaticShape[]): StaticShape | null {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    const missing = rank - shape.length;
    for (const [index, size] of shape.entries()) {
      const held = result[missing + index]!;
      if (size === held || size === 1) continue;
      if (held !== 1) return null;
      result[missing + index] = size;
    }
  }
  return result;
}

/** Returns what inputs broadcast to; throws a LabError that names the node when they do not. */
export function broadcastInputs(call: InferenceCall, shapes: readonly StaticShape[]): StaticShape {
  const shape = broadcastShapes(shapes);
  if (shape) return shape;
  throw call.refuse(`${shapes.map(formatShape).join(" and ")} do not broadcast`);
}
