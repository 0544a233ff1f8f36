import { type Displayable, type Json, JUPYTER_DISPLAY, type MimeBundle } from "../display.js";
import { figureSvg } from "./svg/draw.js";

type JsonObject = { readonly [key: string]: Json };

/** A Plotly figure as plain data. `alt` says in words what the picture shows, for those who cannot see it. */
export interface FigureSpec {
  readonly data: readonly JsonObject[];
  readonly layout: JsonObject;
  readonly alt: string;
}

export type Figure = FigureSpec & Displayable;

export const PLOTLY_MIME = "application/vnd.plotly.v1+json";

/** Colours that stay apart for colour-blind readers (Okabe and Ito, "Color Universal Design", 2008). */
export const PALETTE = {
  blue: "#0072B2",
  orange: "#E69F00",
  green: "#009E73",
  vermillion: "#D55E00",
  purple: "#CC79A7",
  sky: "#56B4E9",
  yellow: "#F0E442",
  grey: "#8A8F98",
  black: "#000000",
} as const;

const BASE_LAYOUT = {
  font: { family: "system-ui, -apple-system, 'Segoe UI', sans-serif", size: 13, color: "#1f2430" },
  paper_bgcolor: "#ffffff",
  plot_bgcolor: "#ffffff",
  margin: { l: 70, r: 24, t: 56, b: 64 },
  hoverlabel: { align: "left" },
  legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, xanchor: "left" },
} as const;

/** Returns an axis with a title and quiet grid lines. */
export function axis(title: string, extra: JsonObject = {}): JsonObject {
  return {
    title: { text: title },
    automargin: true,
    gridcolor: "#e6e8ec",
    zerolinecolor: "#c9ced6",
    ...extra,
  };
}

/**
 * Wraps traces and layout into a figure that shows itself in a notebook: as Plotly JSON, as an SVG picture for
 * where no script runs (bars and scatter traces only), and in words. Lists in it must be plain arrays.
 */
export function figure({ data, layout, alt }: FigureSpec): Figure {
  const merged = { ...BASE_LAYOUT, ...layout };
  return {
    data,
    layout: merged,
    alt,
    [JUPYTER_DISPLAY](): MimeBundle {
      const picture = figureSvg({ data, layout: merged, alt });
      return {
        [PLOTLY_MIME]: { data, layout: merged, config: { displaylogo: false } },
        ...(picture === null ? {} : { "image/svg+xml": picture }),
        "text/plain": alt,
      };
    },
  };
}
