import { COMPOSE_SERVICE } from "../readers/docker";
import { LOCAL_TYPES, localContainer, type Mount } from "../readers/local";
import { canonicalType, finding, propertiesOf, type Finding, type Resource, type ResourceRule } from "../rule";
import { isDataStore } from "./local-port-disallow-data-store";

const DOCKER_VOLUME = "docker:index/volume:Volume";

/** An anonymous volume goes with its container, and a folder of the checkout with whoever cleans up. */
export const localVolumeProtectData: ResourceRule = {
  scope: "resource",
  id: "LOC-07",
  name: "local-volume-protect-data",
  title: "Data is in volumes that have a name and are protected",
  severity: "high",
  reason: {
    source: "Docker, Volumes; CIS Docker Benchmark 5.6",
    link: "https://docs.docker.com/engine/storage/volumes/",
  },
  fix: "Name a volume in `volumes` and mount it; give docker.Volume a name and the option `protect: true`.",
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "skip",
  types: [...LOCAL_TYPES, DOCKER_VOLUME],
  check: (resource) => (canonicalType(resource.type) === DOCKER_VOLUME ? volume(resource) : container(resource)),
};

function volume(resource: Resource): readonly Finding[] {
  const name = propertiesOf(resource).get("name");
  return [
    ...(name.isAbsent ? [finding(resource, name, "the volume has no name of its own")] : []),
    ...(resource.options.protect === true
      ? []
      : [
          {
            urn: resource.urn,
            path: "",
            message: "the volume is not protected: anybody's destroy takes its data along",
          },
        ]),
  ];
}

function container(resource: Resource): readonly Finding[] {
  const read = localContainer(resource);
  const anonymous = read.mounts.filter(isAnonymous);
  const found = anonymous.map(({ value }) =>
    finding(resource, value, `container ${read.name} has a volume without a name`),
  );
  // The volumes of an image's own VOLUME are anonymous too, unless something is mounted there.
  const keepsNothing =
    isDataStore(read) && !read.mounts.some(({ source, isReadOnly }) => source !== undefined && !isReadOnly);
  const at = propertiesOf(resource).get(canonicalType(resource.type) === COMPOSE_SERVICE ? "volumes" : "mounts");
  return keepsNothing && anonymous.length === 0
    ? [finding(resource, at, `the data store ${read.name} has no volume for its data`)]
    : found;
}

const isAnonymous = ({ source, target, value }: Mount): boolean =>
  value.isUnknown || (source === undefined && target !== undefined && value.get("type").text !== "tmpfs");
