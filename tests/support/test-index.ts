import { table } from "../../cli/documents/markdown";
import { NAMED_TESTS } from "./named-tests";

/** tests/INDEX.md: every named test with the tests that stand for it. */
export function testIndex(): string {
  const sections = Object.entries(NAMED_TESTS).map(([area, named]) => {
    const rows = named.flatMap(({ name, meaning, tests }) =>
      tests.length === 0
        ? [[name, meaning, "not built yet", ""]]
        : tests.map(({ file, title }, index) => [
            index === 0 ? name : "",
            index === 0 ? meaning : "",
            title.startsWith("test_") ? `\`${title}\`` : title,
            `\`${file}\``,
          ]),
    );
    return `## ${area}\n\n${table(["named test", "meaning", "test", "file"], rows)}`;
  });
  const all = Object.values(NAMED_TESTS).flat();
  const built = all.filter(({ tests }) => tests.length > 0).length;
  return `# Index of tests

Written by \`./ralex docs\` from \`tests/support/named-tests.ts\`: the tests that the planning document asks for by name, and
the tests that stand for them. ${built} of ${all.length} are built.

${sections.join("\n")}`;
}
