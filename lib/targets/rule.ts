/**
 * A rule is a value: its id, the sentence people read, its constants with their sources, and its check. The
 * report's message, the published table and the test all read this one value.
 */

/** How much a number can be trusted: printed by the vendor, read in artefacts, timed, solved for, or argued. */
export type Evidence = "documented" | "observed" | "measured" | "fitted" | "inferred";

/** A constant about hardware or tools, and where it comes from (document and section, file and row, script). */
export interface Fact<T = number> {
  readonly value: T;
  readonly evidence: Evidence;
  readonly source: string;
}

/** A broken rule, with the values that broke it and what would mend it. */
export interface Finding {
  /** The offending value beside the limit: `kernel height 5, at most 3`. */
  readonly why: string;
  /** What a model author can change. */
  readonly fix: string;
}

export interface Rule<Subject> {
  readonly id: string;
  /** The rule as documented, its constants filled in. */
  readonly sentence: string;
  readonly facts: Readonly<Record<string, Fact<number> | Fact<string> | Fact<readonly number[]>>>;
  readonly evidence: Evidence;
  readonly source: string;
  /** Returns null when the subject keeps the rule. */
  check(subject: Subject): Finding | null;
}

/** Why a node left the NPU, ready to be shown. */
export interface Reason extends Finding {
  readonly rule: string;
  readonly sentence: string;
  readonly source: string;
}

export function reasonOf<Subject>(rule: Rule<Subject>, finding: Finding): Reason {
  return { rule: rule.id, sentence: rule.sentence, source: rule.source, ...finding };
}
