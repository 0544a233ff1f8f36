/** What names stand for, by their numbers. A Map is one. */
export interface NameTable<T> {
  get(name: number): T | undefined;
  set(name: number, value: T): unknown;
}

/** A table of most names of a file: a list with gaps, where a Map of as many takes five times the memory. */
export class DenseTable<T> implements NameTable<T> {
  readonly #values: (T | undefined)[] = [];

  get(name: number): T | undefined {
    return this.#values[name];
  }

  set(name: number, value: T): void {
    while (this.#values.length <= name) this.#values.push(undefined);
    this.#values[name] = value;
  }
}
