/**
 * How often a platform asks the services for their health, and how many failures in a row make one unhealthy. Rarely: each
 * question starts a process, and eight containers that were asked every two to three seconds took 0.44 of a core for it.
 * Whoever waits for a start asks by itself.
 */
export const ASKED_RARELY = { intervalSeconds: 10, retries: 3 } as const;
