import neostandard, { plugins, resolveIgnoresFromGitignore } from 'neostandard'

export default [
  ...neostandard({
    ts: true,
    noJsx: true,
    ignores: [...resolveIgnoresFromGitignore(), 'types/**/*.d.ts']
  }),
  {
    name: 'fastify-mcp-mount/typescript',
    files: ['**/*.ts'],
    plugins: { '@typescript-eslint': plugins['typescript-eslint'].plugin },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }]
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
