/** Plans the memory of a network: weights into their pools, activations by lifetime into the rest. */
import { LabError } from "../errors.js";
import { type Bytes, bytes, sum } from "../units.js";
import { lifetimes, type SizedTensor, type Step } from "./lifetimes.js";
import { type LowerBound, lowerBound } from "./lower-bound.js";
import { type Buffer, type BufferId, checkProblem, type Pool, takes } from "./problem.js";
import { highWater, type SolveParams, solve } from "./solve.js";
import { validatePlacement } from "./validate.js";
import { placeWeights } from "./weights.js";
import { mergeNeighbours } from "./windows.js";

export interface PlacedBuffer extends Buffer {
  readonly address: number;
  /** The pool, or the pools joined by `_` when the buffer crosses a border, as the vendor names virtual pools. */
  readonly pool: string;
  /** From the start of the (first) pool. */
  readonly offset: Bytes;
}

export interface PoolUse {
  readonly name: string;
  readonly address: number;
  readonly sizeBytes: Bytes;
  readonly weightBytes: Bytes;
  /** From the first byte that activations may use to the last one that they do. */
  readonly activationBytes: Bytes;
}

export interface MemoryPlan {
  readonly buffers: readonly PlacedBuffer[];
  readonly pools: readonly PoolUse[];
  readonly weightBytes: Bytes;
  /** What the activations take, all pools together. */
  readonly activationPeakBytes: Bytes;
  /** What no plan can go below: the bytes that are live at `witness.step`. */
  readonly lowerBoundBytes: Bytes;
  readonly witness: LowerBound;
  /** Whether the peak equals the lower bound, so that no plan takes less. */
  readonly proved: boolean;
  /** Which planner of the portfolio found it. */
  readonly method: string;
}

export interface MemoryRequest {
  readonly steps: readonly Step[];
  readonly tensors: readonly SizedTensor[];
  readonly weightBytes: number;
  /** In the order in which activations should use them. */
  readonly pools: readonly Pool[];
  readonly params?: SolveParams;
}

/** How many tensors an error names. */
const NAMED_TENSORS = 5;

function describeLive({ live, step }: LowerBound): string {
  const named = live.slice(0, NAMED_TENSORS).map((buffer) => `'${buffer.id}' (${takes(buffer)} bytes)`);
  const more = live.length > NAMED_TENSORS ? ` and ${live.length - NAMED_TENSORS} smaller` : "";
  return `step ${step} holds ${named.join(", ")}${more}`;
}

function externalHint(usable: readonly Pool[]): string {
  return usable.some(({ external }) => external)
    ? "lower the input resolution or the width of the network"
    : "lower the input resolution, or allow an external RAM pool (hyperRAM) where the board has one";
}

interface Crowded {
  readonly buffers: readonly Buffer[];
  /** What the weights left. */
  readonly pools: readonly Pool[];
  readonly bound: LowerBound;
  /** Weights that had to go to RAM. */
  readonly weightsInRam: number;
}

function doesNotFit({ buffers, pools, bound, weightsInRam }: Crowded): LabError {
  const usable = pools.filter(({ rights, sizeBytes }) => rights === "write" && sizeBytes > 0);
  const offered = usable.map(({ name, sizeBytes }) => `${name} (${sizeBytes} bytes)`).join(", ") || "no pool";
  const capacity = sum(usable.map(({ sizeBytes }) => sizeBytes));
  const after =
    weightsInRam === 0 ? "" : ` after ${weightsInRam} bytes of weights that flash has no room for`;
  const widest = Math.max(0, ...mergeNeighbours(usable).map(({ sizeBytes }) => sizeBytes));
  const hint =
    weightsInRam > 0
      ? "quantise the weights, or give the flash pool room for all of them"
      : externalHint(usable);
  const tooLarge = buffers.find((buffer) => takes(buffer) > widest);
  let message: string;
  if (bound.bytes > capacity) {
    message = `Cannot place the activations: ${describeLive(bound)}, ${bound.bytes} bytes together, and ${offered} hold ${capacity}${after}`;
  } else if (tooLarge) {
    message = `Cannot place tensor '${tooLarge.id}': it takes ${takes(tooLarge)} bytes, and the widest stretch of ${offered} holds ${widest}${after}`;
  } else {
    message = `Cannot find a place for the activations in ${offered}: ${describeLive(bound)}, ${bound.bytes} bytes together; the planners found no way, which does not prove that there is none`;
  }
  return new LabError({ code: "ACTIVATIONS_DO_NOT_FIT", message, hint, at: `step ${bound.step}` });
}

/** Returns the names of the pools that [from, to) touches, and where the first begins; pools by address. */
function poolsOf(from: number, to: number, pools: readonly Pool[]) {
  let name = "";
  let start: number | undefined;
  for (const pool of pools) {
    if (from >= pool.address + pool.sizeBytes || to <= pool.address) continue;
    name = start === undefined ? pool.name : `${name}_${pool.name}`;
    start ??= pool.address;
  }
  return { name, start: start ?? from };
}

/**
 * Returns where everything goes. The plan is checked by the independent validator before it is handed out.
 * Throws a LabError that names the tensors of the fullest step when the activations do not fit.
 */
export function planMemory(request: MemoryRequest): MemoryPlan {
  const { steps, tensors, pools, params } = request;
  const weightBytes = bytes(request.weightBytes);
  const buffers = lifetimes(steps, tensors);
  checkProblem({ buffers, pools });
  const { perPool, rest } = placeWeights(weightBytes, pools);
  const problem = { buffers, pools: rest };
  const witness = lowerBound(buffers);
  const solution = solve(problem, params);
  if (!solution) {
    const inRam = pools
      .filter(({ rights }) => rights === "write")
      .map(({ name }) => perPool.get(name) ?? bytes(0));
    throw doesNotFit({ buffers, pools: rest, bound: witness, weightsInRam: sum(inRam) });
  }
  const [violation] = validatePlacement(problem, solution.placements);
  if (violation) {
    // A pinned buffer that clashes is the caller's; anything else would be a fault of the planner.
    throw new LabError({ code: "MEMORY_PLAN", message: `Cannot plan memory: ${violation.message}` });
  }

  const addresses = new Map<BufferId, number>(solution.placements.map(({ id, address }) => [id, address]));
  const byAddress = [...pools].sort((a, b) => a.address - b.address);
  const placed = buffers.map((buffer): PlacedBuffer => {
    const address = addresses.get(buffer.id)!;
    const { name, start } = poolsOf(address, address + takes(buffer), byAddress);
    // Field by field: a spread takes longer than finding the place.
    return {
      id: buffer.id,
      sizeBytes: buffer.sizeBytes,
      start: buffer.start,
      end: buffer.end,
      alignment: buffer.alignment,
      pinned: buffer.pinned,
      address,
      pool: name,
      offset: bytes(address - start),
    };
  });
  const ranges = placed.map((buffer) => ({ from: buffer.address, to: buffer.address + takes(buffer) }));
  const uses = pools.map(
    (pool, index): PoolUse => ({
      name: pool.name,
      address: pool.address,
      sizeBytes: pool.sizeBytes,
      weightBytes: perPool.get(pool.name) ?? bytes(0),
      activationBytes: bytes(highWater(rest[index]!, ranges)),
    }),
  );
  const activationPeakBytes = sum(uses.map(({ activationBytes }) => activationBytes));
  return {
    buffers: placed,
    pools: uses,
    weightBytes,
    activationPeakBytes,
    lowerBoundBytes: witness.bytes,
    witness,
    proved: activationPeakBytes === witness.bytes,
    method: solution.method,
  };
}
