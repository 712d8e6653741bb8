import { isEveryone, opensMore } from "../../policy/address-range";
import { isSet } from "../../policy/by-type";
import { HIDDEN, UNKNOWN, Value } from "../../policy/value";

test.each(["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/7", "2000::/15", "*", "Any", "any", "Internet", "0.0.0.0"])(
  "%s is everyone",
  (range) => {
    expect(isEveryone(range)).toBe(true);
  },
);

test.each([
  "10.0.0.0/8",
  "198.51.100.7/32",
  "198.51.100.7",
  "2001:db8::/32",
  "2000::/16",
  "VirtualNetwork",
  "pl-1",
  "",
])('"%s" is not everyone', (range) => {
  expect(isEveryone(range)).toBe(false);
});

test.each([undefined, "*", "22", "0-65535", "80-443", "443-444", "", "8080", "4430"])(
  "ports %s are more than the edge's",
  (ports) => {
    expect(opensMore(ports)).toBe(true);
  },
);

test.each(["80", "443", "443-443", "80-80"])("ports %s are the edge's", (ports) => {
  expect(opensMore(ports)).toBe(false);
});

test.each([UNKNOWN, HIDDEN, "text", 0, false, ["one"], {}])("%p is set", (raw) => {
  expect(isSet(new Value(raw))).toBe(true);
});

test.each([undefined, null, "", []].map((raw) => [raw]))("%p is not set", (raw) => {
  expect(isSet(new Value(raw))).toBe(false);
});
