import * as fc from "fast-check";
import { ImageRef, ImageRefError } from "../../../components/image/image-ref";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const hex64 = fc.stringMatching(/^[0-9a-f]{64}$/);
// No dots: a first component with a dot is a registry host by the grammar.
const component = fc.stringMatching(/^[a-z0-9]{1,8}([_-][a-z0-9]{1,8})?$/);
const registry = fc.constantFrom(
  undefined,
  "localhost:5000",
  "127.0.0.1:5055",
  "ghcr.io",
  "registry.example.com:8443",
  "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
  "europe-docker.pkg.dev",
  "ralex.azurecr.io",
);

describe("an image reference", () => {
  test("round-trips for every registry, path and digest", () => {
    fc.assert(
      fc.property(registry, fc.array(component, { minLength: 1, maxLength: 4 }), hex64, (host, path, hex) => {
        const text = `${host === undefined ? "" : `${host}/`}${path.join("/")}@sha256:${hex}`;
        const ref = ImageRef.parse(text);
        expect(ref.toString()).toBe(text);
        expect(ref.registry).toBe(host);
        expect(ref.path).toBe(path.join("/"));
        expect(JSON.stringify(ref)).toBe(JSON.stringify(text));
      }),
      { numRuns: 500 },
    );
  });

  test("either parses to exactly the text it was given or throws an ImageRefError, whatever the text", () => {
    const garbage = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.string().map((text) => `${text}@${DIGEST}`),
      fc.string().map((text) => `ghcr.io/ralex/api@${text}`),
    );
    fc.assert(
      fc.property(garbage, (text) => {
        try {
          expect(ImageRef.parse(text).toString()).toBe(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ImageRefError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ["ghcr.io/ralex/api:latest", "has no digest"],
    ["ghcr.io/ralex/api", "has no digest"],
    ["", "is empty"],
    [`ghcr.io/ralex/api:1.0@${DIGEST}`, "tag beside the digest"],
    ["ghcr.io/ralex/api@sha256:abc", "64 lower-case"],
    [`ghcr.io/ralex/api@${DIGEST.toUpperCase()}`, "64 lower-case"],
    [`ghcr.io/Ralex/api@${DIGEST}`, "not a valid name"],
    [`ghcr.io//api@${DIGEST}`, "not a valid name"],
    [` ghcr.io/ralex/api@${DIGEST}`, "not a valid name"],
    [`ghcr.io:99999/ralex/api@${DIGEST}`, "port 99999"],
    [`${"a".repeat(300)}@${DIGEST}`, "at most 255"],
  ])("refuses %j and says why", (text, why) => {
    expect(() => ImageRef.parse(text)).toThrow(why);
  });

  test("is equal to another exactly when repository and digest are", () => {
    const ref = ImageRef.of("ghcr.io/ralex/api", DIGEST);
    expect(ref.equals(ImageRef.parse(`ghcr.io/ralex/api@${DIGEST}`))).toBe(true);
    expect(ref.equals(ImageRef.of("ghcr.io/ralex/edge", DIGEST))).toBe(false);
    expect(ref.equals(ImageRef.of("ghcr.io/ralex/api", DIGEST.replace("0", "f")))).toBe(false);
  });
});
