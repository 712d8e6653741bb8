import * as fc from "fast-check";
import { ImageRef } from "../../../components/image/image-ref";
import { mirrored } from "../../../components/image/mirror";
import { mirrorProblems } from "../../../components/settings/image-mirror";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const pulled = (repository: string, mirror: string | undefined) =>
  mirrored(ImageRef.of(repository, DIGEST), mirror).repository;

describe("a mirror", () => {
  test.each([
    ["redis", undefined, "redis"],
    ["redis", "registry.example/ralex", "registry.example/ralex/library/redis"],
    ["prom/prometheus", "registry.example:5000", "registry.example:5000/prom/prometheus"],
    ["ghcr.io/open-webui/open-webui", "registry.example/ralex", "registry.example/ralex/open-webui/open-webui"],
    ["redis", "docker.io=ecr.example/docker-hub, ghcr.io=ecr.example/github", "ecr.example/docker-hub/library/redis"],
    ["ghcr.io/a/b", "docker.io=ecr.example/docker-hub,ghcr.io=ecr.example/github", "ecr.example/github/a/b"],
    ["quay.io/a/b", "docker.io=ecr.example/docker-hub", "quay.io/a/b"],
    ["quay.io/a/b", "docker.io=ecr.example/docker-hub,ecr.example/all", "ecr.example/all/a/b"],
    ["127.0.0.1:5055/probe", "127.0.0.1:5055=registry.example/own", "registry.example/own/probe"],
  ])("serves %s, where the setting is %s, from %s", (repository, mirror, expected) => {
    expect(pulled(repository, mirror)).toBe(expected);
    if (mirror !== undefined) expect(mirrorProblems(mirror)).toEqual([]);
  });

  test("never changes the digest", () => {
    const name = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    const repository = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
    const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}`);
    fc.assert(
      fc.property(repository, digest, fc.option(repository, { nil: undefined }), (of, which, mirror) => {
        expect(mirrored(ImageRef.of(of, which), mirror).digest).toBe(which);
      }),
    );
  });

  test("that cannot be read is refused with each thing that is wrong", () => {
    expect(mirrorProblems(" , ")).toEqual(["is empty: write host/path, or registry=host/path with commas between"]);
    expect(mirrorProblems("https://registry.example, ghcr.io=Host/Upper, docker io=a.example")).toEqual([
      '"https://registry.example" is no place of a registry: write host/path in lower case, without https://',
      '"Host/Upper" is no place of a registry: write host/path in lower case, without https://',
      '"docker io" is no registry: write its host, docker.io or ghcr.io for instance',
    ]);
    expect(mirrorProblems("a.example, b.example, ghcr.io=c.example, ghcr.io=d.example")).toEqual([
      "every registry has two mirrors: name one",
      "ghcr.io has two mirrors: name one",
    ]);
  });
});
