/**
 * Protocol buffers, written by hand: nothing of the decoders that are measured is used. A message is an array
 * of chunks (`Buffer`s); big ones are never joined, so that a file of any size is written as it is made.
 */

/** Returns a varint; exact up to 2^53. */
export function varint(value) {
  const bytes = [];
  let left = value;
  while (left >= 0x80) {
    bytes.push((left % 0x80) | 0x80);
    left = Math.floor(left / 0x80);
  }
  bytes.push(left);
  return Buffer.from(bytes);
}

const sizeOf = (chunks) => chunks.reduce((sum, chunk) => sum + chunk.length, 0);

export const int = (field, value) => Buffer.concat([varint(field * 8), varint(value)]);
export const text = (field, value) => {
  const data = Buffer.from(value);
  return Buffer.concat([varint(field * 8 + 2), varint(data.length), data]);
};
/** Returns the head of a field of `length` bytes that follow. */
export const head = (field, length) => Buffer.concat([varint(field * 8 + 2), varint(length)]);
/** Returns a field that holds a message, in one chunk. */
export const message = (field, chunks) => Buffer.concat([head(field, sizeOf(chunks)), ...chunks]);

/** ONNX: a list of numbers as an attribute (type 7 INTS), or one (type 2 INT). */
export const ints = (name, values) =>
  message(5, [text(1, name), ...values.map((value) => int(8, value)), int(20, 7)]);
export const oneInt = (name, value) => message(5, [text(1, name), int(3, value), int(20, 2)]);

/** ONNX: a float value with sizes, as field `field` of a graph. */
export const value = (field, name, dims) =>
  message(field, [
    text(1, name),
    message(2, [
      message(1, [
        int(1, 1),
        message(
          2,
          dims.map((dim) => message(1, [int(1, dim)])),
        ),
      ]),
    ]),
  ]);

/** Writes a ModelProto: `parts` are the chunks of its graph, made twice: once to count, once to write. */
export function writeModel({ write, parts }) {
  let length = 0;
  for (const part of parts()) length += part.length;
  write(Buffer.concat([int(1, 10), text(2, "npulab-bench"), head(7, length)]));
  for (const part of parts()) write(part);
  write(message(8, [text(1, ""), int(2, 21)]));
}
