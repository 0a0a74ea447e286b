import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { serveExplorer } from '../../lib/cli/dev-explorer.ts'
import mcpExplorer from '../../lib/explorer/index.ts'
import mcpPlugin from '../../lib/index.ts'
import { createServer } from '../support/app.ts'
import { buildPage } from '../page.js'

t.before(buildPage)

async function listen (t: Test, prepare: (app: FastifyInstance) => void = () => {}): Promise<FastifyInstance> {
  const app = Fastify()
  app.register(mcpPlugin, { server: createServer() })
  prepare(app)
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app
}

t.test('an app that listens already gets an explorer that shows its mounts', async (t) => {
  const app = await listen(t, (app) => { app.get('/explorers', async () => 'other') })

  const url = await serveExplorer(app, app.mcp)

  t.match(url, /^http:\/\/127\.0\.0\.1:\d+\/explorer\/$/)
  t.match(await (await fetch(String(url))).text(), '<div id="app">')
  t.match(await (await fetch(`${url}mounts.json`)).json(), { mounts: [{ name: 'Notes', url: '../mcp' }] })
  t.equal(await (await fetch(`${url}../explorers`)).text(), 'other')
  t.equal((await fetch(String(url).slice(0, -1), { redirect: 'manual' })).status, 302)
})

t.test('a page may watch the calls of the app, which does not wait for it when it closes', async (t) => {
  const app = await listen(t)
  const url = await serveExplorer(app, app.mcp)
  const { body } = await fetch(`${url}calls`)
  const decoder = new TextDecoder()
  let text = ''

  await app.mcp.get('Notes').call('echo', { text: 'secret' })
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.includes('"target":"echo"')) await app.close()
  }

  t.notMatch(text, 'secret')
})

t.test('the explorer of the app is used where there is one', async (t) => {
  const app = await listen(t, (app) => { app.register(mcpExplorer, { prefix: '/look' }) })

  t.match(await serveExplorer(app, app.mcp), /\/look\/$/)
})

t.test('paths of the app stay its own', async (t) => {
  const app = await listen(t, (app) => { app.get('/explorer', async () => 'mine') })

  const url = await serveExplorer(app, app.mcp)

  t.match(url, /\/mcp-explorer\/$/)
  t.equal(await (await fetch(new URL('/explorer', url))).text(), 'mine')
})

t.test('there is none if the app has taken its paths', async (t) => {
  const app = await listen(t, (app) => {
    app.get('/explorer', async () => 'mine')
    app.get('/mcp-explorer', async () => 'mine')
  })

  t.equal(await serveExplorer(app, app.mcp), undefined)
})
