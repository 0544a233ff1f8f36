/** What a file says to people about a thing in it: kept so that writing gives it back, read by no analysis. */
export interface Documentation {
  readonly text: string;
  /** Notes by key, as exporters leave them: the module and the line that an operator comes from. */
  readonly entries: ReadonlyMap<string, string>;
}
