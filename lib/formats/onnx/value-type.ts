/** ValueInfoProto and TypeProto: the declared type of an input, an output or a value between nodes. */
import type { Documentation } from "../../graph/documentation.js";
import type { DType } from "../../graph/dtype.js";
import type { Dim, Shape } from "../../graph/shape.js";
import type { RecordedTensor } from "../../graph/tensor.js";
import { MOST_DIMENSIONS } from "../shared/rank.js";
import { ELEMENT_COST, TYPE_COST } from "./costs.js";
import { dataType } from "./data-types.js";
import { withEntry, withText } from "./documentation.js";
import { PLACE } from "./interner.js";
import type { Memo } from "./memo.js";
import type { Message } from "./wire.js";

export interface ValueType {
  readonly dtype: DType;
  readonly shape: Shape | null;
  /** `seq(tensor(float))`, …: what the value is where it is no tensor. */
  readonly container: string | null;
  /** What the type says beyond that. */
  readonly recorded: RecordedTensor | null;
}

/** Types inside of types, deeper than any model goes. */
const DEPTH_LIMIT = 16;

/** Returns the number of a value's name and its type, or null where the file says nothing of it. */
export function readValueInfo(
  message: Message,
  seen: Memo<ValueType | null>,
): {
  readonly name: number;
  readonly type: ValueType | null;
  readonly documentation: Documentation | null;
} {
  let name = 0;
  let type: ValueType | null = null;
  let documentation: Documentation | null = null;
  while (message.next()) {
    // 1: name, 2: type, 3: doc_string, 4: metadata_props
    if (message.field === 1) name = message.name(PLACE.value);
    else if (message.field === 2) {
      const extent = message.extent();
      const key = seen.key(message.file, extent);
      const known = seen.recall(key);
      if (known === undefined) message.spend(TYPE_COST);
      type = known === undefined ? seen.remember(key, readType(message.open(extent, "type"))) : known;
    } else if (message.field === 3) documentation = withText(documentation, message);
    else if (message.field === 4) documentation = withEntry(documentation, message);
  }
  return { name, type, documentation };
}

/** Returns the type in a TypeProto; null where it leaves the type of the elements open. */
export function readType(message: Message): ValueType | null {
  const type = readAnyType(message, 0);
  if (type === null) return null;
  const { dtype, shape, isTensor, text, denotation, dimDenotations } = type;
  const recorded: RecordedTensor = {
    ...(denotation !== "" && { denotation }),
    ...(dimDenotations !== null && { dimDenotations }),
    ...(!isTensor && shape !== null && { elementShape: shape }),
  };
  return {
    dtype,
    shape: isTensor ? shape : null,
    container: isTensor ? null : text,
    recorded: Object.keys(recorded).length > 0 ? recorded : null,
  };
}

/** Returns a TypeProto as ONNX writes it in text: `seq(map(int64,tensor(float)))`. */
export function readTypeText(message: Message): string {
  return readAnyType(message, 0)?.text ?? "undefined";
}

interface AnyType {
  readonly isTensor: boolean;
  readonly dtype: DType;
  /** Of the tensor, or of those inside. */
  readonly shape: Shape | null;
  readonly text: string;
  readonly denotation: string;
  readonly dimDenotations: readonly string[] | null;
}

function readAnyType(message: Message, depth: number): AnyType | null {
  if (depth > DEPTH_LIMIT) throw message.broken(`its type nests deeper than ${DEPTH_LIMIT} levels`);
  let found: AnyType | null = null;
  let denotation = "";
  while (message.next()) {
    // 1: tensor_type, 4: sequence_type, 5: map_type, 6: denotation, 7: opaque, 8: sparse_tensor, 9: optional
    switch (message.field) {
      case 1:
        found = readTensorType(message.message("tensor_type"), "tensor");
        break;
      case 4:
        found = wrapped("seq", readElement(message.message("sequence_type"), depth));
        break;
      case 5:
        found = readMap(message.message("map_type"), depth);
        break;
      case 6:
        denotation = message.string();
        break;
      case 7:
        found = { ...ANYTHING, text: "opaque" };
        break;
      case 8:
        found = readTensorType(message.message("sparse_tensor_type"), "sparse_tensor");
        break;
      case 9:
        found = wrapped("optional", readElement(message.message("optional_type"), depth));
        break;
    }
  }
  return found && denotation !== "" ? { ...found, denotation } : found;
}

const ANYTHING: AnyType = {
  isTensor: false,
  dtype: "float32",
  shape: null,
  text: "undefined",
  denotation: "",
  dimDenotations: null,
};

function wrapped(container: string, element: AnyType | null): AnyType {
  const { text, ...inside } = element ?? ANYTHING;
  return { ...inside, isTensor: false, text: `${container}(${text})`, denotation: "" };
}

/** TypeProto.Sequence and TypeProto.Optional: 1: elem_type. */
function readElement(message: Message, depth: number): AnyType | null {
  let element: AnyType | null = null;
  while (message.next()) {
    if (message.field === 1) element = readAnyType(message.message("elem_type"), depth + 1);
  }
  return element;
}

/** TypeProto.Map: 1: key_type, 2: value_type. */
function readMap(message: Message, depth: number): AnyType {
  let key = "undefined";
  let element: AnyType | null = null;
  while (message.next()) {
    if (message.field === 1) key = dataType(message, message.uint32()).text;
    else if (message.field === 2) element = readAnyType(message.message("value_type"), depth + 1);
  }
  const { text, ...inside } = element ?? ANYTHING;
  return { ...inside, isTensor: false, text: `map(${key},${text})`, denotation: "" };
}

function readTensorType(message: Message, container: string): AnyType | null {
  let code = 0;
  let dims: Dims | null = null;
  while (message.next()) {
    // 1: elem_type, 2: shape
    if (message.field === 1) code = message.uint32();
    else if (message.field === 2) dims = readShape(message.message("shape"));
  }
  if (code === 0) return null;
  const { dtype, text } = dataType(message, code);
  return {
    isTensor: container === "tensor",
    dtype,
    shape: dims?.shape ?? null,
    text: `${container}(${text})`,
    denotation: "",
    dimDenotations: dims?.denotations ?? null,
  };
}

interface Dims {
  readonly shape: Shape;
  /** null where no dimension has any. */
  readonly denotations: readonly string[] | null;
}

function readShape(message: Message): Dims {
  const dims: Dim[] = [];
  const denotations: string[] = [];
  while (message.next()) {
    if (message.field !== 1) continue;
    const { dim, denotation } = readDim(message.message("dim", dims.length));
    message.spend(2 * ELEMENT_COST);
    dims.push(dim);
    denotations.push(denotation);
  }
  if (dims.length > MOST_DIMENSIONS) {
    throw message.broken(`it has ${dims.length} dimensions, expected at most ${MOST_DIMENSIONS}`);
  }
  return { shape: dims.slice(), denotations: denotations.some((text) => text !== "") ? denotations : null };
}

/** A size, a symbol's name, or null. Some exporters write −1 for a free size. */
function readDim(message: Message): { readonly dim: Dim; readonly denotation: string } {
  let dim: Dim = null;
  let denotation = "";
  while (message.next()) {
    // 1: dim_value, 2: dim_param, 3: denotation
    if (message.field === 1) {
      const size = message.int64();
      dim = size < 0 ? null : size;
    } else if (message.field === 2) {
      dim = message.string() || null;
    } else if (message.field === 3) {
      denotation = message.string();
    }
  }
  return { dim, denotation };
}
