import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import onnxProto from "onnx-proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tensorNumbers } from "../../lib/graph/elements.js";
import { load } from "../../lib/node/load.js";
import { siblingsOf } from "../../lib/node/siblings.js";

const { onnx } = onnxProto;
const WEIGHTS = new Uint8Array(Float32Array.of(0, 1.5, -2).buffer);

let folder = "";
const inside = (...parts: string[]) => join(folder, "model", ...parts);

/** Writes a model whose weights lie in `location` and returns its path. */
function modelWith(location: string, checksum?: string): string {
  const path = inside("net.onnx");
  const bytes = onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: "", version: 17 }],
    graph: {
      output: [{ name: "y" }],
      initializer: [
        {
          name: "w",
          dataType: 1,
          dims: [2],
          dataLocation: 1,
          externalData: [
            { key: "location", value: location },
            { key: "offset", value: "4" },
            ...(checksum ? [{ key: "checksum", value: checksum }] : []),
          ],
        },
      ],
      node: [{ opType: "Relu", input: ["w"], output: ["y"] }],
    },
  }).finish();
  writeFileSync(path, bytes);
  return path;
}

const numbers = (path: string) => [...tensorNumbers(load(path).model.graph.constants()[0]!)];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "npulab-siblings-"));
  mkdirSync(inside("data"), { recursive: true });
  mkdirSync(join(folder, "model-2"));
  writeFileSync(inside("data", "w.bin"), WEIGHTS);
  writeFileSync(join(folder, "secret.bin"), WEIGHTS);
  writeFileSync(join(folder, "model-2", "w.bin"), WEIGHTS);
  symlinkSync(join(folder, "secret.bin"), inside("link.bin"));
  symlinkSync(folder, inside("up"));
  symlinkSync(join(folder, "model-2"), inside("beside"));
  symlinkSync(inside("data", "w.bin"), inside("alias.bin"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("load()", () => {
  it("reads weights below the model's folder, through links that stay there", () => {
    expect(numbers(modelWith("data/w.bin"))).toEqual([1.5, -2]);
    expect(numbers(modelWith("alias.bin"))).toEqual([1.5, -2]);
  });

  it.each(["link.bin", "up/secret.bin", "beside/w.bin"])(
    "refuses '%s', which links out of it",
    (location) => {
      expect(() => numbers(modelWith(location))).toThrow(/leads to/);
    },
  );

  it.each(["../secret.bin", "data/../../secret.bin", "/etc/passwd", "C:\\w.bin", "file:w.bin", ""])(
    "refuses '%s' before it looks",
    (location) => {
      expect(() => load(modelWith(location))).toThrow(/expected a file below|names no location/);
    },
  );

  it("holds a file against its checksum", () => {
    const right = createHash("sha1").update(WEIGHTS).digest("hex");
    expect(numbers(modelWith("data/w.bin", right))).toEqual([1.5, -2]);
    expect(() => numbers(modelWith("data/w.bin", right.replace(/./, "x")))).toThrow(/SHA-1/);
  });

  it("sums the file up when asked for", () => {
    const path = modelWith("data/w.bin");
    const loaded = load(path);
    expect(Object.getOwnPropertyDescriptor(loaded, "sha256")!.get).toBeDefined();
    expect(loaded.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(loaded.sha256).toBe(load(path).sha256);
  });
});

describe("siblingsOf()", () => {
  it("opens each file once", () => {
    const open = siblingsOf(inside("net.onnx"));
    expect(open("data/w.bin")).toBe(open("data/w.bin"));
  });

  it("says where a link leads", () => {
    expect(() => siblingsOf(inside("net.onnx"))("link.bin")).toThrow(/leads to '.*secret\.bin'/);
  });
});
