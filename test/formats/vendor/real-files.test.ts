/** Every file of the reference material, its figures held against the table of compiled networks. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { openVendorFile } from "../../../lib/formats/vendor/open.js";
import { readCsv } from "../../csv.js";
import { describeShared, requireShared } from "../../shared.js";

const open = (folder: string, name: string) =>
  openVendorFile(name, readFileSync(requireShared(`compiled/${folder}/${name}`)));

function openReport(name: string) {
  const file = open("reports", name);
  if (file.kind !== "report") throw new Error(`${name} is no report`);
  return file.report;
}

function openCInfo(name: string) {
  const file = open("reports", name);
  if (file.kind !== "c-info") throw new Error(`${name} is no C-info file`);
  return file.cInfo;
}

describeShared("files that the vendor's tools wrote", () => {
  it("are all read, and told apart", () => {
    const kinds = ["reports", "mpool", "images"].flatMap((folder) =>
      readdirSync(requireShared(`compiled/${folder}`)).map(
        (name) => [name, open(folder, name).kind] as const,
      ),
    );
    const wanted = (name: string) => {
      if (name.endsWith("report.txt")) return "report";
      if (name.endsWith("c_info.json")) return "c-info";
      if (name.endsWith("neural_art.json")) return "profiles";
      if (name.endsWith(".csv")) return "traffic";
      if (name.endsWith(".mpool")) return "memory pools";
      return name.endsWith(".hex") ? "intel hex" : "raw image";
    };
    expect(kinds.length).toBeGreaterThanOrEqual(37);
    expect(kinds).toEqual(kinds.map(([name]) => [name, wanted(name)]));
  });

  it.each([
    ["rppg_2.2.generate_report.txt", "bcph_rppg"],
    ["mobilefacenet_2.1.generate_report.txt", "pele_mobilefacenet"],
    ["yolo_trash_2.2.generate_report.txt", "syaf_yolo_trash_dk"],
    ["transformer_2.2.generate_report.txt", "tito_transformer_dd2"],
    ["yamnet_2.2.analyze_report.txt", "audio_net"],
    ["toy_dw_2.2.generate_report.txt", "magnus_dw_3x3"],
  ])("%s says what its row says", (name, id) => {
    const report = openReport(name);
    const row = readCsv("compiled/networks.csv").find((candidate) => candidate.id === id)!;
    expect(String(report.epochs?.total)).toBe(row.report_epochs_total);
    expect(String(report.epochs?.sw)).toBe(row.report_epochs_sw);
    // The row quotes the printed sizes: 4.362 MB.
    const printed = (text: string) => {
      const [, figure, unit] = /([\d.]+)\s+(B|kB|MB)/.exec(text)!;
      return Math.round(Number(figure) * { B: 1, kB: 1024, MB: 1024 ** 2 }[unit as "B" | "kB" | "MB"]);
    };
    expect(report.memory?.weights.bytes).toBe(printed(row.report_weights!));
    expect(report.memory?.activations.bytes).toBe(printed(row.report_activations!));
    if (row.npu_weight_bytes_exact) {
      const { bytes, plusMinus } = report.memory!.weights;
      expect(Math.abs(bytes - Number(row.npu_weight_bytes_exact))).toBeLessThanOrEqual(plusMinus);
      const exact = report.modules?.modules.find(({ module }) => module === "weights")?.rodata;
      if (exact !== undefined) expect(String(exact)).toBe(row.npu_weight_bytes_exact);
    }
    const pools = report.memory!.pools;
    const sum = (field: "weights" | "activations") =>
      pools.reduce((total, pool) => total + pool[field].bytes, 0);
    const slack =
      pools.reduce((total, pool) => total + pool.used.plusMinus, 0) + report.memory!.total.plusMinus;
    expect(Math.abs(sum("weights") - report.memory!.weights.bytes)).toBeLessThanOrEqual(slack);
    expect(Math.abs(sum("activations") - report.memory!.activations.bytes)).toBeLessThanOrEqual(slack);
  });

  it.each(["2.1", "2.2", "3.0"])("a report of %s agrees with its C-info file and its image", (release) => {
    const name = `mobilenetv2_050_128_${release}`;
    const [report, info] = [openReport(`${name}.generate_report.txt`), openCInfo(`${name}.c_info.json`)];
    const image = open("images", `${name}.xSPI2.bin`);
    expect(report.tool.release).toBe(release);
    expect(report.memory?.weights.bytes).toBe(info.footprint?.weights);
    expect(image.kind === "raw image" && image.data.length).toBe(info.footprint?.weights);
    expect(report.epochs?.total).toBe(56);
    // Epoch 0 brings the parameters, the last node is the return.
    expect(info.graphs[0]?.nodes).toHaveLength(58);
    expect(report.graph?.rows).toHaveLength(203);
    expect(info.unread).toEqual([]);
  });

  it("a validate report and its C-info file give the same times", () => {
    const report = openReport("toy_dw_2.2.validate_report.txt");
    const info = openCInfo("toy_dw_2.2.c_info.json");
    expect(info.kind).toBe("validated");
    expect(info.execution.map(({ counters }) => counters)).toEqual(
      report.validation?.nodes.map(({ cycles }) => cycles),
    );
    expect(report.validation).toMatchObject({ ms: 0.042, clocks: { npu: 1e9, mcu: 800e6 } });
  });

  it("a network for the CPU alone has a graph, a summary and no epochs", () => {
    const report = openReport("textgen_2.1.generate_report.txt");
    const info = openCInfo("textgen_2.1.c_info.json");
    expect(report).toMatchObject({ compilation: null, epochs: null });
    expect(report.summary?.weightBytes).toBe(info.footprint?.weights);
    expect(report.summary?.activationBytes).toBe(info.footprint?.activations);
  });

  it("a console log of 4.0 holds what was generated and what was measured", () => {
    const report = openReport("toy_dw_4.0.report.txt");
    expect(report).toMatchObject({ kind: "validate", epochs: { layout: "boxed", total: 1, blobs: 0 } });
    expect(report.summary).toMatchObject({ weightBytes: 129, activationBytes: 12291, macs: 337920 });
    expect(report.validation?.ms).toBe(0.031);
  });

  it("the traffic of 618 epochs adds up to its totals", () => {
    const file = open("reports", "asr_4.0.traffic.csv");
    if (file.kind !== "traffic") throw new Error("no traffic");
    const { epochs, sums, totals } = file.traffic;
    const read = epochs.reduce(
      (sum, { pools }) => sum + pools.find(({ pool }) => pool === "octoFlash")!.readBytes,
      0,
    );
    expect(read).toBe(sums["octoFlash (r)"]);
    // Rows are printed with six digits, so each may be half a cycle off.
    const most = epochs.reduce((sum, { maxCycles }) => sum + maxCycles, 0);
    expect(Math.abs(most - totals["Total cycles"]!)).toBeLessThanOrEqual(epochs.length / 2);
  });

  it("Intel HEX images are one run of bytes from the pool's address", () => {
    for (const [name, size] of [
      ["xc_face_detector.hex", 154440],
      ["xc_palm_detector.hex", 1122705],
    ] as const) {
      const file = open("images", name);
      if (file.kind !== "intel hex") throw new Error("no Intel HEX");
      expect(file.image.segments.map(({ address, data }) => [address, data.length])).toEqual([
        [0x70380000, size],
      ]);
    }
  });

  it("reports that are cut in the middle are refused with a place", () => {
    const text = readFileSync(requireShared("compiled/reports/rppg_2.2.generate_report.txt"), "utf8");
    for (const share of [0.2, 0.4, 0.6, 0.8]) {
      const cut = new TextEncoder().encode(text.slice(0, Math.floor(text.length * share)));
      expect(() => openVendorFile("cut.txt", cut)).toThrow(/^Cannot read report 'cut.txt': .*expected/);
    }
  });
});
