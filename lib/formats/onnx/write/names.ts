/** Names for the values of a file: each its own, in the main graph and in those inside of it. */
import type { Tensor } from "../../../graph/tensor.js";

/**
 * Tensors of a graph may share a name; in a file a name is a value. The first tensor that asks keeps its
 * name, later ones get a number: `scale`, `scale_1`, `scale_2`.
 */
export class Names {
  readonly #names = new Map<Tensor, string>();
  readonly #taken = new Set<string>();
  /** Where counting goes on for a name; keeps a thousand equal names from taking a million steps. */
  readonly #next = new Map<string, number>();

  /** Returns the name of a tensor, the same at each call. */
  of(tensor: Tensor): string {
    const known = this.#names.get(tensor);
    if (known !== undefined) return known;
    const name = this.#free(tensor.name || "tensor");
    this.#names.set(tensor, name);
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
