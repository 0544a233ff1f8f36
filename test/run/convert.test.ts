import { expect, test } from "vitest";
import { decodeOnnx } from "../../lib/formats/onnx/decode.js";
import { convertToOnnx } from "../../lib/formats/onnx/write/convert.js";
import { onnxBytes } from "../../lib/formats/onnx/write/encode.js";
import type { Graph } from "../../lib/graph/graph.js";
import { normalizeModel } from "../../lib/graph/passes/normalize.js";
import type { Tensor } from "../../lib/graph/tensor.js";
import type { RunTensor } from "../../lib/run/onnxruntime.js";
import { bufferSource } from "../../lib/source.js";
import { modelFiles, readModel } from "../graph/models.js";
import { describeShared } from "../shared.js";
import { runSeeded } from "./sessions.js";

/** Networks that keep values between runs, and how many: two of an LSTM, one of an SVDF or a noise estimate. */
const STATES: Readonly<Record<string, number>> = {
  "tflm/audio_preprocessor_int8.tflite": 1,
  "tflm/dtln_noise_suppression.tflite": 4,
  "tflm/keyword_scrambled.tflite": 7,
  "tflm/keyword_scrambled_8bit.tflite": 7,
  "tflm/trained_lstm.tflite": 2,
  "tflm/trained_lstm_int8.tflite": 2,
};

/** One of each family that converts; the rest differ in sizes. */
const RUN = [
  "deeplab_v3/deeplabv3_mnv2_dm05_pascal_quant.tflite",
  "har/gmp_wl_24_int8.tflite",
  "mlperf_tiny/ad01_int8.tflite",
  "mlperf_tiny/kws_ref_model.tflite",
  "mlperf_tiny/pretrainedResnet_quant.tflite",
  "mlperf_tiny/vww_96_int8.tflite",
  "mobilenetv1/mobilenet_v1_0.25_128_quant.tflite",
  "mobilenetv2/person_mobilenet_v2_0.35_128_fft_int8.tflite",
  "movenet/movenet_single_pose_lightning_ptq.tflite",
  "st_yolo_lc_v1/st_yolo_lc_v1_192_int8.tflite",
  "tflm/audio_preprocessor_int8.tflite",
  "tflm/conv10.tflite",
  "tflm/dtln_noise_suppression.tflite",
  "tflm/keyword_scrambled_8bit.tflite",
  "tflm/leaky_relu0.tflite",
  "tflm/pad0.tflite",
  "tflm/strided_slice0.tflite",
  "tflm/trained_lstm.tflite",
  "tflm/transpose_conv0.tflite",
  "yamnet/yamnet_256_64x96_tl_int8.tflite",
];

const types = (graph: Graph) => graph.outputs.map(({ dtype, shape }) => ({ dtype, shape }));

describeShared("convertToOnnx() on real files", () => {
  test.each(modelFiles(".tflite"))("says %s in ONNX, with inputs and outputs as recorded", (file) => {
    const model = readModel(file);
    const { graph } = convertToOnnx(model);
    const ports = (own: readonly Tensor[]) => own.map(({ name, dtype, shape }) => [name, dtype, shape]);
    const [inputs, outputs] = [model.graph.inputs.length, model.graph.outputs.length];
    expect(ports(graph.inputs.slice(0, inputs))).toEqual(ports(model.graph.inputs));
    expect(graph.outputs.slice(0, outputs).map(({ name }) => name)).toEqual(
      model.graph.outputs.map(({ name }) => name),
    );
    expect(graph.nodes.filter(({ attributes }) => attributes.layout === "NHWC")).toEqual([]);
    // What is kept between runs comes behind, in and out under one name.
    const kept = graph.inputs.slice(inputs).map(({ name }) => name);
    expect(kept).toHaveLength(STATES[file] ?? 0);
    expect(graph.outputs.slice(outputs).map(({ name }) => name)).toEqual(kept.map((name) => `${name}/next`));
  });

  test.each(Object.keys(STATES))("gives %s no further ports where each run starts anew", (file) => {
    const model = readModel(file);
    const { graph } = convertToOnnx(model, { state: "reset" });
    expect(graph.inputs).toHaveLength(model.graph.inputs.length);
    expect(graph.outputs).toHaveLength(model.graph.outputs.length);
  });

  test.each(RUN)("gives ONNX Runtime what it can run of %s, optimised or not", async (file) => {
    const converted = convertToOnnx(readModel(file));
    const written = onnxBytes(converted);
    const outputs = await runSeeded(written, "convert");
    expect(outputs.map(([, { dtype, shape }]) => ({ dtype, shape }))).toEqual(types(converted.graph));
    const plain = await runSeeded(written, "convert", { optimize: "none" });
    expect(plain.map(([, { dtype, shape }]) => ({ dtype, shape }))).toEqual(types(converted.graph));
  });

  test("turns images at the edges alone", () => {
    const transposes = (file: string) =>
      convertToOnnx(readModel(file)).graph.nodes.filter(({ op }) => op === "Transpose").length;
    expect(transposes("mobilenetv2/mobilenet_v2_1.0_224_int8.tflite")).toBe(1);
    expect(transposes("mlperf_tiny/kws_ref_model.tflite")).toBe(0);
    expect(transposes("st_yolo_lc_v1/st_yolo_lc_v1_192_int8.tflite")).toBe(2);
  });

  test("gives a network that is quantised as before when it is read again", () => {
    const model = readModel("mlperf_tiny/pretrainedResnet_quant.tflite");
    const again = decodeOnnx(bufferSource("again.onnx", onnxBytes(convertToOnnx(model))));
    const [before, after] = [normalizeModel(model).graph, normalizeModel(again).graph];
    const scales = (graph: Graph) =>
      graph.nodes
        .filter(({ op }) => op === "Conv" || op === "Gemm")
        .map((node) => [
          node.op,
          node.input(0).quantization,
          node.input(1).quantization?.scale,
          node.input(1).dtype,
        ]);
    expect(scales(after)).toEqual(scales(before));
  });

  test.each(["mobilenetv2/mobilenet_v2_224_int8.onnx", "yamnet/yamnet_1024_64x96_tl_qdq_int8.onnx"])(
    "keeps what %s computes when it is normalised and written",
    async (file) => {
      const model = readModel(file);
      const [[, expected]] = (await runSeeded(onnxBytes(model), "qdq", { optimize: "none" })) as [
        [string, RunTensor],
      ];
      const converted = onnxBytes(convertToOnnx(model));
      const [[, found]] = (await runSeeded(converted, "qdq", { optimize: "none" })) as [[string, RunTensor]];
      expect(found.shape).toEqual(expected.shape);
      const floats = ({ data }: RunTensor) => new Float32Array(Uint8Array.from(data).buffer);
      const [a, b] = [floats(found), floats(expected)];
      expect(Math.max(...a.map((value, index) => Math.abs(value - b[index]!)))).toBeLessThan(0.02);
    },
  );
});
