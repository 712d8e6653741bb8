import type { Command } from "commander";
import { commandLine, ralex } from "../components/command-line";
import type { Backend } from "./backend/backend";
import { isDead, isOfThisHost, shownOwner, type Lock } from "./backend/lock";
import { EXIT, Failure } from "./failure";
import { stateWorkspace } from "./machine";

/** `./ralex unlock [id]`: shows whose locks there are, and removes the one that is named. */
export function registerUnlock(program: Command, checkout: string): void {
  program
    .command("unlock")
    .description("show the locks of stacks, whose they are and how old; remove one whose owner is gone")
    .argument("[id]", "the lock to remove; without it they are shown")
    .option("--json", "print JSON")
    .action(async (id: string | undefined, { json }: { json?: true }) => {
      const { backend } = await stateWorkspace(checkout);
      const locks = await locksOf(backend);
      if (id !== undefined) return unlock(backend, locks, id);
      if (json === true) return console.log(JSON.stringify(locks, null, 2));
      for (const lock of locks) console.log(`${lock.id}  ${lock.project}/${lock.stack}  ${shownOwner(lock)}`);
      if (locks.length === 0) console.log(`no stack of ${backend.address} is locked`);
    });
}

async function locksOf(backend: Backend): Promise<readonly Lock[]> {
  const locks = await backend.locks();
  if (locks !== undefined) return locks;
  throw new Failure(
    `locks of ${backend.address} are not looked at here: an update says whose they are, and ` +
      `${commandLine("pulumi", "cancel", "--stack")} with the stack's full name removes them`,
  );
}

/** @throws Failure for a lock that is not there, or whose owner lives. */
export async function unlock(backend: Backend, locks: readonly Lock[], id: string): Promise<void> {
  const lock = locks.find((one) => one.id === id);
  if (lock === undefined) {
    const known = locks.map((one) => one.id).join(", ");
    throw new Failure(
      `there is no lock ${id} in ${backend.address}; ${known === "" ? "nothing is locked" : `there is ${known}`}`,
    );
  }
  const { owner } = lock;
  if (owner !== undefined && isOfThisHost(lock) && !(await isDead(lock))) {
    throw new Failure(
      `${lock.project}/${lock.stack} is being worked on (${shownOwner(lock)}): wait until that is done, or end it with ` +
        `${commandLine("kill", "-INT", String(owner.pid))}, which lets it finish what it has begun`,
      EXIT.refused,
    );
  }
  await backend.removeLock(lock);
  console.log(`The lock of ${lock.project}/${lock.stack} is removed (${shownOwner(lock)}).`);
  console.log(`Whatever it was doing is brought to its end by the next ${ralex("start")} or ${ralex("deploy")}.`);
}
