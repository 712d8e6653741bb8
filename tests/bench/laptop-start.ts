import { NAMED_REGISTRY, OrdinaryUser } from "../support/ordinary-user";
import { SAMPLES, type Benchmark } from "./benchmark";
import { chat, STACK, stackSettings } from "./support/stack";

export const laptopStart: Benchmark = {
  name: "laptop-start",
  unit: "s",
  goal: { value: { atMost: 60 } },
  method:
    "npm start of a stack that does not exist, by a user of the group docker who is not root, with a pulumi of the PATH, " +
    "plugins in the CLI's own folder and a registry by name, the CLI, plugins and images cached by an earlier start, " +
    "until a chat is answered. Plugins and images are those of this machine, where nothing is fetched from the internet",
  run: async ({ say }) => {
    const user = await OrdinaryUser.make(STACK);
    const ralex = async (...args: readonly string[]): Promise<string> => {
      const { exitCode, stdout, stderr } = await user.ralex([...args, "-s", STACK], NAMED_REGISTRY);
      if (exitCode !== 0)
        throw new Error(`ralex ${args.join(" ")} failed:\n${stderr.split("\n").slice(-25).join("\n")}`);
      return stdout;
    };
    const start = async (): Promise<number> => {
      const began = performance.now();
      await ralex("start");
      const seconds = (performance.now() - began) / 1000;
      return seconds + (await chat(stackSettings().apiPort, await ralex("output", "apiKey")));
    };
    try {
      user.stack.configure(stackSettings());
      await start();
      const own: number[] = [];
      while (own.length < SAMPLES) {
        await ralex("reset", "--yes");
        own.push(await start());
        say(`${own.at(-1)?.toFixed(1)} s`);
      }
      return { own };
    } finally {
      await user.ralex(["reset", "--yes", "-s", STACK], NAMED_REGISTRY);
      await user.remove();
    }
  },
};
