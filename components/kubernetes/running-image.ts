const digestOf = (image: string): string => /sha256:[0-9a-f]{64}$/.exec(image)?.[0] ?? image;

/**
 * Whether a container runs the bytes of an image, whatever repository or mirror they came from.
 * @param imageId - what the node's container runtime says; empty while there is no container.
 * @param image - `repository@sha256:…`
 */
export const runsImage = (imageId: string, image: string): boolean => digestOf(imageId) === digestOf(image);
