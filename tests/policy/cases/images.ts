import { containerImageDisallowFixableVulnerabilities } from "../../../policy/rules/container-image-disallow-fixable-vulnerabilities";
import { containerImageLimitSize } from "../../../policy/rules/container-image-limit-size";
import { containerImageRequireAllowedRegistry } from "../../../policy/rules/container-image-require-allowed-registry";
import { containerImageRequireEvidence } from "../../../policy/rules/container-image-require-evidence";
import { containerImageRequirePlatforms } from "../../../policy/rules/container-image-require-platforms";
import { containerImageRequireSignature } from "../../../policy/rules/container-image-require-signature";
import { UNKNOWN } from "../../../policy/value";
import { FINDINGS, sealed } from "../../unit/image/evidence-sample";
import type { ImageFacts } from "../../../policy/images";
import { DEPLOYMENT, DIGEST, OTHER_DIGEST } from "../support/kubernetes-samples";
import { BUILD, CONTAINER } from "../support/local-samples";
import { set, type Change, type ContextChanges, type Mutation, type RuleCases } from "../support/rule-cases";

const POD = "spec.template.spec";
const AT = `${POD}.containers[0].image`;
const INIT = `${POD}.initContainers[0].image`;
const OTHER = `registry.example/ralex/other@${OTHER_DIGEST}`;
const of = (container: string, problem: string) => `the image of container ${container}: ${problem}`;

const own = (findings: Partial<typeof FINDINGS> = {}): ImageFacts => ({
  isOwn: true,
  name: "ralex-api",
  evidence: sealed({ ...FINDINGS, ...findings }),
  problem: undefined,
});
const thirdParty = (facts: Partial<Extract<ImageFacts, { isOwn: false }>> = {}): ImageFacts => ({
  ...{ isOwn: false, name: "postgres", platforms: ["linux/amd64", "linux/arm64"], budget: 500e6, isSubstitute: false },
  evidence: sealed(),
  ...facts,
});

/** What is known of the other image, and that nothing is against the rest. */
const otherIs = (facts: ImageFacts, more: ContextChanges = {}): ContextChanges => ({
  image: (ref) => (ref === OTHER ? facts : own()),
  ...more,
});
const good: ContextChanges = { image: () => own() };

/** A container whose image has these facts. */
const when = (title: string, facts: ImageFacts, more: ContextChanges = {}): Change => ({
  when: title,
  change: set(AT, OTHER),
  context: otherIs(facts, more),
});
const broken = (title: string, facts: ImageFacts, problem: string, more: ContextChanges = {}): Mutation => ({
  ...when(title, facts, more),
  path: AT,
  message: of("api", problem),
});
const inInit = (facts: ImageFacts, problem: string): readonly Mutation[] => [
  {
    when: "it is the image of an init container",
    change: set(INIT, OTHER),
    context: otherIs(facts),
    path: INIT,
    message: of("wait", problem),
  },
];

/** IMG-01 reports what is not named by a digest, and what is not known yet. */
const unknown: Change = { when: "the image is unknown, which is IMG-01's", change: set(AT, UNKNOWN) };
const unpinned: Change = { when: "the image is not named by a digest, which is IMG-01's", change: set(AT, "ralex:1") };

const amd64 = FINDINGS.platforms["linux/amd64"]!;
const sized = (unpackedBytes: number) => ({ "linux/amd64": { ...amd64, unpackedBytes } });
const none: ImageFacts = { isOwn: true, name: undefined, evidence: undefined, problem: "there is no evidence of it" };
const listed = { configuration: { registries: ["registry.example/ralex", "docker.io/library"] } };

const checked = FINDINGS.vulnerabilities as Extract<typeof FINDINGS.vulnerabilities, { status: "checked" }>;
const vulnerable = (severity: "critical" | "medium", fixed: string | null) => ({
  vulnerabilities: {
    ...checked,
    findings: [{ id: "CVE-1", severity, package: "openssl", installed: "3.0.1", fixed, platform: "linux/amd64" }],
  },
});
const UNCHECKED = { vulnerabilities: { status: "not checked" as const, reason: "no database" } };

