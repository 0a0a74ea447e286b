import t from 'tap'
import { createKeys } from '../../lib/redis/keys.ts'

t.test('all names of a mount have it as their hash tag, and no character of its name ends the tag', async (t) => {
  const keys = createKeys('mcp:', 'Notes {1} ä', { prefix: 'app:', database: 0 })

  const scope = 'mcp:{Notes%20%7B1%7D%20%C3%A4}:'
  t.same(
    [keys.session('s'), keys.open, keys.events('s.0'), keys.numbers('s'), keys.node('n')],
    ['s:s', 'open', 'e:s.0', 'q:s', 'n:n'].map((name) => scope + name)
  )
  t.same([keys.eventsChannel('s.0'), keys.topicChannel('all')], [`app:${scope}e:s.0`, `app:${scope}b:all`])
  t.same([keys.unused, keys.nodes, keys.places('n')], ['unused', 'nodes', 'p:n'].map((name) => scope + name))
  t.equal(keys.holder('ann'), `${scope}h:SZFeDX1LQC4wF9AQvBwOg8rGx5fWwW5mNA_jJoaTpqE`)
  t.equal(createKeys('', 'Notes').topicChannel('all'), '{Notes}:b:all')
})

t.test('channels belong to one database, as keys do', async (t) => {
  const keys = createKeys('mcp:', 'Notes', { prefix: '', database: 3 })

  t.same(
    [keys.eventsChannel('s.0'), keys.topicChannel('all'), keys.open],
    ['mcp:{Notes}:3:e:s.0', 'mcp:{Notes}:3:b:all', 'mcp:{Notes}:open']
  )
})
