/** State that a stand-in wrote carries this, out of sight (the engine hides names that begin with two underscores). */
export const MARK = "__standIn";
export const MARK_VALUE = "ralex";
