import { writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import dataset from "../../datasets/measurements/latency-rows.json" with { type: "json" };
import { calibrate, type LatencyRow, leaveOneFamilyOut, predictRow } from "../../lib/cost/calibrate.js";
import { figures, latencyRow } from "./latency-rows.js";

const t0 = performance.now();
it("x", () => {
  const rows: unknown[] = [];
  for (const figure of figures()) {
    try {
      rows.push(latencyRow(figure));
    } catch (e) {
      console.log(figure.network, (e as Error).message);
    }
  }
  writeFileSync("/tmp/mc/rows-real.json", JSON.stringify(rows));
  console.log(rows.length, performance.now() - t0);
});
