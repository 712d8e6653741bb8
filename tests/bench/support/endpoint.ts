/** Something that answers chats. */
export interface Endpoint {
  /** URL of its chat completions. */
  readonly url: string;
  readonly key: string;
  /** The model that is asked for; {@link MODEL} where it is left out. */
  readonly model?: string;
}

/** The model that every upstream of the benchmarks has. */
export const MODEL = "quick";
