import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { countModel, nodeMacs } from "../../lib/graph/count.js";
import { inferShapes } from "../../lib/graph/infer/infer-shapes.js";
import { normalizeModel } from "../../lib/graph/passes/normalize.js";
import { describeShared, requireShared } from "../shared.js";
import { graphOf, node, tensor, zeros } from "./build.js";
import { readModel } from "./models.js";

describe("countModel()", () => {
  test("counts convolutions, dense layers and products of activations, and shared weights once", () => {
    const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => tensor(name));
    const x = tensor("x", [1, 8, 4, 4]);
    const weights = zeros("w", [8, 1, 3, 3]);
    const depthwise = { group: 8, pads: [1, 1, 1, 1] };
    const graph = graphOf([
      node("Conv", [x, weights, zeros("bias", [8])], [a!], depthwise),
      node("Conv", [a!, weights], [b!], depthwise),
      node("MatMul", [b!, a!], [c!]),
      node("Softmax", [c!], [d!]),
    ]);
    inferShapes(graph);
    const count = countModel(graph);
    expect(count).toMatchObject({
      nodes: 4,
      macs: 2 * 1152 + 8 * 4 * 4 * 4,
      depthwiseMacs: 2304,
      weightBytes: 288,
      biasBytes: 32,
      constantBytes: 320,
    });
    expect(count.perNode.map(({ macs }) => macs)).toEqual([1152, 1152, 512]);
  });

  test("counts layers whose weights are computed as it counts constant ones", () => {
    const forms: [string, number[], number[], Record<string, string | number | number[]>][] = [
      ["Conv", [1, 4, 6, 6], [8, 2, 3, 3], { group: 2 }],
      ["Conv", [1, 6, 6, 4], [1, 3, 3, 4], { group: 4, layout: "NHWC", weightLayout: "1HWO" }],
      ["ConvTranspose", [1, 4, 6, 6], [4, 3, 2, 2], { strides: [2, 2] }],
      ["Gemm", [2, 8], [5, 8], { transB: 1 }],
      ["MatMul", [2, 8], [8, 5], {}],
    ];
    for (const [op, input, weights, attributes] of forms) {
      const macs = [zeros("w", weights), tensor("w", weights)].map((own) => {
        const graph = graphOf([node(op, [tensor("x", input), own], [tensor("y")], attributes)]);
        inferShapes(graph);
        return nodeMacs(graph.nodes[0]!);
      });
      expect(macs[1]).toBe(macs[0]);
    }
  });
});

/**
 * Depthwise convolutions of one input channel: TFLite names them depthwise, and with one group they are
 * ordinary convolutions (geometry.ts). Their MACs are in `macs` all the same.
 */
const ONE_CHANNEL_DEPTHWISE = new Map([
  ["tflm/micro_speech_quantized.tflite", 320_000],
  ["tflm/person_detect.tflite", 165_888],
]);

describeShared("countModel() against the manifest of models", () => {
  const text = readFileSync(requireShared("models/MANIFEST.csv"), "utf8").trim();
  const [header, ...rows] = text.split("\n").map((line) => line.split(","));
  const records = rows.map((row) =>
    Object.fromEntries(header!.map((name, index) => [name, row[index] ?? ""])),
  );

  const tflite = records.filter(({ format, macs }) => format === "tflite" && macs !== "");
  test.each(tflite.map((record) => [record.file!, record] as const))(
    "agrees to the byte for %s",
    (file, record) => {
      const count = countModel(normalizeModel(readModel(file)).graph);
      expect({
        macs: count.macs,
        dw_macs: count.depthwiseMacs + (ONE_CHANNEL_DEPTHWISE.get(file) ?? 0),
        weight_bytes: count.weightBytes,
        bias_bytes: count.biasBytes,
      }).toEqual({
        macs: Number(record.macs),
        dw_macs: Number(record.dw_macs),
        weight_bytes: Number(record.weight_bytes),
        bias_bytes: Number(record.bias_bytes),
      });
    },
  );

  // For ONNX the manifest adds up all int8 and all int32 initializers: zero points and shapes are among them.
  test.each([
    ["mobilenetv2/mobilenet_v2_224_int8.onnx", 118, 212],
    ["yamnet/yamnet_1024_64x96_tl_qdq_int8.onnx", 10_984, 43_816],
    ["stft_tcnn/stft_tcnn_medium_sigmoid_nonorm_qdq_pc_ff_257x40_int8.onnx", 7711, 24_576],
  ])("differs for %s by its zero points alone", (file, int8, int32) => {
    const record = records.find((own) => own.file === file)!;
    const count = countModel(normalizeModel(readModel(file)).graph);
    expect(Number(record.weight_bytes) - count.weightBytes).toBe(int8);
    expect(Number(record.bias_bytes) - count.biasBytes).toBe(int32);
  });
});
