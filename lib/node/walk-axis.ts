import { imageAxis, legalStep, valuesOf, type WalkRange } from "../analyze/cliff-axis.js";
import type { WalkAxis } from "../analyze/cliffs.js";
import { LabError } from "../errors.js";
import { findPreset } from "../models/catalog.js";
import { type VariantAxis, variantOf } from "../models/variants.js";
import { BUILT, load } from "./load.js";

/** Width factors are told apart by thousandths: about one channel of the widest layer. */
const WIDTH_STEP = 0.001;
const UNITS = { resolution: "px", width: "×", channels: "channels" } as const;

/**
 * Returns the walk over networks that differ in one number: presets are built anew, files are inferred at other
 * input sizes. Throws a LabError for a file's width, which its weights have settled.
 *
 * @example
 * ```ts
 * import { walkAxis } from "npulab";
 * const axis = walkAxis("my_model.tflite", { name: "resolution", from: 96, to: 256, step: 16 });
 * ```
 */
export function walkAxis(
  path: string,
  { name, ...range }: WalkRange & { readonly name: VariantAxis },
): WalkAxis {
  if (!path.startsWith(BUILT)) {
    if (name === "resolution") return imageAxis(load(path).model, path, range);
    throw new LabError({
      code: "CLIFFS_WIDTH",
      message: `Cannot walk over the ${name} of '${path}': the weights of a file have settled its channels, expected a preset (${BUILT}…)`,
      hint: "walk over a preset of the same family, or over --resolution",
    });
  }
  const entry = findPreset(path.slice(BUILT.length));
  const values = valuesOf(range);
  const at = (value: number) => ({ model: variantOf(entry, name, value) });
  // Says at once when the family has no such number.
  if (values[0] !== undefined) at(values[0]);
  const step = name === "width" ? Math.min(WIDTH_STEP, range.step) : legalStep(at, values);
  return { name, unit: UNITS[name], values, step, at };
}
