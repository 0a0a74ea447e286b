import t from 'tap'
import { createMuteChannel } from '../../lib/http/mute-channel.ts'
import { createHost } from '../app.ts'

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

t.test('a mute channel has the request that it was made for', async (t) => {
  const { app } = createHost(t)
  app.get('/', async (request) => createMuteChannel(request.log, undefined, request).request === request)

  t.equal((await app.inject('/')).body, 'true')
})
