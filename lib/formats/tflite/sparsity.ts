/**
 * Constants without their zeros. The dimensions are walked in the order that the file says; a dense one is
 * counted through, a sparse one lists where its values lie. The 3×4 matrix
 *
 * ```
 * 0 5 0 0
 * 0 0 0 0
 * 7 0 0 9
 * ```
 *
 * walked row by row is dense along 3 rows, then csr with segments 0 1 1 3 (row r has the values from
 * segments[r] to segments[r + 1]) and indices 1 0 3; stored are 5 7 9. Blocks add dimensions: index = outer ×
 * block size + inner. Source: tensorflow/lite/tools/optimize/sparsity/format_converter.h.
 */
import { LabError } from "../../errors.js";
import { DTYPES, type DType } from "../../graph/dtype.js";
import { lazyConstant } from "../../graph/elements.js";
import { elementCount, type StaticShape } from "../../graph/shape.js";
import type { Constant, SparseDimension, SparseList, Sparsity } from "../../graph/tensor.js";
import { DIMENSION, SPARSE_LISTS, SPARSITY, type SparsityDraft } from "./schema.js";
import type { Table } from "./table.js";

/** Dimensions and blocks of the largest tensor that TFLite handles, twice over. */
const MOST_LEVELS = 16;

/** Rows to walk, empty ones too: a second or so. The largest that fits the budget of a file has 2^25 elements. */
const MOST_ROWS = 2 ** 26;

/** What a FlatBuffer could hold dense. */
const MOST_BYTES = 2 ** 31 - 1;

function wrong(why: string, at: string): LabError {
  return new LabError({ code: "SPARSITY", message: `Cannot unpack a sparse constant: ${why}`, at });
}

function readList(kind: number, list: Table | null, path: string): SparseList | null {
  if (kind === 0 || list === null) return null;
  const form = SPARSE_LISTS.find((candidate) => candidate.kind === kind);
  if (form === undefined)
    throw wrong(`its list is of kind ${kind}, expected 1 to ${SPARSE_LISTS.length}`, path);
  return { width: form.width, values: list.get(form.fields.values) };
}

/** Returns the sparsity that a tensor's table says. */
export function readSparsity(table: Table): Sparsity {
  const dimensions = table.get(SPARSITY.dimMetadata).map((dimension): SparseDimension => {
    const format = dimension.get(DIMENSION.format);
    if (format !== 0 && format !== 1) {
      throw wrong(`a dimension is of format ${format}, expected 0 or 1`, dimension.path);
    }
    const [segments, indices] = [
      dimension.get(DIMENSION.arraySegmentsType),
      dimension.get(DIMENSION.arrayIndicesType),
    ];
    return {
      format: format === 0 ? "dense" : "csr",
      denseSize: dimension.get(DIMENSION.denseSize),
      segments: readList(segments, dimension.get(DIMENSION.arraySegments), dimension.path),
      indices: readList(indices, dimension.get(DIMENSION.arrayIndices), dimension.path),
    };
  });
  return {
    traversalOrder: table.get(SPARSITY.traversalOrder),
    blockMap: table.get(SPARSITY.blockMap),
    dimensions,
  };
}

function draftList(list: SparseList | null) {
  if (list === null) return null;
  const { kind, fields } = SPARSE_LISTS.find(({ width }) => width === list.width)!;
  return { kind, table: { fields, values: { values: list.values } } };
}

/** Returns the record that says the sparsity; the inverse of `readSparsity`. */
export function draftSparsity({ traversalOrder, blockMap, dimensions }: Sparsity): SparsityDraft {
  return {
    traversalOrder,
    blockMap,
    dimMetadata: dimensions.map(({ format, denseSize, segments, indices }) => {
      const [starts, places] = [draftList(segments), draftList(indices)];
      return {
        format: format === "dense" ? 0 : 1,
        denseSize,
        arraySegmentsType: starts?.kind,
        arraySegments: starts?.table,
        arrayIndicesType: places?.kind,
        arrayIndices: places?.table,
      };
    }),
  };
}

/**
 * Returns the dense position of each stored value, in the order of storage: 1 8 11 for the matrix above. Throws
 * a LabError when the tables lead out of the tensor, or to more values than `most`: those that are there.
 */
