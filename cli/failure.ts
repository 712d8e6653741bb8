/** Exit codes of every command. */
export const EXIT = { done: 0, error: 1, refused: 2, drift: 3 } as const;

/** Something that went wrong in a way people can mend; the message says how. No stack trace is shown for it. */
export class Failure extends Error {
  override readonly name = "Failure";
  constructor(
    message: string,
    readonly exitCode: number = EXIT.error,
  ) {
    super(message);
  }
}
