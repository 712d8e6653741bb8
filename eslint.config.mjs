import pulumi from "@pulumi/eslint-plugin";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["node_modules/**", ".ralex/**", "**/*.js", "**/*.mjs"] },
  ...tseslint.configs.recommended,
  {
    plugins: { "@pulumi": pulumi },
    languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@pulumi/no-output-in-template-literal": "error",
      "@pulumi/no-output-instance-in-template-literal": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
    },
  },
  {
    // The seam: what knows an engine is behind cli/targets, components/docker, and the toolchain's stand-ins.
    files: ["cli/**/*.ts", "components/**/*.ts", "stacks/**/*.ts"],
    ignores: [
      "cli/targets/**",
      "cli/builder.ts",
      "components/docker/**",
      "components/provider/provider.ts",
      "stacks/docker.ts",
    ],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          paths: [{ name: "dockerode", message: "Ask the target (cli/targets/target.ts)." }],
          patterns: [
            {
              group: ["**/targets/docker/*", "**/targets/docker", "**/components/docker/*", "**/docker/engine/*"],
              message: "Ask the target (cli/targets/target.ts), or the builder (cli/builder.ts).",
            },
          ],
        },
      ],
      "no-restricted-syntax": [
        "error",
        {
          selector: "CallExpression[callee.name='execa'][arguments.0.value='docker']",
          message: "An engine is asked behind cli/targets.",
        },
      ],
    },
  },
);
