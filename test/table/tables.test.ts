import { from } from "arquero";
import { describe, expect, it } from "vitest";
import { analyze } from "../../lib/analyze/study.js";
import { JUPYTER_DISPLAY } from "../../lib/display.js";
import { preset } from "../../lib/node/load.js";
import {
  causesByModelTable,
  causesTable,
  epochsTable,
  fallbackTable,
  gainsTable,
  latencyTable,
  ledgerTable,
  memoryTable,
  modelsTable,
  romTable,
} from "../../lib/table/analyses.js";
import { formatCell, headerOf } from "../../lib/table/columns.js";
import { show, tableToHtml, tableToText } from "../../lib/table/show.js";

const analyses = ["mobilenet_v1_0.25_96", "resnet8_32"].map((id) => analyze(preset(id)));
const [mobilenet] = analyses;
const total = (values: Iterable<unknown>) =>
  [...values].reduce<number>((sum, value) => sum + Number(value), 0);

describe("headerOf()", () => {
  it("turns a unit suffix into a unit in brackets", () => {
    expect(headerOf("image_bytes")).toBe("image (B)");
    expect(headerOf("by_epochs_share")).toBe("by epochs (%)");
    expect(headerOf("deepPadding_bytes")).toBe("deep padding (B)");
    expect(headerOf("bound_by")).toBe("bound by");
  });
});

describe("formatCell()", () => {
  it("writes numbers as their unit asks", () => {
    expect(formatCell("image_bytes", 287297)).toBe("287,297");
    expect(formatCell("inference_ms", 1.11832)).toBe("1.12");
    expect(formatCell("by_time_share", 0.9417)).toBe("94.2");
    expect(formatCell("growth_ratio", 1.30681)).toBe("1.307");
    expect(formatCell("note", null)).toBe("");
  });
});

describe("show()", () => {
  const table = from([
    { tensor: "<img src=x onerror=alert(1)>", image_bytes: 1000 },
    { tensor: "b", image_bytes: 2 },
  ]);

  it("escapes what comes from a file", () => {
    const html = tableToHtml(table);
    expect(html).not.toContain("<img");
    expect(html).toContain("&lt;img src=x onerror=alert(1)&gt;");
  });

  it("counts the rows that it leaves out", () => {
    expect(tableToHtml(table, { limit: 1 })).toContain("… 1 more rows");
    expect(tableToText(table, { limit: 1 })).toContain("… 1 more rows");
  });

  it("folds a long table without dropping rows", () => {
    const html = tableToHtml(table, { folded: true, caption: "Ledger" });
    expect(html).toMatch(/^<details><summary>Ledger \(2 rows\)<\/summary>/);
    expect(html.match(/<tr>/g)).toHaveLength(3);
  });

  it("aligns numbers to the right in text", () => {
    const [head, , first, second] = tableToText(table).split("\n");
    expect(first!.length).toBe(head!.length);
    expect(second!.endsWith("    2")).toBe(true);
    expect(second!.length).toBe(head!.length);
  });

  it("offers HTML and text", () => {
    const bundle = show(table)[JUPYTER_DISPLAY]();
    expect(Object.keys(bundle)).toEqual(["text/html", "text/plain"]);
  });
});

describe("tables of analyses", () => {
  it("add up to the image, in each form of the ledger", () => {
    const image = mobilenet!.rom.imageBytes;
    expect(total(ledgerTable(mobilenet!).array("image_bytes"))).toBe(image);
    expect(total(causesTable([mobilenet!]).array("image_bytes"))).toBe(image);
    const [row] = causesByModelTable([mobilenet!]).objects() as Record<string, number | string>[];
    const causes = Object.entries(row!).filter(([name]) => name.endsWith("_bytes") && name !== "image_bytes");
    expect(total(causes.map(([, value]) => value))).toBe(image);
  });

  it("have a row per model, epoch and pool", () => {
    expect(modelsTable(analyses).numRows()).toBe(2);
    expect(romTable(analyses).numRows()).toBe(2);
    expect(latencyTable(analyses).numRows()).toBe(2);
    expect(epochsTable(mobilenet!).numRows()).toBe(mobilenet!.epochs.total);
    expect(memoryTable([mobilenet!]).numRows()).toBe(mobilenet!.memory.pools.length);
  });

  it("say of every epoch off the NPU which rule it broke", () => {
    const rows = fallbackTable(mobilenet!).objects() as Record<string, string>[];
    expect(rows.map(({ operators }) => operators)).toEqual(["Softmax", "DequantizeLinear"]);
    for (const { rule, why, fix } of rows) expect([rule, why, fix].every(Boolean)).toBe(true);
  });
});

describe("gainsTable()", () => {
  it("has the largest gain first, with its interval and what it is of the inference", () => {
    const { gains, latency } = mobilenet!;
    const [row] = gainsTable(mobilenet!).objects() as Record<string, unknown>[];
    expect(row).toMatchObject({
      operators: "Softmax, DequantizeLinear",
      rules: "N6-OP-04, N6-TYPE-03",
      epochs: 2,
      gain_ms: gains[0]!.saving!.ms,
      of_inference_share: gains[0]!.saving!.ms / latency.ms,
    });
    expect(row!.interval).toMatch(/^0\.\d+ to 0\.\d+$/);
  });

  it("says unknown where no unit computes the operator", () => {
    const gains = mobilenet!.gains.map((gain) => ({ ...gain, saving: null }));
    const [row] = gainsTable({ ...mobilenet!, gains }).objects() as Record<string, unknown>[];
    expect(row).toMatchObject({ gain_ms: null, interval: "unknown", of_inference_share: null });
  });
});
