/** A place for pull requests, as far as a comment needs one: what differs between GitHub and GitLab is behind this. */

export interface ForgeComment {
  readonly id: number;
  readonly text: string;
  /** Whether this command's own user has written it, as far as the forge lets one know. */
  readonly isOwn: boolean;
}

export interface Forge {
  /** As people know it, with the pull request: `GitHub, owner/name#12`. */
  readonly name: string;
  /** Characters that a comment may have. */
  readonly mostCharacters: number;
  /** Every comment of the pull request, the oldest first; all pages of them. */
  comments(): Promise<readonly ForgeComment[]>;
  create(text: string): Promise<ForgeComment>;
  /** @returns false where there is no such comment any more. */
  edit(id: number, text: string): Promise<boolean>;
  /** One that is gone already is no error. */
  remove(id: number): Promise<void>;
}

/** A call that the forge refused for good. */
export class ForgeError extends Error {
  override readonly name = "ForgeError";
  constructor(
    message: string,
    /** Whether the token may not do this; then there is no comment, and the text is told elsewhere. */
    readonly isNotPermitted: boolean = false,
  ) {
    super(message);
  }
}
