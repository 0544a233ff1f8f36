/**
 * Copies that lay bytes out anew, four at a time. The inner loops run along the places that lie furthest apart:
 * long loops of equal steps are what makes them fast, not short ones within a run.
 *
 * Words are read and written through views, so nothing needs to be aligned. Where a run is no multiple of four
 * bytes, its last word starts early and writes some bytes again:
 *
 *   7 bytes:  [ 0 1 2 3 ]
 *                   [ 3 4 5 6 ]
 *
 * `| 0` says that sums stay 32-bit integers: without it, each is checked for overflow, a third of the time. So are
 * fields read in an inner loop: they are taken out before.
 */

const WORD = 4;

/** Like copies: where the first starts, and how far it is to the next. */
interface Series {
  readonly view: DataView;
  readonly start: number;
  readonly step: number;
}

/** Series whose copies take bytes that lie `stride` apart. */
interface SpreadSeries extends Series {
  readonly stride: number;
}

/** Sheets of copies: the first starts at `start`, the next `sheet` later. */
interface SheetSeries extends Series {
  readonly sheet: number;
}

/** How many copies there are, and how many bytes each has. */
interface Amount {
  readonly times: number;
  readonly length: number;
}

/** How many sheets there are, how many runs each has, and how many bytes each of those. */
interface SheetAmount extends Amount {
  readonly sheets: number;
}

function copyBytes(from: Series, to: Series, times: number): void {
  const { view: origin, step: fromStep } = from;
  const { view: target, step: toStep } = to;
  let source = from.start;
  let place = to.start;
  for (let left = times; left > 0; left--) {
    target.setUint8(place, origin.getUint8(source));
    source = (source + fromStep) | 0;
    place = (place + toStep) | 0;
  }
}

const later = (series: Series, offset: number): Series => ({
  view: series.view,
  start: series.start + offset,
  step: series.step,
});

/** Copies 9 to 16 bytes of each run: the first two words, the last, and one between. */
function copyFourWords(from: Series, to: Series, { times, length }: Amount): void {
  const { view: origin, step: fromStep } = from;
  const { view: target, step: toStep } = to;
  const last = length - WORD;
  const third = Math.min(2 * WORD, last);
  let source = from.start;
  let place = to.start;
  for (let left = times; left > 0; left--) {
    target.setInt32(place, origin.getInt32(source, true), true);
    target.setInt32((place + WORD) | 0, origin.getInt32((source + WORD) | 0, true), true);
    target.setInt32((place + third) | 0, origin.getInt32((source + third) | 0, true), true);
    target.setInt32((place + last) | 0, origin.getInt32((source + last) | 0, true), true);
    source = (source + fromStep) | 0;
    place = (place + toStep) | 0;
  }
}

/** Copies sheets of runs of bytes. */
export function copySheets(from: SheetSeries, to: SheetSeries, { sheets, times, length }: SheetAmount): void {
  if (length < WORD) copyShort(from, to, { sheets, times, length });
  else copyWords(from, to, { sheets, times, length });
}

function copyShort(from: SheetSeries, to: SheetSeries, { sheets, times, length }: SheetAmount): void {
  for (let sheet = 0; sheet < sheets; sheet++) {
    for (let byte = 0; byte < length; byte++) {
      copyBytes(later(from, sheet * from.sheet + byte), later(to, sheet * to.sheet + byte), times);
    }
  }
}

/** Copies two words of each run at a time. */
function copyWords(from: SheetSeries, to: SheetSeries, { sheets, times, length }: SheetAmount): void {
  const { view: origin, start: fromStart, step: fromStep, sheet: fromSheet } = from;
  const { view: target, start: toStart, step: toStep, sheet: toSheet } = to;
  for (let offset = 0; offset < length; offset += 2 * WORD) {
    const first = Math.min(offset, length - WORD);
    // The second word is the first again where a single one is left.
    const apart = Math.min(WORD, length - WORD - first);
    for (let sheet = 0; sheet < sheets; sheet++) {
      let source = (fromStart + first + sheet * fromSheet) | 0;
      let place = (toStart + first + sheet * toSheet) | 0;
      for (let left = times; left > 0; left--) {
        target.setInt32(place, origin.getInt32(source, true), true);
        target.setInt32((place + apart) | 0, origin.getInt32((source + apart) | 0, true), true);
        source = (source + fromStep) | 0;
        place = (place + toStep) | 0;
      }
    }
  }
}

