/** What the page does by itself: draw the figures, turn the pages of tables, open and close all code. */
import { PAGER } from "../../lib/table/pager.js";

export const SCRIPT = `
"use strict";
${PAGER}
for (const source of document.querySelectorAll("script[data-plot]")) {
  const { data, layout, config } = JSON.parse(source.textContent);
  const place = document.getElementById(source.dataset.plot);
  const { width, ...fitting } = layout;
  const narrow = place.clientWidth < 600;
  const shown = {
    margin: narrow ? { l: 50, r: 10, t: 60, b: 50 } : { l: 70, r: 30, t: 60, b: 60 },
    paper_bgcolor: "#fff", plot_bgcolor: "#fff",
    font: { family: "system-ui, sans-serif", color: "#1c2024" },
    ...fitting, autosize: true,
  };
  // On a phone a legend at the side leaves no room for the plot.
  if (narrow) {
    const { text, ...title } = typeof layout.title === "string" ? { text: layout.title } : (layout.title ?? {});
    if (text) shown.title = { ...title, text, font: { ...title.font, size: 13 } };
    shown.legend = { ...layout.legend, orientation: "h", x: 0, xanchor: "left", yref: "container", y: 0, yanchor: "bottom" };
  }
  if (shown.height) place.style.minHeight = shown.height + "px";
  Plotly.newPlot(place, data, shown, { displaylogo: false, ...config, responsive: true });
}
const all = document.querySelector("#toggle-code");
if (all) {
  const cells = [...document.querySelectorAll("details.code")];
  const label = () => { all.textContent = cells.every((cell) => cell.open) ? "Hide all code" : "Show all code"; };
  all.addEventListener("click", () => {
    const open = !cells.every((cell) => cell.open);
    for (const cell of cells) cell.open = open;
    label();
  });
  for (const cell of cells) cell.addEventListener("toggle", label);
  all.hidden = cells.length === 0;
}
`;
