import { inForm } from "../../../components/secrets/forms";

test("a secret's forms are those that the services know, and only one of them is the value", () => {
  // As `openssl dgst` and `htpasswd -s` write them.
  expect(inForm("password", "sha256")).toBe("5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8");
  expect(inForm("password", "htpasswd")).toBe("{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=");
  expect(inForm("password", "value")).toBe("password");
});
