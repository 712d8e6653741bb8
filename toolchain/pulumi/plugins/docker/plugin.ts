/** Stand-in for the docker plugin, on the Docker Engine API. */
import type { Plugin } from "../support/plugin";
import type { PackageTable } from "../support/tables";
import { text } from "../support/inputs";
import { container } from "./container";
import { useHost } from "./engine";
import { network } from "./network";
import { remoteImage } from "./remote-image";
import { volume } from "./volume";
import table from "../tables/docker.json";

export const plugin: Plugin = {
  table: table as PackageTable,
  config: ["host"],
  resources: {
    "docker:index/container:Container": container,
    "docker:index/network:Network": network,
    "docker:index/remoteImage:RemoteImage": remoteImage,
    "docker:index/volume:Volume": volume,
  },
  configure: (config) => useHost(text(config, "host")),
};
