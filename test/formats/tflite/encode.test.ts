import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeTflite } from "../../../lib/formats/tflite/decode.js";
import { encodeTflite } from "../../../lib/formats/tflite/encode.js";
import { CATALOG } from "../../../lib/models/catalog.js";
import { bufferSource } from "../../../lib/source.js";
import { describeShared, requireShared } from "../../shared.js";
import { plainGraph, plainModel } from "./compare.js";

const decode = (data: Uint8Array) => decodeTflite(bufferSource("model.tflite", data));

function tfliteFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".tflite"))
    .toSorted();
}

describeShared("encodeTflite() on real files", () => {
  const folder = requireShared("models");
  it.each(tfliteFiles(folder))("gives back every field of %s", (file) => {
    const model = decode(readFileSync(join(folder, file)));
    expect(plainModel(decode(encodeTflite(model)))).toEqual(plainModel(model));
  });
});
