import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import { defineConfig } from 'eslint/config'
import globals from 'globals'
import ts from 'typescript-eslint'

const markupFromText = ['innerHTML', 'outerHTML', 'insertAdjacentHTML'].map((property) => ({
  property,
  message: 'Build nodes.',
}))

export default defineConfig(
  { ignores: ['dist', 'node_modules', '.lumika', 'test/package/fixture'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs['flat/recommended'],
  {
    rules: {
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Exports have names: one thing, one name, everywhere.' },
      ],
      eqeqeq: 'error',
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // TypeScript's own compiler finds unknown names, and knows the types that eslint does not.
      'no-undef': 'off',
    },
  },
  {
    files: ['**/*.ts', '**/*.svelte'],
    languageOptions: { parserOptions: { projectService: true, extraFileExtensions: ['.svelte'] } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  { files: ['**/*.svelte', '**/*.svelte.ts'], languageOptions: { parserOptions: { parser: ts.parser } } },
  {
    // Markup from text is how scripts get into other people's pages.
    files: ['widget/**', 'dashboard/**'],
    rules: {
      // The one way to tell a page's owner what is wrong.
      'no-console': ['error', { allow: ['error'] }],
      'svelte/no-at-html-tags': 'error',
      'no-restricted-properties': [
        'error',
        ...markupFromText,
        { object: 'Math', property: 'random', message: 'Ids need crypto.getRandomValues.' },
      ],
      'no-eval': 'error',
      'no-implied-eval': 'error',
    },
  },
  // Waiting times are spread by chance that nobody has to be unable to guess.
  { files: ['widget/engine/retry.ts'], rules: { 'no-restricted-properties': ['error', ...markupFromText] } },
  { files: ['demo/**/*.js'], languageOptions: { globals: globals.browser }, rules: { 'no-undef': 'error' } },
  { files: ['*.config.*', 'scripts/**', 'bench/**'], rules: { 'no-restricted-syntax': 'off', 'no-console': 'off' } },
)
