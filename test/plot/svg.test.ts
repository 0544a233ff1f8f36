import { describe, expect, it } from "vitest";
import { analyze } from "../../lib/analyze/study.js";
import { JUPYTER_DISPLAY } from "../../lib/display.js";
import { preset } from "../../lib/node/load.js";
import { figure } from "../../lib/plot/figure.js";
import { offloadLatencyFigure } from "../../lib/plot/latency.js";
import { poolsFigure } from "../../lib/plot/memory.js";
import { romCausesFigure, romGrowthFigure } from "../../lib/plot/rom.js";
import { type ColouredTrace, layBars } from "../../lib/plot/svg/bars.js";
import { figureSvg, undrawable } from "../../lib/plot/svg/draw.js";
import { categoryScale, linearScale, logScale, niceStep } from "../../lib/plot/svg/scale.js";
import { timelineFigure } from "../../lib/plot/timeline.js";
import { romWaterfallFigure } from "../../lib/plot/waterfall.js";

const drawn = (data: Parameters<typeof figureSvg>[0]["data"], layout = {}) =>
  figureSvg({ data, layout, alt: "words" }) ?? "";
const boxes = (svg: string) =>
  [...svg.matchAll(/<rect x="([^"]+)" y="([^"]+)" width="([^"]+)" height="([^"]+)" fill="(#[^"]+)"/g)].map(
    ([, x, y, width, height, fill]) => ({
      x: Number(x),
      y: Number(y),
      width: Number(width),
      height: Number(height),
      fill,
    }),
  );

describe("linearScale(), logScale(), categoryScale()", () => {
  it("place values and ticks as in the worked example", () => {
    const linear = linearScale({ range: [0, 30], pixels: { low: 100, high: 400 } });
    expect(linear.at(10)).toBeCloseTo(200);
    expect(linear.ticks.map(({ label }) => label)).toEqual(["0", "5", "10", "15", "20", "25", "30"]);
    const log = logScale({ exponents: [0, 2], pixels: { low: 0, high: 200 } });
    expect(log.at(10)).toBeCloseTo(100);
    expect(log.ticks.map(({ label }) => label)).toEqual(["1", "10", "100"]);
    expect(log.at(0)).toBeNull();
    const category = categoryScale({ categories: ["a", "b", "c"], pixels: { low: 0, high: 300 } });
    expect(category.at("b")).toBe(150);
    expect(category.at("d")).toBeNull();
    expect(category.step).toBe(100);
  });

  it("niceStep() gives 1, 2 or 5 times a power of ten", () => {
    expect([30, 7, 0.012, 9000].map(niceStep)).toEqual([5, 1, 0.002, 2000]);
  });

  it("logScale() writes 1, 2 and 5 of each power when asked", () => {
    const { ticks } = logScale({ exponents: [-0.5, 1.1], pixels: { low: 0, high: 1 }, dtick: "D2" });
    expect(ticks.map(({ label }) => label)).toEqual(["0.5", "1", "2", "5", "10"]);
  });
});

describe("layBars()", () => {
  const traces: ColouredTrace[] = [
    { trace: { type: "bar", x: ["p", "q"], y: [2, -1] }, colour: "#000001" },
    { trace: { type: "bar", x: ["p", "q"], y: [3, 4] }, colour: "#000002" },
  ];

  it("stacks from where the last bar ended, each sign on its own", () => {
    expect(layBars(traces, "stack").map(({ from, to }) => [from, to])).toEqual([
      [0, 2],
      [0, -1],
      [2, 5],
      [0, 4],
    ]);
  });

  it("groups side by side", () => {
    expect(layBars(traces, "group").map(({ from, slot, slots }) => [from, slot, slots])).toEqual([
      [null, 0, 2],
      [null, 0, 2],
      [null, 1, 2],
      [null, 1, 2],
    ]);
  });
});

