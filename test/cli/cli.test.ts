/** The command line as people use it: the built program, its exit codes, one clear line for what goes wrong. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeShared, requireShared } from "../shared.js";

const MAIN = resolve(import.meta.dirname, "../../dist/cli/main.js");
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "npulab-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function npulab(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words], { encoding: "utf8" });
  return { status, stdout, stderr };
}

/** One line, no stack. */
function expectOneLine(stderr: string, pattern: RegExp): void {
  expect(stderr).toMatch(pattern);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).not.toMatch(/\bat .*:\d+:\d+/);
}

describe("npulab", () => {
  it("lists its commands", () => {
    const { status, stdout } = npulab("--help");
    expect(status).toBe(0);
    for (const command of ["inspect", "analyze", "cliffs", "run", "kernel"])
      expect(stdout).toContain(command);
  });

  it("says that there is no such file", () => {
    const { status, stderr } = npulab("analyze", "nothing.tflite");
    expect(status).toBe(1);
    expectOneLine(stderr, /Cannot open 'nothing.tflite': there is no such file/);
  });

  it.each([
    ["empty.tflite", "", /empty/],
    ["notes.onnx", "just some notes", /text, neither TFLite nor ONNX/],
    ["broken.tflite", "\x1c\0\0\0TFL3\xff\xff\xff\xff", /byte \d+/],
  ])("says what is wrong with %s", (name, content, pattern) => {
    const path = join(folder, name);
    writeFileSync(path, content, "latin1");
    for (const command of ["inspect", "analyze"]) {
      const { status, stderr, stdout } = npulab(command, path);
      expect(status).toBe(1);
      expect(stdout).toBe("");
      expectOneLine(stderr, pattern);
    }
  });

  it("refuses an option that it does not know", () => {
    expect(npulab("analyze", "x.onnx", "--tool", "9.9")).toMatchObject({ status: 1 });
    expect(npulab("analyze", "x.onnx", "--tool", "9.9").stderr).toContain("2.0, 2.1, 2.2, 3.0, 4.0");
  });
});

describe("npulab convert and diff", () => {
  const at = (name: string) => join(folder, name);

  it("write a preset in both formats, and find the same network in all three", () => {
    for (const file of ["resnet8.tflite", "resnet8.onnx"]) {
      const { status, stderr } = npulab("convert", "built:resnet8_32", at(file));
      expect(status).toBe(0);
      expect(stderr).toMatch(new RegExp(`${file.replace(".", "\\.")}, [\\d,]+ bytes`));
    }
    expect(npulab("diff", "built:resnet8_32", at("resnet8.tflite"))).toMatchObject({
      status: 0,
      stdout: "the same network\n",
    });
    expect(npulab("diff", at("resnet8.tflite"), at("resnet8.onnx"))).toMatchObject({ status: 0 });
  });

  it("predict the same image for the network in either format", () => {
    const [tflite, onnx] = ["resnet8.tflite", "resnet8.onnx"].map(
      (file) => JSON.parse(npulab("analyze", at(file), "--json").stdout).rom.imageBytes,
    );
    expect(onnx).toBe(tflite);
  });

  it("tell different networks apart with exit status 1, and trouble with 2", () => {
    const different = npulab("diff", "built:dscnn_kws", "built:ad01", "--json");
    expect(different.status).toBe(1);
    expect(JSON.parse(different.stdout).differences.length).toBeGreaterThan(5);
    const trouble = npulab("diff", "built:ad01", at("nothing.onnx"));
    expect(trouble.status).toBe(2);
    expectOneLine(trouble.stderr, /there is no such file/);
  });

  it("refuse a format that they cannot tell or write", () => {
    const unknown = npulab("convert", "built:ad01", at("ad01.h5"));
    expect(unknown.status).toBe(1);
    expectOneLine(unknown.stderr, /expected a name that ends in .onnx or .tflite/);
    expect(npulab("convert", "built:nothing", at("x.onnx")).stderr).toContain("mobilenet_v1_0.25_96");
  });
});

