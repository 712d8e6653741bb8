/** Something that answers chats. */
export interface Endpoint {
  /** URL of its chat completions. */
  readonly url: string;
  readonly key: string;
}

/** The model that every upstream of the benchmarks has. */
export const MODEL = "quick";
