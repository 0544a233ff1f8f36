import type { OffloadStudy } from "../analyze/offload-record.js";
import { type Displayable, JUPYTER_DISPLAY } from "../display.js";
import { offloadStudyFigure, resolutionFigure } from "../plot/offload-study.js";
import {
  claimsTable,
  offloadSourcesTable,
  offloadTable,
  removeTable,
  resolutionTable,
  whatIfTable,
} from "../table/offload.js";
import { show } from "../table/show.js";
import type { Block } from "./blocks.js";

const prose = (text: string): Block => ({ kind: "markdown", text });
const display = (value: Displayable): Block => ({ kind: "display", bundle: value[JUPYTER_DISPLAY]() });

/** Returns the report of the study: the table, the claims, the line over resolution, the switches. */
export function offloadReport(study: OffloadStudy): Block[] {
  return [
    prose(
      "# Offload rate and latency\n\nPublished figures of networks on STM32N6 beside predictions of the same networks, built in code. The published rate counts epochs; shares of multiply-adds and of time stand beside it. A row without a prediction is a network that is not at hand.",
    ),
    display(offloadStudyFigure(study)),
    display(show(offloadTable(study), { caption: "Published beside predicted", limit: 100 })),
    display(show(offloadSourcesTable(study), { caption: "Flash, and sources", limit: 100, folded: true })),
    prose("## Which claims the numbers support"),
    display(show(claimsTable(study), { caption: "Claims", limit: 100 })),
    prose("## Latency over resolution"),
    display(resolutionFigure(study)),
    display(show(resolutionTable(study), { caption: "Sizes" })),
    display(show(removeTable(study), { caption: "On the CPU: remove the first one first" })),
    prose(
      "## What if the NPU could\n\nThe network scheduled and timed once more as if these operators streamed through a unit at the rate of an element-wise epoch: the most that such a target could gain. The interval takes kernels of the CPU as uncertain by their factor.",
    ),
    display(show(whatIfTable(study), { caption: "Switches on the target", limit: 100 })),
  ];
}
