/**
 * Where the values of graph tensors lie. Most tensors are written by an epoch under their own name. The rest:
 *
 *   a view (Reshape, a folded Pad)        lies where its input lies
 *   a concatenation without an epoch      lies in its parts, written side by side
 *   an input or output without its edge   lies in the integer tensor on the other side of the conversion
 *   conversion to float
 */
import type { Tensor } from "../../../graph/tensor.js";
import type { EpochPlan } from "../records.js";

export class Storage {
  readonly #places = new Map<Tensor, readonly Tensor[]>();

  /** Says that `tensor` lies in `parts`, which may lie elsewhere themselves. */
  put(tensor: Tensor, parts: readonly Tensor[]): void {
    this.#places.set(
      tensor,
      parts.flatMap((part) => this.of(part)),
    );
  }

  /** Returns the tensors that hold the values; the tensor itself when nothing else was said. */
  of(tensor: Tensor): readonly Tensor[] {
    return this.#places.get(tensor) ?? [tensor];
  }

  places(): ReadonlyMap<Tensor, readonly Tensor[]> {
    return this.#places;
  }
}

/** Returns the tensors, as epochs read and write them, that hold the values of a graph tensor. */
export function storageOf(plan: EpochPlan, tensor: Tensor): readonly Tensor[] {
  return plan.storage.get(tensor) ?? [tensor];
}
