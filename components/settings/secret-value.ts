import { z } from "zod";

/**
 * What a key may consist of. It goes into a header of HTTP, and the bridge takes printable ASCII without white space and
 * nothing else (`images/ralex-api/ralex_bridge/settings.py`). Quotes are refused beyond that: no provider makes a key
 * with one, and a key that was copied together with its quotes is refused by every provider.
 */
export const secretValue = z
  .string("must be a text: put quotes around it")
  .min(1, "must not be empty")
  .superRefine((value, context) => {
    const found = [
      ...(/\s/.test(value) ? ["white space"] : []),
      ...(/["'`]/.test(value) ? ["a quote"] : []),
      ...(/[^\P{Cc}\s]/u.test(value) ? ["a control character"] : []),
      ...(/[^\p{ASCII}\s]/u.test(value) ? ["a character outside ASCII"] : []),
    ];
    if (found.length > 0) {
      const message = `holds ${found.join(" and ")}, which no key has: copy the key again, and nothing around it`;
      context.addIssue({ code: "custom", message });
    }
  });

/** What a password may consist of: it goes into files that are read by the line, and into URLs as UTF-8. */
export const passwordValue = z
  .string("must be a text: put quotes around it")
  .min(1, "must not be empty")
  .refine(
    (value) => !/\p{Cc}/u.test(value),
    "holds a line end or another control character, which no client can be given",
  )
  .refine((value) => !/\p{Cs}/u.test(value), "holds half a character, which is no UTF-8: copy it again");
