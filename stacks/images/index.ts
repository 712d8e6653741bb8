/**
 * The release project: builds Ralex's own images and exports their digests, and for a release those of every third-party
 * image with them. It holds no secret. Its stack
 * `working-tree` is what a start builds, for this machine; its stack `release` builds a commit, for every platform.
 */
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { ApplicationImages } from "../../components/image/application-images";
import { baseImage } from "../../components/image/base-image";
import { readExportedCommit } from "../../components/image/exported-commit";
import { readLock } from "../../components/image/lock";
import { NATIVE, PLATFORMS, type Platform } from "../../components/image/platforms";
import { readReleases, RELEASE_PROJECT, withRelease } from "../../components/image/releases";
import { NO_SCHEMA, readSchema } from "../../components/image/schema-version";
import { thirdPartyImages } from "../../components/image/third-party";

const CHECKOUT = path.resolve(__dirname, "../..");

export = async (): Promise<Record<string, unknown>> => {
  const config = new pulumi.Config();
  // The stack reads what its own last update exported, so that the list grows by one release an update.
  const own = new pulumi.StackReference(`${pulumi.getOrganization()}/${RELEASE_PROJECT}/${pulumi.getStack()}`);
  const earlier = readReleases((await own.getOutputDetails("releases")).value);
  const exported = config.get("context") ?? "";
  const foreign = config.get("sourceContext") ?? "";
  const commit = exported === "" ? undefined : readExportedCommit(path.join(__dirname, exported));
  const contexts = exported === "" ? "../../images" : `${exported}/images`;
  const platforms = platformsOf(config.getObject<string[]>("platforms") ?? []);
  const lock = readLock(CHECKOUT);
  // A start takes them from the lock itself.
  const thirdParty = commit === undefined ? {} : thirdPartyImages(lock);
  const images = new ApplicationImages("ralex", {
    contexts,
    registry: config.require("registry"),
    platforms,
    python: baseImage(lock, "python", platforms),
    engineBuilds: config.getBoolean("engineBuilds") ?? false,
    ...(foreign === "" ? {} : { foreign }),
    ...(commit === undefined ? {} : { changes: commit.changes }),
  });
  const revision = commit?.revision ?? config.get("revision") ?? "unknown";
  const schema = foreign === "" ? readSchema(path.join(__dirname, contexts, "ralex-api")) : NO_SCHEMA;
  return {
    releases: images.built.apply((built) =>
      withRelease(earlier, {
        ...{ revision, createdAt: new Date().toISOString(), schema },
        images: { ...thirdParty, ...built },
      }),
    ),
  };
};

/** @throws Error that names what is no platform; none given is that of the machine that builds. */
function platformsOf(given: readonly string[]): readonly Platform[] {
  const isPlatform = (platform: string): platform is Platform => (PLATFORMS as readonly string[]).includes(platform);
  const unknown = given.filter((platform) => !isPlatform(platform));
  if (unknown.length > 0) {
    throw new Error(`ralex-images:platforms has ${unknown.join(", ")}; allowed are ${PLATFORMS.join(" and ")}`);
  }
  if (given.length > 0) return given.filter(isPlatform);
  return [NATIVE];
}
