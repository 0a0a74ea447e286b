// Reads the code in the documentation, as files: that of the pages of docs/, of the README, and of doc comments.
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A file by its name. */
export type File = readonly [name: string, code: string]

/** A block of the README. */
export interface Block { readonly language: string, readonly code: string, readonly line: number }

/** The project. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

/** The pages of docs/. */
export const allPages: readonly string[] = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))

/** The README. */
export const readme = readFileSync(join(root, 'README.md'), 'utf8')

// getting-started.test.ts follows one of the pages to the letter.
const PAGES = allPages.filter((name) => name !== 'getting-started.md')

/** Returns the blocks of all pages except the page whose steps a test follows, each as a file of its own. */
export function pageFiles (): File[] {
  return PAGES.flatMap((page) => {
    const text = readFileSync(join(root, 'docs', page), 'utf8')
    return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = ''], index): File => [
      `${basename(page, '.md')}-${index + 1}.ts`, `${code}\nexport {}\n`
    ])
  })
}

/** docs/getting-started.md, and the files that its reader saves, by the names that the text before them gives. */
export const gettingStarted = readFileSync(join(root, 'docs/getting-started.md'), 'utf8')
export const gettingStartedFiles: Readonly<Record<string, string>> = Object.fromEntries(
  [...gettingStarted.matchAll(/`([\w.]+\.ts)`[^`]*\n\n```ts\n([\s\S]*?)^```/gm)]
    .map(([, name = '', code = '']) => [name, code])
)

/** The blocks of the README. */
export const readmeBlocks: readonly Block[] = [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)]
  .map(({ 1: language = '', 2: code = '', index }) => {
    return { language, code, line: readme.slice(0, index).split('\n').length }
  })

/** The commands of the README. */
export const readmeCommands: readonly string[] = readmeBlocks
  .filter(({ language }) => language === 'sh')
  .flatMap(({ code }) => code.replaceAll('\\\n', ' ').split(/\n(?! )/))
  .filter((line) => line !== '')

// What the examples of doc comments may use, besides what the package exports.
const GIVEN = `import { StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import Fastify, { type FastifyInstance, type FastifyPluginAsync } from 'fastify'
import assert from 'node:assert/strict'
import { open } from 'node:fs/promises'
import { test } from 'node:test'
import mcpPlugin, { type RequestContext, type ServerDefinition } from 'fastify-mcp-mount'
import mcpExplorer from 'fastify-mcp-mount/explorer'
import type { AuthorizationServer } from 'fastify-mcp-mount/oauth'
declare const app: FastifyInstance
declare const login: AuthorizationServer
declare const notes: McpServer
declare const rateLimit: FastifyPluginAsync<{ global?: boolean }>
declare const server: McpServer
declare const ctx: RequestContext
declare const token: string
declare const RE2: typeof RegExp
declare const createMyBuses: () => never
declare const createMyClusters: () => never
declare const createMyDefinition: () => never
declare const createMyStores: () => never
`

interface Package { readonly exports: Readonly<Record<string, string | { readonly default: string }>> }

/** Returns the examples of doc comments, each as a program. An example with an import has all the imports it needs. */
export async function exampleFiles (): Promise<File[]> {
  const imports = await importAll()
  const names = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.ts')).flatMap((source) => {
    const comments = readFileSync(join(root, 'lib', source), 'utf8').match(/\/\*\*[\s\S]*?\*\//g) ?? []
    return comments.flatMap(examplesOf).map((code, index): File => [
      `${source.replace(/\W+/g, '-')}-${index + 1}.ts`,
      /^import /m.test(code) ? code : `${GIVEN}${imports}async function example () {\n${code}\n}\n`
    ])
  })
}

function examplesOf (comment: string): string[] {
  const text = comment.slice(3, -2).replace(/^[ \t]*\* ?/gm, '')
  const tags = text.split(/^@/m).filter((tag) => tag.startsWith('example'))
  return tags
    .map((tag) => tag.slice('example'.length))
    .map((example) => /```ts\n([\s\S]*?)```/.exec(example)?.[1] ?? example.trim())
}

async function importAll (): Promise<string> {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Package
  const lines: string[] = []
  for (const [entry, target] of Object.entries(exports)) {
    if (typeof target === 'string') continue
    const { default: _, ...values } = await import(target.default.replace(/^\.\/dist\/(.*)\.js$/, '../../lib/$1.ts'))
    lines.push(`import { ${Object.keys(values).join(', ')} } from 'fastify-mcp-mount${entry.slice(1)}'\n`)
  }
  return lines.join('')
}
