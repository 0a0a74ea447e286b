// Checks the types of all code in the documentation as one program, so that the compiler reads the package only once.
import { join } from 'node:path'
import t from 'tap'
import { problemsOf } from '../support/type-check.ts'
import { exampleFiles, gettingStartedFiles, pageFiles, readmeBlocks } from './code.ts'

t.setTimeout(120_000)

// What docs/troubleshooting.md advises where TypeScript does not know app.mcp.
const KNOWN = "import Fastify from 'fastify'\nimport 'fastify-mcp-mount'\n\nconsole.log(Fastify().mcp.size)\n"

t.test('the code of the README, of all pages and of all doc comments has the types that it needs', async (t) => {
  const examples = await exampleFiles()
  const blocks = readmeBlocks.filter(({ language }) => language === 'ts')
  const directories = {
    readme: Object.fromEntries(blocks.map((block) => [`line-${block.line}.ts`, block.code])),
    'getting-started': gettingStartedFiles,
    pages: Object.fromEntries(pageFiles()),
    examples: Object.fromEntries(examples),
    troubleshooting: { 'known.ts': KNOWN }
  }
  const directory = t.testdir(directories)
  const files = Object.entries(directories)
    .flatMap(([name, files]) => Object.keys(files).map((file) => join(directory, name, file)))

  t.ok(examples.length > 20)
  t.same(problemsOf(files), [])
})
