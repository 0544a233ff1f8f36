import { describe, expect, it } from "vitest";
import { decodeNode, float, inputsOf, int, ints, refusal, text } from "./drafts.js";

describe("canonical()", () => {
  it("moves axes of old opsets from attributes to inputs", () => {
    const axes = [ints("axes", [2, 3])];
    for (const opType of ["Squeeze", "Unsqueeze", "ReduceMean"]) {
      const node = decodeNode({ opType, input: ["x"], attribute: axes }, { opset: 11 });
      expect(inputsOf(node)).toEqual(["x", [2, 3]]);
      expect(node.attributes).toEqual({});
    }
    const split = decodeNode(
      { opType: "Split", input: ["x"], attribute: [ints("split", [4]), int("axis", 1)] },
      { opset: 11 },
    );
    expect(inputsOf(split)).toEqual(["x", [4]]);
    expect(split.attributes).toEqual({ axis: 1 });
  });

  it("moves the bounds of Slice, keeping 'to the end'", () => {
    const slice = decodeNode(
      {
        opType: "Slice",
        input: ["x"],
        attribute: [ints("starts", [1]), ints("ends", ["9223372036854775807"]), ints("axes", [2])],
      },
      { opset: 9 },
    );
    expect(inputsOf(slice)).toEqual(["x", [1], [Number.MAX_SAFE_INTEGER], [2]]);
    const ends = slice.input(2).data!.read();
    expect(new DataView(ends.buffer).getBigInt64(0, true)).toBe(2n ** 63n - 1n);
  });

  it("moves the pads and value of Pad and the bounds of Clip", () => {
    const pad = decodeNode(
      {
        opType: "Pad",
        input: ["x"],
        attribute: [text("mode", "constant"), ints("pads", [0, 0, 1, 1, 0, 0, 2, 2]), float("value", 0.5)],
      },
      { opset: 10 },
    );
    expect(inputsOf(pad)).toEqual(["x", [0, 0, 1, 1, 0, 0, 2, 2], [0.5]]);
    expect(pad.attributes).toEqual({ mode: "constant" });
    const clip = decodeNode({ opType: "Clip", input: ["x"], attribute: [float("max", 6)] }, { opset: 6 });
    expect(inputsOf(clip)).toEqual(["x", null, [6]]);
  });

  it("makes Upsample and the first Resize today's Resize", () => {
    const scales = { name: "s", dataType: 1, dims: [4], floatData: [1, 1, 2, 2] };
    const expected = {
      mode: "nearest",
      coordinateTransformationMode: "asymmetric",
      nearestMode: "floor",
      layout: "NCHW",
    };
    for (const [opType, opset] of [
      ["Upsample", 9],
      ["Resize", 10],
    ] as const) {
      const node = decodeNode({ opType, input: ["x", "s"] }, { opset, initializer: [scales] });
      expect(node.op).toBe("Resize");
      expect(inputsOf(node)).toEqual(["x", null, [1, 1, 2, 2]]);
      expect(node.attributes).toEqual(expected);
    }
    const old = {
      opType: "Upsample",
      input: ["x"],
      attribute: [{ name: "scales", type: 6, floats: [1, 1, 2, 2] }],
    };
    expect(inputsOf(decodeNode(old, { opset: 7 }))).toEqual(["x", null, [1, 1, 2, 2]]);
  });

  it("keeps the old meaning of Softmax where it differs from today's", () => {
    const softmax = { opType: "Softmax", input: ["x"] };
    expect(decodeNode(softmax, { opset: 13 }).attributes).toEqual({ axis: -1 });
    expect(decodeNode(softmax, { opset: 11, shape: [1, 10] }).attributes).toEqual({ axis: 1 });
    expect(decodeNode(softmax, { opset: 11 }).attributes).toEqual({ axis: 1, flattenFrom: 1 });
  });

  it("names the type that Cast gives", () => {
    const cast = decodeNode({ opType: "Cast", input: ["x"], attribute: [int("to", 3)] });
    expect(cast.attributes).toEqual({ to: "int8" });
    expect(
      decodeNode({ opType: "Cast", input: ["x"], attribute: [text("to", "INT64")] }, { opset: 1 }).attributes,
    ).toEqual({ to: "int64" });
  });

  it("refuses broadcasting at an axis, as before opset 7", () => {
    const add = { opType: "Add", input: ["x", "x"], attribute: [int("broadcast", 1), int("axis", 1)] };
    expect(refusal(() => decodeNode(add, { opset: 6 })).message).toMatch(/broadcasts at axis 1/);
  });
});
