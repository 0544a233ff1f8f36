/** TensorProto: a constant, its bytes left where they are. */
import { DecodeError, LabError } from "../../errors.js";
import type { Documentation } from "../../graph/documentation.js";
import { byteLength, DTYPES, type DType } from "../../graph/dtype.js";
import { elementCount, formatShape } from "../../graph/shape.js";
import { type Constant, Tensor } from "../../graph/tensor.js";
import type { ByteSource } from "../../source.js";
import { located } from "../shared/located.js";
import { MOST_DIMENSIONS } from "../shared/rank.js";
import { siblingConstant } from "../shared/sibling.js";
import { checkedSiblings } from "./checksum.js";
import { PART_COST, TENSOR_COST } from "./costs.js";
import { dataType } from "./data-types.js";
import { withEntry, withText } from "./documentation.js";
import { readEntry } from "./entry.js";
import { PLACE } from "./interner.js";
import { type ConstantForm, FileConstant } from "./late-values.js";
import type { Memo } from "./memo.js";
import type { Scope } from "./scope.js";
import { type TypedPart, typedConstant } from "./typed-data.js";
import type { Extent, Message } from "./wire.js";

export type Siblings = ((name: string) => ByteSource) | undefined;

/** A constant and the number of its name. */
export interface NamedTensor {
  readonly name: number;
  readonly tensor: Tensor;
}

/** The sizes of a constant. */
export interface Extents {
  readonly dims: readonly number[];
  /** Their product. */
  readonly count: number;
  readonly hasNegative: boolean;
  /** What the last constant of these sizes was besides: most are of one type. */
  form: ConstantForm | null;
}

const SCALAR: Extents = { dims: [], count: 1, hasNegative: false, form: null };

/** What reading a constant needs to know of the file. */
export interface TensorSite {
  readonly siblings: Siblings;
  readonly shapes: Memo<Extents>;
}

/** A constant as its fields say it. */
interface Fields {
  readonly name: number;
  readonly form: ConstantForm;
  /** Where the elements begin that lie in the file as the graph wants them; else null, and there is `data`. */
  readonly at: number | null;
  readonly data: Constant | null;
  readonly documentation: Documentation | null;
}

/** Returns the constant in a TensorProto. */
export function readTensor(message: Message, site: TensorSite): NamedTensor {
  return tensorOf(message, readFields(message, site));
}

/** Reads the constant in a TensorProto into the scope of its graph; most wait there until someone looks. */
export function readInitializer(message: Message, site: TensorSite, scope: Scope): void {
  const fields = readFields(message, site);
  const { name, form, at, documentation } = fields;
  if (at !== null && documentation === null && scope.hold(name, form, at)) return;
  scope.bind(name, tensorOf(message, fields).tensor);
}

function tensorOf(message: Message, { name, form, at, data, documentation }: Fields): NamedTensor {
  const { source, names } = message.file;
  const { dtype, shape, byteLength } = form;
  const bytes = at === null ? data : new FileConstant(source, at, byteLength);
  const recorded = documentation && { documentation };
  const { texts } = names;
  return { name, tensor: new Tensor({ name, texts, dtype, shape, data: bytes, recorded }) };
}