describe("npulab cliffs", () => {
  const WALK = ["cliffs", "built:mobilenet_v1_0.25_96", "--resolution", "96..128/16"];

  it("prints the cliffs with the rule that flipped, one walk per tool", () => {
    const { status, stdout, stderr } = npulab(...WALK, "--tool", "2.1", "4.0", "--json");
    expect(status).toBe(0);
    expect(stderr).toBe("");
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ schema: "npulab/cliffs@1", axis: { name: "resolution", step: 1 } });
    const [older, newer] = report.runs;
    expect([older.target.tool, newer.target.tool]).toEqual(["2.1", "4.0"]);
    expect(older.points.map(({ value }: { value: number }) => value)).toEqual(
      expect.arrayContaining([96, 112, 128]),
    );
    expect(npulab(...WALK).stdout).toContain("ST Edge AI 2.1: ");
  });

  it("writes a page that needs nothing else", () => {
    const page = join(folder, "cliffs.html");
    expect(npulab(...WALK, "--html", page).status).toBe(0);
    const html = readFileSync(page, "utf8");
    expect(html).toContain("Cliffs over resolution");
    expect(html).not.toMatch(/<(script|link|img)[^>]+(src|href)="https?:/);
  });

  it("refuses what cannot be walked over, in one line", () => {
    expectOneLine(
      npulab("cliffs", "built:ad01").stderr,
      /expected one of --resolution, --width and --channels/,
    );
    expectOneLine(
      npulab("cliffs", "built:dscnn_kws", "--width", "0.5..1/0.1").stderr,
      /Cannot change the width of 'dscnn_kws'/,
    );
    expectOneLine(
      npulab("cliffs", "model.tflite", "--width", "0.5..1/0.1").stderr,
      /Cannot walk over the width of 'model.tflite'/,
    );
    expectOneLine(npulab(...WALK.slice(0, 3), "96-128").stderr, /expected FROM..TO\/STEP/);
  });

  it("keeps what it has when it is interrupted", async () => {
    const words = ["cliffs", "built:mobilenet_v2_1.0_224", "--resolution", "96..1024/1", "--json"];
    const child = spawn(process.execPath, [MAIN, ...words]);
    let stdout = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    setTimeout(() => child.kill("SIGINT"), 4000);
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect(status).toBe(130);
    expect(stderr).toContain("ended early");
    const [run] = JSON.parse(stdout).runs;
    expect(run.complete).toBe(false);
    expect(run.points.length).toBeGreaterThan(0);
  }, 30_000);
});

describeShared("npulab on a real file", () => {
  const vww = () => requireShared("models/mlperf_tiny/vww_96_int8.tflite");

  it("inspects it", () => {
    const { status, stdout } = npulab("inspect", vww(), "--nodes");
    expect(status).toBe(0);
    expect(stdout).toContain("constants 219,072 B in 57 tensors");
    expect(stdout).toContain("DEPTHWISE_CONV_2D");
    expect(JSON.parse(npulab("inspect", vww(), "--json").stdout)).toMatchObject({ macs: 7_489_664 });
  });

  it("prints one JSON object", () => {
    const { status, stdout, stderr } = npulab(
      "analyze",
      vww(),
      "--target",
      "nucleo-n657x0-q",
      "--tool",
      "3.0",
      "--epoch-controller",
      "off",
      "--clock",
      "normal",
      "--json",
    );
    expect(status).toBe(0);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({
      schema: "npulab/analysis@1",
      target: { board: "nucleo-n657x0-q", tool: "3.0", clock: "normal", epochController: false },
      rom: { imageBytes: 228_769 },
    });
  });

  it("writes a page that needs nothing else", () => {
    const page = join(folder, "vww.html");
    expect(npulab("analyze", vww(), "--html", page).status).toBe(0);
    const html = readFileSync(page, "utf8");
    expect(html).toContain("286,497 B");
    expect(html).not.toMatch(/<(script|link|img)[^>]+(src|href)="https?:/);
  });

  it("uses the pools of a file, and names a file that holds none", () => {
    const mpool = requireShared("compiled/mpool/app2_NUCLEO-N657X0-Q_2.1.mpool");
    const { stdout } = npulab("analyze", vww(), "--mpool", mpool, "--json");
    expect(JSON.parse(stdout).memory.pools.map(({ name }: { name: string }) => name)).not.toContain(
      "hyperRAM",
    );
    const wrong = npulab("analyze", vww(), "--mpool", vww());
    expect(wrong.status).toBe(1);
    expectOneLine(wrong.stderr, /Cannot read .* as JSON: .*line 1, column 2/);
  });
});