export function storedPositions(
  sparsity: Sparsity,
  shape: StaticShape,
  at: string,
  most = elementCount(shape),
): readonly number[] {
  const { traversalOrder, blockMap, dimensions } = sparsity;
  const [rank, levels] = [shape.length, dimensions.length];
  const isOrder =
    new Set(traversalOrder).size === levels && traversalOrder.every((d) => d >= 0 && d < levels);
  if (
    levels !== rank + blockMap.length ||
    traversalOrder.length !== levels ||
    !isOrder ||
    levels > MOST_LEVELS
  ) {
    throw wrong(`it walks ${levels} dimensions for ${rank} of the tensor and ${blockMap.length} blocks`, at);
  }
  const limit = elementCount(shape);
  let left = Math.min(64 + MOST_LEVELS * limit, MOST_ROWS);
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  const found: number[] = [];
  const indices = new Array<number>(levels).fill(0);

  const place = () => {
    const position = new Array<number>(rank).fill(0);
    for (let level = 0; level < levels; level++) {
      const dimension = traversalOrder[level]!;
      if (dimension < rank) position[dimension] = indices[level]!;
    }
    for (let level = 0; level < levels; level++) {
      const block = traversalOrder[level]! - rank;
      const axis = blockMap[block];
      if (block < 0 || axis === undefined) continue;
      position[axis] = position[axis]! * dimensions[level]!.denseSize + indices[level]!;
    }
    if (position.some((index, axis) => !(index >= 0 && index < shape[axis]!))) {
      throw wrong(`it places a value at ${position.join("x")} of ${shape.join("x")}`, at);
    }
    if (found.length >= most) throw wrong(`it places more values than the ${most} that it has`, at);
    found.push(position.reduce((sum, index, axis) => sum + index * strides[axis]!, 0));
  };

  /** A file may nest empty rows so that walking them never ends. */
  const spend = () => {
    if (--left < 0) throw wrong(`it walks more rows than the ${limit} elements of its shape allow`, at);
  };

  const walk = (level: number, before: number): void => {
    if (level === levels) {
      place();
      return;
    }
    const { format, denseSize, segments, indices: listed } = dimensions[level]!;
    if (format === "dense") {
      if (denseSize > limit)
        throw wrong(`a dimension has ${denseSize} indices, its tensor ${limit} elements`, at);
      for (let index = 0; index < denseSize; index++) {
        spend();
        indices[level] = index;
        walk(level + 1, before * denseSize + index);
      }
      return;
    }
    const [from, to] = [segments?.values[before], segments?.values[before + 1]];
    if (from === undefined || to === undefined || listed === null || to > listed.values.length) {
      throw wrong(`the segments of a dimension end before row ${before}`, at);
    }
    for (let index = from; index < to; index++) {
      spend();
      indices[level] = listed.values[index]!;
      walk(level + 1, index);
    }
  };
  walk(0, 0);
  return found;
}

/** Returns the bytes of an element; a LabError where elements share bytes. */
function elementBytes(dtype: DType, at: string): number {
  const { bits } = DTYPES[dtype];
  if (bits >= 8) return bits / 8;
  throw wrong(`its type is ${dtype}, expected whole bytes`, at);
}

/** Returns the constant with its zeros, unpacked when read. */
export function densify(
  packed: Constant,
  { sparsity, dtype, shape, at }: { sparsity: Sparsity; dtype: DType; shape: StaticShape; at: string },
): Constant {
  const size = elementBytes(dtype, at);
  if (size * elementCount(shape) > MOST_BYTES) {
    throw wrong(`it would unfold to ${size * elementCount(shape)} bytes, expected at most ${MOST_BYTES}`, at);
  }
  return lazyConstant(size * elementCount(shape), () => {
    const values = packed.read();
    const positions = storedPositions(sparsity, shape, at, Math.floor(values.length / size));
    if (values.length !== size * positions.length) {
      throw wrong(`it has ${values.length} bytes for ${positions.length} values of ${dtype}`, at);
    }
    const dense = new Uint8Array(size * elementCount(shape));
    for (const [index, position] of positions.entries()) {
      dense.set(values.subarray(size * index, size * (index + 1)), size * position);
    }
    return dense;
  });
}

/** Returns the stored values of a dense constant; null when the sparsity leaves out one that is not zero. */
export function sparsify(
  dense: Constant,
  { sparsity, dtype, shape, at }: { sparsity: Sparsity; dtype: DType; shape: StaticShape; at: string },
): Uint8Array | null {
  const size = elementBytes(dtype, at);
  const positions = storedPositions(sparsity, shape, at);
  const left = Uint8Array.from(dense.read());
  const packed = new Uint8Array(size * positions.length);
  for (const [index, position] of positions.entries()) {
    packed.set(left.subarray(size * position, size * (position + 1)), size * index);
  }
  for (const position of positions) left.fill(0, size * position, size * (position + 1));
  return left.every((byte) => byte === 0) ? packed : null;
}
