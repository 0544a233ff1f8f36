/** TensorProto: a constant, inside of the model or in a data file beside it. */
import type { DType } from "../../../graph/dtype.js";
import { type Constant, constantOf, type Tensor } from "../../../graph/tensor.js";
import { dataTypeCode } from "../data-types.js";
import { writeDocumentation } from "./documentation.js";
import { writeEntry } from "./entry.js";
import { MessageBuilder } from "./message.js";

/** TensorProto.DataLocation. */
const EXTERNAL = 1;

/** Weights below this stay in the model: shapes and scales are needed to load it. onnx uses the same limit. */
const SMALLEST_EXTERNAL = 1024;
/** Tensors that a runtime maps into memory start at a page (onnx.proto, external_data: offset). */
const PAGE = 4096;
const MAPPED_FROM = 1 << 20;
const ALIGNMENT = 64;

/** The data file beside a model, filled in the order in which constants are written. */
export class DataFile {
  readonly name: string;
  readonly parts: { readonly at: number; readonly name: string; readonly constant: Constant }[] = [];
  size = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Returns whether a constant belongs in the data file. */
  takes(dtype: DType, constant: Constant): boolean {
    return dtype !== "string" && constant.byteLength >= SMALLEST_EXTERNAL;
  }

  /** Returns the offset that a constant gets. */
  add(name: string, constant: Constant): number {
    const step = constant.byteLength >= MAPPED_FROM ? PAGE : ALIGNMENT;
    const at = Math.ceil(this.size / step) * step;
    this.parts.push({ at, name, constant });
    this.size = at + constant.byteLength;
    return at;
  }
}

/** Returns a constant as TensorProto; into `dataFile` where there is one and it takes the constant. */
export function writeTensor(tensor: Tensor, name: string, dataFile: DataFile | null): MessageBuilder {
  const data = tensor.data ?? constantOf(new Uint8Array(0));
  const message = new MessageBuilder();
  // 1: dims, 2: data_type, 6: string_data, 8: name, 9: raw_data, 12: doc_string, 13: external_data,
  // 14: data_location, 16: metadata_props
  const dims = tensor.staticShape();
  if (dims.length > 0) message.int64s(1, dims);
  message.int64(2, dataTypeCode(tensor.dtype));
  message.string(8, name);
  if (tensor.dtype === "string") {
    for (const text of strings(data.read())) message.bytes(6, text);
  } else if (dataFile?.takes(tensor.dtype, data)) {
    const place = { location: dataFile.name, offset: dataFile.add(name, data), length: data.byteLength };
    for (const [key, value] of Object.entries(place)) message.message(13, writeEntry(key, String(value)));
    message.int64(14, EXTERNAL);
  } else {
    message.constant(9, name, data);
  }
  writeDocumentation(message, tensor.recorded?.documentation, { text: 12, entries: 16 });
  return message;
}

/** Strings lie as typed-data.ts hands them on: their number, count + 1 offsets, then the bytes. */
function strings(data: Uint8Array): Uint8Array[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const offset = (index: number) => view.getInt32(4 * (index + 1), true);
  const count = data.byteLength === 0 ? 0 : view.getInt32(0, true);
  return Array.from({ length: count }, (_, index) => data.subarray(offset(index), offset(index + 1)));
}