describe("figureSvg()", () => {
  it("draws bars in proportion to their values, from zero", () => {
    const [, small, large] = [
      null,
      ...boxes(
        drawn([{ type: "bar", x: ["a", "b"], y: [10, 30], marker: { color: ["#111111", "#222222"] } }]),
      ),
    ];
    expect(large!.height / small!.height).toBeCloseTo(3, 2);
    expect(small!.y + small!.height).toBeCloseTo(large!.y + large!.height, 1);
    expect(small!.fill).toBe("#111111");
  });

  it("puts the first row at the top where the axis is reversed", () => {
    const trace = { type: "bar", orientation: "h", y: ["a", "b"], x: [1, 2], marker: { color: "#333333" } };
    const [first, second] = boxes(drawn([trace], { yaxis: { autorange: "reversed" } }));
    expect(first!.y).toBeLessThan(second!.y);
    const [low, high] = boxes(drawn([trace]));
    expect(low!.y).toBeGreaterThan(high!.y);
  });

  it("spaces a logarithmic axis by ratios and breaks lines at missing values", () => {
    const svg = drawn([{ type: "scatter", mode: "lines", x: [1, 2, 3, 4, 5], y: [1, 10, 100, null, 1] }], {
      yaxis: { type: "log" },
    });
    const path = /<path d="(M[^"]+)" fill="none"/.exec(svg)?.[1] ?? "";
    const [a, b, c] = [...path.matchAll(/[ML]\S+ ([\d.]+)/g)].map(([, y]) => Number(y));
    expect(a! - b!).toBeCloseTo(b! - c!, 1);
    expect(path.match(/M/g)).toHaveLength(2);
  });

  it("error bars reach from low to high", () => {
    const svg = drawn(
      [
        {
          type: "scatter",
          mode: "markers",
          x: [1, 2],
          y: [10, 20],
          error_y: { type: "data", symmetric: false, array: [5, 0], arrayminus: [10, 0] },
        },
      ],
      { yaxis: { range: [0, 20] } },
    );
    const [, top, bottom] = /d="M\S+ ([\d.]+)V([\d.]+)M/.exec(svg) ?? [];
    const [, y] = /<circle cx="\S+" cy="([\d.]+)"/.exec(svg) ?? [];
    expect((Number(bottom) - Number(y)) / (Number(y) - Number(top))).toBeCloseTo(2, 1);
  });

  it("says its words as the title, escapes what it is given, and names traces once", () => {
    const svg = figureSvg({
      data: [
        { type: "bar", name: "<b>a&b</b>", x: ["<img src=x>"], y: [1] },
        { type: "bar", name: "c", y: [1] },
      ],
      layout: { title: { text: "T <i>x</i>" } },
      alt: 'Bars "<q>"',
    })!;
    expect(svg).toContain("<title>Bars &quot;&lt;q&gt;&quot;</title>");
    expect(svg).not.toContain("<img");
    expect(svg).toContain(">a&amp;b</text>");
    expect(svg).toContain(">T x</text>");
  });

  it.each([
    [{ type: "heatmap", z: [[1]] }, "a trace of type 'heatmap'"],
    [{ type: "scatter", y: [1], fill: "tozeroy" }, "a filled area"],
    [{ type: "scatter", y: [1], marker: { color: [1] } }, "a colour scale"],
  ])("gives no picture rather than a wrong one: %j", (trace, why) => {
    expect(undrawable({ data: [trace], layout: {} })).toBe(why);
    const bundle = figure({ data: [trace], layout: {}, alt: "words" })[JUPYTER_DISPLAY]();
    expect(Object.keys(bundle)).toEqual(["application/vnd.plotly.v1+json", "text/plain"]);
  });

  it("draws every figure of the library, inside its own edges and without a lost number", () => {
    const [mobilenet, resnet] = [analyze(preset("mobilenet_v1_0.25_96")), analyze(preset("resnet8_32"))];
    const figures = [
      romGrowthFigure([mobilenet, resnet]),
      romCausesFigure([mobilenet, resnet]),
      romWaterfallFigure(mobilenet),
      offloadLatencyFigure([mobilenet, resnet]),
      timelineFigure(mobilenet),
      poolsFigure(mobilenet),
    ];
    for (const each of figures) {
      const svg = each[JUPYTER_DISPLAY]()["image/svg+xml"];
      expect(svg).toEqual(expect.stringMatching(/^<svg[\s\S]*<\/svg>$/));
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
      const [, width = "0", height = "0"] = /width="(\d+)" height="(\d+)"/.exec(String(svg)) ?? [];
      for (const box of boxes(String(svg))) {
        expect(box.x).toBeGreaterThanOrEqual(0);
        expect(box.x + box.width).toBeLessThanOrEqual(Number(width));
        expect(box.y + box.height).toBeLessThanOrEqual(Number(height));
      }
    }
  });
});
