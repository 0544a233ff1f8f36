/**
 * A Plotly figure as HTML for JupyterLab and Notebook, which know no Plotly of their own. The output holds the
 * picture and the figure's data; the library (1.5 MB) is in no output. Jupyter's server offers the files beside
 * a `kernel.json` at `kernelspecs/NAME/`, and `npulab kernel install` puts the library there: a page loads it
 * once, whichever cells were run again, moved or cleared. Where no server answers (a page made by nbconvert,
 * GitHub, an untrusted notebook) the picture stays.
 */
import { escapeHtml, scriptJson } from "../html/escape.js";
import { PLOTLY_FILE } from "../html/plotly.js";
import { KERNEL_NAME } from "../kernelspec.js";
import type { JsonObject } from "../protocol/message.js";

export interface PlotlyHtmlOptions {
  readonly figure: JsonObject;
  /** An SVG document; without it the words stand in the figure's place. */
  readonly picture?: string | undefined;
  readonly alt: string;
}

export function plotlyHtml({ figure, picture, alt }: PlotlyHtmlOptions): string {
  const { data = [], layout = {}, config = {} } = figure;
  const still =
    picture === undefined
      ? `<p class="npulab-still">${escapeHtml(alt)}</p>`
      : `<img class="npulab-still" style="max-width: 100%" alt="${escapeHtml(alt)}" src="data:image/svg+xml;base64,${Buffer.from(picture).toString("base64")}">`;
  return [
    `<div class="npulab-figure">${still}`,
    `<script type="application/json">${scriptJson({ data, layout, config })}</script></div>`,
    `<script>${DRAW}</script>`,
  ].join("\n");
}

/** Draws all figures of the page that still wait; a failed load lets the next output try again. */
const DRAW = `(() => {
  const page = document.getElementById("jupyter-config-data");
  const base = page ? JSON.parse(page.textContent).baseUrl : document.body.dataset.baseUrl;
  if (!base) return;
  window.npulabPlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = base.replace(/\\/?$/, "/kernelspecs/${KERNEL_NAME}/${PLOTLY_FILE}");
    script.onload = () => resolve(window.npulabPlotlyLibrary);
    script.onerror = reject;
    document.head.append(script);
  });
  for (const place of document.querySelectorAll(".npulab-figure:not([data-drawn])")) {
    place.dataset.drawn = "";
    const { data, layout, config } = JSON.parse(place.querySelector("script").textContent);
    const area = document.createElement("div");
    window.npulabPlotly.then((Plotly) => {
      place.append(area);
      return Plotly.newPlot(area, data, { ...layout, autosize: true }, { ...config, responsive: true });
    }).then(() => place.querySelector(".npulab-still").remove(), () => {
      area.remove();
      delete place.dataset.drawn;
      window.npulabPlotly = undefined;
    });
  }
})();`;
