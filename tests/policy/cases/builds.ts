import { dockerBuildImageConfigureBuild } from "../../../policy/rules/docker-build-image-configure-build";
import { dockerBuildImageDisallowPullAndPush } from "../../../policy/rules/docker-build-image-disallow-pull-and-push";
import { dockerBuildImageDisallowSecretArguments } from "../../../policy/rules/docker-build-image-disallow-secret-arguments";
import { dockerBuildImageProtectPushed } from "../../../policy/rules/docker-build-image-protect-pushed";
import { HIDDEN, UNKNOWN } from "../../../policy/value";
import { BUILD } from "../support/local-samples";
import { remove, set, setOption, type RuleCases } from "../support/rule-cases";

const NO_CONTAINER = { none: "a build runs no container" };
const INDEX = { ...BUILD, type: "docker-build:index:Index" };
const DELETED = "what it pushed is deleted with it: retainOnDelete is not set";

export const cases: readonly RuleCases[] = [
  {
    rule: dockerBuildImageProtectPushed,
    baseline: [BUILD],
    violations: [
      { when: "an image does not stay", change: setOption({ retainOnDelete: false }), path: "", message: DELETED },
      {
        when: "an index does not stay",
        change: () => setOption({ retainOnDelete: false })([INDEX]),
        path: "",
        message: DELETED,
      },
    ],
    allowed: [{ when: "an index stays", change: () => [INDEX] }],
    unknown: {
      when: "the engine does not tell",
      change: ([first]) => (first ? [{ ...first, options: {} }] : []),
      path: "",
    },
    embedded: NO_CONTAINER,
  },
  {
    rule: dockerBuildImageDisallowSecretArguments,
    baseline: [BUILD],
    violations: [
      {
        when: "an argument is named like a secret",
        change: set("buildArgs.NPM_TOKEN", "x"),
        path: "buildArgs.NPM_TOKEN",
        message: "build argument NPM_TOKEN is named like a secret",
      },
      {
        when: "an argument is a token of a known form",
        change: set("buildArgs.NPM", `ghp_${"a1B2".repeat(9)}`),
        path: "buildArgs.NPM",
        message: "build argument NPM holds what looks like a secret",
      },
      {
        when: "an argument is an address with a password",
        change: set("buildArgs.INDEX", "https://user:hunter2@pypi.example/simple"),
        path: "buildArgs.INDEX",
        message: "build argument INDEX holds what looks like a secret",
      },
      {
        when: "an argument is a secret that is not readable",
        change: set("buildArgs.INDEX", HIDDEN),
        path: "buildArgs.INDEX",
        message: "build argument INDEX holds what looks like a secret",
      },
    ],
    allowed: [{ when: "a secret is mounted", change: set("secrets", { npm: `ghp_${"a1B2".repeat(9)}` }) }],
    unknown: { when: "an argument is unknown", change: set("buildArgs.INDEX", UNKNOWN), path: "buildArgs.INDEX" },
    embedded: NO_CONTAINER,
  },
  {
    rule: dockerBuildImageDisallowPullAndPush,
    baseline: [BUILD],
    violations: [
      {
        when: "it pulls and pushes",
        change: set("pull", true),
        path: "pull",
        message: "it pulls its base at every build and pushes the result, so every preview has a change",
      },
      {
        when: "it pulls and exports",
        change: (all) => set("pull", true)(remove("push")(set("exports", [{ raw: "type=registry" }])(all))),
        path: "pull",
        message: "it pulls its base at every build and pushes the result, so every preview has a change",
      },
    ],
    allowed: [{ when: "it pulls and pushes nothing", change: (all) => set("pull", true)(remove("push")(all)) }],
    unknown: { when: "whether it pulls is unknown", change: set("pull", UNKNOWN), path: "pull" },
    embedded: NO_CONTAINER,
  },
  {
    rule: dockerBuildImageConfigureBuild,
    baseline: [BUILD],
    violations: [
      {
        when: "its result goes nowhere",
        change: remove("push"),
        path: "push",
        message: "its result goes nowhere: neither push, load nor exports is set",
      },
      {
        when: "its tag is latest",
        change: set("tags[0]", "registry.example:5000/ralex/ralex-api:latest"),
        path: "tags[0]",
        message: "its tag is latest, or none, which is the same",
      },
      {
        when: "it has no tag",
        change: set("tags[0]", "registry.example:5000/ralex/ralex-api"),
        path: "tags[0]",
        message: "its tag is latest, or none, which is the same",
      },
      {
        when: "it builds in the host's network",
        change: set("network", "host"),
        path: "network",
        message: "it builds in the host's network",
      },
      {
        when: "it reaches the default agent",
        change: set("ssh[0].id", "default"),
        path: "ssh[0].id",
        message: "it reaches the default SSH agent",
      },
    ],
    allowed: [
      { when: "it is loaded into the engine", change: (all) => set("load", true)(remove("push")(all)) },
      { when: "it is exported", change: (all) => set("exports", [{ raw: "type=registry" }])(remove("push")(all)) },
    ],
    unknown: { when: "a tag is unknown", change: set("tags[0]", UNKNOWN), path: "tags[0]" },
    embedded: NO_CONTAINER,
  },
];
