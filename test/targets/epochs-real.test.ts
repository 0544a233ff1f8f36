import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { openModel } from "../../lib/formats/open.js";
import { quantizeAsRecorded } from "./front-end-model.js";
import { normalizeModel } from "../../lib/graph/passes/normalize.js";
import { bufferSource } from "../../lib/source.js";
import { formEpochs } from "../../lib/targets/neural-art/epochs/form.js";
import { validatePlan } from "../../lib/targets/neural-art/epochs/validate.js";
import { describeShared, requireShared } from "../shared.js";

describeShared("formEpochs() on real networks", () => {
  it("x", () => {
    const rows: [string, string, string, string][] = [
      ["audio 39=36/2/1", "yamnet/yamnet_1024_64x96_tl_qdq_int8.onnx", "2.2", ""],
      ["pele 165=53/109/3", "mobilefacenet/mobilefacenet_int8_faces.onnx", "2.1", "stored"],
      ["mbv2-224 58=55/3/0", "mobilenetv2/mobilenet_v2_224_int8.onnx", "2.2", ""],
      ["mbv2-224 58=55/3/0", "mobilenetv2/mobilenet_v2_224_int8.onnx", "4.0", ""],
      ["mbv2-050 56=55/1", "mobilenetv2/mobilenet_v2_128_0.5_QDQ_frontend.onnx", "2.1", ""],
      ["mbv2-050 56=55/1", "mobilenetv2/mobilenet_v2_128_0.5_QDQ_frontend.onnx", "3.0", ""],
      ["mbv1 34=32/2/0", "mobilenetv1/flowers_mobilenet_v1_0.25_96_tfs_int8.tflite", "2.1", ""],
      ["yolox 230=222/3/5", "st_yolo_x/st_yolo_x_nano_480_1.0_0.25_3_st_int8.tflite", "2.1", ""],
      ["yolox 211=209/0/2", "st_yolo_x/st_yolo_x_nano_480_1.0_0.25_3_st_int8.tflite", "3.0", ""],
      [
        "blaze 89=67/0/22",
        "facedetect_front/blazeface_front_128_quant_pc_ff_od_wider_face.tflite",
        "2.2",
        "",
      ],
      [
        "blaze 79=57/0/22",
        "facedetect_front/blazeface_front_128_quant_pc_ff_od_wider_face.tflite",
        "4.0",
        "",
      ],
      ["reid 54=54/0/0", "mobilenetv2_reid/mobilenetv2_a100_256_128_fft_int8.tflite", "3.0", ""],
      ["palm 158=149/4/5", "hand_landmarks/033_palm_detection_full_quant_pc_uf_od.tflite", "2.1", ""],
      ["rppg 5", "rppg/spatial_cnn_int8.tflite", "2.2", ""],
      ["16f 2", "microbench/baseline_conv2d_16f_3x3_int8.tflite", "2.2", ""],
      ["5x5 2", "microbench/baseline_conv2d_32f_5x5_int8.tflite", "2.2", ""],
      ["7x7 5", "microbench/baseline_conv2d_32f_7x7_int8.tflite", "2.2", ""],
      ["pool 2", "microbench/baseline_conv2d_pool_int8.tflite", "2.2", ""],
      ["dw 3", "microbench/baseline_depthwise_3x3_int8.tflite", "2.2", ""],
      ["movenet 75=71+4", "movenet/movenet_single_pose_lightning_ptq.tflite", "2.1", ""],
      ["deeplab", "deeplab_v3/deeplabv3_mnv2_dm05_pascal_quant.tflite", "2.1", ""],
    ];
    for (const [name, file, tool, io] of rows) {
      const opened = openModel(bufferSource(file, readFileSync(requireShared(`models/${file}`))));
      const model = normalizeModel(opened);
      if (file.includes('frontend')) quantizeAsRecorded(model.graph, requireShared(`models/${file.replace('.onnx', '.Q.json')}`));
      const plan = formEpochs(model.graph, { tool: tool as "2.1", epochController: true, profile: "O3" }, io ? { inputs: "stored" } : {});
      const count = (kind: string) => plan.epochs.filter((e) => e.kind === kind).length;
      const kinds: Record<string, number> = {};
      for (const e of plan.epochs)
        if (e.kind !== "hw") kinds[e.ops.join("+")] = (kinds[e.ops.join("+")] ?? 0) + 1;
      console.log(
        name,
        tool,
        plan.epochs.length,
        count("hw"),
        count("sw"),
        count("hybrid"),
        JSON.stringify(kinds),
        validatePlan(model.graph, plan).slice(0, 3),
      );
      if (process.env.SHOW && name.startsWith(process.env.SHOW))
        for (const e of plan.epochs)
          console.log(e.index, e.kind, e.ops.join("+"), e.note ?? "", e.reason?.why ?? "");
    }
    expect(1).toBe(1);
  });
});
