/**
 * How values lie in a FlatBuffer, both ways: each codec reads what it writes. A table is a list of facts
 * `[slot, name, codec, absent]`, checked against the schema with a finger; reading and writing both follow it.
 *
 * ```ts
 * const METADATA = [
 *   [4, "name", string, ""],
 *   [6, "buffer", uint32, 0],
 * ] as const satisfies Fields;
 * const metadata = table(METADATA);   // reads and writes { name, buffer }
 * ```
 */
import {
  type Extent,
  type FlatBuffer,
  type Get,
  type Reader,
  bool as readBool,
  extent as readExtent,
  float32 as readFloat32,
  int8 as readInt8,
  int32 as readInt32,
  int64 as readInt64,
  string as readString,
  table as readTable,
  tables as readTables,
  uint8 as readUint8,
  uint16 as readUint16,
  uint32 as readUint32,
  uint64 as readUint64,
  vector as readVector,
} from "./flatbuffer.js";
import type { Content, FieldDraft, FlatBufferWriter } from "./flatbuffer-writer.js";

export interface Codec<Out, In = Out> {
  /** Bytes that the value takes where it stands; 4 for whatever is reached by an offset. */
  readonly size: 1 | 2 | 4 | 8;
  readonly read: Reader<Out>;
  /** Writes the value to its reserved place; what does not fit there is appended. */
  write(out: FlatBufferWriter, value: In, at: number): void;
}

/** A slot of a table: where, its name, how the value is stored, and what its absence means. */
export type Field = readonly [slot: number, name: string, codec: Codec<unknown, never>, absent: unknown];
export type Fields = readonly Field[];

type OutOf<C> = C extends { readonly read: Reader<infer T> } ? T : never;
type InOf<C> = C extends { write(out: FlatBufferWriter, value: infer T, at: number): void } ? T : never;

/** Where a table was read from, for messages. */
export interface Place {
  readonly at: number;
  readonly path: string;
}

/** What reading a table returns: every field, absent ones filled in. */
export type Read<F extends Fields> = Place & {
  readonly [K in F[number] as K[1]]: K[3] extends OutOf<K[2]> ? OutOf<K[2]> : OutOf<K[2]> | K[3];
};

/** What writing a table takes: fields that are left out, null, or the absent value itself are not written. */
export type Written<F extends Fields> = {
  readonly [K in F[number] as K[1]]?: InOf<K[2]> | null | undefined;
};

export const bool: Codec<boolean> = {
  size: 1,
  read: readBool,
  write: (out, value, at) => out.view.setUint8(at, value ? 1 : 0),
};
export const int8: Codec<number> = {
  size: 1,
  read: readInt8,
  write: (out, value, at) => out.view.setInt8(at, value),
};
export const uint8: Codec<number> = {
  size: 1,
  read: readUint8,
  write: (out, value, at) => out.view.setUint8(at, value),
};
export const uint16: Codec<number> = {
  size: 2,
  read: readUint16,
  write: (out, value, at) => out.view.setUint16(at, value, true),
};
export const int32: Codec<number> = {
  size: 4,
  read: readInt32,
  write: (out, value, at) => out.view.setInt32(at, value, true),
};
export const uint32: Codec<number> = {
  size: 4,
  read: readUint32,
  write: (out, value, at) => out.view.setUint32(at, value, true),
};
export const float32: Codec<number> = {
  size: 4,
  read: readFloat32,
  write: (out, value, at) => out.view.setFloat32(at, value, true),
};
export const int64: Codec<number> = {
  size: 8,
  read: readInt64,
  write: (out, value, at) => out.view.setBigInt64(at, BigInt(value), true),
};
export const uint64: Codec<number> = {
  size: 8,
  read: readUint64,
  write: (out, value, at) => out.view.setBigUint64(at, BigInt(value), true),
};

const utf8 = new TextEncoder();

export const string: Codec<string> = {
  size: 4,
  read: readString,
  write(out, value, at) {
    const data = utf8.encode(value);
    const target = out.reserve(4, 4);
    out.link(at, target);
    out.view.setUint32(target, data.length, true);
    out.append(data);
    out.reserve(1, 1); // Strings end in a zero that is not counted.
  },
};

