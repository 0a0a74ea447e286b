import t from 'tap'
import { Channels } from '../../lib/redis/channels.ts'
import { createGate } from '../support/stream.ts'

const ignore = (): void => {}

/** Channels of a connection that takes note of what it is asked, and is not there until it is reported to be. */
function createChannels () {
  const asked: string[] = []
  const connection = { isThere: true }
  const channels = new Channels(async (name) => {
    if (!connection.isThere) throw new Error('unreachable')
    asked.push(`+${name}`)
  }, (name) => { asked.push(`-${name}`) })
  return { channels, asked, connection }
}

t.test('a channel is subscribed to once, until its last listener is removed', async (t) => {
  const { channels, asked } = createChannels()
  const received: string[] = []
  const first = channels.listen('a', (message) => { received.push(`1 ${message}`) })
  const second = channels.listen('a', (message) => { received.push(`2 ${message}`) })
  await Promise.all([first.begun, second.begun])
  channels.deliver('a', 'x')
  channels.deliver('b', 'y')
  first.end()
  first.end()
  channels.deliver('a', 'z')
  second.end()
  channels.deliver('a', 'lost')

  t.same(asked, ['+a', '-a'])
  t.same(received, ['1 x', '2 x', '2 z'])
})

t.test('channels that could not be subscribed to are subscribed to later, even those added meanwhile', async (t) => {
  const { channels, asked, connection } = createChannels()
  const gate = createGate()
  await channels.listen('before', ignore).begun
  channels.listen('ended', ignore).end()
  connection.isThere = false
  const later = channels.listen('later', ignore)
  const batches: Array<readonly string[]> = []
  const all = channels.subscribeAll(async (names) => { batches.push(names); await gate.promise })
  channels.listen('meanwhile', ignore)
  gate.open()
  await all

  await t.rejects(later.begun, { message: 'unreachable' })
  t.same(batches, [['before', 'later'], ['meanwhile']])
  await channels.listen('meanwhile', ignore).begun
  t.same(asked, ['+before', '+ended', '-ended'])
})

t.test('many channels are not subscribed to all at once', async (t) => {
  const { channels } = createChannels()
  for (let number = 0; number < 25_000; number++) channels.listen(`${number}`, ignore)
  const sizes: number[] = []
  await channels.subscribeAll(async (names) => { sizes.push(names.length) })

  t.same(sizes, [10_000, 10_000, 5000])
})
