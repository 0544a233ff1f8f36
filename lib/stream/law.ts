/**
 * One law for weights that do not fit: when each batch of a layer's constants is read, when it is computed with,
 * and who waits for whom. The same for every chip; what differs is data.
 *
 *   Layer a: 4 B, 2 ms. Layer b: 2 B, 4 ms. Batches of 2 B; a byte takes 1 ms to load.
 *
 *   ms                        0 1 2 3 4 5 6 7 8 9 10 11
 *   single            load    a a . a a . b b . . .  .
 *                     compute . . a . . a . . b b b  b     12 ms
 *   double, layer     load    a a a a . b b . . . .
 *                     compute . . a . a . . b b b b        11 ms
 *   double, network   load    a a a a b b . . . .
 *                     compute . . a . a . b b b b          10 ms
 *   fraction 0.5      load    a a a a . b b . . .
 *                     compute . . . a a . b b b b          10 ms
 *   resident          compute a a b b b b                   6 ms
 *
 * Batches of a layer are of equal size and take equal shares of its computing.
 */
import { LabError } from "../errors.js";
import { type Bytes, bytes, sum } from "../units.js";
import type { LayerTimes, Streaming, StreamRequest, StreamSchedule, StreamStep } from "./record.js";
import { readMs } from "./store.js";

/** How a streaming mode uses buffers. */
interface Slots {
  readonly count: 1 | 2;
  /** Whether reading goes on with the next layer while this one computes. */
  readonly acrossLayers: boolean;
  readonly batchBytes: number;
}

function slotsOf(streaming: Extract<Streaming, { mode: "single" | "double" }>): Slots {
  const { batchBytes = Number.POSITIVE_INFINITY, bufferBytes = Number.POSITIVE_INFINITY } = streaming;
  const count = streaming.mode === "single" ? 1 : 2;
  const batch = Math.min(batchBytes, Math.floor(bufferBytes / count));
  if (!(batch >= 1)) {
    throw new LabError({
      code: "STREAM_BUFFER",
      message: `Cannot stream in batches of ${batch} B: ${count === 1 ? "the buffer takes" : "both buffers together take"} ${bufferBytes} B and a batch ${batchBytes} B, expected at least 1 B per batch`,
    });
  }
  const acrossLayers = streaming.mode === "single" || streaming.overlap === "network";
  return { count, acrossLayers, batchBytes: batch };
}

/** Returns the sizes of a layer's batches: as equal as whole bytes allow; one empty batch for no bytes. */
function batchesOf(size: Bytes, batchBytes: number): readonly Bytes[] {
  const count = Math.max(1, Math.ceil(size / batchBytes));
  const edge = (index: number) => Math.floor((size * index) / count);
  return Array.from({ length: count }, (_, index) => bytes(edge(index + 1) - edge(index)));
}

/** Reads and computes batch after batch; a batch is read into the buffer that was freed longest ago. */
function buffered({ layers, store }: StreamRequest, slots: Slots): StreamStep[] {
  const steps: StreamStep[] = [];
  const freedAt = new Array<number>(slots.count).fill(0);
  let storeFree = 0;
  let unitFree = 0;
  let slot = 0;
  for (const [layer, { bytes: size, computeMs }] of layers.entries()) {
    const batches = batchesOf(size, slots.batchBytes);
    if (!slots.acrossLayers) storeFree = Math.max(storeFree, unitFree);
    for (const [batch, batchSize] of batches.entries()) {
      let ready = 0;
      if (batchSize > 0) {
        const startMs = Math.max(storeFree, freedAt[slot]!);
        ready = startMs + readMs(store, batchSize);
        steps.push({ kind: "load", layer, batch, bytes: batchSize, startMs, endMs: ready });
        storeFree = ready;
      }
      const startMs = Math.max(unitFree, ready);
      const share = size === 0 ? 1 : batchSize / size;
      unitFree = startMs + computeMs * share;
      steps.push({ kind: "compute", layer, batch, bytes: batchSize, startMs, endMs: unitFree });
      if (batchSize > 0) {
        freedAt[slot] = unitFree;
        slot = (slot + 1) % slots.count;
      }
    }
  }
  return steps;
}

