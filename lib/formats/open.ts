/** A model from bytes of either format, told apart by content. */
import { LabError } from "../errors.js";
import type { Model } from "../graph/graph.js";
import type { ByteSource } from "../source.js";
import { decodeTflite, isTflite } from "./tflite/decode.js";

export interface OpenOptions {
  /** Opens a file beside the model, for weights that are stored in files of their own. */
  readonly siblings?: (name: string) => ByteSource;
}

/** Returns the model in the bytes of a `.tflite` or `.onnx` file; weights are read when asked for. */
export function openModel(source: ByteSource, options: OpenOptions = {}): Model {
  if (isTflite(source)) return decodeTflite(source, options);
  throw new LabError({
    code: "FORMAT",
    message: `Cannot open '${source.name}': it is no TFLite file`,
  });
}
