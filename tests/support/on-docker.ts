import type { Application } from "../../components/app/model";
import { describeRalex, type Available } from "../../components/app/ralex";
import { dockerPlacement } from "../../components/docker/placement";
import type { Settings } from "../../components/settings/schema";

/** Ralex as it is described for a Docker Engine. */
export const onDocker = (settings: Settings, available?: Available): Application =>
  describeRalex(settings, dockerPlacement(settings), available);
