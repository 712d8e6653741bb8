/** Where a foreign Ralex comes from: a folder of this machine, or one commit of a git repository. */

export type Source =
  | {
      readonly kind: "folder";
      /** Absolute, or relative to the checkout. */
      readonly path: string;
    }
  | {
      readonly kind: "git";
      readonly url: string;
      /** 40 lower-case hexadecimal digits. */
      readonly commit: string;
    };

/** The text names no source; the message says what is wrong and what is allowed, and repeats none of it. */
export class SourceError extends Error {
  override readonly name = "SourceError";
}

const ALLOWED = "write a folder, or https://, ssh:// or file:// with # and the 40 hexadecimal digits of a commit";

/**
 * Reads the setting `source`.
 * @throws SourceError for a URL without a whole commit: a branch or a tag names whatever was pushed last.
 */
export function parseSource(text: string): Source {
  if (text.trim() === "" || text.includes("\0")) throw new SourceError(`is empty: ${ALLOWED}`);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
  if (scheme === undefined) {
    if (/^[^/\s]+@[^/\s]+:/.test(text)) throw new SourceError(`git's short form is not supported: ${ALLOWED}`);
    if (/#[0-9a-f]{7,40}$/i.test(text)) throw new SourceError("a folder has no commit; write file:// in front of it");
    return { kind: "folder", path: text };
  }
  if (!["https", "ssh", "file"].includes(scheme)) throw new SourceError(`${scheme}:// is not supported: ${ALLOWED}`);
  const [, url = "", commit] = /^([^#\s]+)(?:#(\S*))?$/.exec(text) ?? [];
  if (url === "") throw new SourceError(`has white space: ${ALLOWED}`);
  if (commit === undefined) throw new SourceError(`names no commit: ${ALLOWED}`);
  if (!/^[0-9a-f]{40}$/.test(commit)) throw new SourceError(`does not end with a whole commit: ${ALLOWED}`);
  const user = /^[a-z]+:\/\/([^/@]*)@/.exec(url)?.[1];
  if (user !== undefined && (scheme !== "ssh" || user.includes(":"))) {
    throw new SourceError("holds a credential, which would be kept in clear: let git's credential helper give it");
  }
  return { kind: "git", url, commit };
}
