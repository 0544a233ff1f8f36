import { it } from "vitest";
import { readFileSync } from "node:fs";
import { openModel } from "../../../lib/formats/open.js";
import { bufferSource } from "../../../lib/source.js";
import { normalizeModel } from "../../../lib/graph/passes/normalize.js";
import { packModel } from "../../../lib/targets/neural-art/packing/pack-model.js";
import { formEpochs } from "../../../lib/targets/neural-art/epochs/form.js";
const M = "/work/shared/models/";
const cases = [
 ["mobilenetv1/flowers_mobilenet_v1_0.25_96_tfs_int8.tflite","2.1",true,"O3",287297],
 ["st_yolo_x/st_yolo_x_nano_480_1.0_0.25_3_st_int8.tflite","2.1",true,"O3",1341217],
 ["st_yolo_x/st_yolo_x_nano_480_1.0_0.25_3_st_int8.tflite","3.0",true,"O3",1201104],
 ["facedetect_front/blazeface_front_128_quant_pc_ff_od_wider_face.tflite","2.2",true,"O3",154440],
 ["facedetect_front/blazeface_front_128_quant_pc_ff_od_wider_face.tflite","4.0",true,"O3",108520],
 ["hand_landmarks/033_palm_detection_full_quant_pc_uf_od.tflite","2.1",true,"O3",1122705],
 ["mobilenetv2_reid/mobilenetv2_a100_256_128_fft_int8.tflite","3.0",true,"O3",2432337],
 ["rppg/spatial_cnn_int8.tflite","2.2",false,"O3",10081],
 ["yamnet/yamnet_1024_64x96_tl_qdq_int8.onnx","2.2",false,"O3",3581153],
 ["mobilenetv2/mobilenet_v2_224_int8.onnx","2.2",false,"O3",4137361],
 ["mobilenetv2/mobilenet_v2_224_int8.onnx","4.0",true,"default",3669793],
 ["mobilenetv2/mobilenet_v2_128_0.5_QDQ_frontend.onnx","2.1",false,"O3",367233],
 ["mobilenetv2/mobilenet_v2_128_0.5_QDQ_frontend.onnx","2.2",false,"O3",367201],
 ["mobilenetv2/mobilenet_v2_128_0.5_QDQ_frontend.onnx","3.0",false,"default",212609],
 ["mobilefacenet/mobilefacenet_int8_faces.onnx","2.1",true,"O3",1242529],
] as const;
it("try", () => {
  for (const [f,tool,epochController,profile,actual] of cases) {
    try {
    const {graph} = normalizeModel(openModel(bufferSource(f, new Uint8Array(readFileSync(M+f)))));
    const options = {tool, epochController, profile};
    const p = packModel({graph, options});
    let withPlan = "-"; let n="";
    try { const plan = formEpochs(graph, options); const q = packModel({graph, options, plan}); withPlan = String(q.imageBytes-actual); n=String(q.buffers.length)
      const by = new Map<string,number>(); for (const e of plan.epochs) if (e.kind==="sw") { const k=e.ops.join("+"); by.set(k,(by.get(k)??0)+1);} n += " "+JSON.stringify([...by]); } catch (e) { withPlan = String(e).slice(0,150); }
    console.log(f, tool, p.imageBytes, actual, "diff", p.imageBytes-actual, "plan diff", withPlan, n, p.buffers.length);
    } catch (e) { console.log(f, String(e).slice(0,300)); }
  }
});
