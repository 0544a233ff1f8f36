/** Names for the values of a file, and for its nodes: each its own, in the main graph and in those inside of it. */

/**
 * Tensors of a graph may share a name, and so may nodes; in a file they must not. The first one that asks
 * keeps its name, later ones get a number: `scale`, `scale_1`, `scale_2`.
 */
export class Names<Named extends { readonly name: string }> {
  readonly #names = new Map<Named, string>();
  readonly #taken = new Set<string>();
  /** Where counting goes on for a name; keeps a thousand equal names from taking a million steps. */
  readonly #next = new Map<string, number>();

  /** Returns the name of a tensor or a node, the same at each call. */
  of(named: Named): string {
    const known = this.#names.get(named);
    if (known !== undefined) return known;
    const name = this.#free(named.name || "unnamed");
    this.#names.set(named, name);
    this.#taken.add(name);
    return name;
  }

  #free(wanted: string): string {
    if (!this.#taken.has(wanted)) return wanted;
    let count = this.#next.get(wanted) ?? 1;
    while (this.#taken.has(`${wanted}_${count}`)) count += 1;
    this.#next.set(wanted, count + 1);
    return `${wanted}_${count}`;
  }
}
