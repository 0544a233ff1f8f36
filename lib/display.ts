/**
 * How a value shows itself in a notebook. The key is the one that TypeScript kernels look for; the bundle
 * maps MIME types to contents, richest first, with `text/plain` always there.
 */
export const JUPYTER_DISPLAY = Symbol.for("Jupyter.display");

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type MimeBundle = { readonly [mime: string]: Json; readonly "text/plain": string };

export interface Displayable {
  [JUPYTER_DISPLAY](): MimeBundle;
}
