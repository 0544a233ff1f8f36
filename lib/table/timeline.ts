/** Where the time of an inference goes, as Arquero tables. */
import { type ColumnTable, from } from "arquero";
import type { Analysis } from "../analyze/record.js";

type Timeline = Analysis["timeline"];

/** What each lane is, in words. */
export const LANE_NAMES: Readonly<Record<Timeline["lanes"][number]["lane"], string>> = {
  npu: "NPU",
  cpu: "CPU",
  flash: "flash",
  external: "external RAM",
  ports: "bus ports",
};

/** What the NPU waits for, in words. */
export const STALL_NAMES: Readonly<Record<Timeline["stalls"][number]["cause"], string>> = {
  compute: "computing",
  output: "outputs",
  input: "inputs",
  flash: "weights from flash",
  external: "activations in external RAM",
  ports: "the bus ports",
  cpu: "the CPU",
  setup: "epochs to start",
};

/** One row per resource: how long it works, and its share of the inference. They overlap. */
export function lanesTable({ timeline }: Analysis): ColumnTable {
  return from(
    timeline.lanes
      .filter(({ busyMs }) => busyMs > 0)
      .map(({ lane, busyMs, share }) => ({
        resource: LANE_NAMES[lane],
        busy_ms: busyMs,
        of_inference_share: share,
      })),
  );
}

/** One row per thing that the NPU waits for, longest first; with its busy time they add up to the inference. */
export function stallsTable({ timeline }: Analysis): ColumnTable {
  return from(
    timeline.stalls.map(({ cause, ms, epochs }) => ({
      waits_for: STALL_NAMES[cause],
      time_ms: ms,
      of_inference_share: timeline.ms === 0 ? 0 : ms / timeline.ms,
      epochs,
    })),
  );
}
