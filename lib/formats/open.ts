/** A model from bytes of either format, told apart by content. */
import { LabError } from "../errors.js";
import type { Model } from "../graph/graph.js";
import type { ByteSource } from "../source.js";
import { decodeOnnx, isOnnx } from "./onnx/decode.js";
import { decodeTflite, isTflite } from "./tflite/decode.js";

export interface OpenOptions {
  /** Opens a file beside the model, for weights that are stored in files of their own. */
  readonly siblings?: (name: string) => ByteSource;
}

/** What people hand in by mistake: how it starts, what it is, what to do. */
interface Stranger {
  readonly offset: number;
  readonly starts: string | readonly number[];
  readonly is: string;
  readonly hint: string;
}

const EXPORT = "export the network to .onnx or .tflite and open that";
const STRANGERS: readonly Stranger[] = [
  {
    offset: 0,
    starts: "version https://git-lfs",
    is: "a Git LFS pointer, not the file that it stands for",
    hint: "run `git lfs pull` in the repository that it comes from",
  },
  {
    offset: 0,
    starts: [0x50, 0x4b, 0x03, 0x04],
    is: "a zip archive (a PyTorch .pt, a .keras file, or a packed model)",
    hint: `unpack it, or ${EXPORT}`,
  },
  { offset: 0, starts: [0x1f, 0x8b], is: "compressed with gzip", hint: "unpack it with gunzip" },
  { offset: 0, starts: [0x89, 0x48, 0x44, 0x46], is: "an HDF5 file (Keras .h5)", hint: EXPORT },
  { offset: 0, starts: [0x80, 0x02], is: "a Python pickle (an old PyTorch file)", hint: EXPORT },
  {
    offset: 4,
    starts: "ORTM",
    is: "an ONNX Runtime .ort file",
    hint: "open the .onnx that it was made from",
  },
  {
    offset: 0,
    starts: "KMDL",
    is: "a Kendryte .kmodel",
    hint: "open the .tflite or .onnx that it was made from",
  },
  {
    offset: 0,
    starts: [0x03, 0x00, 0x00, 0x00],
    is: "a Kendryte .kmodel (version 3)",
    hint: "open the .tflite or .onnx that it was made from",
  },
  {
    offset: 0,
    starts: "NBIN",
    is: "a compiled network (ST Edge AI, relocatable)",
    hint: "open the .tflite or .onnx that it was made from",
  },
  { offset: 0, starts: [0x7f, 0x45, 0x4c, 0x46], is: "an ELF program", hint: EXPORT },
];

function startsWith(head: Uint8Array, { offset, starts }: Stranger): boolean {
  const codes = typeof starts === "string" ? Array.from(starts, (char) => char.charCodeAt(0)) : starts;
  return codes.every((code, index) => head[offset + index] === code);
}

const HEAD_BYTES = 512;

/** Returns whether the start of a file is text: no control bytes but tabs and ends of lines. */
function isText(head: Uint8Array): boolean {
  return head.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}

/** Returns the error for bytes of neither format; says what they are instead where that can be told. */
function refuse(source: ByteSource): LabError {
  const wrong = (is: string, hint: string) =>
    new LabError({ code: "FORMAT", message: `Cannot open '${source.name}': it is ${is}`, hint });
  if (source.size === 0) return wrong("empty", "fetch or export the file again");
  const head = source.read(0, Math.min(HEAD_BYTES, source.size));
  const stranger = STRANGERS.find((candidate) => startsWith(head, candidate));
  if (stranger) return wrong(stranger.is, stranger.hint);
  if (isText(head)) return wrong("text, neither TFLite nor ONNX", `a web page saved by mistake? ${EXPORT}`);
  return wrong("neither TFLite nor ONNX", `the file may be damaged; otherwise ${EXPORT}`);
}

/**
 * Returns the model in the bytes of a `.tflite` or `.onnx` file, told apart by content; weights are read
 * when asked for. Throws a LabError that says what the file is instead, or where it is broken.
 */
export function openModel(source: ByteSource, options: OpenOptions = {}): Model {
  if (isTflite(source)) return decodeTflite(source, options);
  if (isOnnx(source)) return decodeOnnx(source, options);
  throw refuse(source);
}
