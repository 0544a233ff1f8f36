/** Lists of unknown length that readers inside of readers fill: memory that serves again, where `[]` would grow. */
export class NumberStack {
  readonly #items: number[] = [];
  /** How many numbers lie on it; remember it to `take` what came after. */
  top = 0;

  push(value: number): void {
    this.#items[this.top++] = value;
  }

  /** Returns the numbers that came after `base`, and takes them off. */
  take(base: number): number[] {
    const taken = this.#items.slice(base, this.top);
    this.top = base;
    return taken;
  }
}
