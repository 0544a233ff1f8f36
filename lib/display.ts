/**
 * How a value shows itself in a notebook. The key is the one that TypeScript kernels look for; the bundle
 * maps MIME types to contents, richest first, with `text/plain` always there.
 */
export const JUPYTER_DISPLAY = Symbol.for("Jupyter.display");

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type MimeBundle = { readonly [mime: string]: Json; readonly "text/plain": string };

/**
 * Returns text that a notebook shows as Markdown.
 *
 * @example
 * ```ts
 * import { markdown } from "npulab";
 * markdown("The image grows by **7,056 B**.");
 * ```
 */
export function markdown(text: string): Displayable {
  return { [JUPYTER_DISPLAY]: () => ({ "text/markdown": text, "text/plain": text }) };
}

export interface Displayable {
  [JUPYTER_DISPLAY](): MimeBundle;
}
