import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { normalizeModel } from "../../../lib/graph/passes/normalize.js";
import { load } from "../../../lib/node/load.js";
import { formEpochs } from "../../../lib/targets/neural-art/epochs/form.js";
import { type BufferDraft, layerDrafts } from "../../../lib/targets/neural-art/packing/draft.js";
import { imageSize, placeBuffers } from "../../../lib/targets/neural-art/packing/image.js";
import { packLayer } from "../../../lib/targets/neural-art/packing/pack-layer.js";
import { packModel } from "../../../lib/targets/neural-art/packing/pack-model.js";
import { describeShared, requireShared } from "../../shared.js";
import { type CompiledNetwork, layerOf, MODELS, openGraph, optionsOf, readRows } from "./compiled.js";
import { convNode } from "./conv-graph.js";
import { softwarePlan } from "./images.js";

describeShared("flash images of compiled networks", () => {
  const networks = new Map(readRows("networks").map((row) => [row.id!, row] as const));
  const rows = readRows("layers");

  // From the model file to the size of the image, to the byte.
  const EXACT = [
    { id: "ic_mbv1_025_96_nucleo", onCpu: ["Softmax", "DequantizeLinear"] },
    { id: "od_styoloxnano480_dk", onCpu: ["DequantizeLinear"] },
    { id: "reid_network_dk", onCpu: [] },
    { id: "reid_reid_nucleo", onCpu: [] },
    { id: "xc_face_detector", onCpu: [] },
    { id: "fd_blazeface_dk", onCpu: [] },
    { id: "xc_palm_detector", onCpu: ["Resize", "DequantizeLinear"] },
    { id: "bcph_rppg", onCpu: [] },
  ] as const;
  it.each(EXACT)("packModel() gives the image of $id to the byte", ({ id, onCpu }) => {
    const graph = openGraph(MODELS[id]);
    const options = optionsOf(networks.get(id)!);
    const rom = packModel({ graph, options, plan: softwarePlan(graph, options, onCpu) });
    expect(rom.imageBytes).toBe(Number(networks.get(id)!.npu_weight_bytes_exact));
    expect(rom.buffers).toHaveLength(Number(networks.get(id)!.n_param_buffers));
  });

  // Networks in ONNX, with the plan of the epochs' own rules; the profile of 4.0 is that of the desktop tool.
  const NEAR = [
    {
      path: "yamnet/yamnet_1024_64x96_tl_qdq_int8.onnx",
      tool: "2.2",
      ec: false,
      profile: "O3",
      image: 3_581_153,
      off: 0,
    },
    {
      path: "mobilenetv2/mobilenet_v2_224_int8.onnx",
      tool: "2.2",
      ec: false,
      profile: "O3",
      image: 4_137_361,
      off: -960,
    },
    {
      path: "mobilenetv2/mobilenet_v2_224_int8.onnx",
      tool: "4.0",
      ec: true,
      profile: "default",
      image: 3_669_793,
      off: -576,
    },
  ] as const;
  it.each(NEAR)(
    "packModel() is $off B from the image of $path in $tool",
    ({ path, tool, ec, profile, image, off }) => {
      const graph = openGraph(path);
      const options = { tool, epochController: ec, profile };
      expect(packModel({ graph, options, plan: formEpochs(graph, options) }).imageBytes - image).toBe(off);
    },
  );

  const BLOBS = Object.keys(MODELS).filter(
    (id) => Number(networks.get(id)!.ec_blob_bytes) > 0,
  ) as CompiledNetwork[];
  it("packModel() estimates the blobs of the epoch controller within 26 %, from its own epochs", () => {
    expect(BLOBS).toHaveLength(7);
    for (const id of BLOBS) {
      const options = optionsOf(networks.get(id)!);
      const graph = openGraph(MODELS[id]);
      const { blobBytes } = packModel({ graph, options, plan: formEpochs(graph, options) });
      expect(Math.abs(blobBytes! / Number(networks.get(id)!.ec_blob_bytes) - 1), id).toBeLessThan(0.26);
    }
  });

  it("packModel() is 17 % above blobs that no constant was fitted to", () => {
    const graph = openGraph("mobilenetv2/mobilenet_v2_224_int8.onnx");
    const options = { tool: "4.0", epochController: true, profile: "default" } as const;
    const { blobBytes } = packModel({ graph, options, plan: formEpochs(graph, options) });
    const observed = Number(networks.get("magnus_mbv2_224_studio")!.ec_blob_bytes);
    expect(blobBytes! / observed - 1).toBeCloseTo(0.174, 3);
  });

  it("packModel() gives the image of MobileFaceNet to the byte, PReLU and three kernel parts on the CPU", () => {
    const graph = openGraph("mobilefacenet/mobilefacenet_int8_faces.onnx");
    const options = { tool: "2.1", epochController: true, profile: "O3" } as const;
    const plan = formEpochs(graph, options, { inputs: "stored" });
    const rom = packModel({ graph, options, plan });
    expect(rom.imageBytes).toBe(1_242_529);
    const report = JSON.parse(
      readFileSync(requireShared("compiled/reports/mobilefacenet_2.1.c_info.json"), "utf8"),
    );
    const { buffers } = report as { buffers: readonly { is_param: boolean; size_bytes: number }[] };
    const ascending = (a: number, b: number) => a - b;
    const observed = buffers.filter((buffer) => buffer.is_param).map((buffer) => buffer.size_bytes);
    expect(observed).toHaveLength(232);
    expect(rom.buffers.map((buffer) => Number(buffer.bytes)).sort(ascending)).toEqual(
      observed.sort(ascending),
    );
  });

  // One network of the front end, three versions. Its file holds float weights, the table beside it their scales.
  const VERSIONS = [
    { tool: "2.1", profile: "O3", image: 367_233 },
    { tool: "2.2", profile: "O3", image: 367_201 },
    { tool: "3.0", profile: "default", image: 212_609 },
  ] as const;
  it.each(VERSIONS)(
    "packModel() gives the image of MobileNetV2 0.5 128 in $tool to the byte",
    ({ image, ...rest }) => {
      const options = { ...rest, epochController: false };
      const path = requireShared("models/mobilenetv2/mobilenet_v2_128_0.5_QDQ_frontend.onnx");
      const { graph } = normalizeModel(load(path).model);
      expect(packModel({ graph, options, plan: formEpochs(graph, options) }).imageBytes).toBe(image);
    },
  );

  it("packModel() gives the depthwise microbenchmark to the byte in 2.2 and 4.0", () => {
    const graph = openGraph("microbench/baseline_depthwise_3x3_int8.tflite");
    const size = (tool: "2.2" | "4.0") =>
      packModel({ graph, options: { tool, epochController: false, profile: "O3" } }).imageBytes;
    expect(size("2.2")).toBe(65);
    expect(size("4.0")).toBe(129);
  });

  // Seven convolutions with biases of zero were compiled to weights + 4 bytes per channel + 1: two bytes per
  // channel fewer than the rule says. Whether the scale or half of the bias is missing cannot be told.
  const UNEXPLAINED = [
    ["baseline_conv2d_16f_3x3_int8", 497, 16],
    ["baseline_conv2d_1x1_int8", 225, 32],
    ["baseline_conv2d_3x3_int8", 993, 32],
    ["baseline_conv2d_pool_int8", 497, 16],
    ["baseline_conv2d_64f_3x3_int8", 1985, 64],
    ["baseline_conv2d_32f_5x5_int8", 2529, 32],
    ["baseline_conv2d_32f_7x7_int8", 4833, 32],
  ] as const;
  it.each(UNEXPLAINED)("packModel() is 2 bytes per channel above %s", (name, reported, channels) => {
    const options = { tool: "2.2", epochController: false, profile: "O3" } as const;
    const rom = packModel({ graph: openGraph(`microbench/${name}.tflite`), options });
    expect(rom.imageBytes - reported).toBe(2 * channels);
  });

  // Other networks: the rows of the layer table alone, so constants and operands of other steps are missing.
  const FROM_ROWS = [
    // Zero points are unknown: its SiLU layers are plain, the rows are sized as if deep mode could take them.
    { id: "ic_effnetv2b1_240_dk", within: 0.001 },
    { id: "od_tinyyolov2_nucleo", within: 0.001 },
    { id: "reid_od_dk", within: 0.001 },
    { id: "audio_net", within: 0.001 },
    { id: "syaf_yolo_trash_dk", within: 0.003 },
    { id: "zhaoyu_cow", within: 0.001 },
    // 142 buffers beside the layers, of tables and constants of SiLU.
    { id: "ei_fw_tinyyolov2", within: 0.006 },
    // 33 PReLU on the CPU, whose slopes are no layers: 2.7 %.
    { id: "pele_mobilefacenet", within: 0.03 },
  ];
  it.each(FROM_ROWS)("packLayer() over the rows of $id comes near its image", ({ id, within }) => {
    const node = convNode("anchor", 1, 1, 1);
    const drafts = rows
      .filter((row) => row.model === id)
      .flatMap((row): readonly BufferDraft[] => {
        const names = { weights: row.conv_id!, bias: row.conv_id!, isFloat: false };
        return layerDrafts(node, packLayer(layerOf(row), optionsOf(row)), names);
      });
    const predicted = imageSize(placeBuffers(drafts));
    const actual = Number(networks.get(id)!.npu_weight_bytes_exact);
    expect(Math.abs(predicted / actual - 1)).toBeLessThan(within);
  });
});
