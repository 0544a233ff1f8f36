/**
 * Published figures of networks on STM32N6, as the pages of the Politecnico di Milano give them
 * (GiacomoColosio02/stm32n6-docs, commit 8a05ce8), and of a sibling of its TinyBERT with measured times
 * (TitoNicolaDrugman/Transformer-NPU-STM32N6). Tool 2.1 for the former, 2.2 for the latter.
 */
import type { Fact } from "../targets/rule.js";
import type { PublishedRun } from "./offload-record.js";

const PAGES = "stm32n6-docs, commit 8a05ce8";
const ZOO = `${PAGES}, toolchain_modelzoo`;

export const MOVENET = "MoveNet Lightning 192";
export const TINYBERT = "TinyBERT";
export const GENERATOR = "TinyBERT generator, 30 tokens";
export const YOLO = "YOLOv8n-pose";

const movenet = (side: number, ms: number): PublishedRun => ({
  model: `MoveNet Lightning ${side}`,
  variant: "st heatmaps, int8 per channel",
  epochs: side === 192 ? 75 : null,
  sw: side === 192 ? 4 : null,
  ms,
  claimed: "",
  flashBytes: side === 192 ? 3_065_872 : null,
  source: side === 192 ? `${PAGES}, casestudies; ${ZOO}` : ZOO,
});

export const PUBLISHED_RUNS: readonly PublishedRun[] = [
  movenet(192, 22.05),
  movenet(224, 27.64),
  movenet(256, 35.5),
  {
    model: YOLO,
    variant: "chain_qd",
    epochs: 149,
    sw: 18,
    ms: 32,
    claimed: "",
    flashBytes: null,
    source: `${PAGES}, casestudies`,
  },
  {
    model: TINYBERT,
    variant: "4 blocks",
    epochs: 270,
    sw: 96,
    ms: null,
    claimed: "more than 100 ms (96 × 1 to 2 ms)",
    flashBytes: 2_162_164,
    source: `${PAGES}, casestudies: no measurement is given`,
  },
  {
    model: GENERATOR,
    variant: "6 blocks, developer cloud, overdrive",
    epochs: 407,
    sw: 150,
    ms: 42.38,
    claimed: "",
    flashBytes: 4_573_889,
    source: "Transformer-NPU-STM32N6, report of tool 2.2 and cloud benchmark: 33,901,464 cycles at 800 MHz",
  },
];

/** What TinyBERT's activations take, npuRAM5 alone. */
export const TINYBERT_RAM_BYTES: Fact = {
  value: 251 * 1024,
  evidence: "documented",
  source: `${PAGES}, casestudies: npuRAM5 251 KB, cpuRAM2 and npuRAM4 0`,
};

/** What the pages assume for an epoch. */
export const ASSUMED = {
  hwEpochMs: { value: [0.15, 0.3], evidence: "documented", source: `${PAGES}, results: statement` },
  swEpochMs: { value: [1, 2], evidence: "documented", source: `${PAGES}, results: assumption` },
  softmaxMs: { value: [5, 15], evidence: "documented", source: `${PAGES}, results: assumption, 512 tokens` },
  realTimeMs: { value: [0, 33], evidence: "documented", source: `${PAGES}, results: 30 frames a second` },
} as const satisfies Readonly<Record<string, Fact<readonly [number, number]>>>;
