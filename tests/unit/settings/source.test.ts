import { loadSettings, SettingsError } from "../../../components/settings/load";
import { parseSource, SourceError } from "../../../components/settings/source";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

function problemsOf(stack: Record<string, unknown>): readonly string[] {
  try {
    loadSettings({ environment: {}, dotenv: {}, stack });
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems.map(({ key, message }) => `${key} ${message}`);
    throw error;
  }
}

describe("a source", () => {
  test.each(["../ralex", "/srv/ralex", ".", "C#"])("is the folder %s", (path) => {
    expect(parseSource(path)).toEqual({ kind: "folder", path });
  });

  test.each(["https://example.org/ralex.git", "ssh://git@example.org:2222/ralex.git", "file:///srv/ralex.git"])(
    "is a commit of %s",
    (url) => expect(parseSource(`${url}#${COMMIT}`)).toEqual({ kind: "git", url, commit: COMMIT }),
  );

  test.each<[string, string]>([
    ["https://example.org/ralex.git", "names no commit"],
    ["https://example.org/ralex.git#main", "does not end with a whole commit"],
    [`https://example.org/ralex.git#${COMMIT.slice(0, 12)}`, "does not end with a whole commit"],
    [`https://example.org/ralex.git#${COMMIT.toUpperCase()}`, "does not end with a whole commit"],
    [`http://example.org/ralex.git#${COMMIT}`, "http:// is not supported"],
    [`ext::sh://x#${COMMIT}`, "a folder has no commit"],
    [`git@example.org:ralex.git#${COMMIT}`, "short form is not supported"],
    [`https://name:hunter2@example.org/ralex.git#${COMMIT}`, "holds a credential"],
    [`ssh://git:hunter2@example.org/ralex.git#${COMMIT}`, "holds a credential"],
    [`/srv/ralex#${COMMIT}`, "a folder has no commit"],
    ["  ", "is empty"],
  ])("is not %s", (text, message) => {
    expect(() => parseSource(text)).toThrow(SourceError);
    expect(() => parseSource(text)).toThrow(message);
    expect(() => parseSource(text)).not.toThrow("hunter2");
  });
});

describe("the settings of a source", () => {
  test("refuse hot reload beside it, which edits this checkout's bridge", () => {
    const stack = { source: "../ralex", hotReload: true };
    expect(problemsOf(stack)).toEqual([
      "hotReload is not supported with source: set hotReload to false, or leave source out",
    ]);
    expect(problemsOf({ ...stack, hotReload: false })).toEqual([]);
  });

  test("refuse it beside a pinned release, which decides what runs", () => {
    const release = { id: "r-000000000000", images: {} };
    expect(problemsOf({ source: "../ralex", release })).toEqual([
      "source is not what runs where a release is pinned: leave source out, or remove ralex:release",
    ]);
  });

  test("refuse a command without a source", () => {
    expect(problemsOf({ sourceCommand: "python -m myapp" })).toEqual([
      "sourceCommand needs source: say whose command it is",
    ]);
    expect(problemsOf({ sourceCommand: "python -m myapp", source: "/srv/ralex" })).toEqual([]);
  });

  test("say the one thing that is wrong with a source that cannot be read", () => {
    expect(problemsOf({ source: "https://example.org/x.git", sourceCommand: "python -m myapp" })).toHaveLength(1);
  });

  test.each(["  ", "sh -c 'python -m myapp'", 'python -c "x"'])("refuse the command <%s>", (sourceCommand) => {
    const problems = problemsOf({ source: "/srv/ralex", sourceCommand });
    expect(problems).toEqual([expect.stringMatching(/^sourceCommand must be words without quotes/)]);
  });
});
