/**
 * What to move out of flash first. Each epoch takes its slowest bound, so that moving a layer's constants saves
 * only down to the next bound; the saving per byte ranks the layers, a knapsack chooses within the room that
 * activations leave. Epochs do not share constants in flight: what one saves, another does not lose.
 *
 *   MobileNetV2 1.0 at 224, dense layer of 1,283,000 B: 3.37 ms in flash, 1.69 ms in PSRAM; in internal RAM the
 *   reading of the constants still bounds it, at 0.10 ms: 3.28 ms saved, 2.61 us per KiB
 */
import { estimateLatency, type LatencyEstimate } from "../cost/estimate.js";
import type { WeightStore } from "../cost/hardware.js";
import type { Node } from "../graph/node.js";
import { breakEvenFrames } from "../stream/break-even.js";
import { bestChoice, rankMoves, takeInOrder } from "../stream/choose.js";
import type { Fact } from "../targets/rule.js";
import { type Bytes, bytes } from "../units.js";
import type { EpochInMemories, MoveRecord, MovesAnalysis, TimeRange } from "./moves-record.js";
import type { Prediction } from "./predict.js";

/** Copying constants from flash into RAM when the network is installed. */
export const INSTALL_BYTES_PER_MS: Fact = {
  value: 118_000,
  evidence: "documented",
  source: "stneuralart_reloc_mode.html: 17 ms for 2 MB",
};

const KIB = 1024;

export interface MovesOptions {
  /** Internal RAM to use; what activations leave free when absent. */
  readonly roomBytes?: Bytes;
}

/** Returns the internal RAM that neither activations nor constants use, all pools together. */
export function freeInternalBytes({ memory, pools }: Pick<Prediction, "memory" | "pools">): Bytes {
  const internal = new Set(
    pools.filter(({ external, rights }) => !external && rights === "write").map(({ name }) => name),
  );
  const free = memory.pools
    .filter(({ name }) => internal.has(name))
    .reduce((total, pool) => total + pool.sizeBytes - pool.weightBytes - pool.activationBytes, 0);
  return bytes(Math.max(0, free));
}

/** How a saving widens: the interval's ends fall by the same ratio as where all constants move. */
function rangeOfSaving(now: LatencyEstimate, fastest: LatencyEstimate, savedMs: number): TimeRange {
  const all = now.ms - fastest.ms;
  if (all <= 0) return { ms: savedMs, low: savedMs, high: savedMs };
  return {
    ms: savedMs,
    low: (savedMs * (now.low - fastest.low)) / all,
    high: (savedMs * (now.high - fastest.high)) / all,
  };
}

const rangeOf = ({ ms, low, high }: TimeRange): TimeRange => ({ ms, low, high });
const less = (now: TimeRange, saved: TimeRange): TimeRange => ({
  ms: now.ms - saved.ms,
  low: now.low - saved.low,
  high: now.high - saved.high,
});

/** Returns the constants of each weighted layer. */
function bytesByNode({ rom }: Prediction): ReadonlyMap<Node, number> {
  const sizes = new Map<Node, number>();
  for (const { node, bytes: size } of rom.buffers) sizes.set(node, (sizes.get(node) ?? 0) + size);
  return sizes;
}

/**
 * Returns what each memory makes of each epoch, what to move first, and the total if it were moved. Bounds of a
 * bus that weights and activations would share are those of the latency model; fragments of the room are not
 * looked at: it is one sum of bytes. O(epochs + the choice).
 */
export function movesOf(model: string, prediction: Prediction, options: MovesOptions = {}): MovesAnalysis {
  const { plan, rom, cost, latency, board } = prediction;
  const at = (weights: WeightStore) => estimateLatency({ plan, rom, options: { ...cost, weights } });
  const flash = at("octoFlash");
  const hyperRam = at("hyperRAM");
  const internal = at("internal");
  const sizes = bytesByNode(prediction);

  const epochs = plan.epochs.flatMap((epoch, index): EpochInMemories[] => {
    const size = epoch.layer ? (sizes.get(epoch.layer.node) ?? 0) : 0;
    if (!epoch.layer || size === 0 || epoch.kind === "sw") return [];
    const internalMs = internal.perEpoch[index]!.ms;
    return [
      {
        epoch: epoch.index,
        layer: epoch.layer.node.name,
        bytes: size,
        bound: latency.perEpoch[index]!.bound,
        weightBound: latency.perEpoch[index]!.ms > internalMs,
        octoFlashMs: flash.perEpoch[index]!.ms,
        hyperRamMs: hyperRam.perEpoch[index]!.ms,
        internalMs,
      },
    ];
  });

  const layers = new Map<string, { bytes: Bytes; epochs: number[]; savedMs: number }>();
  for (const { layer, epoch, bytes: size, internalMs } of epochs) {
    const known = layers.get(layer) ?? { bytes: bytes(size), epochs: [], savedMs: 0 };
    known.epochs.push(epoch);
    known.savedMs += latency.perEpoch[epoch - 1]!.ms - internalMs;
    layers.set(layer, known);
  }
  const items = [...layers].map(([name, layer]) => ({ name, ...layer }));
  const roomBytes = options.roomBytes ?? freeInternalBytes(prediction);
  const best = bestChoice(items, roomBytes);
  const chosen = new Set(best.taken);
  let cumulativeBytes = 0;
  let cumulativeSavedMs = 0;
  const moves = rankMoves(items).map((index): MoveRecord => {
    const item = items[index]!;
    cumulativeBytes += item.bytes;
    cumulativeSavedMs += item.savedMs;
    return {
      layer: item.name,
      epochs: item.epochs,
      bytes: item.bytes,
      saved: rangeOfSaving(latency, internal, item.savedMs),
      msPerKib: (item.savedMs / item.bytes) * KIB,
      chosen: chosen.has(index),
      cumulativeBytes,
      cumulativeSavedMs,
    };
  });

  const saved = rangeOfSaving(latency, internal, best.savedMs);
  const now = rangeOf(latency);
  const then = less(now, saved);
  const installMs = best.bytes / INSTALL_BYTES_PER_MS.value;
  return {
    schema: "npulab/moves@1",
    model,
    board: board.id,
    now,
    store: cost.weights ?? "octoFlash",
    weightBytes: rom.imageBytes,
    roomBytes,
    epochs,
    moves,
    chosen: {
      bytes: best.bytes,
      saved,
      then,
      proved: best.proved,
      inOrderSavedMs: takeInOrder(items, roomBytes).savedMs,
      installMs,
      breakEvenFrames: breakEvenFrames(
        { startMs: installMs, frameMs: then.ms },
        { startMs: 0, frameMs: now.ms },
      ),
    },
    everything: { hyperRam: rangeOf(hyperRam), internal: rangeOf(internal) },
    level: `${latency.level}; no board was timed with weights in internal RAM`,
  };
}
