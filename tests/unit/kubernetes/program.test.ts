/** What the program of target kubernetes does before the stack is made, and which images it takes. */
import { ImageRef } from "../../../components/image/image-ref";
import { deploy } from "../../../stacks/kubernetes";
import * as releases from "../../../stacks/release";
import { record, type Recording } from "../../support/recorder";
import { clusterSettings, DIGEST } from "../../support/on-kubernetes";

jest.mock("../../../stacks/release", () => ({ chooseRelease: jest.fn() }));

/** Names of images that the program asked the release for. */
let asked: readonly string[] = [];

function deployed(configuration: Record<string, unknown>, problems: readonly string[] = []): Promise<Recording> {
  asked = [];
  jest.mocked(releases.chooseRelease).mockResolvedValue({
    imageLock: "committed",
    has: () => false,
    sayUnpublished: () => undefined,
    run: (names: readonly string[]) => {
      asked = names;
      const images = Object.fromEntries(names.map((name) => [name, ImageRef.of(`r/${name}`, DIGEST)]));
      return { images, release: { id: "r-1", images: {}, ran: [...names] }, substitutes: [] };
    },
  } as unknown as releases.ChosenRelease);
  const settings = clusterSettings(configuration);
  const answer = { "ralex:kubernetes:existingSecret": () => ({ problems: [...problems], hashes: {} }) };
  const answers = problems.length === 0 ? undefined : answer;
  return record(() => deploy({ settings, secrets: {} }, "/checkout"), {
    stack: "staging",
    ...(answers && { answers }),
  });
}

test("a stack that composes files takes the image that does it, where nothing is pinned and checked too", async () => {
  await deployed({});
  expect(asked).not.toContain("probe");
  await deployed({ existingSecret: "vault" });
  expect(asked.filter((name) => name === "probe")).toEqual(["probe"]);
});

test("Secrets are asked for before anything is made, and once more by the hashes", async () => {
  const { calls } = await deployed({ existingSecret: "vault", exposure: "ingress" });
  const questions = calls.map(({ inputs }) => [
    (inputs.secrets as readonly { readonly name: string }[]).map(({ name }) => name),
    inputs.hash !== undefined,
  ]);
  expect(questions).toEqual([
    [["vault", "vault-tls"], false],
    [["vault", "vault-tls"], true],
  ]);
  expect((await deployed({})).calls).toEqual([]);
  expect((await deployed({ existingSecret: "vault", running: false })).calls).toEqual([]);
});

test("everything that is missing ends the program in one message, without a trace, and nothing is asked of the release", async () => {
  const failing = deployed({ existingSecret: "vault" }, ["there is no Secret vault", "nor one called vault-tls"]);
  await expect(failing).rejects.toMatchObject({
    message: "there is no Secret vault\nnor one called vault-tls",
    stack: "",
    __pulumiRunError: true,
  });
  expect(asked).toEqual([]);
});
