/** The tests that the product's planning document asks for by name, and where they are. */

export interface NamedTest {
  readonly name: string;
  /** What has to hold. */
  readonly meaning: string;
  /** Empty while it is not built. `title` is the test's own, or a Python test's function. */
  readonly tests: readonly { readonly file: string; readonly title: string }[];
}

const START = "tests/docker/start.test.ts";
const FAULTS = "tests/docker/faults.test.ts";
const EVIDENCE = "tests/docker/evidence.test.ts";
const PROMOTION = "tests/promotion/promotion.test.ts";
const KUBERNETES = "tests/kubernetes/stack.test.ts";
const BRIDGE = "images/ralex-api/tests";

const at = (file: string, ...titles: readonly string[]) => titles.map((title) => ({ file, title }));

export const NAMED_TESTS: Readonly<Record<string, readonly NamedTest[]>> = {
  Image: [
    {
      name: "security scan",
      meaning: "no misconfiguration and no secret in an image",
      tests: at(
        EVIDENCE,
        "is refused by the gate for each of its faults, by the command with exit code 2",
        "the API's own image has a parts list, starts quickly, and nothing is against it but its one platform",
      ),
    },
    {
      name: "size",
      meaning: "prod below 500 MB (here 200), dev below 800 MB (here 450)",
      tests: at("tests/docker/image.test.ts", "take no more of the disk than they may"),
    },
    {
      name: "vulnerability scan",
      meaning: "no known vulnerability that has a remedy",
      tests: at(
        EVIDENCE,
        "is not called free of vulnerabilities where there is no database",
        "is compared with the packages, from a folder",
      ),
    },
    {
      name: "multi-architecture",
      meaning: "amd64 and arm64 under one digest",
      tests: at(
        "tests/docker/release-build.test.ts",
        "has every image for both platforms, by digest, and the schema that it brings",
        "has in each image programs of the platform that the image is for",
      ),
    },
  ],
  Container: [
    {
      name: "start-up time",
      meaning: "a container is ready within seconds",
      tests: at(
        EVIDENCE,
        "the API's own image has a parts list, starts quickly, and nothing is against it but its one platform",
      ),
    },
    {
      name: "health checks",
      meaning: "every container says how it is, and comes back by itself",
      tests: [
        ...at(START, "leaves every container running and healthy, and the jobs done"),
        ...at(FAULTS, "%s is back by itself, and no acknowledged session is lost"),
        ...at(`${BRIDGE}/test_command_line.py`, "test_the_health_check_is_quick_and_tells_a_running_server_from_none"),
      ],
    },
    {
      name: "resource limits",
      meaning: "CPU, memory and processes are bounded",
      tests: [
        ...at(
          "tests/unit/docker/stack.test.ts",
          "confines every container: no root, no capability, no new privilege, a read-only root, limits",
        ),
        ...at("tests/docker/plugins.test.ts", "more memory is given in place, another command replaces the container"),
      ],
    },
    {
      name: "graceful shutdown",
      meaning: "running answers end, nothing new is taken, nothing is lost",
      tests: at(
        `${BRIDGE}/test_shutdown.py`,
        "test_sigterm_lets_a_stream_end_accepts_nothing_new_and_writes_all_usage",
        "test_a_stream_beyond_the_grace_period_is_told_and_the_process_ends",
      ),
    },
  ],
  "Compose (the local stack)": [
    {
      name: "service start-up",
      meaning: "one command brings every service up, in order",
      tests: [
        ...at(START, "leaves every container running and healthy, and the jobs done"),
        ...at(START, "started again changes nothing, whatever proxies the user has, and leaves the checkout clean"),
      ],
    },
    {
      name: "service communication",
      meaning: "the services reach each other, and people reach the edge",
      tests: [
        ...at(
          START,
          "answers the official client's list, chat and stream on the plain port, and refuses a wrong key in its terms",
        ),
        ...at(START, "shows every target up in Prometheus, and only with the operator's password"),
        ...at("tests/browser/chat.test.ts", "shows the bridge's streamed answer to a message"),
      ],
    },
    {
      name: "data persistence",
      meaning: "data outlives containers and stops",
      tests: [
        ...at(FAULTS, "has its data, its keys and its certificates"),
        ...at(
          "tests/docker/substitutes.test.ts",
          "Postgres keeps its data when the container is made again on the same volume",
        ),
      ],
    },
    {
      name: "environment variables",
      meaning: "settings reach the services, by a known precedence",
      tests: [
        ...at(FAULTS, "reaches the running service without a build, and only the services that it concerns"),
        ...at(
          "tests/unit/settings/load.test.ts",
          "are taken from the environment, then .env, then the stack, then the default",
        ),
      ],
    },
  ],
  Kubernetes: [
    {
      name: "pod deployment",
      meaning: "every service runs as pods",
      tests: at(
        KUBERNETES,
        "goes from dev on Docker to staging on Kubernetes, and the pods run the bytes that dev verified",
      ),
    },
    {
      name: "service discovery",
      meaning: "services find each other by name",
      tests: at(KUBERNETES, "is shown by status, verified again, and told in its logs"),
    },
    {
      name: "horizontal scaling",
      meaning: "replicas follow the load",
      tests: at(
        "tests/kubernetes-nightly/scaling.test.ts",
        "KEDA brings replicas with the requests in flight, no request fails meanwhile, and none is asked of CPU",
        "the API is scaled by CPU where nobody asks KEDA, and no request fails while replicas come",
      ),
    },
    {
      name: "persistent volumes",
      meaning: "data outlives pods",
      tests: at(KUBERNETES, "the Postgres pod is deleted, and its data is there afterwards"),
    },
  ],
  Cloud: [
    { name: "ECS deployment", meaning: "the stack on AWS", tests: [] },
    { name: "Cloud Run deployment", meaning: "the stack on Google Cloud", tests: [] },
    { name: "Container Instances", meaning: "the stack on Azure", tests: [] },
    { name: "infrastructure as code", meaning: "make, change, compare and destroy the cloud targets", tests: [] },
  ],
  "End to end": [
    {
      name: "full deployment workflow",
      meaning: "from a commit to a verified environment",
      tests: at(
        PROMOTION,
        "is built once, for both platforms",
        "is promoted to dev, to staging once its key is committed, and by a saved plan to prod; each verifies and records it",
      ),
    },
    {
      name: "rollback",
      meaning: "an earlier release runs again within 2 min",
      tests: at(
        PROMOTION,
        "is rolled back under load, and no request or stream fails",
        "is left by a rollback, which is verified as any deployment",
      ),
    },
    {
      name: "promotion over several environments",
      meaning: "what staging verified is what prod gets",
      tests: at(
        PROMOTION,
        "has the very same digest in all three, byte for byte, as the engine says it",
        "reaches dev and staging; an update of prod ships nothing of it",
      ),
    },
    { name: "disaster recovery", meaning: "backup and restore within 5 min", tests: [] },
  ],
  Performance: [
    { name: "container baseline", meaning: "less than 20 % slower than the process natively", tests: [] },
    { name: "scaling", meaning: "more replicas within 30 s", tests: [] },
    { name: "resource utilisation", meaning: "memory and CPU under load", tests: [] },
    { name: "network", meaning: "what the network and the edge cost", tests: [] },
  ],
};