/** Copies runs of bytes. */
export function copyRuns(from: Series, to: Series, amount: Amount): void {
  const { times, length } = amount;
  if (length > 2 * WORD && length <= 4 * WORD) copyFourWords(from, to, amount);
  else copySheets({ ...from, sheet: 0 }, { ...to, sheet: 0 }, { sheets: 1, times, length });
}

function gatherWord(from: SpreadSeries, to: Series, times: number): void {
  const { view: origin, step: fromStep, stride } = from;
  const { view: target, step: toStep } = to;
  let source = from.start;
  let place = to.start;
  for (let left = times; left > 0; left--) {
    const second = (source + stride) | 0;
    const third = (second + stride) | 0;
    const low = origin.getUint8(source) | (origin.getUint8(second) << 8);
    const high = origin.getUint8(third) | (origin.getUint8((third + stride) | 0) << 8);
    target.setInt32(place, low | (high << 16), true);
    source = (source + fromStep) | 0;
    place = (place + toStep) | 0;
  }
}

/** Gathers bytes that lie apart to runs. */
export function gatherRuns(from: SpreadSeries, to: Series, { times, length }: Amount): void {
  let offset = 0;
  for (; offset <= length - WORD; offset += WORD) {
    gatherWord({ ...from, start: from.start + offset * from.stride }, later(to, offset), times);
  }
  for (; offset < length; offset++) copyBytes(later(from, offset * from.stride), later(to, offset), times);
}

/**
 * Splits triples into three rows of `length` bytes, which lie `to.stride` apart. Four triples are three words:
 *
 *   [ a0 b0 c0 a1 ] [ b1 c1 a2 b2 ] [ c2 a3 b3 c3 ]  ->  [ a0 a1 a2 a3 ] [ b0 b1 b2 b3 ] [ c0 c1 c2 c3 ]
 *
 * The last four triples start early where fewer are left.
 */
export function splitTriples(from: Series, to: SpreadSeries, { times, length }: Amount): void {
  const { view: origin, step: fromStep } = from;
  const { view: target, step: toStep, stride } = to;
  for (let offset = 0; offset < length; offset += WORD) {
    const first = Math.min(offset, length - WORD);
    let source = (from.start + 3 * first) | 0;
    let place = (to.start + first) | 0;
    for (let left = times; left > 0; left--) {
      const low = origin.getInt32(source, true);
      const middle = origin.getInt32((source + WORD) | 0, true);
      const high = origin.getInt32((source + 2 * WORD) | 0, true);
      const second = (place + stride) | 0;
      const a = (low & 0xff) | ((low >>> 16) & 0xff00) | (middle & 0xff0000);
      const b = ((low >>> 8) & 0xff) | ((middle & 0xff) << 8) | ((middle >>> 8) & 0xff0000);
      const c = ((low >>> 16) & 0xff) | (middle & 0xff00) | ((high & 0xff) << 16);
      target.setInt32(place, a | ((high & 0xff00) << 16), true);
      target.setInt32(second, b | ((high & 0xff0000) << 8), true);
      target.setInt32((second + stride) | 0, c | (high & ~0xffffff), true);
      source = (source + fromStep) | 0;
      place = (place + toStep) | 0;
    }
  }
}

