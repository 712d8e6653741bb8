/** The Pulumi project of the environments. */
export const PROJECT = "ralex";
