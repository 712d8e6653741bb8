/** Cloud Run: the containers of a service, a job and a worker pool. */
import { Value } from "../value";
import type { Container, Reader } from "./container";

export const CLOUD_RUN_SERVICE = "gcp:cloudrunv2/service:Service";
const JOB = "gcp:cloudrunv2/job:Job";
const WORKER_POOL = "gcp:cloudrunv2/workerPool:WorkerPool";

/** Where containers are described: a job has a template of its execution around that of its task. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  [CLOUD_RUN_SERVICE]: ["template"],
  [JOB]: ["template", "template"],
  [WORKER_POOL]: ["template"],
};

/** Readers by type. One that describes no container that can be read gives a container without an image. */
export const CLOUD_RUN_READERS: Readonly<Record<string, Reader>> = Object.fromEntries(
  Object.entries(TEMPLATES).map(([type, place]) => [type, (properties: Value) => read(properties.at(...place))]),
);

function read(template: Value): readonly Container[] {
  const list = template.get("containers");
  const containers = list.items();
  if (containers.length === 0) {
    const nothing = new Value(undefined, list.path);
    return [{ name: list.path, role: "main", value: nothing, image: nothing, environment: [], commandLine: [] }];
  }
  // Of several containers of a service, the one with a port is the service.
  const hasPort = containers.some((value) => !value.get("ports").isAbsent);
  return containers.map((value) => container(value, hasPort && value.get("ports").isAbsent ? "sidecar" : "main"));
}

const container = (value: Value, role: Container["role"]): Container => ({
  name: value.get("name").text ?? value.path,
  role,
  value,
  image: value.get("image"),
  environment: value
    .get("envs")
    .items()
    .map((variable) => ({
      name: variable.get("name").text,
      value: variable.get("value"),
      isReference: !variable.isUnknown && !variable.get("valueSource").isAbsent,
    })),
  commandLine: [value.get("commands"), value.get("args")],
});
