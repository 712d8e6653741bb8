/** The items of a list with commas, without the blanks around them. */
export const itemsOf = (list: string): readonly string[] =>
  list
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
