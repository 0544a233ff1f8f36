import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { FIXTURES } from "../../datasets/fixtures/make.js";

const FOLDER = resolve(import.meta.dirname, "../../datasets/fixtures");
const LIMIT = 2048;

describe("fixtures", () => {
  for (const [name, make] of Object.entries(FIXTURES)) {
    it(`${name} is what its generator makes`, () => {
      const path = resolve(FOLDER, name);
      const made = make();
      if (process.env.UPDATE_FIXTURES) writeFileSync(path, made);
      expect(made.byteLength).toBeLessThanOrEqual(LIMIT);
      expect(Buffer.compare(readFileSync(path), made)).toBe(0);
    });
  }
});
