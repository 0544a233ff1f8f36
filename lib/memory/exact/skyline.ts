/**
 * A placement that is being built from the bottom up, with all that follows from it, and a way back.
 *
 * Everything below the lowest offset that a buffer may still have is decided. Placing a buffer lifts all that live
 * with it and are not placed yet above it; a section whose buffers then no longer fit one above the other below the
 * capacity is a contradiction:
 *
 *   capacity 10; in this section x (size 4) may start at 0, y (3) at 5, z (3) at 6
 *   x 0–4, y 5–8, z 8–11: 11 > 10, although 4 + 3 + 3 would fit from 0
 *
 * Taking the buffers in the order of their lowest offsets gives the lowest top that any order gives, so the test
 * never refuses what has a solution.
 */
import type { Sections } from "./sections.js";

/** No offset: of a section that has no buffer left. */
export const NONE = 0x7fffffff;

/** What the entries of the trail are about; a negative section or buffer number cannot occur. */
const LOWEST = 0;
const FIRST = 1;
const PLACED = 2;
const ENTRY = 3;

export class Skyline {
  /** Per buffer: the lowest offset that it may have; of placed ones, the offset that they have. */
  readonly lowest: Int32Array;
  readonly placed: Uint8Array;
  /** Per section: the lowest offset of its buffers that are left; NONE when all are placed. */
  readonly first: Int32Array;
  /** Per section: the sizes of the buffers that are left, together. */
  readonly rest: Int32Array;
  /** Per section: how often it was a contradiction. Kept over ways back: it says where the problem is hard. */
  readonly failures: Float64Array;
  left: number;

  private trail = new Int32Array(1 << 12);
  private length = 0;
  private readonly waiting: Int32Array;
  private waits = 0;
  private readonly isWaiting: Uint8Array;
  private readonly starts: Int32Array;
  private readonly lengths: Int32Array;

  constructor(
    private readonly sizes: Int32Array,
    private readonly sections: Sections,
    private readonly capacity: number,
    failures = new Float64Array(sections.count),
  ) {
    this.lowest = new Int32Array(sizes.length);
    this.placed = new Uint8Array(sizes.length);
    this.first = new Int32Array(sections.count).fill(NONE);
    this.rest = new Int32Array(sections.count);
    this.failures = failures;
    this.left = sizes.length;
    this.waiting = new Int32Array(sections.count);
    this.isWaiting = new Uint8Array(sections.count);
    this.starts = new Int32Array(sizes.length);
    this.lengths = new Int32Array(sizes.length);
    for (const [section, members] of sections.members.entries()) {
      for (const index of members) this.rest[section]! += sizes[index]!;
      this.wait(section);
    }
  }

  /** Returns a mark for `undo`. */
  mark(): number {
    return this.length;
  }

  /** Takes back everything since `mark`. */
  undo(mark: number): void {
    const { trail, sections, sizes } = this;
    while (this.length > mark) {
      this.length -= ENTRY;
      const index = trail[this.length + 1]!;
      const before = trail[this.length + 2]!;
      switch (trail[this.length]) {
        case LOWEST:
          this.lowest[index] = before;
          break;
        case FIRST:
          this.first[index] = before;
          break;
        default:
          this.placed[index] = 0;
          this.left++;
          for (let section = sections.from[index]!; section < sections.to[index]!; section++)
            this.rest[section]! += sizes[index]!;
      }
    }
  }

  /** Places a buffer at its lowest offset. Returns false when that contradicts the capacity: undo it then. */
  place(index: number): boolean {
    const { sections, sizes, lowest } = this;
    this.record(PLACED, index, 0);
    this.placed[index] = 1;
    this.left--;
    const size = sizes[index]!;
    const top = lowest[index]! + size;
    for (let section = sections.from[index]!; section < sections.to[index]!; section++) {
      this.rest[section]! -= size;
      this.wait(section);
      this.liftMembers(section, top);
    }
    return this.consistent();
  }

  /** Lifts what is left in a section to `offset` at least. Returns false as `place` does. */
  lift(section: number, offset: number): boolean {
    this.liftMembers(section, offset);
    return this.consistent();
  }

  /** Returns whether every section that changed can still be stacked below the capacity. */
  consistent(): boolean {
    let fits = true;
    while (this.waits > 0) {
      const section = this.waiting[--this.waits]!;
      this.isWaiting[section] = 0;
      if (!fits || this.stack(section) <= this.capacity) continue;
      fits = false;
      this.failures[section]!++;
    }
    return fits;
  }

  private record(what: number, index: number, before: number): void {
    if (this.length + ENTRY > this.trail.length) {
      const wider = new Int32Array(2 * this.trail.length);
      wider.set(this.trail);
      this.trail = wider;
    }
    this.trail[this.length] = what;
    this.trail[this.length + 1] = index;
    this.trail[this.length + 2] = before;
    this.length += ENTRY;
  }

  private wait(section: number): void {
    if (this.isWaiting[section] === 1) return;
    this.isWaiting[section] = 1;
    this.waiting[this.waits++] = section;
  }

  private liftMembers(section: number, offset: number): void {
    const { lowest, placed } = this;
    const { from, to, members } = this.sections;
    const indices = members[section]!;
    for (let at = 0; at < indices.length; at++) {
      const index = indices[at]!;
      if (placed[index] === 1 || lowest[index]! >= offset) continue;
      this.record(LOWEST, index, lowest[index]!);
      lowest[index] = offset;
      const end = to[index]!;
      for (let other = from[index]!; other < end; other++) this.wait(other);
    }
  }

  /** Returns the lowest top that the buffers left in a section can have, and notes the lowest of their offsets. */
  private stack(section: number): number {
    const { starts, lengths, lowest, placed, sizes } = this;
    const indices = this.sections.members[section]!;
    let count = 0;
    for (let at = 0; at < indices.length; at++) {
      const index = indices[at]!;
      if (placed[index] === 1) continue;
      const start = lowest[index]!;
      let place = count++;
      for (; place > 0 && starts[place - 1]! > start; place--) {
        starts[place] = starts[place - 1]!;
        lengths[place] = lengths[place - 1]!;
      }
      starts[place] = start;
      lengths[place] = sizes[index]!;
    }
    const first = count > 0 ? starts[0]! : NONE;
    if (this.first[section] !== first) {
      this.record(FIRST, section, this.first[section]!);
      this.first[section] = first;
    }
    let top = 0;
    for (let place = 0; place < count; place++) {
      if (starts[place]! > top) top = starts[place]!;
      top += lengths[place]!;
    }
    return top;
  }
}
