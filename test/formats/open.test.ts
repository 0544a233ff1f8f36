import { describe, expect, it } from "vitest";
import { tinyOnnx, tinyTflite } from "../../datasets/fixtures/make.js";
import { LabError } from "../../lib/errors.js";
import { openModel } from "../../lib/formats/open.js";
import { bufferSource } from "../../lib/source.js";

const text = (content: string) => new TextEncoder().encode(content);

describe("openModel()", () => {
  it("tells the formats apart by content", () => {
    expect(openModel(bufferSource("a", tinyTflite())).format).toBe("tflite");
    expect(openModel(bufferSource("b", tinyOnnx())).format).toBe("onnx");
  });

  it.each<[is: string, data: Uint8Array, message: RegExp]>([
    ["an empty file", new Uint8Array(), /it is empty/],
    [
      "a Git LFS pointer",
      text("version https://git-lfs.github.com/spec/v1\noid sha256:1\n"),
      /Git LFS pointer/,
    ],
    ["a zip archive", Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0), /zip archive/],
    ["gzip", Uint8Array.of(0x1f, 0x8b, 8, 0), /gzip/],
    ["HDF5", Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d), /HDF5/],
    ["a pickle", Uint8Array.of(0x80, 2, 0x8a), /pickle/],
    ["an .ort file", Uint8Array.of(8, 0, 0, 0, 0x4f, 0x52, 0x54, 0x4d), /\.ort/],
    ["a kmodel", text("KMDL....").map((byte) => (byte === 0x2e ? 0 : byte)), /kmodel/],
    ["a compiled network", text("NBIN"), /compiled network/],
    ["text", text("<html>not found</html>"), /text, neither/],
    ["anything else", Uint8Array.of(0xde, 0xad, 0xbe, 0xef), /neither TFLite nor ONNX/],
  ])("names %s", (_, data, message) => {
    const open = () => openModel(bufferSource("model.bin", data));
    expect(open).toThrow(LabError);
    expect(open).toThrow(message);
  });

  it("says where an ONNX file breaks off", () => {
    const bytes = tinyOnnx();
    expect(() => openModel(bufferSource("cut", bytes.subarray(0, 300)))).toThrow(/graph|model/);
  });
});
