import neostandard, { plugins, resolveIgnoresFromGitignore } from 'neostandard'

const MAX_LENGTH = { code: 120, ignoreUrls: true, ignoreRegExpLiterals: true }

export default [
  ...neostandard({
    ts: true,
    filesTs: ['**/*.tsx'],
    ignores: [...resolveIgnoresFromGitignore(), 'types/**/*.d.ts']
  }),
  {
    name: 'fastify-mcp-mount/typescript',
    files: ['**/*.{ts,tsx}'],
    plugins: { '@typescript-eslint': plugins['typescript-eslint'].plugin },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }]
    }
  },
  {
    name: 'fastify-mcp-mount/line-length',
    files: ['{lib,examples,explorer,site}/**/*.{js,ts,tsx}'],
    rules: {
      '@stylistic/max-len': ['error', MAX_LENGTH]
    }
  },
  {
    // The name of a test, and the specifier of an import, stay on one line.
    name: 'fastify-mcp-mount/line-length-of-tests',
    files: ['{test,types,benchmarks}/**/*.{js,mjs,ts}'],
    rules: {
      '@stylistic/max-len': ['error', {
        ...MAX_LENGTH,
        ignoreTemplateLiterals: true,
        ignorePattern: '^\\s*((await )?(t\\.)?(test|skip)\\(|import .* from )'
      }]
    }
  },
  {
    name: 'fastify-mcp-mount/type-tests',
    files: ['types/**/*.tst.ts'],
    rules: {
      '@typescript-eslint/no-unused-expressions': 'off',
      'no-new': 'off'
    }
  }
]
