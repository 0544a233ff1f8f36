/** The packed buffers of one model, and settings held against a report, as Arquero tables. */
import { type ColumnTable, from } from "arquero";
import type { CompileOptions, RomPlan } from "../targets/neural-art/records.js";

/** One row per kernel buffer: what the file holds, what flash holds, by which rule; the one that grew most first. */
export function growthTable({ buffers }: RomPlan): ColumnTable {
  const kernels = buffers
    .filter((buffer) => buffer.role === "kernel")
    .map(({ tensor, part, bytes, rule, explanation }) => ({
      tensor,
      source_bytes: part?.payload ?? bytes,
      image_bytes: bytes as number,
      rule,
      explanation,
    }));
  return from(kernels.sort((a, b) => b.image_bytes - b.source_bytes - (a.image_bytes - a.source_bytes)));
}

/** One row per setting with the image that it makes and how far that is from a reported size. */
export function settingsTable(
  settings: readonly {
    readonly options: CompileOptions;
    readonly imageBytes: number;
    readonly difference: number;
  }[],
): ColumnTable {
  return from(
    settings.map(({ options, imageBytes, difference }) => ({
      tool: options.tool,
      controller: options.epochController ? "on" : "off",
      profile: options.tool < "3" ? "any" : options.profile,
      image_bytes: imageBytes,
      difference_bytes: difference,
    })),
  );
}
