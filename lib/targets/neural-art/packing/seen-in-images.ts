/** Which kinds of buffers the compiled images hold, by tool version: outside this table no content is `known`. */
import type { Fact } from "../../rule.js";
import type { KernelPart, PackedBuffer, ToolVersion } from "../records.js";

function kernelKind({ mode, rows, columns, inputBlock, inputChannels }: KernelPart): string {
  const taps = (rows[1] - rows[0]) * (columns[1] - columns[0]);
  const size = mode === "plain" ? `plain ${taps === 1 ? "pointwise" : "spatial"}` : mode;
  return `${size} kernels${inputBlock < inputChannels ? " of several input blocks" : ""}`;
}

/** Returns the kind of a buffer, as `SEEN_IN_IMAGES` names it: by its part, its role, or its rule. */
export function bufferKind({ part, role, rule }: Pick<PackedBuffer, "part" | "role" | "rule">): string {
  if (part) return kernelKind(part);
  if (role === "scale") return "scales";
  if (role === "bias") return "biases";
  return `buffers of ${rule}`;
}

export const SEEN_IN_IMAGES: Fact<Readonly<Record<string, readonly ToolVersion[]>>> = {
  value: {
    biases: ["2.1", "2.2", "3.0"],
    "buffers of N6-PACK-PAD-ONES": ["2.1", "2.2", "4.0"],
    "buffers of N6-PACK-POOL-ONES": ["2.1"],
    "buffers of N6-PACK-QUANT-PAIR": ["2.1", "2.2", "3.0"],
    "buffers of N6-PACK-SW-RESIZE": ["2.1"],
    "buffers of N6-PACK-ZERO-OFF": ["2.1", "2.2", "3.0"],
    "deep kernels": ["2.1", "2.2", "3.0", "4.0"],
    "deep kernels of several input blocks": ["2.1", "2.2", "3.0"],
    "inflated kernels": ["2.1", "2.2", "3.0", "4.0"],
    "plain pointwise kernels": ["2.1", "2.2", "3.0", "4.0"],
    "plain pointwise kernels of several input blocks": ["2.1", "2.2", "3.0", "4.0"],
    "plain spatial kernels": ["2.1", "2.2", "3.0", "4.0"],
    "plain spatial kernels of several input blocks": ["2.1", "2.2"],
    "rows kernels": ["2.1", "2.2", "4.0"],
    scales: ["2.1", "2.2", "3.0"],
  },
  evidence: "observed",
  source: "flash images of 9 networks, tools 2.1 to 4.0; test/targets/packing/images.test.ts derives it",
};