function readFields(message: Message, { siblings, shapes }: TensorSite): Fields {
  message.spend(TENSOR_COST);
  let extents = SCALAR;
  let further: number[] | null = null;
  let code = 0;
  let named = 0;
  let raw: Extent | null = null;
  let external: Map<string, string> | null = null;
  let isExternal = false;
  let typed: TypedPart[] | null = null;
  let documentation: Documentation | null = null;
  while (message.next()) {
    // 1: dims, 2: data_type, 3: segment, 4: float_data, 5: int32_data, 6: string_data, 7: int64_data,
    // 8: name, 9: raw_data, 10: double_data, 11: uint64_data, 12: doc_string, 13: external_data,
    // 14: data_location, 16: metadata_props
    switch (message.field) {
      case 1:
        if (extents === SCALAR) {
          extents = readExtents(message, shapes);
        } else {
          // No writer parts the sizes; the format lets them.
          further ??= [...extents.dims];
          message.int64s(further);
        }
        break;
      case 2:
        code = message.uint32();
        break;
      case 3:
        throw message.broken("it is stored in segments, which no ONNX tool writes; expected a whole tensor");
      case 4:
      case 5:
      case 6:
      case 7:
      case 10:
      case 11:
        message.spend(PART_COST);
        typed ??= [];
        typed.push({ field: message.field, wire: message.wire, extent: message.value() });
        break;
      case 8:
        named = message.name(PLACE.constant);
        break;
      case 9:
        raw = message.extent();
        break;
      case 12:
        documentation = withText(documentation, message);
        break;
      case 13: {
        const [key, value] = readEntry(message.message("external_data"));
        external ??= new Map();
        external.set(key, value);
        break;
      }
      case 14:
        isExternal = message.uint32() === 1;
        break;
      case 16:
        documentation = withEntry(documentation, message);
        break;
    }
  }
  const { names } = message.file;
  const name = () => names.text(named);
  const type = dataType(message, code);
  const { dtype } = type;
  if (further) extents = extentsOf(further);
  const { dims, count, hasNegative } = extents;
  if (hasNegative) {
    throw message.broken(`a size of tensor '${name()}' is negative: ${dims.join("x")}`);
  }
  if (dims.length > MOST_DIMENSIONS) {
    throw message.broken(
      `tensor '${name()}' has ${dims.length} dimensions, expected at most ${MOST_DIMENSIONS}`,
    );
  }
  const size = byteLength(dtype, count);
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(size)) {
    throw message.broken(`tensor '${name()}' of shape ${dims.join("x")} is too large to count`);
  }
  let data: Constant | null = null;
  let stored = size;
  if (isExternal) {
    const entries = external ?? new Map();
    data = located(message, () => externalConstant({ name: name(), size, dtype, entries, siblings }));
  } else if (raw !== null) {
    if (dtype === "string") throw message.broken(`tensor '${name()}' has strings as raw_data`);
    stored = raw.length;
  } else {
    data = typedConstant({ message, name: name(), type, count, size, parts: typed ?? [] });
  }
  if (data) stored = data.byteLength;
  if (dtype !== "string" && stored !== size) {
    throw new DecodeError({
      code: "DATA_SIZE",
      message: `Cannot read constant '${name()}': its data has ${stored} bytes, expected ${size} for ${dtype} ${formatShape(dims)}`,
      offset: message.start,
      path: message.path,
    });
  }
  if (extents.form?.dtype !== dtype) {
    extents.form = { dtype, shape: dims, container: null, recorded: null, byteLength: size };
  }
  return { name: named, form: extents.form, at: data === null ? raw!.at : null, data, documentation };
}

/** Returns the sizes in the current field and those right after it; constants of one shape share the list. */
function readExtents(message: Message, shapes: Memo<Extents>): Extents {
  const run = message.run();
  const key = shapes.key(message.file, run);
  const known = shapes.recall(key);
  if (known) return known;
  const dims: number[] = [];
  const list = message.open(run, "");
  while (list.next()) list.int64s(dims);
  return shapes.remember(key, extentsOf(dims));
}

function extentsOf(dims: readonly number[]): Extents {
  // A list that grew by pushes has room for more than it holds.
  return {
    dims: dims.slice(),
    count: elementCount(dims),
    hasNegative: dims.some((size) => size < 0),
    form: null,
  };
}

function externalConstant({
  name,
  size,
  dtype,
  entries,
  siblings,
}: {
  readonly name: string;
  readonly size: number;
  readonly dtype: DType;
  readonly entries: ReadonlyMap<string, string>;
  readonly siblings: Siblings;
}): Constant {
  const number = (key: string, absent: number): number => {
    const text = entries.get(key);
    if (text === undefined || text === "") return absent;
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= 0) return value;
    throw new LabError({
      code: "EXTERNAL_DATA",
      message: `Cannot read tensor '${name}': the ${key} of its external data is '${text}', expected a whole number`,
    });
  };
  const location = entries.get("location");
  if (location === undefined || DTYPES[dtype].bits === 0) {
    const why = location === undefined ? "names no location" : "holds strings";
    throw new LabError({
      code: "EXTERNAL_DATA",
      message: `Cannot read tensor '${name}': its external data ${why}, expected numbers in a file beside the model`,
    });
  }
  return siblingConstant({
    location,
    offset: number("offset", 0),
    // Without a length the data runs on for as long as the tensor takes.
    length: number("length", size),
    tensor: name,
    siblings: checkedSiblings({ siblings, checksum: entries.get("checksum"), tensor: name }),
  });
}
