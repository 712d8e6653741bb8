import * as pulumi from "@pulumi/pulumi";

/**
 * Something that people can mend: its message is shown, and no stack trace, which would hide it. Pulumi works out a trace
 * even where it does not show it, through the source maps of every SDK, and that takes half a minute: so there is none.
 */
export function programError(message: string): pulumi.RunError {
  const error = new pulumi.RunError(message);
  error.stack = "";
  return error;
}
