import { expect, it } from "vitest";
import type { FilledBuffer } from "../../../lib/targets/neural-art/packing/pack-image.js";
import { SEEN_IN_IMAGES } from "../../../lib/targets/neural-art/packing/seen-in-images.js";
import { describeShared } from "../../shared.js";
import { compareImage, IMAGES, seenInImages } from "./images.js";

const count = (buffers: readonly FilledBuffer[], role: string) =>
  buffers.filter(({ buffer }) => buffer.role === role).length;

/** Kernels, vectors, other buffers, and buffers of unknown content; `same`: the whole image, order included. */
const EXPECTED = [
  { image: "ic_mbv1_025_96_nucleo.xSPI2.bin", kernels: 28, vectors: 0, others: 6, unknown: 0, same: true },
  { image: "od_styoloxnano480_dk.xSPI2.bin", kernels: 186, vectors: 0, others: 9, unknown: 0, same: false },
  { image: "xc_palm_detector.hex", kernels: 92, vectors: 0, others: 21, unknown: 0, same: false },
  { image: "xc_face_detector.hex", kernels: 38, vectors: 0, others: 11, unknown: 0, same: true },
  { image: "bcph_rppg.xSPI2.bin", kernels: 3, vectors: 6, others: 4, unknown: 0, same: true },
  { image: "fd_blazeface_dk.xSPI2.bin", kernels: 38, vectors: 0, others: 11, unknown: 0, same: true },
  {
    image: "mobilenetv2_050_128_2.1.xSPI2.bin",
    kernels: 53,
    vectors: 106,
    others: 39,
    unknown: 0,
    same: false,
  },
  {
    image: "mobilenetv2_050_128_2.2.xSPI2.bin",
    kernels: 53,
    vectors: 106,
    others: 39,
    unknown: 0,
    same: false,
  },
  {
    image: "mobilenetv2_050_128_3.0.xSPI2.bin",
    kernels: 53,
    vectors: 106,
    others: 39,
    unknown: 0,
    same: false,
  },
] as const;

describeShared("flash images, byte for byte", () => {
  it("SEEN_IN_IMAGES has the kinds of buffers that the images show, and no others", () => {
    expect(SEEN_IN_IMAGES.value).toEqual(seenInImages());
  });

  it.each(EXPECTED)("packImage() has every buffer of $image", ({ image, same, ...expected }) => {
    const compared = compareImage(IMAGES.find((known) => known.image === image)!);
    const { found, missing, unknown, predicted, actual } = compared;
    expect(missing.map(({ buffer }) => buffer.tensor)).toEqual([]);
    const kernels = count(found, "kernel");
    const vectors = count(found, "scale") + count(found, "bias");
    expect({ kernels, vectors, others: found.length - kernels - vectors, unknown: unknown.length }).toEqual(
      expected,
    );
    expect(predicted.length).toBe(actual.length);
    expect(Buffer.compare(predicted, actual) === 0).toBe(same);
  });
});