export const cases: readonly RuleCases[] = [
  {
    rule: containerImageRequireAllowedRegistry,
    baseline: [DEPLOYMENT],
    context: listed,
    violations: [
      ["of another registry", `evil.example/ralex/ralex-api@${DIGEST}`],
      ["of a registry whose name only begins like a listed one", `registry.example/ralex-evil/api@${DIGEST}`],
      ["of a user of the default registry", `someone/postgres@${DIGEST}`],
      ["of another registry and has a tag", "evil.example/postgres:15"],
    ].map(([title, image]) => ({
      when: `the image is ${title}`,
      change: set(AT, image),
      path: AT,
      message: "the image of container api comes from a registry that is not listed",
    })),
    allowed: [
      { when: "the default registry is listed and not named", change: set(AT, `postgres:15@${DIGEST}`) },
      {
        when: "no registry is listed",
        change: set(AT, `evil.example/x@${DIGEST}`),
        context: { configuration: { registries: [] } },
      },
    ],
    unknown,
    embedded: [
      {
        when: "an init container's image is of another registry",
        change: set(INIT, "evil.example/wait:1"),
        path: INIT,
        message: "the image of container wait comes from a registry that is not listed",
      },
    ],
  },
  {
    rule: containerImageRequireEvidence,
    baseline: [DEPLOYMENT],
    context: good,
    violations: [
      broken("nothing is known of the image", none, "there is no evidence of it"),
      broken(
        "its evidence cannot be believed",
        { ...none, problem: "it is of another digest" },
        "it is of another digest",
      ),
      broken(
        "its evidence is old",
        own({ createdAt: "2026-01-01T12:00:00.000Z" }),
        "its evidence is 330 days old, allowed are 90: run ./ralex evidence <image> --collect",
      ),
    ],
    allowed: [
      when("the image is a third party's", thirdParty({ evidence: undefined })),
      when("old evidence may be as old", own({ createdAt: "2026-01-01T12:00:00.000Z" }), {
        configuration: { mostEvidenceDays: 365 },
      }),
      unpinned,
    ],
    unknown,
    embedded: inInit(none, "there is no evidence of it"),
  },
  {
    rule: containerImageLimitSize,
    baseline: [DEPLOYMENT],
    context: good,
    violations: [
      broken(
        "it takes more than production allows",
        own({ platforms: sized(500e6 + 1) }),
        "linux/amd64: it takes 500.0 MB unpacked, allowed are 500.0 MB; leave out what it does not need, in a stage of its own",
      ),
      broken(
        "it takes more than development allows",
        own({ platforms: sized(801e6) }),
        "linux/amd64: it takes 801.0 MB unpacked, allowed are 800.0 MB; leave out what it does not need, in a stage of its own",
        { isPromoted: false },
      ),
      broken(
        "a third party's image takes more than the lock allows",
        thirdParty({ budget: 100e6 }),
        "linux/amd64: it takes 110.0 MB unpacked, allowed are 100.0 MB; take a smaller one, or budget for it",
      ),
      broken(
        "nobody measured a third party's image",
        thirdParty({ evidence: undefined }),
        "nobody measured it: there is no evidence of its size to hold against the lock's budget",
      ),
    ].map((one) =>
      // The sample has a second platform, with the same size as the first.
      one.when.includes("the lock")
        ? {
            ...one,
            context: otherIs(
              thirdParty({ budget: 100e6, evidence: sealed({ ...FINDINGS, platforms: { "linux/amd64": amd64 } }) }),
            ),
          }
        : one,
    ),
    allowed: [
      when("development allows more", own({ platforms: sized(700e6) }), { isPromoted: false }),
      when("the configuration allows more", own({ platforms: sized(700e6) }), {
        configuration: { budgets: { productionMB: 700, developmentMB: 800 } },
      }),
      when("it stands in for an official one", thirdParty({ evidence: undefined, isSubstitute: true })),
      when("development believes the lock", thirdParty({ evidence: undefined }), { isPromoted: false }),
      when("there is no evidence, which is IMG-03's", none),
      unpinned,
    ],
    unknown,
    embedded: inInit(
      own({ platforms: sized(600e6) }),
      "linux/amd64: it takes 600.0 MB unpacked, allowed are 500.0 MB; leave out what it does not need, in a stage of its own",
    ),
  },
  {
    rule: containerImageDisallowFixableVulnerabilities,
    baseline: [DEPLOYMENT],
    context: good,
    violations: [
      broken(
        "one of its vulnerabilities has a remedy",
        own(vulnerable("critical", "3.0.2")),
        "critical vulnerabilities with a remedy: 1, allowed are 0; move to the fixed versions: CVE-1 openssl 3.0.1 -> 3.0.2",
      ),
      broken("nobody looked", own(UNCHECKED), "vulnerabilities: not checked: no database"),
    ],
    allowed: [
      when("there is no remedy", own(vulnerable("critical", null))),
      when("it is not severe", own(vulnerable("medium", "3.0.2"))),
      when("no database is reachable, and the configuration says so", own(UNCHECKED), {
        configuration: { vulnerabilityEvidence: "unavailable" },
      }),
      when("there is no evidence, which is IMG-03's", none),
      when("the image is a third party's", thirdParty({ evidence: sealed({ ...FINDINGS, ...UNCHECKED }) })),
      unpinned,
    ],
    unknown,
    embedded: inInit(own(UNCHECKED), "vulnerabilities: not checked: no database"),
  },
  {
    rule: containerImageRequirePlatforms,
    baseline: [DEPLOYMENT],
    context: good,
    violations: [
      broken(
        "the image lacks one",
        own({ platforms: { "linux/amd64": amd64 } }),
        "it is not for linux/arm64: build it for linux/amd64 and linux/arm64",
      ),
      broken(
        "a third party's image lacks one",
        thirdParty({ platforms: ["linux/arm64"] }),
        "it is not for linux/amd64: build it for linux/amd64 and linux/arm64",
      ),
      {
        when: "it is not built for one",
        change: () => set("platforms", ["linux/amd64"])([BUILD]),
        path: "platforms",
        message: "it is not built for linux/arm64",
      },
    ],
    allowed: [
      when("the configuration wants one only", own({ platforms: { "linux/amd64": amd64 } }), {
        configuration: { platforms: ["linux/amd64"] },
      }),
      when("it stands in for an official one", thirdParty({ platforms: ["linux/amd64"], isSubstitute: true })),
      when("there is no evidence, which is IMG-03's", none),
      { when: "it is built for both", change: () => [BUILD] },
      unpinned,
    ],
    unknown: {
      when: "the platforms of a build are unknown",
      change: () => set("platforms", UNKNOWN)([BUILD]),
      path: "platforms",
    },
    embedded: inInit(
      own({ platforms: { "linux/amd64": amd64 } }),
      "it is not for linux/arm64: build it for linux/amd64 and linux/arm64",
    ),
  },
  {
    rule: containerImageRequireSignature,
    baseline: [DEPLOYMENT],
    context: good,
    violations: [
      broken(
        "nobody signed it",
        own({ signature: { status: "not checked", reason: "there is no key" } }),
        "signature: not checked: there is no key",
      ),
      {
        when: "nobody signed the image of a container on an engine",
        change: () => set("image", OTHER)([CONTAINER]),
        context: otherIs(own({ signature: { status: "not checked", reason: "there is no key" } })),
        path: "image",
        message: of("api", "signature: not checked: there is no key"),
      },
    ],
    allowed: [
      when("the image is a third party's", thirdParty({ evidence: undefined })),
      when("there is no evidence, which is IMG-03's", none),
      unpinned,
    ],
    unknown,
    embedded: inInit(
      own({ signature: { status: "not checked", reason: "there is no key" } }),
      "signature: not checked: there is no key",
    ),
  },
];
