/* Rules for the player. The strict form of its modules is that of viz/player/modules.py, which makes one script of them. */
import js from "@eslint/js";
import globals from "globals";

const refuse = (selector, message) => ({ selector, message });
const STRICT_FORM = [
  refuse("ImportDefaultSpecifier, ImportNamespaceSpecifier", "import names: import { a, b } from ..."),
  refuse("ImportDeclaration[specifiers.length=0]", "import names: a module has no effects of its own"),
  refuse("ExportDefaultDeclaration, ExportAllDeclaration, ExportSpecifier", "export a declaration"),
  refuse("ExportNamedDeclaration > VariableDeclaration[kind!='const']", "export a constant"),
  refuse(
    "ImportExpression, MetaProperty, AwaitExpression[parent.type='Program']",
    "a module is also a part of one script",
  ),
];
const AS_HTML = ["innerHTML", "outerHTML", "insertAdjacentHTML", "srcdoc"].map((property) => ({
  property,
  message: "texts come from a model: textContent",
}));

export default [
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "max-lines": ["error", 250],
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-shadow": ["error", { builtinGlobals: false }],
      "no-unused-vars": ["error", { argsIgnorePattern: "^_", caughtErrors: "none" }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "no-restricted-properties": ["error", ...AS_HTML],
    },
  },
  {
    files: ["viz/static/**/*.js"],
    languageOptions: { globals: globals.browser },
    rules: { "no-restricted-syntax": ["error", ...STRICT_FORM] },
  },
  { files: ["viz/static/page/page.js"], languageOptions: { sourceType: "script" } }, // runs before any module can
  { files: ["tests/js/**/*.js"], languageOptions: { globals: globals.node } },
];
