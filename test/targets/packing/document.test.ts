/** The tables of docs/packing.md. `UPDATE_PACKING=1 npx vitest run test/targets/packing/document.test.ts` renews them. */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fromCSV } from "arquero";
import { describe, expect, it } from "vitest";
import { describeShared } from "../../shared.js";
import { blobsLeftOut } from "./blob-fit.js";
import { compareImage, IMAGES } from "./images.js";
import { modelOutcomes, rowOutcomes, summarise } from "./layer-table.js";
import { deepLeftOut, groupLeftOut, type LeftOut } from "./left-out.js";

const path = resolve(import.meta.dirname, "../../../docs/packing.md");

/** Holds the document against itself with the table between a pair of marks put anew. */
function expectTable(name: string, header: readonly string[], rows: readonly (readonly string[])[]): void {
  const document = readFileSync(path, "utf8");
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const table = [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
  const marks = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`);
  const renewed = document.replace(marks, (_, start, end) => `${start}${table}\n${end}`);
  if (process.env.UPDATE_PACKING) writeFileSync(path, renewed);
  else expect(document).toBe(renewed);
}

describe("docs/packing.md", () => {
  it("lists what is not explained, as unexplained.csv has it", () => {
    const csv = readFileSync(resolve(import.meta.dirname, "unexplained.csv"), "utf8");
    const rows = fromCSV(csv, { autoType: false }).objects() as Record<string, string>[];
    expect(rows.length).toBeGreaterThan(0);
    const header = Object.keys(rows[0]!);
    expectTable(
      "unexplained",
      header,
      rows.map((row) => header.map((name) => row[name]!)),
    );
  });
});

describeShared("docs/packing.md", () => {
  it("has the errors of fitted constants on networks they were not fitted to", () => {
    const lines = (choice: string, rows: readonly LeftOut[]) =>
      rows.map(({ network, layers, wrong, constants }) => [
        choice,
        network,
        String(layers),
        String(wrong),
        constants,
      ]);
    const rows = [
      ...lines("deep or plain", deepLeftOut()),
      ...lines("depthwise group, 3.0 and 4.0", groupLeftOut()),
    ];
    expectTable("left out", ["choice", "network left out", "layers", "wrong", "constants"], rows);
  });

  it("has the count of rows of the layer table that are sized to the byte", () => {
    const models = modelOutcomes();
    const rows = summarise(rowOutcomes()).map(({ tool, rows, exact, own, ownExact }) => {
      const ours = models.filter((model) => model.tool === tool);
      const layers = ours.reduce((total, model) => total + model.layers, 0);
      const wrong = ours.reduce((total, model) => total + model.wrong, 0);
      const whole = layers > 0 ? `${layers - wrong} of ${layers}` : "no model at hand";
      return [tool, `${exact} of ${rows}`, `${ownExact} of ${own}`, whole];
    });
    const header = [
      "tool",
      "rows sized to the byte",
      "without copies of a build",
      "mode and size from the model",
    ];
    expectTable("rows", header, rows);
  });

  it("has the errors of blob sizes", () => {
    const percent = (error: number) => `${error < 0 ? "-" : "+"}${Math.abs(error * 100).toFixed(0)} %`;
    const rows = blobsLeftOut().map(({ row, error, leftOut }) => [
      ...[row.network, row.tool, row.epochs, row.blobs, row.channels, row.observed].map(String),
      percent(error),
      percent(leftOut),
    ]);
    const header = ["network", "tool", "epochs", "blobs", "channels", "bytes", "error", "left out"];
    expectTable("blobs", header, rows);
  });

  it("has the count of buffers found in each image", () => {
    const rows = IMAGES.map((image) => {
      const { found, missing, unknown, predicted, actual } = compareImage(image);
      const of = (kernel: boolean) => {
        const isOne = ({ buffer }: (typeof found)[number]) => (buffer.role === "kernel") === kernel;
        const total = [...found, ...missing, ...unknown].filter(isOne).length;
        return `${found.filter(isOne).length} of ${total}`;
      };
      const same = Buffer.compare(predicted, actual) === 0 ? "equal" : "other order";
      const whole = unknown.length > 0 ? "vectors unknown" : same;
      return [image.image, image.options.tool, of(true), of(false), whole];
    });
    const header = ["image", "tool", "kernels", "other buffers", "whole image"];
    expectTable("images", header, rows);
  });
});