/** Each layer begins to load when the one before it ends; computing begins so that its share is hidden. */
function fractional({ layers, store }: StreamRequest, hidden: number): StreamStep[] {
  if (!(hidden >= 0 && hidden <= 1)) {
    throw new LabError({
      code: "STREAM_FRACTION",
      message: `Cannot hide ${hidden} of the loading: it is a share, expected 0 to 1`,
    });
  }
  let clock = 0;
  return layers.flatMap(({ bytes: size, computeMs }, layer) => {
    const loadMs = readMs(store, size);
    const computeStart = clock + loadMs - hidden * Math.min(loadMs, computeMs);
    const load: StreamStep = {
      kind: "load",
      layer,
      batch: 0,
      bytes: size,
      startMs: clock,
      endMs: clock + loadMs,
    };
    clock = computeStart + computeMs;
    const compute: StreamStep = { ...load, kind: "compute", startMs: computeStart, endMs: clock };
    return size === 0 ? [compute] : [load, compute];
  });
}

function resident({ layers }: StreamRequest): StreamStep[] {
  let clock = 0;
  return layers.map(({ bytes: size, computeMs }, layer) => {
    const startMs = clock;
    clock += computeMs;
    return { kind: "compute", layer, batch: 0, bytes: size, startMs, endMs: clock };
  });
}

const lengthOf = ({ startMs, endMs }: StreamStep) => endMs - startMs;

/** Returns the times of each layer: what it took, and how long the unit stood idle for it. */
function layerTimes({ layers }: StreamRequest, steps: readonly StreamStep[]): LayerTimes[] {
  let unitFree = 0;
  return layers.map(({ name, bytes: size }, index) => {
    const own = steps.filter(({ layer }) => layer === index);
    const computed = own.filter(({ kind }) => kind === "compute");
    const loadMs = sum(own.filter(({ kind }) => kind === "load").map(lengthOf));
    const computeMs = sum(computed.map(lengthOf));
    const startMs = Math.min(...own.map((step) => step.startMs));
    const endMs = computed.at(-1)!.endMs;
    const waitMs = Math.max(0, endMs - unitFree - computeMs);
    unitFree = endMs;
    return {
      name,
      bytes: size,
      batches: computed.length,
      loadMs,
      computeMs,
      waitMs,
      startMs,
      endMs,
      bound: loadMs > computeMs ? "load" : "compute",
    };
  });
}

/** Returns the most bytes that were in the buffers at once; a batch holds its buffer from its read to its use. */
function mostHeld(steps: readonly StreamStep[]): Bytes {
  const changes = steps.flatMap((step) =>
    step.kind === "load" ? [[step.startMs, step.bytes] as const] : [[step.endMs, -step.bytes] as const],
  );
  changes.sort(([a, more], [b, less]) => a - b || more - less);
  let held = 0;
  let most = 0;
  for (const [, change] of changes) {
    held += change;
    most = Math.max(most, held);
  }
  return bytes(most);
}

function stepsOf(request: StreamRequest): StreamStep[] {
  const { streaming } = request;
  switch (streaming.mode) {
    case "resident":
      return resident(request);
    case "single":
    case "double":
      return buffered(request, slotsOf(streaming));
    case "fraction":
      return fractional(request, streaming.hidden);
    default:
      return streaming satisfies never;
  }
}

/**
 * Returns when each layer loads, computes and waits, the total, and what bounds it. O(batches); linear in the
 * layers. Throws a LabError when a batch would be empty, a share is none, or the store cannot be.
 */
export function streamSchedule(request: StreamRequest): StreamSchedule {
  const { layers: given, streaming } = request;
  const steps = stepsOf(request);
  const layers = layerTimes(request, steps);
  const totalMs = layers.at(-1)?.endMs ?? 0;
  const computeMs = sum(layers.map((layer) => layer.computeMs));
  const loadMs = sum(layers.map((layer) => layer.loadMs));
  const shorter = Math.min(loadMs, computeMs);
  const allBytes = bytes(given.reduce((total, { bytes: size }) => total + size, 0));
  return {
    totalMs,
    computeMs,
    loadMs,
    waitMs: Math.max(0, totalMs - computeMs),
    hiddenShare: shorter === 0 ? 1 : (computeMs + loadMs - totalMs) / shorter,
    bufferBytes: streaming.mode === "resident" ? allBytes : mostHeld(steps),
    bound: loadMs > computeMs ? "load" : "compute",
    layers,
    steps,
  };
}
