/** Damaged copies of every kind of file: a record or an error of ours, never anything else. */
import { describe, expect, it } from "vitest";
import { DecodeError, LabError } from "../../../lib/errors.js";
import { openVendorFile } from "../../../lib/formats/vendor/open.js";
import {
  SAMPLE_HEX,
  SAMPLE_PROFILES,
  SAMPLE_TRAFFIC,
  sampleCInfo,
  sampleReport,
  sampleValidation,
} from "./samples.js";

/** Numerical Recipes' linear congruential generator: the same damage in every run. */
function randomStream(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Damaged copies per kind of file; a slice of what `npm run fuzz` makes. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 700);
const TIMEOUT_MS = 30_000 + 20 * RUNS;

describe("openVendorFile() on damaged files", () => {
  it.each([
    ["network_generate_report.txt", sampleReport()],
    ["boxed_report.txt", sampleReport({ release: "4.0", layout: "boxed" })],
    ["network_validate_report.txt", sampleValidation()],
    ["network_c_info.json", sampleCInfo()],
    ["user_neuralart.json", SAMPLE_PROFILES],
    ["network.csv", SAMPLE_TRAFFIC],
    ["image.hex", SAMPLE_HEX],
  ])(
    "returns a record or throws an error of ours for %s",
    (name, text) => {
      const random = randomStream(name.length);
      const bytes = new TextEncoder().encode(text);
      const whole = openVendorFile(name, bytes).kind;
      let [records, refused] = [0, 0];
      for (let run = 0; run < RUNS; run++) {
        const cut = run % 2 === 0 ? bytes.slice(0, random(bytes.length)) : bytes.slice();
        for (let count = run % 2 === 0 ? 0 : 1 + random(4); count > 0; count--) {
          cut[random(cut.length)] = 32 + random(95);
        }
        try {
          openVendorFile(name, cut);
          records++;
        } catch (error) {
          expect(error).toBeInstanceOf(LabError);
          // Only what does not look like a file of the vendor any more may be refused without a place.
          if (!(error instanceof DecodeError)) expect((error as LabError).code).toBe("VENDOR_FILE");
          refused++;
        }
      }
      expect([whole, records + refused]).toEqual([whole, RUNS]);
      expect(refused).toBeGreaterThan(RUNS / 4);
    },
    TIMEOUT_MS,
  );
});
