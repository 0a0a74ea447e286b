import t from 'tap'
import { createNoOpChannel } from '../../lib/conversation/no-op-channel.ts'
import { createHost } from '../support/app.ts'

t.test('a no-op channel sends nothing, and its client never leaves', async (t) => {
  const { log } = createHost(t).app
  const channel = createNoOpChannel(log, 'lifespan')
  let left = false

  channel.notify('notifications/message', { level: 'info', data: 'lost' })
  channel.onDisconnect(() => { left = true })

  t.equal(channel.log, log)
  t.equal(channel.lifespan, 'lifespan')
  t.notOk(left)
  t.same(
    Object.keys(channel).toSorted(),
    ['lifespan', 'log', 'notify', 'onDisconnect'],
    'it can neither ask nor listen'
  )
})

t.test('the no-op channel of a notification has the HTTP request and who sent it', async (t) => {
  const auth = { token: 'a', clientId: 'app', scopes: [], subject: 'ann' }
  const { app } = createHost(t)
  app.get('/', async (request) => {
    const channel = createNoOpChannel(request.log, undefined, { request, auth })
    return { isMine: channel.request === request, auth: channel.auth }
  })

  t.same((await app.inject('/')).json(), { isMine: true, auth })
})
