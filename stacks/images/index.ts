/** The release project: builds Ralex's own images and exports their digests. It holds no secret. */
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { ApplicationImages } from "../../components/image/application-images";
import { readLock } from "../../components/image/lock";
import { readReleases, RELEASE_PROJECT, withRelease } from "../../components/image/releases";
import { NO_SCHEMA, readSchema } from "../../components/image/schema-version";

const CHECKOUT = path.resolve(__dirname, "../..");

export = async (): Promise<Record<string, unknown>> => {
  const config = new pulumi.Config();
  // The stack reads what its own last update exported, so that the list grows by one release an update.
  const own = new pulumi.StackReference(`${pulumi.getOrganization()}/${RELEASE_PROJECT}/${pulumi.getStack()}`);
  const earlier = readReleases((await own.getOutputDetails("releases")).value);
  const foreign = config.get("sourceContext") ?? "";
  const images = new ApplicationImages("ralex", {
    context: foreign === "" ? path.join(CHECKOUT, "images/ralex-api") : foreign,
    isForeign: foreign !== "",
    registry: config.require("registry"),
    platforms: [nativePlatform()],
    python: readLock(CHECKOUT).ref("python"),
  });
  const revision = config.get("revision") ?? "unknown";
  const schema = foreign === "" ? readSchema(path.join(CHECKOUT, "images/ralex-api")) : NO_SCHEMA;
  return {
    releases: images.built.apply((built) =>
      withRelease(earlier, { revision, createdAt: new Date().toISOString(), images: built, schema }),
    ),
  };
};

/** The platform of the machine that builds. */
function nativePlatform(): "linux/amd64" | "linux/arm64" {
  return process.arch === "arm64" ? "linux/arm64" : "linux/amd64";
}
