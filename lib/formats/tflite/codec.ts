/**
 * How values lie in a FlatBuffer, both ways: each codec reads what it writes. A table is a list of facts
 * `name: [slot, codec, absent]`, checked against the schema with a finger; reading and writing both follow it.
 *
 * ```ts
 * const METADATA = facts({
 *   name: [4, string, ""],
 *   buffer: [6, uint32, 0],
 * });
 * metadata.get(METADATA.name);                          // reads, at a cursor over such a table (table.ts)
 * table(METADATA).write(out, { name: "a", buffer: 1 }, at);
 * ```
 */
import {
  BOOL,
  type Extent,
  extent,
  FLOAT32,
  INT8,
  INT32,
  INT64,
  type Reader,
  text as readText,
  vector as readVector,
  recurring,
  type Scalar,
  scalar,
  UINT8,
  UINT16,
  UINT32,
  UINT64,
  wide,
  wides,
} from "./flatbuffer.js";
import type { Content, FieldDraft, FlatBufferWriter } from "./flatbuffer-writer.js";
import { table as readTable, tables as readTables, type Slot, type Table, type TableList } from "./table.js";

export interface Codec<Out, In = Out> {
  /** Bytes that the value takes where it stands; 4 for whatever is reached by an offset. */
  readonly size: 1 | 2 | 4 | 8;
  /** Whether the value is reached by an offset. */
  readonly apart?: true;
  readonly read: Reader<Out>;
  /** Writes the value to its reserved place; what does not fit there is appended. */
  write(out: FlatBufferWriter, value: In, at: number): void;
}

/** The codec of a value that also stands in vectors. */
export interface ElementCodec<T> extends Codec<T> {
  readonly scalar: Scalar<T>;
}

/** One fact about a table, as it is written down: its slot, how the value is stored, what its absence means. */
export type Fact = readonly [slot: number, codec: Codec<unknown, never>, absent: unknown];

/** A fact with its name: what a cursor reads by. */
export interface Field<Out, In, Absent> extends Slot<Out, Absent> {
  readonly codec: Codec<Out, In>;
}
export type Facts = Readonly<Record<string, Field<unknown, never, unknown>>>;

type OutOf<C> = C extends { readonly read: Reader<infer T> } ? T : never;
type InOf<C> = C extends { write(out: FlatBufferWriter, value: infer T, at: number): void } ? T : never;
type FieldOf<F extends Fact> = Field<OutOf<F[1]>, InOf<F[1]>, F[2]>;

/** Returns the facts of a table by the names of its fields. */
export function facts<const R extends Readonly<Record<string, Fact>>>(
  rows: R,
): { readonly [K in keyof R]: FieldOf<R[K]> } {
  const fields = Object.entries(rows).map(([name, row]) => [name, fieldOf(name, row)]);
  return Object.fromEntries(fields) as { readonly [K in keyof R]: FieldOf<R[K]> };
}

function fieldOf(name: string, [slot, codec, absent]: Fact): Field<unknown, never, unknown> {
  return { slot, name, codec, read: codec.read, absent };
}

/** What writing a table takes: fields that are left out, null, or the absent value itself are not written. */
export type Written<F> = {
  readonly [K in keyof F]?: (F[K] extends { readonly codec: infer C } ? InOf<C> : never) | null | undefined;
};

function element<T>(kind: Scalar<T>, write: Codec<T>["write"], read = scalar(kind)): ElementCodec<T> {
  return { size: kind.size, scalar: kind, read, write };
}

export const bool = element(BOOL, (out, value, at) => out.view.setUint8(at, value ? 1 : 0));
export const int8 = element(INT8, (out, value, at) => out.view.setInt8(at, value));
export const uint8 = element(UINT8, (out, value, at) => out.view.setUint8(at, value));
export const uint16 = element(UINT16, (out, value, at) => out.view.setUint16(at, value, true));
export const int32 = element(INT32, (out, value, at) => out.view.setInt32(at, value, true));
export const uint32 = element(UINT32, (out, value, at) => out.view.setUint32(at, value, true));
export const float32 = element(FLOAT32, (out, value, at) => out.view.setFloat32(at, value, true));
export const int64 = element(
  INT64,
  (out, value, at) => out.view.setBigInt64(at, BigInt(value), true),
  wide(INT64),
);
export const uint64 = element(
  UINT64,
  (out, value, at) => out.view.setBigUint64(at, BigInt(value), true),
  wide(UINT64),
);

const utf8 = new TextEncoder();

export const string: Codec<string> = {
  size: 4,
  apart: true,
  read: readText,
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
  apart: true,
  read: extent(1),
  write: (out, value, at) => out.placeInside(value, at),
};

/** The position, 64 bits wide, of bytes behind the FlatBuffer. */
export const contentBehind: Codec<number, Content> = {
  size: 8,
  read: wide(UINT64),
  write: (out, value, at) => out.placeBehind(value, at),
};

/** Returns the codec of a vector whose elements stand side by side. */
export function vector<T>(
  { scalar: kind, write }: ElementCodec<T>,
  read: Reader<readonly T[]> = readVector(kind),
): Codec<readonly T[]> {
  const { size } = kind;
  return {
    size: 4,
    apart: true,
    read,
    write(out, values, at) {
      const target = out.reserve(4 + size * values.length, Math.max(4, size), 4);
      // Elements are aligned; their count stands right before them.
      out.link(at, target);
      out.view.setUint32(target, values.length, true);
      for (let index = 0; index < values.length; index++) {
        write(out, values[index]!, target + 4 + index * size);
      }
    },
  };
}

export const int64s = vector(int64, wides(INT64));
/** Sizes of a tensor. Equal ones are one list when read, as equal zero points are. */
export const shape = vector(int32, recurring(readVector(INT32), { size: 4, memo: (file) => file.shapes }));
export const zeroPoints = vector(
  int64,
  recurring(wides(INT64), { size: 8, memo: (file) => file.zeroPoints }),
);

/** Returns where the table begins that holds the given fields. */
function writeFields(
  out: FlatBufferWriter,
  fields: Facts,
  values: Readonly<Record<string, unknown>>,
): number {
  const drafts: FieldDraft[] = [];
  for (const { slot, name, codec, absent } of Object.values(fields)) {
    const value = values[name];
    if (value === undefined || value === null || value === absent) continue;
    drafts.push({ slot, size: codec.size, write: (at) => codec.write(out, value as never, at) });
  }
  return out.table(drafts);
}

/** Returns the codec of a table that an offset points at. */
export function table<F extends Facts>(fields: F): Codec<Table, Written<F>> {
  return {
    size: 4,
    apart: true,
    read: readTable,
    write: (out, value, at) => out.link(at, writeFields(out, fields, value)),
  };
}

/** Returns the codec of a vector of tables. */
export function tables<F extends Facts>(fields: F): Codec<TableList, readonly Written<F>[]> {
  return {
    size: 4,
    apart: true,
    read: readTables,
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
  readonly fields: Facts;
  readonly values: Readonly<Record<string, unknown>>;
}

/** A table whose facts depend on a number beside it. */
export const anyTable: Codec<Table, AnyTable> = {
  size: 4,
  apart: true,
  read: readTable,
  write: (out, { fields, values }, at) => out.link(at, writeFields(out, fields, values)),
};
