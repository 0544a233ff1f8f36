import { from } from "arquero";
import { describe, expect, test } from "vitest";
import { mimeBundle } from "../../kernel/execute/mime-bundle.js";
import { LabError } from "../../lib/errors.js";
import { constantFrom } from "../../lib/graph/elements.js";
import { Tensor } from "../../lib/graph/tensor.js";
import { preset } from "../../lib/node/load.js";
import { figure } from "../../lib/plot/figure.js";

const dataOf = async (value: unknown) => (await mimeBundle(value))?.data ?? {};

describe("mimeBundle()", () => {
  test("a figure is one bundle: Plotly JSON, HTML that holds no library, SVG and words", async () => {
    const data = await dataOf(
      figure({
        data: [{ type: "bar", x: ["</script>"], y: [1] }],
        layout: { title: { text: "T" } },
        alt: 'One bar of "1"',
      }),
    );
    expect(Object.keys(data).sort()).toEqual([
      "application/vnd.plotly.v1+json",
      "image/svg+xml",
      "text/html",
      "text/plain",
    ]);
    const html = String(data["text/html"]);
    expect(html.match(/<\/script>/g)).toHaveLength(2);
    expect(html).toContain('alt="One bar of &quot;1&quot;" src="data:image/svg+xml;base64,');
    expect(html.length).toBeLessThan(10_000);
    const json = /<script type="application\/json">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? "";
    expect(JSON.parse(json)).toEqual(data["application/vnd.plotly.v1+json"]);
  });

  test("a figure's own HTML is kept", async () => {
    const own = {
      [Symbol.for("Jupyter.display")]: () => ({
        "application/vnd.plotly.v1+json": { data: [] },
        "text/html": "<p>mine</p>",
      }),
    };
    expect((await dataOf(own))["text/html"]).toBe("<p>mine</p>");
  });

  test("a table has units and types in its header, pages, and says how much is left out", async () => {
    const data = await dataOf(
      from(Array.from({ length: 600 }, (_, index) => ({ layer: `<b>${index}`, image_bytes: 1000 * index }))),
    );
    const html = String(data["text/html"]);
    expect(html).toContain("image (B)<br><small>number</small>");
    expect(html).toContain("layer<br><small>string</small>");
    expect(html).toContain("&lt;b&gt;0");
    expect(html.match(/<tr>/g)!.length).toBe(1 + 500 + 1);
    expect(html).toContain("… 100 more rows");
    expect(html).toMatch(/data-rows="50"/);
    expect(data["text/plain"]).toMatch(/… 580 more rows\n600 rows, 2 columns$/);
  });

  test("numbers in bulk are summed up; what is not finite is counted, not averaged", async () => {
    const data = await dataOf(new Float32Array([1, 2, Number.NaN, 6]));
    expect(data["text/plain"]).toMatch(/^Float32Array\(4\) \[/);
    expect(data["text/plain"]).toMatch(/4 values, from 1 to 6, mean 3, 1 not finite$/);
    expect(data["text/html"]).toContain("<img alt=");
    expect((await dataOf(new BigInt64Array([4n, 8n])))["text/plain"]).toContain("from 4 to 8, mean 6");
    expect(await dataOf(new Float32Array())).toEqual({ "text/plain": "Float32Array(0) []" });
  });

  test("bytes of a picture are a picture", async () => {
    const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1);
    expect(await dataOf(png)).toEqual({ "image/png": "iVBORw0KGgoB", "text/plain": "image/png, 9 B" });
    expect(await dataOf(Buffer.from([0xff, 0xd8, 0xff, 0xe0]))).toHaveProperty(["image/jpeg"]);
    expect(await dataOf(Uint8Array.of(0x89, 0x50))).not.toHaveProperty(["image/png"]);
  });

  test("an error that is a value shows its words and its causes, without frames", async () => {
    const error = new LabError({ code: "X", message: "Cannot pack 'w'", hint: "use 16", cause: 1 });
    expect(await dataOf(error)).toEqual({ "text/plain": "LabError: Cannot pack 'w'. Hint: use 16" });
    expect(await dataOf(new Error("outer", { cause: new TypeError("inner") }))).toEqual({
      "text/plain": "Error: outer\ncaused by TypeError: inner",
    });
  });

  test("a network as it was loaded: the picture of its graph, and where it comes from", async () => {
    const loaded = preset("resnet8_32");
    const data = await dataOf(loaded);
    expect(String(data["image/svg+xml"])).toMatch(/^<svg/);
    expect(data["text/plain"]).toMatch(/^built:resnet8_32, built.*, sha256 [0-9a-f]{12}\n/);
    expect((await dataOf(loaded.model))["image/svg+xml"]).toBe(data["image/svg+xml"]);
  });

  test("a tensor: type, shape, quantisation, and the spread of its values, stored and real", async () => {
    const weights = new Tensor({
      name: "w<1>",
      dtype: "int8",
      shape: [2, 3],
      quantization: { scale: [0.5], zeroPoint: [1], axis: null },
      data: constantFrom("int8", [-127, 0, 1, 2, 3, 127]),
    });
    const data = await dataOf(weights);
    expect(data["text/plain"]).toBe(
      "Int8Array(6) [ -127, 0, 1, 2, 3, 127 ]\n" +
        "w<1>: int8 2x3, scale 0.5, zero point 1; 6 values, from -127 to 127, mean 1; real values from -64 to 63",
    );
    expect(data["text/html"]).toMatch(/^<p>w&lt;1&gt;: int8 .*<img .*<pre>/s);
    const between = new Tensor({
      name: "a",
      dtype: "uint8",
      shape: ["batch", 4],
      quantization: { scale: [0.1, 0.2], zeroPoint: [0, 0], axis: 1 },
    });
    expect((await dataOf(between))["text/plain"]).toBe(
      "a: uint8 batchx4, 2 scales along axis 1, from 0.1 to 0.2, zero point 0, computed at run time",
    );
  });

  test("a tensor of a run, at any byte of its buffer", async () => {
    const bytes = new Uint8Array(9);
    new DataView(bytes.buffer).setFloat32(1, 1.5, true);
    const value = { dtype: "float32", shape: [2], data: bytes.subarray(1) };
    expect((await dataOf(value))["text/plain"]).toBe(
      "Float32Array(2) [ 1.5, 0 ]\nfloat32 2; 2 values, from 0 to 1.5, mean 0.75",
    );
  });
});
