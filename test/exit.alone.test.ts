import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { LOADER } from './support/child.ts'

t.test('no timer keeps a process alive, whether its app is closed or open', async (t) => {
  const program = (end: string): string => `
    import Fastify from 'fastify'
    import mcpPlugin, { McpServer } from '${new URL('../lib/index.ts', import.meta.url).href}'
    const app = Fastify()
    app.register(mcpPlugin, { server: new McpServer({ name: 'Notes', version: '1' }) })
    ${end}
    console.log('end')`

  for (const end of [
    'await app.ready()',
    'await app.listen({ port: 0 }); await app.close()',
    "await app.inject('/'); await app.close()"
  ]) {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [...LOADER, '--input-type=module', '--eval', program(end)],
      { cwd: process.cwd() }
    )

    t.equal(stdout, 'end\n', end)
  }
})
