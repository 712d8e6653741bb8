import * as os from "node:os";
import * as path from "node:path";
import { parseAddress, shownAddress } from "../../../../cli/backend/address";

describe("the address of a backend", () => {
  test.each([
    ["file:///srv/state", "/srv/state"],
    ["file:///srv/state?no_tmp_dir=true", "/srv/state"],
    ["file://~", os.homedir()],
    ["file://~/state", path.join(os.homedir(), "state")],
  ])("%s is the folder %s", (text, folder) => {
    expect(parseAddress(text)).toEqual({ kind: "folder", folder });
  });

  test.each([
    ["s3://states", "s3"],
    ["s3://states/ralex?region=eu-west-1", "s3"],
    ["gs://states", "bucket"],
    ["azblob://states?storage_account=x", "bucket"],
    ["https://api.pulumi.com", "service"],
    ["http://localhost:8080", "service"],
  ])("%s is of the kind %s", (text, kind) => {
    expect(parseAddress(text)).toMatchObject({ kind, url: new URL(text) });
  });

  test.each(["file://state", "file://./state", "file://"])("%s is refused, since it depends on who calls", (text) => {
    expect(() => parseAddress(text)).toThrow("name the folder from the root");
  });

  test.each(["", "states", "/srv/state", "ftp://states"])("%p is refused with what is allowed", (text) => {
    expect(() => parseAddress(text)).toThrow(/file:\/\/\/a\/folder, s3:\/\/a-bucket, gs:.*azblob:.*https:/);
  });

  test("is shown without user, password and parameters", () => {
    expect(shownAddress("s3://key:c4n4ry@states/ralex?token=c4n4ry")).toBe("s3://states/ralex");
    expect(shownAddress("https://api.pulumi.com")).toBe("https://api.pulumi.com");
    expect(() => parseAddress("ftp://me:c4n4ry@states")).toThrow(/^((?!c4n4ry).)*$/s);
  });
});
