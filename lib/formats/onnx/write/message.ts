/**
 * Protocol buffers, as far as writing needs them: the mirror of wire.ts. A message is put together from small
 * encoded fields and from constants that are read only when the file is written, so that the weights of a
 * model are in memory one tensor at a time:
 *
 *     TensorProto   08 03 10 03 42 01 77 4a 09 │ nine bytes of 'w' │
 *                   └ encoded at once ───────┘   └ a Constant ────┘
 *
 * Sizes are known before any constant is read, as a Constant says its length.
 */
import protobuf from "protobufjs/minimal.js";
import { LabError } from "../../../errors.js";
import type { Constant } from "../../../graph/tensor.js";
import { WIRE } from "../wire.js";

/** What a file is made of, in order. */
export type Piece = Uint8Array | { readonly name: string; readonly constant: Constant };

/** How the largest and smallest int64 appear as numbers; see `Message.int64` in wire.ts. */
const INT64_MAX = { low: -1, high: 0x7fffffff };
const INT64_MIN = { low: 0, high: -0x80000000 };

const utf8 = new TextEncoder();

const tag = (field: number, wire: number) => (field << 3) | wire;

/** The fields of one message, appended in the order in which they shall stand in the file. */
export class MessageBuilder {
  readonly #pieces: Piece[] = [];
  /** Bytes of `#pieces`. */
  #written = 0;
  #writer = protobuf.Writer.create();

  /** Bytes of the message so far. */
  get size(): number {
    return this.#written + this.#writer.len;
  }

  /** Appends a whole number; one beyond what numbers hold exactly stands for the largest or smallest int64. */
  int64(field: number, value: number): void {
    this.#writer.uint32(tag(field, WIRE.varint));
    this.#varint(value);
  }

  /** Appends a list of whole numbers, packed. */
  int64s(field: number, values: readonly number[]): void {
    this.#writer.uint32(tag(field, WIRE.bytes)).fork();
    for (const value of values) this.#varint(value);
    this.#writer.ldelim();
  }

  float32(field: number, value: number): void {
    this.#writer.uint32(tag(field, WIRE.fixed32)).float(value);
  }

  float32s(field: number, values: readonly number[]): void {
    this.#writer.uint32(tag(field, WIRE.bytes)).fork();
    for (const value of values) this.#writer.float(value);
    this.#writer.ldelim();
  }

  /** Appends a text. A lone surrogate becomes U+FFFD, as it has no UTF-8. */
  string(field: number, value: string): void {
    this.bytes(field, utf8.encode(value));
  }

  bytes(field: number, value: Uint8Array): void {
    this.#writer.uint32(tag(field, WIRE.bytes)).bytes(value);
  }

  /** Appends the bytes of a constant, to be read when the file is written. */
  constant(field: number, name: string, constant: Constant): void {
    this.#writer.uint32(tag(field, WIRE.bytes)).uint32(constant.byteLength);
    this.#flush();
    this.#append({ name, constant }, constant.byteLength);
  }

  /** Appends a message that is complete. */
  message(field: number, inner: MessageBuilder): void {
    this.#writer.uint32(tag(field, WIRE.bytes));
    if (inner.#pieces.length === 0) {
      this.#writer.bytes(inner.#writer.finish());
      return;
    }
    this.#writer.uint32(inner.size);
    this.#flush();
    for (const piece of inner.pieces()) {
      this.#append(piece, piece instanceof Uint8Array ? piece.byteLength : piece.constant.byteLength);
    }
  }

  /** Returns the message as pieces. */
  pieces(): readonly Piece[] {
    this.#flush();
    return this.#pieces;
  }

  #varint(value: number): void {
    // protobufjs takes halves of 32 bits for what a number cannot hold; its types name Long for them.
    const halves =
      value >= Number.MAX_SAFE_INTEGER ? INT64_MAX : value <= Number.MIN_SAFE_INTEGER ? INT64_MIN : value;
    this.#writer.int64(halves as number);
  }

  #append(piece: Piece, size: number): void {
    this.#pieces.push(piece);
    this.#written += size;
  }

  #flush(): void {
    if (this.#writer.len === 0) return;
    const data = this.#writer.finish();
    this.#append(data, data.byteLength);
    this.#writer = protobuf.Writer.create();
  }
}

/** Returns the bytes of a constant; throws a LabError when they are not as many as it said. */
export function readConstant(name: string, constant: Constant): Uint8Array {
  const data = constant.read();
  if (data.byteLength === constant.byteLength) return data;
  throw new LabError({
    code: "DATA_SIZE",
    message: `Cannot write constant '${name}': it gives ${data.byteLength} bytes, expected the ${constant.byteLength} that it said`,
  });
}
