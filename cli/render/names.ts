/** Where the chart is, relative to the checkout. */
export const CHART_FOLDER = "charts/ralex";

/** Secret that is read where no other is named. */
export const DEFAULT_SECRET = "ralex";
