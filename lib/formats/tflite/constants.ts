/** Where the bytes of constants are: inside of the FlatBuffer, after it, or in another file. */
import { DecodeError, LabError } from "../../errors.js";
import type { Constant } from "../../graph/tensor.js";
import type { ByteSource } from "../../source.js";
import { siblingConstant } from "../shared/sibling.js";
import { placeOf } from "./flatbuffer.js";
import { BUFFER, EXTERNAL_BUFFER, EXTERNAL_GROUP, MODEL, TENSOR } from "./schema.js";
import type { Table, TableList } from "./table.js";

export type Siblings = ((name: string) => ByteSource) | undefined;

/** Returns the bytes at a place of the file. */
export function stored(source: ByteSource, offset: number, length: number): Constant {
  return { byteLength: length, read: () => source.read(offset, length) };
}

/** The buffers of a model by number: tensors that share a buffer share the constant. */
export class Buffers {
  readonly #buffers: TableList;
  readonly #known = new Map<number, Constant | null>();
  readonly #outside: ExternalBuffers;

  constructor(model: Table, siblings: Siblings) {
    this.#buffers = model.get(MODEL.buffers);
    this.#outside = new ExternalBuffers(model, siblings);
  }

  /** Returns the bytes of a tensor, whose name is for messages; null when it has none. */
  ofTensor(tensor: Table, name: string): Constant | null {
    const external = tensor.get(TENSOR.externalBuffer);
    if (external !== 0) return this.#outside.constant(external, { tensor, name });
    return this.constant(tensor.get(TENSOR.buffer), tensor);
  }

  /** Returns the bytes of buffer `index`; null for the sentinel 0 and for buffers without bytes. */
  constant(index: number, from: Table): Constant | null {
    if (index === 0) return null;
    const known = this.#known.get(index);
    if (known !== undefined) return known;
    const buffer = this.#buffers.at(index);
    if (buffer === undefined) {
      const path = placeOf({ path: from.path, field: "buffer" });
      throw new DecodeError({
        code: "BUFFER_INDEX",
        message: `Cannot find buffer ${index} of ${path}: the file has ${this.#buffers.count} buffers`,
        offset: from.at,
        path,
      });
    }
    const constant = readBuffer(buffer);
    this.#known.set(index, constant);
    return constant;
  }
}

function readBuffer(buffer: Table): Constant | null {
  const { file } = buffer;
  // schema.fbs: an offset is valid only above 1; 1 marks a buffer whose place was never filled in.
  const offset = buffer.get(BUFFER.offset);
  if (offset > 1) {
    const size = buffer.get(BUFFER.size);
    file.check(offset, size, buffer);
    return stored(file.source, offset, size);
  }
  const data = buffer.get(BUFFER.data);
  return data === null || data.count === 0 ? null : stored(file.source, data.at, data.count);
}

interface ExternalBuffer {
  readonly group: number;
  readonly offset: number;
  readonly length: number;
  readonly packing: string;
}

/** Buffers in files beside the model (schema 3d), by the numbers that they give themselves. */
class ExternalBuffers {
  readonly #model: Table;
  readonly #siblings: Siblings;
  #buffers: ReadonlyMap<number, ExternalBuffer> | null = null;
  #files: readonly string[] = [];

  constructor(model: Table, siblings: Siblings) {
    this.#model = model;
    this.#siblings = siblings;
  }

  constant(id: number, { tensor, name }: { readonly tensor: Table; readonly name: string }): Constant {
    const buffers = this.#read();
    const buffer = buffers.get(id);
    const location = buffer && this.#files[buffer.group];
    if (buffer === undefined || location === undefined) {
      throw new DecodeError({
        code: "BUFFER_INDEX",
        message: `Cannot find external buffer ${id} of tensor '${name}': the file lists ${buffers.size} buffers in ${this.#files.length} groups`,
        offset: tensor.at,
        path: `${tensor.path}.external_buffer`,
      });
    }
    const { offset, length, packing } = buffer;
    if (packing !== "") {
      throw new LabError({
        code: "UNSUPPORTED",
        message: `Cannot read tensor '${name}': its external buffer is packed as '${packing}', expected plain bytes`,
        at: tensor.path,
      });
    }
    return siblingConstant({ location, offset, length, tensor: name, siblings: this.#siblings });
  }

  #read(): ReadonlyMap<number, ExternalBuffer> {
    if (this.#buffers) return this.#buffers;
    this.#files = this.#model.get(MODEL.externalBufferGroups).map((group) => group.get(EXTERNAL_GROUP.name));
    const listed = this.#model.get(MODEL.externalBuffers).map((buffer): [number, ExternalBuffer] => [
      buffer.get(EXTERNAL_BUFFER.id),
      {
        group: buffer.get(EXTERNAL_BUFFER.group),
        offset: buffer.get(EXTERNAL_BUFFER.offset),
        length: buffer.get(EXTERNAL_BUFFER.length),
        packing: buffer.get(EXTERNAL_BUFFER.packing),
      },
    ]);
    // Of buffers with one number, the first counts.
    const buffers = new Map(listed.reverse());
    this.#buffers = buffers;
    return buffers;
  }
}
