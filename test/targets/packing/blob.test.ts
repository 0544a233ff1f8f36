import { describe, expect, it } from "vitest";
import { BLOB } from "../../../lib/targets/neural-art/facts-packing.js";
import { blobBytes } from "../../../lib/targets/neural-art/packing/blob.js";
import { describeShared } from "../../shared.js";
import { blobRows, blobsLeftOut, fitBlobs } from "./blob-fit.js";

describe("blobBytes()", () => {
  it("reproduces its worked example", () => {
    expect(blobBytes({ epochs: 32, blobs: 1, channels: 2741 })).toBe(73_842);
  });
  it("is nothing for nothing", () => expect(blobBytes({ epochs: 0, blobs: 0, channels: 0 })).toBe(0));
});

describeShared("blobs of the epoch controller", () => {
  it("the law is the one that the fit gives", () => {
    expect(blobRows()).toHaveLength(14);
    expect(fitBlobs(blobRows())).toEqual({
      perEpoch: BLOB.bytesPerEpoch.value,
      perHandOver: BLOB.bytesPerHandOver.value,
      perChannel: BLOB.bytesPerChannel.value,
    });
  });

  it("blobBytes() is off as stated, in the fit and left out of it", () => {
    const rows = blobsLeftOut();
    const mean = (errors: readonly number[]) =>
      errors.reduce((total, error) => total + Math.abs(error), 0) / errors.length;
    const most = (errors: readonly number[]) => Math.max(...errors.map(Math.abs));
    const [fitted, leftOut] = [rows.map(({ error }) => error), rows.map((row) => row.leftOut)];
    expect([mean(fitted), most(fitted)].map((error) => error.toFixed(2))).toEqual(["0.09", "0.26"]);
    expect([mean(leftOut), most(leftOut)].map((error) => error.toFixed(2))).toEqual(["0.12", "0.33"]);
  });
});
