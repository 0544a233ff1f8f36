/** The map of a FlexBuffer, in which custom operators of TFLite keep their options. */
import { LabError } from "../../errors.js";

export type FlexValue = number | string | boolean | null;

/** Source: google/flatbuffers, docs/source/internals.md ("FlexBuffers"), enum Type. */
const TYPE = { null: 0, int: 1, uint: 2, float: 3, key: 4, string: 5, map: 9, bool: 26 } as const;

function refuse(why: string): LabError {
  return new LabError({ code: "OPTIONS", message: `Cannot read custom options: ${why}` });
}

/** Maps may share keys, and a hostile one has a long key under every entry. */
const TEXT_GROWTH = 16;

/** Bytes with checks; every offset counts backwards from where it stands. */
class FlexReader {
  readonly #view: DataView;
  #textLeft: number;

  constructor(bytes: Uint8Array) {
    this.#textLeft = TEXT_GROWTH * bytes.length;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.#view.byteLength;
  }

  check(at: number, width: number): void {
    if (at < 0 || at + width > this.length)
      throw refuse(`byte ${at} lies outside of the ${this.length} bytes, expected a complete FlexBuffer`);
  }

  uint(at: number, width: number): number {
    this.check(at, width);
    switch (width) {
      case 1:
        return this.#view.getUint8(at);
      case 2:
        return this.#view.getUint16(at, true);
      case 4:
        return this.#view.getUint32(at, true);
      default:
        return Number(this.#view.getBigUint64(at, true));
    }
  }

  int(at: number, width: number): number {
    this.check(at, width);
    switch (width) {
      case 1:
        return this.#view.getInt8(at);
      case 2:
        return this.#view.getInt16(at, true);
      case 4:
        return this.#view.getInt32(at, true);
      default:
        return Number(this.#view.getBigInt64(at, true));
    }
  }

  float(at: number, width: number): number {
    this.check(at, width);
    if (width === 4) return this.#view.getFloat32(at, true);
    if (width === 8) return this.#view.getFloat64(at, true);
    throw refuse(`a float of ${width} bytes at byte ${at}, expected 4 or 8`);
  }

  /** Returns where the offset at a place leads. */
  follow(at: number, width: number): number {
    const to = at - this.uint(at, width);
    this.check(to, 0);
    return to;
  }

  text(at: number, length: number): string {
    this.check(at, length);
    this.#textLeft -= length;
    if (this.#textLeft < 0)
      throw refuse(`its texts overlap, expected at most ${TEXT_GROWTH} times its bytes`);
    return new TextDecoder().decode(new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, length));
  }

  key(at: number): string {
    let end = at;
    while (this.uint(end, 1) !== 0) end++;
    return this.text(at, end - at);
  }
}

/**
 * Returns the entries of a FlexBuffer whose root is a map of plain values; null for values of other types.
 * Throws a LabError for bytes that are none.
 *
 *     … keys ◀─┐  [offset of keys][width of keys][count][values…][types…] ◀─ root │ offset │ type │ width
 */
export function flexMap(bytes: Uint8Array): ReadonlyMap<string, FlexValue> {
  const reader = new FlexReader(bytes);
  const width = reader.uint(reader.length - 1, 1);
  const packed = reader.uint(reader.length - 2, 1);
  if (![1, 2, 4, 8].includes(width) || packed >> 2 !== TYPE.map) {
    throw refuse(`the root has type ${packed >> 2} and ${width} bytes, expected a map (${TYPE.map})`);
  }
  const values = reader.follow(reader.length - 2 - width, width);
  const unit = 1 << (packed & 3);
  const count = reader.uint(values - unit, unit);
  const keys = reader.follow(values - 3 * unit, unit);
  const keyUnit = reader.uint(values - 2 * unit, unit);
  const found = new Map<string, FlexValue>();
  for (let index = 0; index < count; index++) {
    const name = reader.key(reader.follow(keys + index * keyUnit, keyUnit));
    const type = reader.uint(values + count * unit + index, 1);
    found.set(name, valueAt(reader, values + index * unit, unit, type));
  }
  return found;
}

function valueAt(reader: FlexReader, at: number, unit: number, packed: number): FlexValue {
  switch (packed >> 2) {
    case TYPE.int:
      return reader.int(at, unit);
    case TYPE.uint:
      return reader.uint(at, unit);
    case TYPE.bool:
      return reader.uint(at, unit) !== 0;
    case TYPE.float:
      return reader.float(at, unit);
    case TYPE.key:
      return reader.key(reader.follow(at, unit));
    case TYPE.string: {
      const text = reader.follow(at, unit);
      const size = 1 << (packed & 3);
      return reader.text(text, reader.uint(text - size, size));
    }
    default:
      return null;
  }
}