function scatterWord(from: Series, to: SpreadSeries, times: number): void {
  const { view: origin, step: fromStep } = from;
  const { view: target, step: toStep, stride } = to;
  let source = from.start;
  let place = to.start;
  for (let left = times; left > 0; left--) {
    const word = origin.getInt32(source, true);
    const second = (place + stride) | 0;
    const third = (second + stride) | 0;
    target.setUint8(place, word);
    target.setUint8(second, word >> 8);
    target.setUint8(third, word >> 16);
    target.setUint8((third + stride) | 0, word >> 24);
    source = (source + fromStep) | 0;
    place = (place + toStep) | 0;
  }
}

/** Scatters runs to bytes that lie apart. */
export function scatterRuns(from: Series, to: SpreadSeries, { times, length }: Amount): void {
  let offset = 0;
  for (; offset <= length - WORD; offset += WORD) {
    scatterWord(later(from, offset), { ...to, start: to.start + offset * to.stride }, times);
  }
  for (; offset < length; offset++) copyBytes(later(from, offset), later(to, offset * to.stride), times);
}

/** Writes four rows as columns, four bytes of each at a time; columns lie `to.step` apart. */
function interleaveQuads(from: SpreadSeries, to: Series, times: number): void {
  const { view: origin, step: fromStep, stride } = from;
  const { view: target, step: toStep } = to;
  let source = from.start;
  let place = to.start;
  for (let left = times; left > 0; left--) {
    const second = (source + stride) | 0;
    const third = (second + stride) | 0;
    const a = origin.getInt32(source, true);
    const b = origin.getInt32(second, true);
    const c = origin.getInt32(third, true);
    const d = origin.getInt32((third + stride) | 0, true);
    const ab02 = (a & 0xff00ff) | ((b & 0xff00ff) << 8);
    const ab13 = ((a >>> 8) & 0xff00ff) | (b & ~0xff00ff);
    const cd02 = (c & 0xff00ff) | ((d & 0xff00ff) << 8);
    const cd13 = ((c >>> 8) & 0xff00ff) | (d & ~0xff00ff);
    target.setInt32(place, (ab02 & 0xffff) | (cd02 << 16), true);
    place = (place + toStep) | 0;
    target.setInt32(place, (ab13 & 0xffff) | (cd13 << 16), true);
    place = (place + toStep) | 0;
    target.setInt32(place, (ab02 >>> 16) | (cd02 & ~0xffff), true);
    place = (place + toStep) | 0;
    target.setInt32(place, (ab13 >>> 16) | (cd13 & ~0xffff), true);
    place = (place + toStep) | 0;
    source = (source + fromStep) | 0;
  }
}

/**
 * Writes `times` rows of `length` bytes as columns: byte 0 of all rows, byte 1 of all rows, and so on. Four rows of
 * four bytes go through two rounds of exchanges:
 *
 *   a0 a1 a2 a3      a0 b0 a2 b2      a0 b0 c0 d0
 *   b0 b1 b2 b3  ->  a1 b1 a3 b3  ->  a1 b1 c1 d1
 *   c0 c1 c2 c3      c0 d0 c2 d2      a2 b2 c2 d2
 *   d0 d1 d2 d3      c1 d1 c3 d3      a3 b3 c3 d3
 */
export function interleaveRows(
  from: Series,
  to: Omit<Series, "step">,
  { times: rows, length }: Amount,
): void {
  const { view, step: stride } = from;
  const quads = rows - (rows % WORD);
  const words = Math.floor(length / WORD);
  for (let row = 0; row < quads && words > 0; row += WORD) {
    const start = from.start + row * stride;
    const place = to.start + row;
    interleaveQuads({ view, start, step: WORD, stride }, { view: to.view, start: place, step: rows }, words);
    const last = length - WORD;
    if (last === (words - 1) * WORD) continue;
    // The last word starts early, and writes some columns again.
    const end = { view: to.view, start: place + last * rows, step: rows };
    interleaveQuads({ view, start: start + last, step: WORD, stride }, end, 1);
  }
  for (let row = words > 0 ? quads : 0; row < rows; row++) {
    const column = { view: to.view, start: to.start + row, step: rows };
    copyBytes({ view, start: from.start + row * stride, step: 1 }, column, length);
  }
}
