import { LabError } from "../../errors.js";
import type { Graph } from "../graph.js";
import { type Dim, formatShape, isStatic, type Shape, type StaticShape } from "../shape.js";
import type { Tensor } from "../tensor.js";

/** A free dimension of an input that was given a size without being asked: always a batch, always 1. */
export interface AssumedDim {
  readonly input: string;
  readonly axis: number;
  /** As the file has it: a symbol's name, or `?`. */
  readonly recorded: string;
  readonly size: number;
}

export interface ResolvedInputs {
  readonly shapes: ReadonlyMap<string, StaticShape>;
  /** Sizes of symbols, from the given shapes. */
  readonly symbols: ReadonlyMap<string, number>;
  readonly assumed: readonly AssumedDim[];
}

/**
 * Returns a size for every dimension of every input: as given by name, else as recorded, with symbols bound
 * across inputs; those that are no tensors have none. `batch` fills a first dimension that stays free. Throws a LabError that says how to give a size to any other free dimension.
 */
export function resolveInputShapes(
  graph: Graph,
  {
    given = new Map(),
    batch = null,
  }: { readonly given?: ReadonlyMap<string, Shape>; readonly batch?: number | null } = {},
): ResolvedInputs {
  const names = new Set(graph.inputs.map(({ name }) => name));
  for (const name of given.keys()) {
    if (names.has(name)) continue;
    throw new LabError({
      code: "INPUT_NAME",
      message: `Cannot set the shape of input '${name}': the model has no such input, expected one of ${[...names].map((own) => `'${own}'`).join(", ")}`,
    });
  }
  for (const [name, shape] of given) checkSizes(name, shape);
  const symbols = new Map<string, number>();
  for (const input of graph.inputs) bindSymbols(input, given.get(input.name), symbols);

  const assumed: AssumedDim[] = [];
  const shapes = new Map<string, StaticShape>();
  for (const input of graph.inputs) {
    if (input.container !== null) {
      if (given.has(input.name)) throw noTensor(input);
      continue;
    }
    const asked = given.get(input.name) ?? input.shape;
    const shape = asked?.map((dim, axis): Dim => {
      if (typeof dim === "number") return dim;
      const bound = dim === null ? undefined : symbols.get(dim);
      if (bound !== undefined) return bound;
      if (axis !== 0 || batch === null) return dim;
      assumed.push({ input: input.name, axis, recorded: dim ?? "?", size: batch });
      return batch;
    });
    if (shape && isStatic(shape)) shapes.set(input.name, shape);
    else throw freeDimension(input);
  }
  return { shapes, symbols, assumed };
}

function noTensor({ name, container }: Tensor): LabError {
  return new LabError({
    code: "INPUT_CONTAINER",
    message: `Cannot set the shape of input '${name}': it is ${container}, expected a tensor`,
  });
}

function checkSizes(name: string, shape: Shape): void {
  if (shape.every((dim) => typeof dim !== "number" || (Number.isSafeInteger(dim) && dim >= 0))) return;
  throw new LabError({
    code: "INPUT_SIZE",
    message: `Cannot set the shape of input '${name}' to ${formatShape(shape)}: expected whole sizes`,
  });
}

function bindSymbols(input: Tensor, given: Shape | undefined, symbols: Map<string, number>): void {
  if (!given || input.shape === null) return;
  if (given.length !== input.shape.length) {
    throw new LabError({
      code: "INPUT_RANK",
      message: `Cannot set the shape of input '${input.name}' to ${formatShape(given)}: the model has ${formatShape(input.shape)}, expected ${input.shape.length} dimensions`,
    });
  }
  for (const [axis, dim] of input.shape.entries()) {
    const size = given[axis];
    if (typeof dim !== "string" || typeof size !== "number") continue;
    const bound = symbols.get(dim) ?? size;
    if (bound !== size) {
      throw new LabError({
        code: "INPUT_SYMBOL",
        message: `Cannot set dimension '${dim}' of input '${input.name}' to ${size}: another input sets it to ${bound}`,
      });
    }
    symbols.set(dim, size);
  }
}

function freeDimension(input: Tensor): LabError {
  const example = (input.shape ?? [1, 3, 224, 224]).map((dim, axis) =>
    typeof dim === "number" ? dim : axis === 0 ? 1 : 224,
  );
  return new LabError({
    code: "INPUT_FREE",
    message: `Cannot size input '${input.name}': its shape is ${formatShape(input.shape)}, expected every dimension to be a number`,
    hint: `give the sizes: --input ${input.name}=${example.join("x")}`,
  });
}
