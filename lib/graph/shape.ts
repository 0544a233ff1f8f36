/** A dimension: a size, the name of a symbol (`batch`), or null where nothing is known. */
export type Dim = number | string | null;

/** Sizes, outermost first; `[]` is a scalar. A tensor whose rank is unknown has the shape `null`. */
export type Shape = readonly Dim[];
export type StaticShape = readonly number[];

export function isStatic(shape: Shape | null): shape is StaticShape {
  if (shape === null) return false;
  for (const dim of shape) if (typeof dim !== "number") return false;
  return true;
}

/** Returns the number of elements; 1 for a scalar. */
export function elementCount(shape: StaticShape): number {
  let count = 1;
  for (const dim of shape) count *= dim;
  return count;
}

/** Returns the shape as people write it: `1x96x96x3`, `batch×?` symbols by name, `scalar`, `unknown rank`. */
export function formatShape(shape: Shape | null): string {
  if (shape === null) return "unknown rank";
  if (shape.length === 0) return "scalar";
  return shape.map((dim) => dim ?? "?").join("x");
}

export function sameShape(a: Shape | null, b: Shape | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((dim, index) => dim === b[index]);
}
