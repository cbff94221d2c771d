// The gate of the page. It sees types, so it finds promises that nobody awaits;
// and it keeps the walls of the page: views → ui, state → api → wailsjs.
import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

/** Forbids imports; each group is [patterns, what to do instead]. */
const walls = (...groups) => ({
  'no-restricted-imports': 'off',
  '@typescript-eslint/no-restricted-imports': [
    'error',
    { patterns: groups.map(([group, message, allowTypeImports = false]) => ({ group, message, allowTypeImports })) },
  ],
});

/** Doors to the outside, which only src/api may use. */
const doors = ['fetch', 'EventSource', 'XMLHttpRequest', 'WebSocket'];

export default ts.config(
  { ignores: ['dist/', 'src/wailsjs/', 'node_modules/', 'test-results/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  ...ts.configs.strictTypeChecked,
  ...ts.configs.stylisticTypeChecked,
  ...svelte.configs.recommended,
  ...svelte.configs.prettier,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js', 'public/*.js'] },
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.svelte'],
      },
    },
    rules: {
      'no-undef': 'off', // TypeScript knows better
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // The generated classes are plain data; whoever calls hands over plain data.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // An event handler may be async: a rejection reaches the frame's unhandledrejection and becomes a toast.
      '@typescript-eslint/no-misused-promises': [
        'error',
        { checksVoidReturn: { arguments: false, attributes: false, properties: false } },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
    rules: {
      'svelte/no-at-html-tags': 'error',
      // The policy forbids style attributes; Svelte's style: directive sets properties and is free.
      'no-restricted-syntax': [
        'error',
        { selector: "SvelteAttribute[key.name='style']", message: 'Use a class or the style: directive.' },
      ],
      'svelte/no-inline-styles': 'off',
      'svelte/button-has-type': 'error',
      'svelte/no-target-blank': 'error',
      'svelte/prefer-svelte-reactivity': 'off', // plain maps are used as values that are replaced, not changed
      'svelte/no-navigation-without-resolve': 'off', // the router is our own: hash routes, no SvelteKit
      'prefer-const': 'off',
      'svelte/prefer-const': ['error', { excludedRunes: ['$props', '$derived'] }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/unbound-method': 'off', // snippets and bound functions are values in Svelte
    },
  },
  {
    // Here the linter sees other components as any; svelte-check sees their types and is the judge.
    files: ['**/*.svelte'],
    rules: Object.fromEntries(
      ['argument', 'assignment', 'call', 'member-access', 'return'].map((what) => [
        `@typescript-eslint/no-unsafe-${what}`,
        'off',
      ]),
    ),
  },
  {
    files: ['src/**'],
    ignores: ['src/api/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...doors.map((name) => ({ name, message: 'Only src/api talks to the node.' })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'window', property: 'go', message: 'Use src/api.' },
        { object: 'window', property: 'runtime', message: 'Use src/api.' },
      ],
      ...walls([['**/wailsjs/**'], 'Use src/api: it is the one door.']),
    },
  },
  {
    files: ['src/views/**'],
    rules: walls(
      [['**/wailsjs/**'], 'Use src/state, which uses src/api.'],
      [['**/api/*'], 'Views know state; types may come from the api.', true],
    ),
  },
  {
    files: ['src/ui/**'],
    rules: walls([
      ['**/wailsjs/**', '**/api/**', '**/state/**', '**/views/**'],
      'A part of the ui knows no data: pass it in.',
    ]),
  },
  { files: ['src/lib/**'], rules: walls([['../*'], 'lib holds pure functions that need nobody.']) },
  { files: ['src/i18n/**'], rules: walls([['../*', '!../formats', '!../en'], 'The catalogue needs nobody.']) },
  {
    files: ['src/state/**'],
    rules: walls([['**/wailsjs/**'], 'Use src/api.'], [['**/ui/**', '**/views/**'], 'State knows no screen.']),
  },
  {
    files: ['src/api/**'],
    rules: walls([['**/state/**', '**/ui/**', '**/views/**', '**/i18n/**'], 'The api is the lowest floor.']),
  },
  {
    // The sign-in page is small and alone: it shares the tokens of the look and nothing else.
    files: ['signin/**'],
    ignores: ['signin/host.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...doors.map((name) => ({ name, message: 'Only signin/host.ts talks to a host.' })),
      ],
      ...walls([['../src/*/*', '!../src/ui/tokens.css'], 'The sign-in page carries nothing of the program’s page.']),
    },
  },
  {
    files: ['**/*.test.ts', 'tests/**'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  { files: ['*.js', 'public/**', 'tests/*.mjs'], ...ts.configs.disableTypeChecked },
);
