/**
 * Every TFLite file of the reference material, converted, written and read again: the same network, but for the
 * files of diff-files.csv, with what differs and why. "rewritten" stands for operators that ONNX has not.
 */
import { readFileSync } from "node:fs";
import { fromCSV } from "arquero";
import { expect, test } from "vitest";
import { type Difference, diffModels } from "../../lib/analyze/diff.js";
import { decodeOnnx } from "../../lib/formats/onnx/decode.js";
import { convertToOnnx } from "../../lib/formats/onnx/write/convert.js";
import { onnxBytes } from "../../lib/formats/onnx/write/encode.js";
import { bufferSource } from "../../lib/source.js";
import { modelFiles, readModel } from "../graph/models.js";
import { describeShared } from "../shared.js";

interface Row {
  readonly file: string;
  readonly differences: string;
}

const rows = fromCSV(readFileSync(new URL("diff-files.csv", import.meta.url), "utf8"), { autoType: false });
const expected = new Map((rows.objects() as Row[]).map(({ file, differences }) => [file, differences]));

/** Returns how often each kind of difference occurs: `added Div ×2; removed FloorDiv ×2`. */
function summary(differences: readonly Difference[]): string {
  const counts = new Map<string, number>();
  for (const { change, what } of differences) {
    counts.set(`${change} ${what}`, (counts.get(`${change} ${what}`) ?? 0) + 1);
  }
  const parts = [...counts].map(([what, count]) => `${what} ×${count}`).sort();
  return parts.join("; ");
}

describeShared("diffModels() of a TFLite file and its conversion", () => {
  test.each(modelFiles(".tflite"))("finds %s the same, or what is listed", (file) => {
    const model = readModel(file);
    const again = decodeOnnx(bufferSource("again.onnx", onnxBytes(convertToOnnx(model))));
    const differences = diffModels(model, again);
    const listed = expected.get(file);
    if (listed === "rewritten") {
      const lost = differences.filter(({ change, kind }) => change === "removed" && kind === "operator");
      expect(lost.length).toBeGreaterThan(0);
      expect(differences.filter(({ change, kind }) => change === "removed" && kind !== "operator")).toEqual(
        [],
      );
    } else expect(summary(differences)).toBe(listed ?? "");
  });

  test("finds YAMNet the same network in int8 and in float, layer by layer", () => {
    const [stored, real] = ["yamnet/yamnet_256_64x96_tl_int8.tflite", "yamnet/yamnet_256_64x96_tl.onnx"];
    const differences = diffModels(readModel(stored!), readModel(real!));
    expect(summary(differences)).toBe(
      "changed Conv quantised ×11; changed Dense quantised ×1; changed GlobalAveragePool quantised ×1; changed Softmax quantised ×1; changed Transpose quantised ×1; changed input quantised ×1",
    );
  });
});
