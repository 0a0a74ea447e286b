// Compares the heap after one million calls with the heap after the first ten thousand. Modern clients and a session
// call in turn. Garbage is collected before each reading.
import type { Scenario } from '../scenario.ts'
import { Child, withChild } from './child.ts'
import { checkAnswers, load, openSessions } from './load.ts'
import { modernCall, sessionCall } from './messages.ts'

const CALLS = 1_000_000
const FIRST = 10_000
const QUICKER = 200

/** The scenario. */
export const MILLION_CALLS: Scenario = {
  name: 'a million calls',
  async run ({ quick }) {
    const [first, all] = quick ? [FIRST / QUICKER, CALLS / QUICKER] : [FIRST, CALLS]
    return await withChild(() => Child.start('mounts', { tools: 1, mounts: 1, maxSessions: 1 }), async (server) => {
      const requests = [modernCall(), ...(await openSessions(server, 1)).map(sessionCall)]
      await checkAnswers(server, requests)
      await load(server, requests, { amount: first })
      const before = await server.askFor('heapUsed', 'memory')
      await load(server, requests, { amount: all - first })
      const after = await server.askFor('heapUsed', 'memory')
      return [{
        contender: 'fastify-mcp-mount',
        figures: { 'heap bytes after the first ten thousand': before, 'heap bytes at the end': after },
        ratios: [
          {
            to: 'the heap after the first ten thousand',
            of: 'heap bytes at the end',
            value: after / before,
            target: { atMost: 1.05 }
          }
        ]
      }]
    })
  }
}
