/** Platforms that Ralex is built for, and that a release has to have: dev may be a laptop of one kind, prod a server of the other. */
export const PLATFORMS = ["linux/amd64", "linux/arm64"] as const;
export type Platform = (typeof PLATFORMS)[number];

/** The platform of this machine. */
export const NATIVE: Platform = process.arch === "arm64" ? "linux/arm64" : "linux/amd64";
