import { z } from "zod";
import type { DecodeError } from "../errors.js";
import { type JsonPath, parseJson } from "../formats/vendor/json.js";
import { type ImageManifest, MANIFEST_SCHEMA } from "./manifest.js";

const count = z.number().int().nonnegative();
const address = count.max(0xffffffff);
const crc = z.string().regex(/^[0-9a-f]{8}$/, "expected eight hexadecimal digits");
const sha = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 hexadecimal digits");

const buffer = z.object({
  name: z.string(),
  node: z.string(),
  role: z.string(),
  offset: count,
  address,
  bytes: count,
  crc32: crc,
  sha256: sha,
  content: z.enum(["known", "assumed", "unknown"]),
});

const pool = z
  .object({
    name: z.string().min(1),
    address,
    bytes: count,
    crc32: crc,
    sha256: sha,
    kind: z.enum(["flash", "ram"]),
    files: z.object({ raw: z.string(), bin: z.string().nullable(), hex: z.string() }),
    seal: z.object({ address, bytes: count }).nullable(),
    buffers: z.array(buffer),
  })
  .refine(({ bytes, buffers }) => buffers.every((held) => held.offset + held.bytes <= bytes), {
    message: "a buffer ends behind its pool's image",
    path: ["buffers"],
  })
  .refine((held) => held.buffers.every(({ offset, address: at }) => at === held.address + offset), {
    message: "the address of a buffer is not its pool's plus its offset",
    path: ["buffers"],
  });

const manifest = z.object({
  schema: z.literal(MANIFEST_SCHEMA),
  model: z.object({ file: z.string(), sha256: z.string() }),
  target: z.object({
    board: z.string(),
    tool: z.string(),
    epochController: z.boolean(),
    profile: z.string(),
  }),
  content: z.object({ known: count, assumed: count, unknown: count }),
  pools: z.array(pool).min(1),
  store: z
    .object({
      file: z.string(),
      bytes: count,
      entries: z.array(
        z.object({ pool: z.string(), destination: address, offset: count, bytes: count, crc32: crc }),
      ),
    })
    .nullable(),
});

/** Returns a manifest. Throws a DecodeError with line and column for any other text. */
export function readManifest(text: string, title = "manifest.json"): ImageManifest {
  const json = parseJson(text, title);
  const parsed = manifest.safeParse(json.value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const error: DecodeError = json.refuse({
    code: "IMAGE_MANIFEST",
    what: "image manifest",
    path: issue.path as JsonPath,
    problem: `is wrong: ${issue.message}`,
    hint: `expected what 'npulab image' writes, schema ${MANIFEST_SCHEMA}`,
  });
  throw error;
}
