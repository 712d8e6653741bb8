import { Readable } from "node:stream";
import { extract, type Header } from "tar-stream";
import { folderArchive, volumeOwners } from "../../../components/docker/provider/volume-owners";

test("the owners of volumes are set on their roots alone, as an archive with one folder for each", async () => {
  const found: Partial<Header>[] = [];
  const users = [{ user: { uid: 10002, gid: 10003 } }, { user: { uid: 999, gid: 998 } }];
  const entries = Readable.from([await folderArchive(users)]).pipe(extract());
  for await (const entry of entries) {
    const { name, type, uid, gid, mode } = entry.header;
    found.push({ name, type, uid, gid, mode });
    entry.resume();
  }
  expect(found).toEqual([
    { name: "ralex-data-0", type: "directory", uid: 10002, gid: 10003, mode: 0o755 },
    { name: "ralex-data-1", type: "directory", uid: 999, gid: 998, mode: 0o755 },
  ]);
});

test("another image of a service sets no owner anew, and another user does", () => {
  const volumes = [{ volume: "v", user: { uid: 1, gid: 2 } }];
  expect(volumeOwners.compared({ volumes, image: "sha256:a" })).toEqual({ volumes });
  expect(volumeOwners.replaces).toEqual([]);
});
