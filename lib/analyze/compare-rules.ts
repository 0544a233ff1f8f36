/** Rules that explain why a prediction and a report differ, beside those of epochs and packing. */
import type { Explanation } from "./compare-record.js";

interface CompareRule {
  readonly id: string;
  readonly sentence: string;
  readonly source: string;
}

export const COMPARE_RULES = {
  rounded: {
    id: "CMP-ROUNDED",
    sentence:
      "The report prints sizes with three digits of their unit; the difference is within that rounding",
    source: "memory usage of every report beside the exact sizes of its C-info file or module table",
  },
  hybrid: {
    id: "CMP-HYBRID-AS-SW",
    sentence: "Reports and C-info files of 2.x show hybrid epochs as software",
    source:
      "transformer, 2.2: 150 -SW- lines, 126 software and 24 hybrid epochs in network.c; object detection, 2.2: 3 of 3",
  },
  edge: {
    id: "CMP-EDGE-CONVERSION",
    sentence:
      "Whether inputs and outputs are converted inside the network follows from the data types that the command line asks for",
    source: "epochs of compiled networks with and without --input-data-type and --output-data-type",
  },
  tight: {
    id: "CMP-TIGHT-PLACEMENT",
    sentence:
      "The prediction places activations as tightly as it can, and the compiler takes what its own placement needs, up to the pools it spreads over",
    source: "definition of the two figures",
  },
  interval: {
    id: "CMP-INTERVAL",
    sentence: "The measured time lies within the interval that the prediction states",
    source: "lib/cost: interval learnt from published board figures",
  },
  sum: {
    id: "CMP-SUM",
    sentence: "The differences of the buffers, all explained, and the gaps between them add up to it",
    source: "table of buffers",
  },
  regrouped: {
    id: "CMP-REGROUPED",
    sentence: "The same steps are there, grouped into other epochs",
    source: "names of steps in both C-info files",
  },
  unmeasured: {
    id: "CMP-UNMEASURED",
    sentence:
      "A validate report lists what was measured, and the first epoch of a network has no block when it does no work",
    source:
      "microbenchmarks, 2.2: generate lists epochs 1 and 2, validate EpochBlock_2 alone; 4.0 does not count epoch 1",
  },
  controller: {
    id: "CMP-CONTROLLER",
    sentence: "With the epoch controller on, blobs hold what are buffers without it",
    source: "N6-PACK-SCALE, N6-PACK-BIAS, N6-PACK-ZERO-OFF",
  },
} as const satisfies Readonly<Record<string, CompareRule>>;

/** Returns an explanation by one of the rules; `detail` says what it means here. */
export function byRule(rule: CompareRule, detail?: string): Explanation {
  return { rule: rule.id, text: detail === undefined ? rule.sentence : `${rule.sentence}: ${detail}` };
}
