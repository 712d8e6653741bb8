import { Slots } from "../../../../toolchain/slots";

test("no more run at once than there are slots, and the heaviest of those that wait is next", async () => {
  const slots = new Slots(2);
  const order: number[] = [];
  let running = 0;
  let most = 0;
  const work = (weight: number) =>
    slots.run(weight, async () => {
      order.push(weight);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 20));
      running -= 1;
    });
  await Promise.all([1, 2, 3, 9, 5].map(work));
  expect(order).toEqual([1, 2, 9, 5, 3]);
  expect(most).toBe(2);
});

test("work that fails gives its slot back", async () => {
  const slots = new Slots(1);
  await expect(slots.run(1, () => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  expect(await slots.run(1, () => Promise.resolve("next"))).toBe("next");
});
