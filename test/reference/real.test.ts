/** The reference executor against ONNX Runtime on the converted network: what it is made for. */
import { expect, test } from "vitest";
import { LabError } from "../../lib/errors.js";
import { convertToOnnx } from "../../lib/formats/onnx/write/convert.js";
import { onnxBytes } from "../../lib/formats/onnx/write/encode.js";
import { decodeElements } from "../../lib/graph/elements.js";
import { elementCount } from "../../lib/graph/shape.js";
import { prepareReference, type ReferenceProgram } from "../../lib/reference/run.js";
import { openSession } from "../../lib/run/onnxruntime.js";
import { seededInput } from "../../lib/run/seeded-input.js";
import { modelFiles, readModel } from "../graph/models.js";
import { describeShared } from "../shared.js";

/** One of each family that is covered and small; REFERENCE_ALL=1 runs every file. */
const SOME = [
  "facedetect_front/blazeface_front_128_quant_pc_ff_od_wider_face.tflite",
  "har/gmp_wl_24_int8.tflite",
  "mlperf_tiny/ad01_int8.tflite",
  "mlperf_tiny/kws_ref_model.tflite",
  "mlperf_tiny/str_ww_ref_model.tflite",
  "mlperf_tiny/vww_96_int8.tflite",
  "resnetv1/cifar10_resnet_v1_8_32_tfs_int8.tflite",
];
const all = process.env.REFERENCE_ALL === "1";

interface Counts {
  readonly total: number;
  readonly near: number;
  readonly equal: number;
}

/** Compares outputs in stored steps; float outputs in steps of the tensor that they are dequantised from. */
async function compare(file: string, program: ReferenceProgram): Promise<Counts> {
  const session = await openSession(onnxBytes(convertToOnnx(readModel(file))), { optimize: "none" });
  try {
    const feeds = new Map(session.inputs.map((slot) => [slot.name, seededInput(slot, "reference")]));
    const expected = await session.run(feeds);
    const numbers = new Map(
      [...feeds].map(([name, { dtype, shape, data }]) => [
        name,
        decodeElements(dtype, data, elementCount(shape)),
      ]),
    );
    const found = program.run(numbers);
    const apart = program.graph.outputs.flatMap((tensor) => {
      const theirs = expected.get(tensor.name)!;
      const values = decodeElements(theirs.dtype, theirs.data, elementCount(theirs.shape));
      const own = found.get(tensor.name)!.values;
      expect(own).toHaveLength(values.length);
      const maker = program.graph.producer(tensor);
      const step = tensor.dtype === "float32" ? (maker?.inputs[0]?.quantization?.scale[0] ?? 1) : 1;
      return Array.from(values, (value, index) => Math.abs(value - own[index]!) / step);
    });
    return {
      total: apart.length,
      near: apart.filter((distance) => distance <= 1.001).length,
      equal: apart.filter((distance) => distance < 0.001).length,
    };
  } finally {
    await session.close();
  }
}

function prepared(file: string): ReferenceProgram | string {
  try {
    // Rounded once, as ONNX Runtime computes: what is left apart are the conversion's own differences.
    return prepareReference(readModel(file), { rounding: "exact", softmax: "table" });
  } catch (error) {
    if (error instanceof LabError) return error.message;
    throw error;
  }
}

describeShared("prepareReference() on real files", () => {
  const files = all ? [...modelFiles(".tflite"), ...modelFiles(".onnx")] : SOME;
  test.each(files)(
    "agrees with ONNX Runtime on %s, or names what it does not handle",
    async (file) => {
      const program = prepared(file);
      if (typeof program === "string") {
        if (all) console.log(`${file}: ${program}`);
        expect(program).toMatch(/^Cannot /);
        expect(SOME).not.toContain(file);
        return;
      }
      const { total, near, equal } = await compare(file, program);
      if (all) console.log(`${file}: of ${total} equal ${equal}, within a step ${near}`);
      expect(total).toBeGreaterThan(0);
      // Over many layers a step here and there grows: deep networks are compared layer by layer instead.
      if (SOME.includes(file)) {
        expect(near / total).toBe(1);
        expect(equal / total).toBeGreaterThanOrEqual(0.999);
      }
    },
    60_000,
  );
});