/** Bytes that are located when read, and placed behind all structure when written. */
export const content: Codec<Extent, Content> = {
  size: 4,
  read: readExtent(1),
  write: (out, value, at) => out.placeInside(value, at),
};

/** The position, 64 bits wide, of bytes behind the FlatBuffer. */
export const contentBehind: Codec<number, Content> = {
  size: 8,
  read: readUint64,
  write: (out, value, at) => out.placeBehind(value, at),
};

/** Returns the codec of a vector whose elements stand side by side. */
export function vector<T>(element: Codec<T>): Codec<readonly T[]> {
  const { size } = element;
  return {
    size: 4,
    read: readVector(size, element.read),
    write(out, values, at) {
      const target = out.reserve(4 + size * values.length, Math.max(4, size), 4);
      // Elements are aligned; their count stands right before them.
      out.link(at, target);
      out.view.setUint32(target, values.length, true);
      for (let index = 0; index < values.length; index++) {
        element.write(out, values[index]!, target + 4 + index * size);
      }
    },
  };
}

/** Returns the reader of a table's fields. All its records are copies of one, so that they have one form. */
function fieldsReader<F extends Fields>(fields: F): (get: Get, at: number, path: string) => Read<F> {
  const empty: Record<string, unknown> = { at: 0, path: "" };
  for (const [, name, , absent] of fields) empty[name] = absent;
  return (get, at, path) => {
    const record = { ...empty };
    record.at = at;
    record.path = path;
    for (const [slot, name, codec, absent] of fields) {
      const value = get(slot, name, codec.read, absent);
      if (value !== absent) record[name] = value;
    }
    return record as Read<F>;
  };
}

/** Returns where the table begins that holds the given fields. */
export function writeFields<F extends Fields>(out: FlatBufferWriter, fields: F, values: Written<F>): number {
  const given = values as Readonly<Record<string, unknown>>;
  const drafts: FieldDraft[] = [];
  for (const [slot, name, codec, absent] of fields) {
    const value = given[name];
    if (value === undefined || value === null || value === absent) continue;
    drafts.push({ slot, size: codec.size, write: (at) => codec.write(out, value as never, at) });
  }
  return out.table(drafts);
}

/** Returns the codec of a table that an offset points at. */
export function table<const F extends Fields>(fields: F): Codec<Read<F>, Written<F>> {
  return {
    size: 4,
    read: readTable(fieldsReader(fields)),
    write: (out, value, at) => out.link(at, writeFields(out, fields, value)),
  };
}

/** Returns the codec of a vector of tables. */
export function tables<const F extends Fields>(fields: F): Codec<readonly Read<F>[], readonly Written<F>[]> {
  return {
    size: 4,
    read: readTables(fieldsReader(fields)),
    write(out, values, at) {
      const target = out.reserve(4 + 4 * values.length, 4);
      out.link(at, target);
      out.view.setUint32(target, values.length, true);
      for (const [index, value] of values.entries()) {
        const link = target + 4 + 4 * index;
        out.link(link, writeFields(out, fields, value));
      }
    },
  };
}

/** A table of a union, on its way out: which facts it follows and its values. */
export interface AnyTable {
  readonly fields: Fields;
  readonly values: Readonly<Record<string, unknown>>;
}

/** A table whose facts depend on a number beside it; read as the place of its offset. */
export const anyTable: Codec<number, AnyTable> = {
  size: 4,
  read: (_file: FlatBuffer, at: number) => at,
  write: (out, { fields, values }, at) => out.link(at, writeFields(out, fields, values as Written<Fields>)),
};

const READERS = new WeakMap<Fields, Reader<Place>>();

/** Returns the table of a union that lies at `at`, the place `anyTable` gave. */
export function readAnyTable<const F extends Fields>(
  file: FlatBuffer,
  fields: F,
  at: number,
  path: string,
): Read<F> {
  const known = READERS.get(fields) ?? readTable(fieldsReader(fields));
  READERS.set(fields, known);
  return known(file, at, path) as Read<F>;
}
