import * as fc from "fast-check";
import { inForm } from "../../../components/secrets/forms";

test("a secret's forms are those that the services know", () => {
  // As `openssl dgst` and `htpasswd -s` write them.
  expect(inForm("password", "sha256")).toBe("5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8");
  expect(inForm("password", "htpasswd")).toBe("{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=");
  expect(inForm("password", "value")).toBe("password");
});

describe("a secret that is encoded for where it stands", () => {
  // Halves of characters are no UTF-8, and are refused where a password is set.
  const value = fc
    .oneof(fc.string({ minLength: 1 }), fc.string({ unit: "binary", minLength: 1 }))
    .filter((text) => !/\p{Cs}/u.test(text));

  test("is read back from a URL as it was, whatever it is", () => {
    fc.assert(
      fc.property(value, (text) => {
        const encoded = inForm(text, "url");
        const { username, password, hostname, pathname } = new URL(`rediss://u:${encoded}@h/0`);
        expect([username, decodeURIComponent(password), hostname, pathname]).toEqual(["u", text, "h", "/0"]);
        // What clients split at stands nowhere in it.
        expect(encoded).toMatch(/^[A-Za-z0-9_.!~*'()%-]*$/);
      }),
    );
  });

  test("is read back from JSON as it was, whatever it is", () => {
    fc.assert(
      fc.property(value, (text) => {
        expect(JSON.parse(`{"p":"${inForm(text, "json")}"}`)).toEqual({ p: text });
      }),
    );
  });

  test("is itself where the stack made it", () => {
    for (const form of ["url", "json"] as const) expect(inForm("aZ09", form)).toBe("aZ09");
  });
});
