import { Readable } from "node:stream";
import { extract, type Header } from "tar-stream";
import { folderArchive, volumeOwner } from "../../../components/docker/provider/volume-owner";

test("the owner of a volume is set on its root alone, as an archive with that one folder", async () => {
  const found: Partial<Header>[] = [];
  const entries = Readable.from([await folderArchive({ uid: 10002, gid: 10003 })]).pipe(extract());
  for await (const entry of entries) {
    const { name, type, uid, gid, mode } = entry.header;
    found.push({ name, type, uid, gid, mode });
    entry.resume();
  }
  expect(found).toEqual([{ name: "ralex-data", type: "directory", uid: 10002, gid: 10003, mode: 0o755 }]);
});

test("another image of the service sets no owner anew, and another user does", () => {
  const inputs = { volume: "v", user: { uid: 1, gid: 2 }, image: "sha256:a" };
  expect(volumeOwner.compared(inputs)).toEqual({ volume: "v", user: { uid: 1, gid: 2 } });
  expect(volumeOwner.replaces).toEqual(["volume"]);
});
