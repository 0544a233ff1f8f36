/** The real models of the reference material, opened once per test file. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { openModel } from "../../lib/formats/open.js";
import type { Model } from "../../lib/graph/graph.js";
import { bufferSource } from "../../lib/source.js";
import { requireShared, sharedPath } from "../shared.js";

/** Returns the paths of all model files with an extension, relative to `models/`; none without the material. */
export function modelFiles(extension: ".tflite" | ".onnx"): string[] {
  const root = sharedPath("models");
  if (root === null) return [];
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

/** Returns a model of the reference material, freshly decoded. */
export function readModel(file: string): Model {
  return openModel(bufferSource(file, readFileSync(requireShared(`models/${file}`))));
}
