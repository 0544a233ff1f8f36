/** Every target that the lab knows: five tools, controller on and off, two profiles, two clocks, two boards. */
import { PROFILES, TOOL_VERSIONS } from "../../dist/lib/targets/neural-art/records.js";

export const TARGETS = TOOL_VERSIONS.flatMap((tool) =>
  [true, false].flatMap((epochController) =>
    PROFILES.flatMap((profile) =>
      ["overdrive", "normal"].flatMap((clock) =>
        ["stm32n6570-dk", "nucleo-n657x0-q"].map((board) => ({
          tool,
          epochController,
          profile,
          clock,
          board,
        })),
      ),
    ),
  ),
);
