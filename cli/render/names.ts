/** Where the chart is, relative to the checkout. */
export const CHART_FOLDER = "charts/ralex";

/** Secret that is read where no other is named. */
export const DEFAULT_SECRET = "ralex";

/** Image of every release whose Python composes files. */
export const COMPOSING_IMAGE = "probe";
