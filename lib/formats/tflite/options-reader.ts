/** Options of operators, read out of their tables. Networks repeat a few dozen of them. */
import { DecodeError } from "../../errors.js";
import type { AttributeValue } from "../../graph/node.js";
import { Memo } from "../shared/memo.js";
import type { Facts } from "./codec.js";
import { namedFacts, type Options, type OptionsTable, optionsOf } from "./options.js";
import { OPERATOR } from "./schema.js";
import type { Table } from "./table.js";

/** Bytes at the start of a table that lead to its vtable; its fields follow. */
const TABLE_HEAD = 4;
/** Writers give the tables of one operator a few forms; more than this is no use to remember. */
const MOST_FORMS = 8;
const NONE: Options = Object.freeze({});

/** Reads the options of one builtin operator. Tables of the same bytes give the same record. */
export class OptionsReader {
  readonly #name: string;
  readonly #taken: OptionsTable | null;
  readonly #fields: Facts;
  readonly #defaults: Options;
  /** Whether all values stand in the table itself, so that its bytes say everything. */
  readonly #inside: boolean;
  /** By the place of the vtable, which says where in those bytes the values are. */
  readonly #seen = new Map<number, Memo<Options>>();

  /** `name`: the builtin operator, as BUILTIN_OPERATORS names it. */
  constructor(name: string) {
    this.#name = name;
    this.#taken = optionsOf(name);
    const options = this.#taken?.fields ?? [];
    this.#fields = namedFacts(options);
    this.#defaults =
      options.length === 0
        ? NONE
        : Object.fromEntries(options.map(([, field, , absent]): [string, AttributeValue] => [field, absent]));
    this.#inside = options.every(([, , codec]) => codec.apart !== true);
  }

  /** Returns the options of the operator under the cursor, absent ones filled in with the schema's defaults. */
  read(operator: Table): Options {
    if (this.#taken === null) return NONE;
    const second = this.#taken.union === 2;
    const kind = operator.get(second ? OPERATOR.options2Type : OPERATOR.optionsType);
    if (kind === 0) return this.#defaults;
    if (kind !== this.#taken.kind) throw this.#stranger(operator, kind);
    const table = operator.get(second ? OPERATOR.options2 : OPERATOR.options);
    if (table === null) return this.#defaults;
    return this.#inside ? this.#recall(table) : this.#values(table);
  }

  #recall(table: Table): Options {
    const { file, vtable, size } = table;
    let memo = this.#seen.get(vtable);
    if (memo === undefined) {
      if (this.#seen.size >= MOST_FORMS) return this.#values(table);
      memo = new Memo();
      this.#seen.set(vtable, memo);
    }
    const start = file.show(table.at, size, table);
    const { bytes } = file;
    const [from, end] = [start + TABLE_HEAD, start + size];
    return memo.recall(bytes, from, end) ?? memo.remember(bytes, from, end, this.#values(table));
  }

  #values(table: Table): Options {
    const values = { ...this.#defaults } as Record<string, AttributeValue>;
    for (const field of Object.values(this.#fields)) {
      const value = table.get(field);
      if (value !== field.absent) values[field.name] = value as AttributeValue;
    }
    return values;
  }

  #stranger(operator: Table, kind: number): DecodeError {
    const path = `${operator.path}.${this.#taken?.union === 2 ? "options2" : "options"}`;
    return new DecodeError({
      code: "OPTIONS",
      message: `Cannot read the options of ${this.#name}: ${path} is of kind ${kind}, expected ${this.#taken?.kind}`,
      offset: operator.at,
      path,
    });
  }
}
