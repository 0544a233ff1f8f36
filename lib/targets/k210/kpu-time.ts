/**
 * How long the unit takes for a layer. It works on lines of its memory, so narrow maps cost as much as the line
 * that they are padded to; a stride of 2 is a pool behind a layer that was computed whole.
 *
 *   1x1, 384 → 768 at 7x7: rows of 7 are as long as rows of 16: 7 × 16 × 384 × 768 × 9 taps / 312.5 a cycle
 *   = 951,268 cycles, 2.39 ms at 398 MHz; 2.93 ms with what one measured network took over its figures
 */
import type { LayerGeometry } from "../../graph/geometry.js";
import {
  type Cycles,
  cycles,
  cyclesToMilliseconds,
  type Hertz,
  type Milliseconds,
  milliseconds,
} from "../../units.js";
import { KPU, KPU_SPEED } from "./facts.js";
import { rowPitch } from "./kpu-memory.js";

/** Returns the cycles that a layer keeps the unit's multipliers busy, by documented figures alone. */
export function kpuCycles(layer: LayerGeometry): Cycles {
  const side = KPU.minSide.value;
  const positions = Math.max(layer.inputHeight, side) * rowPitch(Math.max(layer.inputWidth, side));
  const kernels = layer.inputChannels * (layer.outputChannels / layer.groups);
  return cycles((layer.batch * positions * kernels * KPU_SPEED.taps.value) / KPU_SPEED.macsPerCycle.value);
}

/** Returns how long a layer takes, with the overhead that the one measured network taught. */
export function kpuMs(layer: LayerGeometry, clock: Hertz = KPU_SPEED.clock.value): Milliseconds {
  return milliseconds(cyclesToMilliseconds(kpuCycles(layer), clock) * KPU_SPEED.overhead.value);
}
