/** Figures that people quote from reports, held against a model: which setting made them, can they be right? */
import { type Displayable, JUPYTER_DISPLAY, markdown } from "../display.js";
import { LabError } from "../errors.js";
import { countModel } from "../graph/count.js";
import { normalizeModel } from "../graph/passes/normalize.js";
import {
  checkReportedWeights,
  type SettingDistance,
  nearestSettings as settingsByDistance,
} from "../targets/neural-art/packing/reported.js";
import type { Finding } from "../targets/rule.js";
import type { LoadedModel } from "./loaded.js";

interface ReportedFigure {
  readonly reportedBytes: number;
}

function requirePositive({ reportedBytes }: ReportedFigure): void {
  if (reportedBytes > 0) return;
  throw new LabError({
    code: "REPORTED_SIZE",
    message: `Cannot hold a model against a report of ${reportedBytes} B: expected more than zero`,
  });
}

/**
 * Returns every tool version, controller setting and profile with the image it would make, the one nearest to
 * the reported size first. Answers "which tool did this?" about a report that does not say.
 *
 * @example
 * ```ts
 * import { nearestSettings, preset } from "npulab";
 * nearestSettings(preset("vww_96"), { reportedBytes: 227_000 })[0].options.tool;
 * ```
 */
export function nearestSettings({ model }: LoadedModel, figure: ReportedFigure): readonly SettingDistance[] {
  return settingsByDistance(normalizeModel(model).graph, figure.reportedBytes);
}

export interface ReportedCheck extends Displayable {
  readonly possible: boolean;
  /** Weights and biases as the file stores them. */
  readonly constantBytes: number;
  /** Why not; null when the figure is possible. */
  readonly finding: Finding | null;
}

/**
 * Returns whether a reported weights figure can be the model's on a target that stores its constants as they
 * are (a CPU without weight compression).
 *
 * @example
 * ```ts
 * import { checkReportedRom, preset } from "npulab";
 * checkReportedRom(preset("vww_96"), { reportedBytes: 42_000 }).possible; // false
 * ```
 */
export function checkReportedRom({ model, file }: LoadedModel, figure: ReportedFigure): ReportedCheck {
  requirePositive(figure);
  const { weightBytes, biasBytes } = countModel(normalizeModel(model).graph);
  const constantBytes = weightBytes + biasBytes;
  const finding = checkReportedWeights({ reportedBytes: figure.reportedBytes, constantBytes });
  const sentence = finding
    ? `**Impossible** for \`${file}\`: ${finding.why}. What to do: ${finding.fix}.`
    : `**Possible** for \`${file}\`: its weights and biases take ${constantBytes.toLocaleString("en-US")} B.`;
  return {
    possible: finding === null,
    constantBytes,
    finding,
    [JUPYTER_DISPLAY]: () => markdown(sentence)[JUPYTER_DISPLAY](),
  };
}
