/** What bounds the time of an epoch: units of the NPU, its bus ports, memories outside the chip, the CPU. */
export const BOUNDS = ["compute", "output", "input", "ports", "flash", "external", "cpu", "setup"] as const;
export type Bound = (typeof BOUNDS)[number];
