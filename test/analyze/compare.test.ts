import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compareAccounts, comparePrediction } from "../../lib/analyze/compare.js";
import type { VendorAccount } from "../../lib/analyze/compare-reported.js";
import { settingOf } from "../../lib/analyze/compare-setting.js";
import { study } from "../../lib/analyze/study.js";
import { parseCInfo } from "../../lib/formats/vendor/c-info/c-info.js";
import { parseReport } from "../../lib/formats/vendor/report/report.js";
import { load } from "../../lib/node/load.js";
import { openAccount } from "../../lib/node/vendor-account.js";
import { failureOf } from "../formats/vendor/failure.js";
import { sampleCInfo, sampleReport, sampleValidation } from "../formats/vendor/samples.js";
import { describeShared, requireShared } from "../shared.js";

describe("settingOf()", () => {
  const report = parseReport(sampleReport());

  it("follows the report", () => {
    const { options } = settingOf({ report });
    expect(options).toMatchObject({
      tool: "2.1",
      epochController: true,
      profile: "O3",
      board: "nucleo-n657x0-q",
    });
    expect(options.pools?.find(({ name }) => name === "octoFlash")).toMatchObject({ address: 0x71000000 });
  });

  it("takes clocks from a validate report, and says what it assumes", () => {
    const { options, notes } = settingOf({ report: parseReport(sampleValidation()) });
    expect(options.clock).toBe("normal");
    expect(notes[0]).toContain("epoch controller off and profile O3 are assumed");
  });

  it("refuses a version that it has no rules for, unless one is chosen", () => {
    const future = { report: parseReport(sampleReport({ release: "9.9" })) };
    expect(failureOf(() => settingOf(future)).message).toContain("it is 9.9, expected one of 2.0, 2.1");
    expect(settingOf(future, { tool: "4.0" }).options.tool).toBe("4.0");
  });
});

describe("compareAccounts()", () => {
  it("finds no difference between a report and itself, in either layout", () => {
    const left = { report: parseReport(sampleReport()), cInfo: parseCInfo(sampleCInfo()) };
    expect(compareAccounts(left, left).summary).toMatchObject({
      differences: 0,
      equalEpochs: 3,
      equalBuffers: 2,
    });
    const boxed = { report: parseReport(sampleReport({ layout: "boxed" })) };
    expect(compareAccounts(left, boxed).epochs.filter(({ differs }) => differs)).toEqual([]);
  });

  it("shows a buffer that is on one side only, and does not pretend to explain it", () => {
    const whole = parseCInfo(sampleCInfo());
    const less = { ...whole, buffers: whole.buffers.slice(0, 1) };
    const rows = compareAccounts({ cInfo: whole }, { cInfo: less }).buffers ?? [];
    expect(rows.filter(({ difference }) => difference !== 0)).toMatchObject([
      { role: "bias", left: { bytes: 64 }, right: null, difference: -64, explanation: null },
    ]);
  });

  it("refuses a report and a C-info file of different versions", () => {
    const report = parseReport(sampleReport({ release: "3.0" }));
    const error = failureOf(() => compareAccounts({ report, cInfo: parseCInfo(sampleCInfo()) }, { report }));
    expect(error.message).toContain("one is of tool 3.0, the other of 2.1");
  });
});

