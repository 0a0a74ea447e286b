import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import t from 'tap'
import * as api from '../../lib/stdio.ts'

t.test('the entry point exports serveStdio and types', async (t) => {
  t.same(Object.keys(api), ['serveStdio'])
})

t.test('it loads nothing that HTTP needs, and Fastify only when there is something to serve', async (t) => {
  const { metafile } = await build({
    absWorkingDir: fileURLToPath(new URL('../../', import.meta.url)),
    entryPoints: ['lib/stdio.ts'],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    packages: 'external'
  })
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports)

  t.same(
    Object.keys(metafile.inputs).filter((file) => /lib\/(?:http|cluster|redis|plugin|mount|registry)/.test(file)),
    []
  )
  t.same(imports.filter(({ path }) => path === 'fastify').map(({ kind }) => kind), ['dynamic-import'])
})
