import t from 'tap'
import mcpPlugin from '../../lib/index.ts'
import { createMuteChannel } from '../../lib/http/mute-channel.ts'
import { createHost, createServer } from '../support/app.ts'

t.test('nothing can be sent by a mute channel, and nobody leaves it', async (t) => {
  const { log } = createHost(t).app
  const channel = createMuteChannel(log, 'lifespan')
  let left = false

  channel.notify('notifications/message', { level: 'info', data: 'lost' })
  channel.onDisconnect(() => { left = true })

  t.equal(channel.log, log)
  t.equal(channel.lifespan, 'lifespan')
  t.notOk(left)
  t.same(Object.keys(channel).toSorted(), ['lifespan', 'log', 'notify', 'onDisconnect'], 'it can neither ask nor listen')
})

t.test('a mute channel has the request that it was made for, and its caller', async (t) => {
  const auth = { token: 'a', clientId: 'app', scopes: [], subject: 'ann' }
  const { app } = createHost(t)
  app.register(mcpPlugin, {
    server: createServer(),
    auth: { authenticate: () => auth },
    routes: async (scope) => { scope.get('/side', async (request) => createMuteChannel(request.log, undefined, request).auth) }
  })
  app.get('/', async (request) => {
    const channel = createMuteChannel(request.log, undefined, request)
    return { isMine: channel.request === request, auth: channel.auth ?? 'nobody' }
  })

  t.same((await app.inject('/')).json(), { isMine: true, auth: 'nobody' })
  t.same((await app.inject('/side')).json(), auth)
})
