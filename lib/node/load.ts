import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { LoadedModel } from "../analyze/loaded.js";
import { openModel } from "../formats/open.js";
import type { Model } from "../graph/graph.js";
import { findPreset } from "../models/catalog.js";
import { type ByteSource, readInto } from "../source.js";
import { fileSource } from "./file-source.js";
import { siblingsOf } from "./siblings.js";

const HASH_CHUNK = 1024 * 1024;

function sha256Of(source: ByteSource): string {
  const hash = createHash("sha256");
  const chunk = new Uint8Array(Math.min(HASH_CHUNK, source.size));
  for (let offset = 0; offset < source.size; offset += HASH_CHUNK) {
    const part = chunk.subarray(0, Math.min(HASH_CHUNK, source.size - offset));
    readInto(source, offset, part);
    hash.update(part);
  }
  return hash.digest("hex");
}

/** The vendor's front end writes a float network and keeps its scales in a file beside it. */
function notesOn(path: string): string[] {
  const scales = path.replace(/\.onnx$/, ".Q.json");
  if (scales === path || !existsSync(scales)) return [];
  return [
    `The scales of this network are in '${basename(scales)}', which npulab does not read yet: it is taken as the float network that '${basename(path)}' holds.`,
  ];
}

/** Stands before the id of a preset where a path is expected. */
export const BUILT = "built:";

/**
 * Returns the model in a `.tflite` or `.onnx` file; weights are read when asked for, and so is the whole file
 * for its `sha256`: leave the file as it is until then. Throws a LabError that says what the file is instead,
 * or where it is broken. `built:<preset>` gives a preset.
 *
 * @example
 * ```ts
 * import { load } from "npulab";
 * const mine = load("my_model.tflite");
 * ```
 */
export function load(path: string): LoadedModel {
  if (path.startsWith(BUILT)) return preset(path.slice(BUILT.length));
  const source = fileSource(path);
  const model = openModel(source, { siblings: siblingsOf(path) });
  let sha256: string | null = null;
  return {
    model,
    file: path,
    get sha256() {
      sha256 ??= sha256Of(source);
      return sha256;
    },
    notes: notesOn(path),
  };
}

/** Returns a hash of everything that an analysis can see of a network: structure, shapes, scales, constants. */
function sha256OfModel({ graph }: Model): string {
  const hash = createHash("sha256");
  const ids = new Map([...graph.tensors()].map((tensor, index) => [tensor, index]));
  for (const tensor of ids.keys()) {
    hash.update(JSON.stringify([tensor.name, tensor.dtype, tensor.shape, tensor.quantization]));
    if (tensor.data) hash.update(tensor.data.read());
  }
  for (const node of graph.nodes) {
    const edges = [...node.inputs, null, ...node.outputs].map((tensor) => (tensor ? ids.get(tensor) : -1));
    hash.update(JSON.stringify([node.op, edges, node.attributes]));
  }
  return hash.digest("hex");
}

/**
 * Returns one of the networks that npulab builds in code, by its id (see `CATALOG`). Weights are seeded noise:
 * sizes, shapes and times are those of the real network, accuracy is not.
 *
 * @example
 * ```ts
 * import { preset } from "npulab";
 * const mobilenet = preset("mobilenet_v1_0.25_96");
 * ```
 */
export function preset(id: string): LoadedModel {
  const model = findPreset(id).build();
  return { model, file: `${BUILT}${id}`, sha256: sha256OfModel(model) };
}
