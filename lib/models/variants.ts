/** Presets at another resolution, width or number of channels. */
import { LabError } from "../errors.js";
import type { Model } from "../graph/graph.js";
import type { ConfigChange, Family, Preset } from "./catalog.js";

export type VariantAxis = "resolution" | "width" | "channels";

/** The field that says how many channels a network has, where that is no factor. */
const CHANNELS: Readonly<Partial<Record<Family, keyof ConfigChange>>> = {
  "resnet-v1": "filters",
  "ds-cnn": "filters",
  autoencoder: "hidden",
};

function fieldOf({ family, config }: Preset, axis: VariantAxis): keyof ConfigChange | undefined {
  if (axis === "channels") return CHANNELS[family];
  return axis in config ? axis : undefined;
}

/**
 * Returns the network of the preset's family whose resolution (pixels), width (factor on channels) or channels
 * (of its first stage) is `value`. Throws a LabError when the family has no such number.
 */
export function variantOf(entry: Preset, axis: VariantAxis, value: number): Model {
  const field = fieldOf(entry, axis);
  if (field === undefined) {
    const has = (["resolution", "width", "channels"] as const).filter((other) => fieldOf(entry, other));
    throw new LabError({
      code: "PRESET_AXIS",
      message: `Cannot change the ${axis} of '${entry.id}': networks of family ${entry.family} have none, expected ${has.join(" or ") || "another preset"}`,
    });
  }
  return entry.build({ [field]: value });
}
