/** Cursors over the tables of a FlatBuffer (flatbuffer.ts has the layout) and over vectors of them. */
import { DecodeError } from "../../errors.js";
import { extent, type FlatBuffer, follow, INT32, type Reader, UINT16, type Where } from "./flatbuffer.js";

/** A slot of a table: where, its name, how to read what is there, and what its absence means. */
export interface Slot<T, A> {
  readonly slot: number;
  readonly name: string;
  readonly read: Reader<T>;
  readonly absent: A;
}

/** What a table costs where it is kept in some form, in bytes of the heap. */
const TABLE_COST = 64;

/** A cursor over one table. Its place is checked when it opens, each field as it is read. */
export class Table implements Where {
  readonly file: FlatBuffer;
  /** Byte at which the table starts. */
  at = 0;
  /** The field that was read last. */
  field = "";
  #vtable = -1;
  #vtableSize = 0;
  #size = 0;
  readonly #outer: Where | null;
  readonly #name: string;
  /** Place in a vector; −1 for a table on its own. */
  #index = -1;
  /** The cursor over the table that a field leads to: the one before serves again. */
  #inner: Table | null = null;

  /** A cursor over nothing yet: `open` makes it one over a table. `from` is the table and field it is read from. */
  constructor(file: FlatBuffer, from: Where | null = null) {
    this.file = file;
    this.#outer = from;
    this.#name = from?.field ?? "";
  }

  /** Where the table is, as errors name it: `subgraphs[0].tensors[3]`; empty for the root. */
  get path(): string {
    const outer = this.#outer?.path ?? "";
    const own = this.#index < 0 ? this.#name : `${this.#name}[${this.#index}]`;
    return outer === "" || own === "" ? outer + own : `${outer}.${own}`;
  }

  /** Byte at which the vtable starts: tables of one form share it. */
  get vtable(): number {
    return this.#vtable;
  }

  /** Bytes of the table. */
  get size(): number {
    return this.#size;
  }

  /** Moves to the table that the offset at `at` points at, number `index` of its vector. */
  open(at: number, index = -1): this {
    const { file } = this;
    this.field = "";
    this.#index = index;
    const start = follow(file, at, this);
    const shown = file.show(start, 4, this);
    const vtable = start - INT32.take(file.view, shown);
    if (vtable !== this.#vtable || vtable < 0) this.#describe(vtable);
    if (start + this.#size > file.size) file.check(start, this.#size, this);
    this.at = start;
    return this;
  }

  #describe(vtable: number): void {
    const { file } = this;
    this.field = "vtable";
    const start = file.show(vtable, 4, this);
    const vtableSize = UINT16.take(file.view, start);
    const size = UINT16.take(file.view, start + 2);
    // Slots are two bytes: of an odd number, readers would disagree whether the last one is there.
    if (vtableSize < 4 || size < 4 || vtableSize % 2 !== 0) {
      const path = this.path || "model";
      throw new DecodeError({
        code: "VTABLE",
        message: `Cannot read ${path}: its vtable has ${vtableSize} bytes for a table of ${size}, expected at least 4 each, and whole slots of 2`,
        offset: vtable,
        path,
      });
    }
    file.check(vtable, vtableSize, this);
    this.#vtable = vtable;
    this.#vtableSize = vtableSize;
    this.#size = size;
    this.field = "";
  }

  /** Returns the field at a slot, or what its absence means. */
  get<T, A>(slot: Slot<T, A>): T | A {
    const at = this.find(slot);
    return at === 0 ? slot.absent : slot.read(this.file, at, this);
  }

  /** Returns a cursor over the table that the offset at `at`, of the current field, points at. */
  inner(at: number): Table {
    let inner = this.#inner;
    if (inner === null || inner.#name !== this.field) {
      inner = new Table(this.file, this);
      this.#inner = inner;
    }
    return inner.open(at);
  }

  /** Returns the byte at which a field lies; 0 when the file leaves it out. */
  find({ slot, name }: Slot<unknown, unknown>): number {
    if (slot + 2 > this.#vtableSize) return 0;
    const { file } = this;
    const start = file.show(this.#vtable + slot, 2, this);
    const offset = UINT16.take(file.view, start);
    if (offset === 0) return 0;
    this.field = name;
    if (offset >= 4 && offset < this.#size) return this.at + offset;
    const path = `${this.path ? `${this.path}.` : ""}${name}`;
    throw new DecodeError({
      code: "VTABLE",
      message: `Cannot read ${path}: its vtable puts it at ${offset}, outside of the table of ${this.#size} bytes`,
      offset: this.#vtable + slot,
      path,
    });
  }
}

/** The tables that a vector of offsets points at, under one cursor. */
export class TableList {
  readonly count: number;
  readonly #first: number;
  readonly #cursor: Table | null;

  constructor(cursor: Table | null = null, first = 0, count = 0) {
    this.#cursor = cursor;
    this.#first = first;
    this.count = count;
  }

  /** Returns the cursor, moved to table `index`; undefined when there is none. */
  at(index: number): Table | undefined {
    if (!(index >= 0 && index < this.count)) return undefined;
    return this.#cursor?.open(this.#first + 4 * index, index);
  }

  /** Returns what `read` makes of each table; it gets the one cursor and must not keep it. */
  map<T>(read: (table: Table, index: number) => T): T[] {
    const made = new Array<T>(this.count);
    for (let index = 0; index < this.count; index++) made[index] = read(this.at(index)!, index);
    return made;
  }
}

/** What the absence of a vector of tables mostly means. */
export const NO_TABLES = new TableList();

const locate = extent(4);

/** Returns a cursor over the table that an offset points at. It moves with the cursor that it was read from. */
export const table: Reader<Table> = (file, at, from) =>
  from instanceof Table ? from.inner(at) : new Table(file, from).open(at);

/** Returns the tables that a vector of offsets points at. */
export const tables: Reader<TableList> = (file, at, from) => {
  const { at: first, count } = locate(file, at, from);
  file.spend(TABLE_COST * count, at, from);
  return new TableList(new Table(file, from), first, count);
};
