import * as fc from "fast-check";
import { upstreamUrl } from "../../../components/settings/upstream-url";

const problemOf = (url: string): string =>
  (upstreamUrl.safeParse(url).error?.issues ?? []).map(({ message }) => message).join("; ");

describe("an upstream's address", () => {
  test.each([
    "http://host.docker.internal:11434/v1",
    "https://models.example/v1/",
    "http://192.168.1.5:8000",
    "http://ollama:11434/v1",
    "http://[fd00::1]:80/v1",
    "HTTP://models.example/a%20b",
    "http://localhost.example/v1",
    "http://mylocalhost/v1",
    "https://models.example/@tenant/v1",
  ])("may be %s", (url) => {
    expect(problemOf(url)).toBe("");
  });

  test.each([
    "http://localhost:11434/v1",
    "http://LOCALHOST/v1",
    "http://localhost./v1",
    "https://ollama.localhost/v1",
    "http://ip6-localhost/v1",
    "http://localhost.localdomain/v1",
    "http://127.0.0.1:11434/v1",
    "http://127.1/v1",
    "http://127.255.0.9/v1",
    "http://127.0.0.1./v1",
    "http://2130706433/v1",
    "http://0x7f.0.0.1/v1",
    "http://0x7f000001/v1",
    "http://0177.0.0.1/v1",
    "http://0.0.0.0:11434/v1",
    "http://0/v1",
    "http://[::1]:11434/v1",
    "http://[0:0:0:0:0:0:0:1]/v1",
    "http://[::]/v1",
    "http://[::ffff:127.0.0.1]/v1",
    "http://[::ffff:7f00:1]/v1",
  ])("is refused as loopback: %s, with what to write instead", (url) => {
    expect(problemOf(url)).toMatch(/loopback.*host\.docker\.internal/);
  });

  test("is refused for every address of 127.0.0.0/8, in every form that a URL may have", () => {
    const forms = (a: number, b: number, c: number) => {
      const number = 127 * 2 ** 24 + a * 2 ** 16 + b * 2 ** 8 + c;
      const hex = number.toString(16);
      return [
        `127.${a}.${b}.${c}`,
        `127.${a}.${b * 256 + c}`,
        String(number),
        `0x${hex}`,
        `0${number.toString(8)}`,
        `[::ffff:${hex.slice(0, 4)}:${hex.slice(4)}]`,
      ];
    };
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(byte, byte, byte, (a, b, c) => {
        for (const host of forms(a, b, c)) expect(problemOf(`http://${host}:1/v1`)).toContain("loopback");
      }),
    );
  });

  test.each([
    ["localhost:11434/v1", "must start with http:// or https://, as in"],
    ["models.example/v1", "must start with http:// or https://, as in"],
    ["", "must start with http:// or https://, as in"],
    ["ftp://models.example/v1", "must start with http:// or https://: nothing else"],
    ["http://models.example/v1?key=a", "no ? and no #"],
    ["http://models.example/v1#a", "no ? and no #"],
    ["http://models.example/v1?", "no ? and no #"],
    ["http://models.example/a b", "no white space"],
    ["http://models.example/v1 ", "no white space"],
    ["http://mödels.example/v1", "nothing outside ASCII"],
    ["http://models.example:0/v1", "port 0"],
    ["http://models.example:65536/v1", "a port up to 65535"],
    ["http:///v1", "a URL with a host"],
    ["http://%6cocalhost/v1", "a URL with a host"],
    ["http://models.example\\v1", "a URL with a host"],
    ["http://user@models.example/v1", "no user and no password"],
    ["http://:k@models.example/v1", "no user and no password"],
  ])("is refused, with the reason, as %p", (url, reason) => {
    expect(problemOf(url)).toContain(reason);
  });

  test("is never repeated in what is said about it", () => {
    for (const url of ["c4n4ry", "http://c4n4ry@a/v1", "http://a/c4n4ry b", "http://localhost/c4n4ry?c4n4ry"]) {
      expect(problemOf(url)).not.toBe("");
      expect(problemOf(url)).not.toContain("c4n4ry");
    }
  });
});
