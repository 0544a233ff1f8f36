/**
 * The quantisation table of the vendor's front end. It writes a network as ONNX with float weights
 * (`<model>_OE_3_3_1.onnx`), and beside it how every tensor is stored (`_Q.json` or `.Q.json`):
 *
 *   {"environment": {"generated_model": {"model_files": [{"name": "…_OE_3_3_1.onnx", "signature": "0xf199…"}]}},
 *    "tensors": {"Conv2D_4_weights": {"format": {"class": "integer", "type": "S8", "params": [[0.01], [0]]}}}}
 *
 * The signature is the MD5 of the ONNX file: that of the table in `../shared/models/mobilenetv2` is.
 */
import { z } from "zod";
import { LabError } from "../../errors.js";
import type { DType } from "../../graph/dtype.js";
import { formatPlace, type JsonPath, parseJson } from "../vendor/json.js";

/** How a tensor is stored: real = scale × (stored − zeroPoint), one of each or one per channel. */
export interface StoredFormat {
  readonly dtype: DType;
  readonly scale: readonly number[];
  readonly zeroPoint: readonly number[];
}

export interface QuantizationTable {
  /** The file that it was read from, for messages. */
  readonly title: string;
  /** MD5 of the ONNX files that it belongs to, in lower-case hex; empty where it names none. */
  readonly signatures: readonly string[];
  /** By the names of tensors; those in float are left out. */
  readonly formats: ReadonlyMap<string, StoredFormat>;
}

/** Names of types: signed or unsigned, and bits. Seen in files: S8 and S32; the others are read alike. */
const TYPES: Readonly<Record<string, DType>> = {
  S4: "int4",
  U4: "uint4",
  S8: "int8",
  U8: "uint8",
  S16: "int16",
  U16: "uint16",
  S32: "int32",
};

const format = z.looseObject({
  class: z.string(),
  type: z.string().optional(),
  params: z.tuple([z.array(z.number().positive()).min(1), z.array(z.int())]).optional(),
});

const document = z.looseObject({
  environment: z
    .looseObject({
      generated_model: z
        .looseObject({ model_files: z.array(z.looseObject({ signature: z.string() })) })
        .optional(),
    })
    .optional(),
  tensors: z.record(z.string(), z.looseObject({ format })),
});

const MD5_DIGITS = 32;

/**
 * Returns the quantisation table in JSON text. Throws a LabError with line and column where it is none, or
 * says a format that is not known.
 */
export function parseQuantizationTable(text: string, title: string): QuantizationTable {
  const json = parseJson(text, title);
  const refuse = (path: JsonPath, why: string) =>
    new LabError({
      code: "QUANTIZATION_TABLE",
      message: `Cannot read '${title}' as a quantisation table: ${path.join(".") || "it"} ${why}`,
      hint: "expected what ST Edge AI writes beside <model>_OE_<version>.onnx; take the table away to read the network as float",
      at: formatPlace(json.locate(path)),
    });
  const parsed = document.safeParse(json.value);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw refuse(path as (string | number)[], `does not fit: ${message}`);
  }
  const { tensors, environment } = parsed.data;
  const formats = new Map<string, StoredFormat>();
  for (const [name, { format }] of Object.entries(tensors)) {
    const path = ["tensors", name, "format"];
    if (format.class !== "integer") continue;
    const dtype = TYPES[format.type ?? ""];
    if (!dtype) {
      throw refuse([...path, "type"], `is ${format.type}, expected one of ${Object.keys(TYPES).join(", ")}`);
    }
    if (!format.params)
      throw refuse(path, "is an integer format without params, expected scales and zero points");
    const [scale, zeroPoint] = format.params;
    if (scale.length !== zeroPoint.length) {
      throw refuse([...path, "params"], `has ${scale.length} scales and ${zeroPoint.length} zero points`);
    }
    formats.set(name, { dtype, scale, zeroPoint });
  }
  const files = environment?.generated_model?.model_files ?? [];
  const signatures = files.map(({ signature }) =>
    signature.replace(/^0x/i, "").toLowerCase().padStart(MD5_DIGITS, "0"),
  );
  return { title, signatures, formats };
}
