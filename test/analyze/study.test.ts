import { describe, expect, it } from "vitest";
import { z } from "zod";
import { analyze, study } from "../../lib/analyze/study.js";
import { LabError } from "../../lib/errors.js";
import { preset } from "../../lib/node/load.js";

const bytes = z.int().min(0);
const share = z.number().min(0).max(1);
const port = z.object({ name: z.string(), shape: z.array(z.int()), dtype: z.string() });

/** The published shape of an analysis; fields may be added, none of these may go. */
const ANALYSIS = z.object({
  schema: z.literal("npulab/analysis@1"),
  model: z.object({
    file: z.string(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    format: z.enum(["tflite", "onnx", "built"]),
    inputs: z.array(port).min(1),
    outputs: z.array(port).min(1),
    nodes: z.int().min(1),
    macs: z.int(),
    weightBytes: bytes,
  }),
  target: z.object({ chip: z.string(), board: z.string(), clock: z.string(), tool: z.string() }),
  epochs: z.object({
    total: z.int(),
    hw: z.int(),
    hybrid: z.int(),
    sw: z.int(),
    list: z.array(
      z.object({
        index: z.int().min(1),
        kind: z.enum(["hw", "hybrid", "sw"]),
        ops: z.array(z.string()).min(1),
        nodes: z.array(z.string()),
        reason: z
          .object({
            rule: z.string(),
            sentence: z.string(),
            source: z.string(),
            why: z.string(),
            fix: z.string(),
          })
          .optional(),
      }),
    ),
  }),
  offload: z.object({ epochs: share, macs: share, time: share }),
  rom: z.object({
    sourceBytes: bytes,
    imageBytes: bytes,
    ledger: z.array(
      z.object({
        tensor: z.string(),
        node: z.string(),
        op: z.string(),
        cause: z.string(),
        bytes: z.int().min(1),
      }),
    ),
  }),
  memory: z.object({
    pools: z.array(
      z.object({ name: z.string(), sizeBytes: bytes, weightBytes: bytes, activationBytes: bytes }),
    ),
    activationPeakBytes: bytes,
    lowerBoundBytes: bytes,
  }),
  latency: z.object({ ms: z.number(), low: z.number(), high: z.number(), level: z.string() }),
});

const mobilenet = preset("mobilenet_v1_0.25_96");

describe("analyze()", () => {
  it("gives plain data of the published shape", () => {
    const analysis = analyze(mobilenet);
    expect(ANALYSIS.parse(JSON.parse(JSON.stringify(analysis)))).toBeTruthy();
  });

  it("has the image that tool 2.1 makes of MobileNetV1 0.25 at 96, five classes: 287,297 B", () => {
    // compiled/networks.csv, ic_mbv1_025_96_nucleo: the same shapes, compiled for real.
    const { rom, epochs } = analyze(mobilenet, { tool: "2.1" });
    expect(rom.imageBytes).toBe(287_297);
    expect([epochs.total, epochs.hw, epochs.hybrid, epochs.sw]).toEqual([34, 32, 0, 2]);
  });

  it("says the same twice, and leaves the model as it was", () => {
    expect(analyze(mobilenet, { tool: "3.0" })).toEqual(analyze(mobilenet, { tool: "3.0" }));
  });

  it("takes longer at normal clocks and without the epoch controller", () => {
    const best = analyze(mobilenet).latency.ms;
    expect(analyze(mobilenet, { clock: "normal" }).latency.ms).toBeGreaterThan(best);
    expect(analyze(mobilenet, { epochController: false }).latency.ms).toBeGreaterThan(best);
  });

  it("puts weights into flash, and activations into on-chip RAM", () => {
    const { memory, rom } = analyze(mobilenet);
    const pool = (name: string) => memory.pools.find((entry) => entry.name === name)!;
    expect(pool("octoFlash")).toMatchObject({ weightBytes: rom.imageBytes, activationBytes: 0 });
    expect(pool("npuRAM5").activationBytes).toBe(memory.activationPeakBytes);
  });

  it("knows the pools of both boards", () => {
    const names = (board: string) => analyze(mobilenet, { board }).memory.pools.map(({ name }) => name);
    expect(names("stm32n6570-dk")).toContain("hyperRAM");
    expect(names("nucleo-n657x0-q")).not.toContain("hyperRAM");
    expect(() => analyze(mobilenet, { board: "stm32h7" })).toThrow(/'stm32h7'.*stm32n6570-dk/);
  });

  it("runs at another resolution when the input is fixed", () => {
    const input = mobilenet.model.graph.inputs[0]!.name;
    const smaller = analyze(mobilenet, { inputShapes: new Map([[input, [1, 64, 64, 3]]]) });
    expect(smaller.model.inputs[0]!.shape).toEqual([1, 64, 64, 3]);
    expect(smaller.model.macs).toBeLessThan(analyze(mobilenet).model.macs / 2);
    expect(smaller.rom.imageBytes).toBe(analyze(mobilenet).rom.imageBytes);
  });

  it("names tensors and pools when the activations do not fit", () => {
    const pools = JSON.stringify({
      memory: {
        mempools: [
          {
            fname: "AXISRAM5",
            name: "npuRAM5",
            fformat: "FORMAT_RAW",
            prop: {
              rights: "ACC_WRITE",
              throughput: "HIGH",
              latency: "LOW",
              byteWidth: 8,
              freqRatio: 1.25,
              read_power: 1,
              write_power: 1,
            },
            offset: { value: "0x342e0000", magnitude: "BYTES" },
            size: { value: "16", magnitude: "KBYTES" },
          },
          {
            fname: "xSPI2",
            name: "octoFlash",
            fformat: "FORMAT_RAW",
            prop: {
              rights: "ACC_READ",
              throughput: "MID",
              latency: "HIGH",
              byteWidth: 1,
              freqRatio: 6,
              cacheable: "CACHEABLE_ON",
              read_power: 1,
              write_power: 1,
              constants_preferred: "true",
            },
            offset: { value: "0x70000000", magnitude: "BYTES" },
            size: { value: "8", magnitude: "MBYTES" },
          },
        ],
        cacheinfo: [],
        mem_file_prefix: "atonbuf",
      },
    });
    const tiny = () => analyze(mobilenet, { mpool: { name: "tiny.mpool", text: pools } });
    expect(tiny).toThrow(LabError);
    expect(tiny).toThrow(/activations.*npuRAM5 \(16384 bytes\)/);
  });
});

describe("study()", () => {
  it("keeps the values that the analysis was made from", () => {
    const { analysis, rom, plan, memory, latency } = study(mobilenet);
    expect(rom.imageBytes).toBe(analysis.rom.imageBytes);
    expect(plan.epochs).toHaveLength(analysis.epochs.total);
    expect(memory.proved).toBe(true);
    expect(latency.perEpoch).toHaveLength(analysis.epochs.total);
  });

  it("explains each buffer by a rule", () => {
    const { rom } = study(mobilenet);
    const inflated = rom.buffers.filter(({ mode }) => mode === "inflated");
    expect(inflated).toHaveLength(13);
    for (const { rule, explanation } of inflated) {
      expect(rule).toBe("N6-PACK-DW-2X");
      expect(explanation).toMatch(/inflated to groups of 8/);
    }
  });
});
