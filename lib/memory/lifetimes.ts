import { LabError } from "../errors.js";
import { bytes } from "../units.js";
import { type Buffer, type BufferId, DEFAULT_ALIGNMENT } from "./problem.js";

/** One step of a schedule: what it reads and what it writes. */
export interface Step {
  readonly reads: readonly BufferId[];
  readonly writes: readonly BufferId[];
}

export interface SizedTensor {
  readonly id: BufferId;
  readonly bytes: number;
  readonly alignment?: number;
  /** The address that the tensor must have. */
  readonly pinned?: number;
  /** Stays until the last step though a step reads it: a network output that is read again. */
  readonly keep?: boolean;
}

/**
 * Returns a buffer per tensor that a step touches. A tensor lives from the step that first writes it to the
 * last one that reads or writes it, both included; one that no step writes is an input of the network and lives
 * from the first step, one that no step reads is an output and lives to the last. Throws a LabError for a step
 * that names an unknown tensor or reads one before it is written. O(steps + tensors).
 *
 *   step 0 reads in, writes a     in [0, 1)
 *   step 1 reads a, writes b      a  [0, 3)
 *   step 2 reads a b, writes out  b  [1, 3)   out [2, 3)
 */
export function lifetimes(steps: readonly Step[], tensors: readonly SizedTensor[]): readonly Buffer[] {
  const known = new Set(tensors.map(({ id }) => id));
  const uses = new Map<BufferId, { firstWrite: number; firstRead: number; lastUse: number; read: boolean }>();
  const use = (id: BufferId, index: number) => {
    if (!known.has(id)) {
      throw new LabError({
        code: "MEMORY_PROBLEM",
        message: `Cannot tell how long '${id}' lives: step ${index} uses it, but its size is not given`,
      });
    }
    let entry = uses.get(id);
    if (!entry) {
      entry = { firstWrite: Infinity, firstRead: Infinity, lastUse: index, read: false };
      uses.set(id, entry);
    }
    entry.lastUse = index;
    return entry;
  };
  steps.forEach((step, index) => {
    for (const id of step.reads) {
      const entry = use(id, index);
      entry.firstRead = Math.min(entry.firstRead, index);
      entry.read = true;
    }
    for (const id of step.writes) {
      const entry = use(id, index);
      entry.firstWrite = Math.min(entry.firstWrite, index);
    }
  });

  const buffers: Buffer[] = [];
  for (const tensor of tensors) {
    const entry = uses.get(tensor.id);
    if (!entry) continue;
    const { firstWrite, firstRead, lastUse, read } = entry;
    if (firstRead < firstWrite && firstWrite !== Infinity) {
      throw new LabError({
        code: "MEMORY_PROBLEM",
        message: `Cannot tell how long '${tensor.id}' lives: step ${firstRead} reads it before step ${firstWrite} writes it`,
        hint: "order the steps so that each tensor is written first",
      });
    }
    buffers.push({
      id: tensor.id,
      sizeBytes: bytes(tensor.bytes),
      start: firstWrite === Infinity ? 0 : firstWrite,
      end: tensor.keep || !read ? steps.length : lastUse + 1,
      alignment: tensor.alignment ?? DEFAULT_ALIGNMENT,
      pinned: tensor.pinned ?? null,
    });
  }
  return buffers;
}