describeShared("predictions beside real reports", () => {
  const reports = (name: string) => requireShared(`compiled/reports/${name}`);
  const predict = (model: string, account: VendorAccount) => {
    const setting = settingOf(account);
    return comparePrediction(
      study(load(requireShared(`models/${model}`)), setting.options),
      account,
      setting.notes,
    );
  };

  it.each([
    ["rppg/spatial_cnn_int8.tflite", "rppg_2.2.generate_report.txt"],
    ["microbench/baseline_depthwise_3x3_int8.tflite", "toy_dw_2.2.generate_report.txt"],
  ])("%s agrees in every figure", (model, name) => {
    const { account } = openAccount(reports(name));
    expect(predict(model, account).summary.differences).toBe(0);
  });

  it("yamnet has its totals, and differs in how a hybrid epoch is shown", () => {
    const { account } = openAccount(reports("yamnet_2.2.analyze_report.txt"));
    const { totals, epochs } = predict("yamnet/yamnet_1024_64x96_tl_qdq_int8.onnx", account);
    expect(totals.filter(({ differs }) => differs)).toEqual([]);
    expect(epochs.filter(({ differs }) => differs)).toMatchObject([
      { left: { kind: "hybrid" }, right: { kind: "sw" }, explanation: { rule: "CMP-HYBRID-AS-SW" } },
    ]);
  });

  it("mobilefacenet has its 165 epochs in order, its image and every kernel and slope to the byte", () => {
    const { account, notes } = openAccount(reports("mobilefacenet_2.1.generate_report.txt"));
    expect(notes[0]).toContain("mobilefacenet_2.1.c_info.json");
    const { epochs, summary, buffers, totals } = predict(
      "mobilefacenet/mobilefacenet_int8_faces.onnx",
      account,
    );
    expect(epochs).toHaveLength(165);
    expect(epochs.every(({ left, right }) => left !== null && right !== null)).toBe(true);
    expect(summary.equalBuffers).toBeGreaterThanOrEqual(226);
    const kernels = buffers!.filter(({ role, difference }) => role === "kernel" && difference !== 0);
    expect(kernels).toEqual([]);
    expect(totals.find(({ what }) => what === "weights")).toMatchObject({ left: 1242529, right: 1242529 });
  });

  // 2.x runs a layer of 8 channels together with the one before; activations lie 12,480 B closer there.
  it.each([
    ["2.1", ["activations", "epochs", "epochs in hardware"]],
    ["2.2", ["activations", "epochs", "epochs in hardware"]],
    ["3.0", ["activations"]],
  ])("a front-end network has every parameter buffer of %s to the byte", (release, differing) => {
    const { account } = openAccount(reports(`mobilenetv2_050_128_${release}.generate_report.txt`));
    const { buffers, totals } = predict("mobilenetv2/mobilenet_v2_128_0.5_QDQ_frontend.onnx", account);
    expect(buffers).toHaveLength(198);
    expect(buffers!.filter(({ difference }) => difference !== 0)).toEqual([]);
    expect(totals.filter(({ differs }) => differs).map(({ what }) => what)).toEqual(differing);
  });

  it("a time that was measured stands beside the estimate, epoch by epoch", () => {
    const { account } = openAccount(reports("toy_dw_2.2.validate_report.txt"));
    const { epochs, right } = predict("microbench/baseline_depthwise_3x3_int8.tflite", account);
    expect(right.timing).toBe("measured");
    expect(epochs.map((row) => [row.left?.index, row.right?.index, row.right?.ms])).toEqual([
      [1, undefined, undefined],
      [2, 2, 0.018],
      [3, 3, 0.024],
    ]);
  });

  it("two versions of the tool differ where the packing rules say so", () => {
    const open = (release: string) =>
      openAccount(reports(`mobilenetv2_050_128_${release}.generate_report.txt`)).account;
    const { buffers, totals, left, right } = compareAccounts(open("2.2"), open("3.0"));
    expect([left.profile, right.profile]).toEqual(["O3", "default"]);
    const differing = buffers!.filter(({ difference }) => difference !== 0);
    expect(differing).toHaveLength(17);
    expect(
      differing.every(({ explanation }) => explanation?.rule === "N6-PACK-DW-2X, N6-PACK-DW-DEFAULT"),
    ).toBe(true);
    expect(totals[0]).toMatchObject({ difference: 212609 - 367201, explanation: { rule: "CMP-SUM" } });
    const early = compareAccounts(open("2.1"), open("2.2"));
    expect(early.summary).toMatchObject({ equalBuffers: 196, equalEpochs: 56, differences: 3, explained: 3 });
  });

  it("refuses to predict beside a network for the CPU alone", () => {
    const report = parseReport(readFileSync(reports("textgen_2.1.generate_report.txt"), "utf8"));
    expect(failureOf(() => settingOf({ report })).message).toContain(
      "for the CPU alone, expected one for the NPU",
    );
  });
});
