/** The shift of the accumulator in 3.0, read out of an image layer by layer and held against bounds. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { encodeElements } from "../../../lib/graph/elements.js";
import { layerGeometry } from "../../../lib/graph/geometry.js";
import { signedZeroPoint } from "../../../lib/targets/neural-art/packing/layer.js";
import {
  type Requantization,
  requantization,
} from "../../../lib/targets/neural-art/packing/requantization.js";
import { accumulatorShift, vectorValues } from "../../../lib/targets/neural-art/packing/vector-values.js";
import { describeShared, requireShared } from "../../shared.js";
import { mobileNetV2 } from "./images.js";

describeShared("shifts in the 3.0 image of MobileNetV2 0.5 128", () => {
  const image = readFileSync(requireShared("compiled/images/mobilenetv2_050_128_3.0.xSPI2.bin"));

  /** Returns the shifts, of 0 to 6, whose bias vector stands at a place where a buffer may start. */
  const shiftsOf = (layer: Requantization) =>
    [0, 1, 2, 3, 4, 5, 6].filter((shift) => {
      // A sum of 128 x 2^shift asks for this shift.
      const { bias } = vectorValues({ ...layer, signedSums: [128 * 2 ** shift] }, "3.0");
      const bytes = Buffer.from(encodeElements("int32", bias));
      for (let at = image.indexOf(bytes); at >= 0; at = image.indexOf(bytes, at + 1))
        if (at % 16 === 0) return true;
      return false;
    });

  const layers = mobileNetV2().nodes.flatMap((node) => {
    const geometry = layerGeometry(node);
    const layer = geometry && requantization(node, geometry);
    return layer ? [{ layer, zeroPoint: signedZeroPoint(node.input(0))!, shifts: shiftsOf(layer) }] : [];
  });

  it("accumulatorShift() gives the shift of every layer", () => {
    expect(layers).toHaveLength(53);
    for (const { layer, shifts } of layers) expect(shifts).toEqual([accumulatorShift(layer)]);
  });

  it("accumulatorShift() has no other choice for its constant than 256 within 1.5 %", () => {
    const limits = layers.map(({ layer, shifts }) => {
      const largest = Math.max(...layer.signedSums.map(Math.abs));
      const [shift] = shifts as [number];
      return [shift === 0 ? 0 : 2 ** (14 + shift) / largest, 2 ** (15 + shift) / largest] as const;
    });
    expect(Math.max(...limits.map(([above]) => above))).toBeCloseTo(255.5, 1);
    expect(Math.min(...limits.map(([, upTo]) => upTo))).toBeCloseTo(259.5, 1);
  });

  it("accumulatorShift() follows no bound that excludes every overflow", () => {
    const agree = layers.filter(({ layer, zeroPoint, shifts }) => {
      const [low, high] = [-128 - zeroPoint, 127 - zeroPoint];
      const bounds = layer.signedSums.map((signed, channel) => {
        const absolute = layer.absoluteSums[channel]!;
        const [up, down] = [(absolute + signed) / 2, (absolute - signed) / 2];
        return Math.max(up * high - down * low, down * high - up * low);
      });
      return shifts[0] === Math.max(0, Math.ceil(Math.log2(Math.max(...bounds))) - 15);
    });
    expect(agree).toHaveLength(30);
  });
});
