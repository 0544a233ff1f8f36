import type { PackedBuffer, RomPlan } from "../records.js";
import type { BufferContent } from "./buffer-content.js";
import { bufferContent } from "./content.js";
import { type PackModelRequest, packModel } from "./pack-model.js";

export interface FilledBuffer {
  readonly buffer: PackedBuffer;
  readonly content: BufferContent;
}

export interface PackedImage {
  readonly rom: RomPlan;
  /** The flash image, `rom.imageBytes` long. Gaps, and buffers of unknown content, are zeros. */
  readonly bytes: Uint8Array;
  /** In the order of the image. */
  readonly buffers: readonly FilledBuffer[];
}

/**
 * Returns the flash image of a model: the bytes of every buffer that `packModel` places, and which of them are
 * known. Buffers of equal size come in the order of the graph; the vendor's compiler is free in theirs.
 *
 *   MobileNetV1 0.25 96, 2.1, controller:  28 kernels and 6 helpers, 287,297 bytes, all known
 */
export function packImage(request: PackModelRequest): PackedImage {
  const rom = packModel(request);
  const bytes = new Uint8Array(rom.imageBytes);
  const buffers = rom.buffers.map((buffer) => {
    const content = bufferContent(buffer, rom.options);
    bytes.set(content.bytes, buffer.offset);
    return { buffer, content };
  });
  return { rom, bytes, buffers };
}
