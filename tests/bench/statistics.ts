/** Arithmetic on samples. */

/** The middle one, or the mean of the two in the middle. @throws Error for an empty list or a sample that is no number. */
export function median(samples: readonly number[]): number {
  if (samples.length === 0) throw new Error("there is no sample to take a median of");
  const bad = samples.find((sample) => !Number.isFinite(sample));
  if (bad !== undefined) throw new Error(`a sample is ${bad}`);
  const ordered = [...samples].sort((a, b) => a - b);
  const middle = ordered.length / 2;
  return ((ordered[Math.ceil(middle) - 1] ?? 0) + (ordered[Math.floor(middle)] ?? 0)) / 2;
}

/**
 * Ours over theirs. Where there are as many of both, they were measured in pairs: then it is the median of the pairs'
 * ratios, which a machine that grows busier does not distort.
 */
export function ratioOf(own: readonly number[], peer: readonly number[]): number {
  if (peer.some((sample) => sample <= 0)) throw new Error("a sample of the peer is not above 0");
  if (own.length !== peer.length) return median(own) / median(peer);
  return median(own.map((sample, index) => sample / (peer[index] ?? Number.NaN)));
}
