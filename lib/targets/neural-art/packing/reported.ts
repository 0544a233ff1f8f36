/** Figures that people quote from reports, held against what the rules allow. */
import { LabError } from "../../../errors.js";
import type { Graph } from "../../../graph/graph.js";
import type { Finding } from "../../rule.js";
import { formEpochs } from "../epochs/form.js";
import { type CompileOptions, PROFILES, TOOL_VERSIONS } from "../records.js";
import { packModel } from "./pack-model.js";

const count = (value: number): string => value.toLocaleString("en-US");

/**
 * Returns why a reported weights figure cannot be the model's, or null when it can. Without compression no
 * target stores less than the constants themselves: 42 KB cannot hold 219,072 bytes of weights and biases.
 */
export function checkReportedWeights({
  reportedBytes,
  constantBytes,
}: {
  readonly reportedBytes: number;
  readonly constantBytes: number;
}): Finding | null {
  if (reportedBytes >= constantBytes) return null;
  return {
    why: `${count(reportedBytes)} B of weights reported, the constants alone take ${count(constantBytes)} B`,
    fix: "check that the figure is the weights row, not activations, and that it belongs to this model; without weight compression no build can be smaller",
  };
}

export interface SettingDistance {
  readonly options: CompileOptions;
  readonly imageBytes: number;
  /** Image minus report. */
  readonly difference: number;
}

/** Returns every tool version, controller setting and profile once; profiles only differ from 3.0 on. */
export function allSettings(): readonly CompileOptions[] {
  return TOOL_VERSIONS.flatMap((tool) =>
    [true, false].flatMap((epochController) =>
      PROFILES.filter((profile) => profile === "O3" || tool === "3.0" || tool === "4.0").map((profile) => ({
        tool,
        epochController,
        profile,
      })),
    ),
  );
}

/**
 * Returns all settings, the one whose image comes nearest to a reported size first. Answers "which tool did
 * this?" about a report that does not say it; settings may tie. Throws for a report of zero bytes or less.
 */
export function nearestSettings(graph: Graph, reportedBytes: number): readonly SettingDistance[] {
  if (!(reportedBytes > 0)) {
    throw new LabError({
      code: "REPORTED_SIZE",
      message: `Cannot compare settings with a report of ${reportedBytes} B: expected more than zero`,
    });
  }
  return allSettings()
    .map((options) => {
      const { imageBytes } = packModel({ graph, options, plan: formEpochs(graph, options) });
      return { options, imageBytes, difference: imageBytes - reportedBytes };
    })
    .toSorted((a, b) => Math.abs(a.difference) - Math.abs(b.difference));
}
