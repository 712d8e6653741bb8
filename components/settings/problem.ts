/** One thing wrong with the configuration. */
export interface Problem {
  readonly key: string;
  /** Where the value came from, as people know it. */
  readonly source: string;
  readonly message: string;
}
