import { intelHex } from "../formats/vendor/intel-hex-write.js";
import type { WeightImages } from "./build.js";
import { weightsHeader } from "./c-header.js";
import { programmingScript } from "./programming.js";

export interface ImageFile {
  readonly name: string;
  readonly chunks: readonly Uint8Array[];
}

/** Returns everything that `npulab image` writes into its folder, the manifest last. */
export function imageFiles({ images, manifest, store }: WeightImages): readonly ImageFile[] {
  const encoder = new TextEncoder();
  const file = (name: string, content: Uint8Array | string): ImageFile => ({
    name,
    chunks: [typeof content === "string" ? encoder.encode(content) : content],
  });
  return [
    ...images.flatMap(({ pool, raw, programmed }) => [
      file(pool.files.raw, raw),
      ...(pool.files.bin === null ? [] : [file(pool.files.bin, programmed)]),
      file(pool.files.hex, intelHex(programmed, pool.address)),
    ]),
    ...(manifest.store && store ? [file(manifest.store.file, store)] : []),
    file("npulab_weights.h", weightsHeader(manifest)),
    file("program.sh", programmingScript(manifest)),
    file("manifest.json", `${JSON.stringify(manifest, null, 2)}\n`),
  ];
}
