import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { decodeOnnx } from "../../lib/formats/onnx/decode.js";
import { onnxBytes } from "../../lib/formats/onnx/write/encode.js";
import { bufferSource } from "../../lib/source.js";
import { modelFiles, readModel } from "../graph/models.js";
import { runSeeded } from "../run/sessions.js";
import { describeShared, requireShared } from "../shared.js";
import { describeGraph } from "./describe-graph.js";

describeShared("encodeOnnx() on real files", () => {
  test.each(modelFiles(".onnx"))("gives the same graph of %s when read again", (file) => {
    const model = readModel(file);
    const again = decodeOnnx(bufferSource(file, onnxBytes(model)));
    expect(describeGraph(again.graph)).toEqual(describeGraph(model.graph));
    expect(again.metadata).toEqual(model.metadata);
    expect(again.producer).toBe(model.producer);
    expect(Buffer.compare(onnxBytes(again), onnxBytes(model))).toBe(0);
  });

  test.each(modelFiles(".onnx"))("keeps every bit that %s computes", async (file) => {
    const original = readFileSync(requireShared(`models/${file}`));
    const written = onnxBytes(readModel(file));
    const expected = await runSeeded(original, "onnx-write");
    expect(expected.length).toBeGreaterThan(0);
    expect(await runSeeded(written, "onnx-write")).toEqual(expected);
  });
});
