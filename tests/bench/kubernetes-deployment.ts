import { helmRelease, helmVersion } from "../support/without-pulumi";
import { SAMPLES, type Benchmark, type Context } from "./benchmark";
import { changesOf } from "./support/changes";
import {
  CLUSTER_LOAD_WORDS,
  deploy,
  otherRelease,
  promote,
  secondsOf,
  STACK,
  unharmed,
  withClusterSite,
  type ClusterSite,
} from "./support/cluster-site";

/** As many samples as usual of something that a stack on a cluster does. */
async function sampled(context: Context, sample: (site: ClusterSite) => Promise<number>): Promise<{ own: number[] }> {
  const site = await withClusterSite(context);
  const own: number[] = [];
  while (own.length < SAMPLES) {
    own.push(await sample(site));
    context.say(`${own.at(-1)?.toFixed(1)} s`);
  }
  return { own };
}

export const kubernetesFirstUp: Benchmark = {
  name: "kubernetes-first-up",
  unit: "s",
  goal: { value: { atMost: 90 }, ratio: { atMost: 1.2 } },
  peer: "helm install --wait and helm test of the chart",
  method:
    "./ralex deploy --yes of a stack that the cluster has nothing of, from its start until a chat is answered after its " +
    "end: every object, volumes, databases, migrations, verification, publication. The peer is the chart with the same " +
    "images and settings and a Secret that is there, until its checks have passed and a chat is answered; the two in " +
    "turn, each gone while the other starts. One node, images present",
  run: async (context) => {
    const { all } = await withClusterSite(context);
    const samples: { own: number[]; peer: number[] } = { own: [], peer: [] };
    const reset = () => all.must(STACK, "reset", "--confirm", STACK, "-s", STACK);
    while (samples.own.length < SAMPLES) {
      await reset();
      samples.peer.push(await helmRelease(all));
      samples.own.push(
        await secondsOf(async () => {
          await deploy(all);
          all.forget();
          const { status, body } = await all.chat("the first one");
          if (status !== 200) throw new Error(`the first chat was answered with ${status}: ${body}`);
        }),
      );
      context.say(`${samples.own.at(-1)?.toFixed(1)} s, Helm ${samples.peer.at(-1)?.toFixed(1)} s`);
    }
    return { ...samples, peerVersion: `Helm ${await helmVersion()}` };
  },
};

export const kubernetesUnchanged: Benchmark = {
  name: "kubernetes-unchanged-up",
  unit: "s",
  goal: { value: { atMost: 15 } },
  method:
    "pulumi up --yes of the stack with nothing changed, in a shell with ./ralex env, from its start to its end. " +
    "An update that changes anything makes the benchmark fail",
  run: (context) =>
    sampled(context, async ({ all }) => {
      let text = "";
      const seconds = await secondsOf(async () => {
        const { exitCode, all: said = "" } = await all.byHand("up", "--yes", "--skip-preview");
        if (exitCode !== 0) throw new Error(said.slice(-2000));
        text = said;
      });
      const changes = changesOf(text);
      if (changes > 0) throw new Error(`an update with nothing changed made ${changes} changes:\n${text.slice(-2000)}`);
      return seconds;
    }),
};

export const kubernetesPromotion: Benchmark = {
  name: "kubernetes-promotion",
  unit: "s",
  goal: { value: { atMost: 60 } },
  method:
    "./ralex promote --deploy --yes on target kubernetes with two replicas, from its start to its end: pin, update, " +
    "verification, publication. Two releases in turn, whose API differs",
  run: (context) => sampled(context, (site) => promote(site.all, otherRelease(site))),
};

export const kubernetesRollback: Benchmark = {
  name: "kubernetes-rollback-under-load",
  unit: "s",
  goal: { value: { atMost: 60 } },
  method:
    `./ralex rollback --yes on target kubernetes with two replicas under ${CLUSTER_LOAD_WORDS}, from its start to its ` +
    "end. A request or stream that fails makes the benchmark fail",
  run: (context) =>
    sampled(context, async (site) => {
      const to = otherRelease(site);
      const rollback = () => site.all.must(STACK, "rollback", "-s", STACK, "--to", to, "--yes");
      const [seconds, { requests, streams }] = await unharmed(site.all, rollback);
      context.say(`${requests} requests and ${streams} streams, none failed`);
      return seconds;
    }),
};
