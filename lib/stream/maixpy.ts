/**
 * The figures of the MaixPy forum's post on models that run from flash (CPU 481 MHz, KPU 398 MHz, an ImageNet
 * MobileNet), and what the law says of them.
 *
 * Given are the 40 ms from RAM, which scale the computing of all layers together, and the constants of
 * MobileNetV1 0.75 at 224 as a kmodel. The post does not name the network; its own figures do: 106 - 40 = 66 ms
 * at 40.08 MB/s are 2,645,500 B, and the constants of that network take 2,645,840 B.
 */
import type { Fact } from "../targets/rule.js";
import { bytes, sum } from "../units.js";
import { streamSchedule } from "./law.js";
import type { Store, Streaming, StreamLayer } from "./record.js";
import { MAIX_STORES } from "./store.js";

const POST = "MaixPy forum, 'MaixPy Run Big Size Flash model', log of the test script";
const measured = (value: number): Fact => ({ value, evidence: "measured", source: POST });

export const MAIX_FIGURES = {
  residentMs: measured(40),
  loadOnceMs: measured(421),
  streamStartMs: measured(2),
  singleFlashMs: measured(106),
  doubleFlashMs: measured(83),
  doubleQspiPsramMs: {
    value: 53,
    evidence: "documented",
    source: `${POST}: "When use QSPI PSRAM (133M), the dual buf run cost 53ms"; no log is shown`,
  },
  doubleOpiPsramMs: {
    value: 45,
    evidence: "inferred",
    source: `${POST}: "it should cost in 45ms", an expectation of its author`,
  },
  batchBytes: {
    value: bytes(0xc000),
    evidence: "documented",
    source: "the same thread: kpu.load_flash(0x200000, 1, 0xC000, 80000000); suggested are 0x4000 to 0x10000",
  },
} as const satisfies Readonly<Record<string, Fact>>;

/** A figure of the post beside what one form of the law says. */
export interface MaixRow {
  /** How batches overlap. */
  readonly law: string;
  readonly store: string;
  readonly givenMs: number;
  /** measured: in the log; documented: stated without one; inferred: expected by the author. */
  readonly evidence: Fact["evidence"];
  readonly predictedMs: number;
  /** Predicted over given, less one; 0 where the row was used to fit. */
  readonly error: number;
  /** Time of reading that the figure hides: computing and loading less the total. */
  readonly givenHiddenMs: number;
  /** Whether the row taught the law something. */
  readonly fitted: boolean;
}

const DOUBLE_ROWS = [
  [MAIX_STORES.flash, MAIX_FIGURES.doubleFlashMs],
  [MAIX_STORES.qspiPsram, MAIX_FIGURES.doubleQspiPsramMs],
  [MAIX_STORES.opiPsram, MAIX_FIGURES.doubleOpiPsramMs],
] as const;

/** Returns the layers with their computing scaled so that all together take `totalMs`. */
export function scaledTo(layers: readonly StreamLayer[], totalMs: number): readonly StreamLayer[] {
  const factor = totalMs / sum(layers.map(({ computeMs }) => computeMs));
  return layers.map((layer) => ({ ...layer, computeMs: layer.computeMs * factor }));
}

/** Returns the share of the shorter side of each layer that has to be hidden for a total of `targetMs`. */
export function hiddenShareFor(layers: readonly StreamLayer[], store: Store, targetMs: number): number {
  const at = (hidden: number) =>
    streamSchedule({ layers, store, streaming: { mode: "fraction", hidden } }).totalMs;
  // The total falls linearly with the share.
  return Math.min(1, Math.max(0, (at(0) - targetMs) / (at(0) - at(1))));
}

/**
 * Returns every figure of the post beside every form of the law, the default form first. `layers` are those of
 * the network with the times that the target's model gives them; only their proportions are used.
 */
export function maixComparison(given: readonly StreamLayer[]): readonly MaixRow[] {
  const { residentMs, singleFlashMs, batchBytes, doubleFlashMs } = MAIX_FIGURES;
  const layers = scaledTo(given, residentMs.value);
  const row = (law: string, store: Store, figure: Fact, streaming: Streaming, fitted = false): MaixRow => {
    const { totalMs, computeMs, loadMs } = streamSchedule({ layers, store, streaming });
    const serial = loadMs === 0 ? computeMs : computeMs + loadMs;
    return {
      law,
      store: store.name,
      givenMs: figure.value,
      evidence: figure.evidence,
      predictedMs: totalMs,
      error: fitted ? 0 : totalMs / figure.value - 1,
      givenHiddenMs: serial - figure.value,
      fitted,
    };
  };
  const hidden = hiddenShareFor(layers, MAIX_STORES.flash, doubleFlashMs.value);
  const double = (overlap: "layer" | "network", batch: number): Streaming => ({
    mode: "double",
    overlap,
    batchBytes: bytes(batch),
  });
  const forms: readonly (readonly [string, Streaming, boolean])[] = [
    ["double, within a layer, batches of 0xC000", double("layer", batchBytes.value), false],
    ["double, within a layer, batches of 0x4000", double("layer", 0x4000), false],
    ["double, within a layer, batches of 0x10000", double("layer", 0x10000), false],
    ["double, within a layer, very small batches", { mode: "fraction", hidden: 1 }, false],
    ["double, next layer too, batches of 0xC000", double("network", batchBytes.value), false],
    [`${(hidden * 100).toFixed(0)} % hidden, learnt from the flash row`, { mode: "fraction", hidden }, true],
  ];
  return [
    row("resident", MAIX_STORES.flash, residentMs, { mode: "resident" }, true),
    row("single buffer", MAIX_STORES.flash, singleFlashMs, { mode: "single", batchBytes: batchBytes.value }),
    ...forms.flatMap(([law, streaming, fitted]) =>
      DOUBLE_ROWS.map(([store, figure]) =>
        row(law, store, figure, streaming, fitted && store === MAIX_STORES.flash),
      ),
    ),
  ];
}
