import { SAMPLES, type Benchmark } from "./benchmark";
import { changesOf } from "./support/changes";
import { withStack } from "./support/stack";

export const unchangedStart: Benchmark = {
  name: "unchanged-start",
  unit: "s",
  goal: { value: { atMost: 8 } },
  method:
    "npm start of a running stack with nothing changed, from its start to its end, in a copy of the checkout with a " +
    "stack of its own. A start that changes any resource makes the benchmark fail",
  run: ({ say }) =>
    withStack(async (stack) => {
      await stack.ralex("start");
      const own: number[] = [];
      while (own.length < SAMPLES) {
        const { seconds, text } = await stack.ralex("start");
        const changes = changesOf(text);
        if (changes > 0) throw new Error(`a start with nothing changed made ${changes} changes:\n${text.slice(-2000)}`);
        own.push(seconds);
        say(`${seconds.toFixed(1)} s, 0 changes`);
      }
      return { own };
    }),
};
