/** A page in a real browser: what it logs, what it asks the network for, what it draws. */
import { existsSync } from "node:fs";
import { describe, it } from "vitest";

export const CHROMIUM = process.env.NPULAB_CHROMIUM ?? "/usr/bin/chromium";
export const CHROMIUM_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"];

/** A `describe` that needs a browser; one skipped test stands for it where there is none. */
export function describeBrowser(title: string, define: () => void): void {
  if (existsSync(CHROMIUM)) describe(title, define);
  else describe(title, () => it.skip(`needs a browser, there is none at ${CHROMIUM}`));
}
