import { from, not } from "arquero";
import { type Displayable, JUPYTER_DISPLAY } from "../display.js";
import { errorSharesFigure, predictedMeasuredFigure, residualsFigure } from "../plot/calibration.js";
import {
  familyErrorsTable,
  type LatencyCalibration,
  latencyErrorsTable,
  modelErrorsTable,
  notPredictedTable,
} from "../table/errors.js";
import { show } from "../table/show.js";
import type { Block } from "./blocks.js";

const prose = (text: string): Block => ({ kind: "markdown", text });
const display = (value: Displayable): Block => ({ kind: "display", bundle: value[JUPYTER_DISPLAY]() });
const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

/** Returns in a paragraph how well latency is predicted. */
export function calibrationSummary({ rows, notPredicted, models, interval }: LatencyCalibration): string {
  const [model] = models;
  const suspects = rows.filter(({ suspect }) => suspect !== undefined).length;
  const published = rows.length + notPredicted.length;
  if (!model) return "";
  return `Of ${published} published board figures ${rows.length} are predicted, each by a fit that leaves its whole family out. On the ${model.rows} sound ones the mean error is **${percent(model.meanError)}**, the median ${percent(model.medianError)}; ${percent(model.within10)} are within 10 %, ${percent(model.within25)} within 25 %, and their order is kept (Spearman ${model.spearman.toFixed(3)}). The interval that predictions carry holds ${percent(interval.coverage)} of a family that it was not learnt from. ${suspects} figures are suspect: judged, but neither learnt from nor counted.`;
}

/** What the errors on left-out families cannot show. */
export const CALIBRATION_LIMITS = [
  "The constants per epoch come from one MobileNetV2 that was timed epoch by epoch, kin to three of the families.",
  "Constants settled with whole networks in view make the errors of those families look smaller than those of strangers: the CPU's rates for softmax and bilinear resize (the two SSD families, which erred by 8 to 13 % before), two convolution units for 3x3 kernels (the detectors and EfficientNetV2), the CPU's loop over enlarged maps of tools 3.0 and 4.0 (st_yolo_x, whose rows of 4.0 erred by 18 %). With rates of a first guess the mean error was 4.6 %; were the number of units chosen anew in every fold, it would be 5.1 %: without the single-scale detector one unit would seem best.",
  "Only the SSD rows spend much of their time on the CPU, up to 59 %, and none is a transformer; predictions beyond that say so, and their interval widens.",
  "All rows are STM32N6570-DK, overdrive clocks, and taken to be with the epoch controller. Other clocks and boards follow the documented clocks alone.",
  "Activations in external RAM were timed in two networks that disagree by a factor of four; which tensors the vendor's compiler puts there is not predicted.",
] as const;

/** Returns the calibration page: how wrong predictions have been, row by row, and what is not explained. */
export function calibrationReport(calibration: LatencyCalibration): Block[] {
  const { rows, notPredicted, factors, interval } = calibration;
  const suspects = rows.filter(({ suspect }) => suspect !== undefined);
  return [
    prose(
      [
        "# How far to trust predicted latencies",
        calibrationSummary(calibration),
        `A prediction of 10 ms carries the interval ${(10 * interval.lowRatio).toFixed(2)} to ${(10 * interval.highRatio).toFixed(2)} ms.`,
      ].join("\n\n"),
    ),
    display(predictedMeasuredFigure(calibration)),
    prose("## Beside simpler models"),
    display(show(modelErrorsTable(calibration), { caption: "The same rows, the same families left out" })),
    display(errorSharesFigure(calibration)),
    prose("## Family by family"),
    display(residualsFigure(calibration)),
    display(show(familyErrorsTable(calibration), { caption: "A family as a fit without it sees it" })),
    prose("## What was learnt"),
    display(show(from([...factors]), { caption: "Factors, fitted to all sound rows" })),
    prose(
      `## What these figures do not show\n\n${CALIBRATION_LIMITS.map((limit) => `- ${limit}`).join("\n")}`,
    ),
    prose("## Suspect figures"),
    display(
      show(latencyErrorsTable(suspects).select(not("source", "family", "known_by", "interval")), {
        caption: "Judged, not counted",
      }),
    ),
    prose("## Figures that nothing here predicts"),
    display(
      show(notPredictedTable(calibration), {
        caption: `${notPredicted.length} figures`,
        limit: 200,
        folded: true,
      }),
    ),
    prose("## Every figure"),
    display(show(latencyErrorsTable(rows), { caption: "The largest error first", limit: 400, folded: true })),
  ];
}
