/** Where the bytes of constants are: inside of the FlatBuffer, after it, or in another file. */
import { DecodeError, LabError } from "../../errors.js";
import type { Constant } from "../../graph/tensor.js";
import type { ByteSource } from "../../source.js";
import { siblingConstant } from "../shared/sibling.js";
import type { FlatBuffer } from "./flatbuffer.js";
import type { ModelRecord, TensorRecord } from "./schema.js";

/** Returns the bytes of buffer `index`; null for the sentinel 0 and for buffers without bytes. */
export function bufferConstant({
  file,
  record,
  index,
  at,
  path,
}: {
  readonly file: FlatBuffer;
  readonly record: ModelRecord;
  readonly index: number;
  readonly at: number;
  readonly path: string;
}): Constant | null {
  if (index === 0) return null;
  const buffer = record.buffers[index];
  if (buffer === undefined) {
    throw new DecodeError({
      code: "BUFFER_INDEX",
      message: `Cannot find buffer ${index} of ${path}: the file has ${record.buffers.length} buffers`,
      offset: at,
      path,
    });
  }
  // schema.fbs: an offset is valid only above 1; 1 marks a buffer whose place was never filled in.
  if (buffer.offset > 1) {
    file.check(buffer.offset, buffer.size, path);
    return stored(file.source, buffer.offset, buffer.size);
  }
  if (buffer.data === null || buffer.data.count === 0) return null;
  return stored(file.source, buffer.data.at, buffer.data.count);
}

/** Returns the bytes at a place of the file. */
export function stored(source: ByteSource, offset: number, length: number): Constant {
  return { byteLength: length, read: () => source.read(offset, length) };
}

/** Returns the bytes that a tensor has in a file beside the model (schema 3d). */
export function externalConstant({
  record,
  tensor,
  siblings,
}: {
  readonly record: ModelRecord;
  readonly tensor: TensorRecord;
  readonly siblings?: (name: string) => ByteSource;
}): Constant {
  const buffer = record.externalBuffers.find(({ id }) => id === tensor.externalBuffer);
  const group = buffer && record.externalBufferGroups[buffer.group];
  if (buffer === undefined || group === undefined) {
    throw new DecodeError({
      code: "BUFFER_INDEX",
      message: `Cannot find external buffer ${tensor.externalBuffer} of tensor '${tensor.name}': the file lists ${record.externalBuffers.length} buffers in ${record.externalBufferGroups.length} groups`,
      offset: tensor.at,
      path: `${tensor.path}.external_buffer`,
    });
  }
  if (buffer.packing !== "") {
    throw new LabError({
      code: "UNSUPPORTED",
      message: `Cannot read tensor '${tensor.name}': its external buffer is packed as '${buffer.packing}', expected plain bytes`,
      at: tensor.path,
    });
  }
  return siblingConstant({
    location: group.name,
    offset: buffer.offset,
    length: buffer.length,
    tensor: tensor.name,
    siblings,
  });
}
