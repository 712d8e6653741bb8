/** What kind of backend an address names. */
import * as os from "node:os";
import * as path from "node:path";
import { Failure } from "../failure";

export type Address =
  | { readonly kind: "folder"; readonly folder: string }
  | { readonly kind: "s3"; readonly url: URL }
  | { readonly kind: "bucket"; readonly url: URL }
  | { readonly kind: "service"; readonly url: URL };

/**
 * Reads `PULUMI_BACKEND_URL` as Pulumi does.
 * @throws Failure for an address that Pulumi would not take, or would take for another one in another folder.
 */
export function parseAddress(text: string): Address {
  if (text.startsWith("file://")) return { kind: "folder", folder: folderOf(text) };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "s3:") return { kind: "s3", url };
  if (url?.protocol === "gs:" || url?.protocol === "azblob:") return { kind: "bucket", url };
  if (url?.protocol === "https:" || url?.protocol === "http:") return { kind: "service", url };
  throw new Failure(
    `PULUMI_BACKEND_URL is ${shownAddress(text)}: give file:///a/folder, s3://a-bucket, gs://a-bucket, ` +
      "azblob://a-container, or https://api.pulumi.com for Pulumi Cloud",
  );
}

/** The folder that Pulumi makes its `.pulumi` in. */
function folderOf(text: string): string {
  const [given = ""] = text.slice("file://".length).split("?");
  const folder = given === "~" || given.startsWith("~/") ? path.join(os.homedir(), given.slice(1)) : given;
  if (!path.isAbsolute(folder)) {
    throw new Failure(`PULUMI_BACKEND_URL is ${text}: name the folder from the root, as in file:///srv/ralex-state`);
  }
  return folder;
}

/** An address without user, password and parameters. */
export const shownAddress = (text: string): string =>
  (text.split("?")[0] ?? "").replace(/^([a-z0-9+.-]+:\/\/)[^/@]*@/i, "$1");
