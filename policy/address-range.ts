/** Who is meant by a range of addresses. */

/** Words of Azure for every address; `0.0.0.0` stands there for all of Azure, other customers included. */
const EVERYONE: readonly string[] = ["*", "any", "internet", "0.0.0.0"];

/** Leading bits of the widest network that is somebody's own, 10.0.0.0/8 among them: two of /1 are the internet as well. */
const WIDEST = { v4: 8, v6: 16 } as const;

/** Whether a range of addresses, as CIDR or as a word of a platform, is the internet or a part of it that nobody owns. */
export function isEveryone(range: string): boolean {
  // One address has no bits behind it: what is no number is not less than any.
  const bits = Number(range.split("/")[1]);
  return EVERYONE.includes(range.toLowerCase()) || bits < (range.includes(":") ? WIDEST.v6 : WIDEST.v4);
}

/** Ports that anybody may reach: the edge's. */
const EDGE_PORTS: readonly (string | undefined)[] = ["80", "443"];

/**
 * Whether a range of ports, as `443`, `8000-8100` or `*`, has one that is not the edge's. An absent one is every port.
 */
export function opensMore(range: string | undefined): boolean {
  const [from, to = from] = range?.split("-") ?? [];
  return from !== to || !EDGE_PORTS.includes(from);
}
