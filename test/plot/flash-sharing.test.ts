import { expect, it } from "vitest";
import { JUPYTER_DISPLAY } from "../../lib/display.js";
import { shareFlash } from "../../lib/memory/what-if-shared-flash.js";
import { flashSharingFigure } from "../../lib/plot/flash-sharing.js";

it("flashSharingFigure() draws every turn and says the waits in words", () => {
  const shared = shareFlash({
    ...{ inference: { periodMs: 10, ms: 2 }, logger: { periodMs: 10, ms: 4 } },
    ...{ mapMs: 0.5, unmapMs: 0.5, horizonMs: 30 },
  });
  const drawn = flashSharingFigure(shared);
  expect(drawn.data.map(({ x }) => (x as unknown[]).length / 3)).toEqual([3, 0, 3, 3]);
  expect(drawn.data[3]).toMatchObject({ x: [0, 3, null, 10, 13, null, 20, 23, null] });
  expect(drawn.alt).toContain("logger 3.00 ms; load 70 %, mapped 20 %");
  expect(drawn[JUPYTER_DISPLAY]()["image/svg+xml"]).toContain("<svg");
});
