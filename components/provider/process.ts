/** How often a plugin looks whether its engine is still there, in milliseconds. */
const LOOK_EVERY = 2000;

/** Ends this process when the one that started it is gone, however that ended. */
export function followParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(0);
  }, LOOK_EVERY).unref();
  // How the engine ends a plugin. A plugin has a process group of its own, so this is never the user's Ctrl-C.
  process.on("SIGINT", () => process.exit(0));
  process.on("SIGTERM", () => process.exit(0));
}
