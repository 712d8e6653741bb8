/** What the stand-in for docker-build makes of exports, and of what BuildKit says when a registry goes away. */
import { deadRegistry } from "../../../toolchain/pulumi/plugins/docker-build/buildctl";
import { isPushed, outputs, rawProblems } from "../../../toolchain/pulumi/plugins/docker-build/exports";

const raw = (text: string, tags: readonly string[] = ["r/api:1"]) => ({ tags: [...tags], exports: [{ raw: text }] });

describe("a raw export", () => {
  test("is passed on, pushed under the image's tags", () => {
    const inputs = raw("type=registry,oci-mediatypes=true,rewrite-timestamp=true");
    expect(rawProblems(inputs)).toEqual([]);
    expect(outputs(inputs)).toEqual(["type=image,name=r/api:1,push=true,oci-mediatypes=true,rewrite-timestamp=true"]);
    expect(isPushed(inputs)).toBe(true);
  });

  test("has the names that it gives itself, quoted where there are several", () => {
    const inputs = raw('type=image,"name=r/a:1,r/b:1",push=true', []);
    expect(rawProblems(inputs)).toEqual([]);
    expect(outputs(inputs)).toEqual(['type=image,"name=r/a:1,r/b:1",push=true']);
  });

  test("of type image is pushed only when it says so", () => {
    expect(isPushed(raw("type=image"))).toBe(false);
    expect(isPushed(raw("type=image,push=true"))).toBe(true);
    expect(isPushed(raw("type=registry,push=false"))).toBe(false);
  });

  test.each([
    [
      "another type",
      raw("type=oci,dest=/tmp/x"),
      [/type is oci; .* implements type=image and type=registry/, /dest is not/],
    ],
    ["no type", raw("push=true"), [/type is missing/]],
    ["an unknown attribute", raw("type=image,unpack=true"), [/^unpack is not implemented/]],
    ["a value that is none", raw("type=image,push=yes"), [/^push is "yes"/]],
    ["a push without a name", raw("type=registry", []), [/a push needs a name/]],
  ])("with %s is refused by name", (_, inputs, reasons) => {
    const problems = rawProblems(inputs);
    expect(problems.map(({ property }) => property)).toEqual(reasons.map(() => "exports[0].raw"));
    for (const [index, reason] of reasons.entries()) expect(problems[index]?.reason).toMatch(reason);
  });
});

describe("a registry that does not answer", () => {
  test.each([
    [
      'error: failed to solve: failed to push 127.0.0.1:5056/probe:1: failed to do request: Put "http://127.0.0.1:5056/v2/probe/manifests/1": dial tcp 127.0.0.1:5056: connect: connection refused',
      "127.0.0.1:5056",
    ],
    [
      'failed to copy: failed to do request: Head "https://ghcr.io/v2/acme/probe/blobs/sha256:0": dial tcp: lookup ghcr.io: no such host',
      "ghcr.io",
    ],
  ])("is named", (log, host) => expect(deadRegistry(log)).toBe(host));

  test.each([
    "dial unix /run/ralex/buildkitd.sock: connect: connection refused",
    "failed to push r/probe:1: unexpected status from PUT request to https://r/v2/probe/manifests/1: 403 Forbidden",
    'process "/bin/sh -c pip install" did not complete successfully: exit code: 1',
  ])("is not suspected in %s", (log) => expect(deadRegistry(log)).toBeUndefined());
});
