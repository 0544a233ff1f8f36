import { LabError } from "../errors.js";
import type { MemoryPlan } from "../memory/plan.js";
import type { Placement, Pool } from "../memory/problem.js";
import { solve } from "../memory/solve.js";
import { validatePlacement } from "../memory/validate.js";
import { ALIGNMENT } from "../targets/neural-art/facts-packing.js";
import { bytes } from "../units.js";

/**
 * Returns where activations go beside weights that take the start of their pools, checked by the validator. Throws
 * a LabError when they find no place.
 */
export function placeBeside(
  { buffers }: Pick<MemoryPlan, "buffers">,
  pools: readonly Pool[],
  weights: readonly { readonly name: string; readonly bytes: number }[],
): readonly Placement[] {
  const taken = new Map(weights.map(({ name, bytes: held }) => [name, held]));
  const rest = pools.map((pool) => {
    const used = Math.ceil((taken.get(pool.name) ?? 0) / ALIGNMENT.value) * ALIGNMENT.value;
    const left = Math.max(0, pool.sizeBytes - used);
    return used === 0
      ? pool
      : { ...pool, address: pool.address + pool.sizeBytes - left, sizeBytes: bytes(left) };
  });
  const problem = { buffers, pools: rest };
  const solution = solve(problem);
  const [violation] = solution ? validatePlacement(problem, solution.placements) : [];
  if (solution && !violation) return solution.placements;
  const room = rest
    .filter(({ rights, sizeBytes }) => rights === "write" && sizeBytes > 0)
    .map(({ name, sizeBytes }) => `${name} ${sizeBytes}`);
  throw new LabError({
    code: "ACTIVATIONS_DO_NOT_FIT",
    message: `Cannot place the activations beside the weights: what is left of the pools is ${room.join(", ") || "nothing"}`,
    hint: "keep the weights in flash, allow external RAM, or lower the resolution",
  });
}
