/** `npulab compare` as people use it: the built program. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sampleCInfo, sampleReport } from "../formats/vendor/samples.js";

const MAIN = resolve(import.meta.dirname, "../../dist/cli/main.js");
let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "npulab-compare-"));
  writeFileSync(at("network_generate_report.txt"), sampleReport());
  writeFileSync(at("network_c_info.json"), sampleCInfo());
  writeFileSync(at("boxed.txt"), sampleReport({ layout: "boxed" }));
  writeFileSync(at("cut.txt"), sampleReport().slice(0, 1500));
  writeFileSync(at("package.json"), '{"name": "other"}');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function compare(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, "compare", ...words], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("npulab compare", () => {
  it("holds a prediction against a report and the C-info file beside it", () => {
    const { status, stdout } = compare("built:resnet8_32", at("network_generate_report.txt"));
    expect(status).toBe(0);
    expect(stdout).toContain("predicted: prediction, ST Edge AI 2.1, epoch controller on, profile O3");
    for (const part of [
      "Totals",
      "Memory pools",
      "Epochs that differ",
      "Buffers that differ",
      "not explained",
    ]) {
      expect(stdout).toContain(part);
    }
  });

  it("prints one JSON object", () => {
    const { stdout } = compare("built:resnet8_32", at("boxed.txt"), "--tool", "2.2", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      schema: "npulab/comparison@1",
      left: { source: "predicted", tool: "2.2" },
      right: { source: "reported", tool: "2.1", totals: { epochs: 3, weights: { value: 497 } } },
      buffers: null,
    });
  });

  it("writes a page that needs nothing else, and escapes what files hold", () => {
    writeFileSync(at("evil.txt"), sampleReport().replaceAll("Softmax", "<b>Softmax</b>"));
    const { status, stderr } = compare("built:resnet8_32", at("evil.txt"), "--html", at("out.html"));
    expect([status, stderr]).toEqual([0, `npulab: comparison written to ${at("out.html")}\n`]);
    const page = readFileSync(at("out.html"), "utf8");
    expect(page).toContain("&lt;b&gt;Softmax");
    expect(page).not.toContain("<b>Softmax");
    expect(page).not.toMatch(/<(script|link|img)[^>]+(src|href)="https?:/);
  });

  it("compares two reports", () => {
    const { status, stdout } = compare(at("network_generate_report.txt"), at("boxed.txt"));
    expect(status).toBe(0);
    expect(stdout).toContain("No difference: 3 of 3 epochs agree in kind.");
  });

  it.each([
    [
      "a report that is cut short",
      ["built:resnet8_32", "cut.txt"],
      /Cannot read report '.*cut.txt': .* expected/,
    ],
    ["a JSON of another kind", ["built:resnet8_32", "package.json"], /JSON of another kind \(keys name\)/],
    ["a file that is not there", ["built:resnet8_32", "nothing.txt"], /there is no such file/],
    [
      "a report for a C-info file",
      ["built:resnet8_32", "boxed.txt", "--c-info", "boxed.txt"],
      /kind 'report', expected network_c_info.json/,
    ],
  ])("says in one line what is wrong with %s", (_, [model, report, ...rest], message) => {
    const words = rest.map((word) => (word.startsWith("--") ? word : at(word)));
    const { status, stdout, stderr } = compare(model!, at(report!), ...words);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});
