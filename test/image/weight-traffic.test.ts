import { expect, it } from "vitest";
import { normalizeModel } from "../../lib/graph/passes/normalize.js";
import { weightTraffic } from "../../lib/image/weight-traffic.js";
import { splitWeights } from "../../lib/memory/what-if-split.js";
import { preset } from "../../lib/node/load.js";

it("weightTraffic() counts a kernel once for each two output positions, a dense layer once", () => {
  const { graph } = normalizeModel(preset("resnet8_32").model);
  const tensors = weightTraffic(graph);
  const first = tensors[0]!;
  // 3x3, 3 -> 16 at 32x32.
  expect([first.bytes, first.traffic]).toEqual([432, (432 * 1024) / 2]);
  const dense = tensors.at(-2)!;
  expect([dense.bytes, dense.traffic]).toEqual([640, 640]);
  expect(weightTraffic(graph, 1)[0]!.traffic).toBe(432 * 1024);
});

it("splitWeights() puts the early kernels of a network into fast memory, the largest into flash", () => {
  const { graph } = normalizeModel(preset("resnet8_32").model);
  const tensors = weightTraffic(graph);
  const memories = [
    { name: "AXISRAM", bytes: 24 * 1024, nsPerByte: 1 },
    { name: "QSPI", bytes: 128 * 1024 * 1024, nsPerByte: 20 },
  ];
  const plan = splitWeights(tensors, memories);
  expect(plan.placement.get(tensors[0]!.name)).toBe("AXISRAM");
  const [largest] = tensors.toSorted((a, b) => b.bytes - a.bytes);
  expect(plan.placement.get(largest!.name)).toBe("QSPI");
  expect(plan.ms).toBeLessThan(plan.slowestMs / 2);
  expect(plan.ms).toBeLessThan(1.1 * plan.boundMs);
});
