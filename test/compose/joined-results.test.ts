import t from 'tap'
import { compose, type Member } from '../../lib/compose/composition.ts'
import { joinFilters, joinIntroductions } from '../../lib/compose/joined-results.ts'
import { McpServer, type ServerDefinition } from '../../lib/index.ts'
import { Client } from '../support/definition-client.ts'

t.test('introductions and filters are joined, also where one says nothing', async (t) => {
  t.same(joinIntroductions([{ capabilities: { tools: { a: 1 } } }, {}, { capabilities: { tools: { b: 2 }, x: {} } }]), {
    capabilities: { tools: { a: 1, b: 2 }, x: {} }
  })
  t.same(joinFilters([{}, { notifications: { toolsListChanged: true } }]), {
    notifications: { toolsListChanged: true }
  })
})

t.test('what a member of another make answers, or fails with, is passed on', async (t) => {
  const main = new McpServer({ name: 'a', version: '1.0.0' })
  main.registerTool('a_1', {}, () => 'a')
  const definition: ServerDefinition = {
    async serve ({ message: { method } }) {
      if (method !== 'tools/list') throw new Error('broken')
      return {}
    }
  }
  const member: Member = { definition, owns: () => false }
  const composed = compose(main, member)
  const { caller, channel } = new Client()
  const ask = (method: string, takesJson: boolean) => composed.serve({
    message: { id: 1, method, params: {} }, caller, channel: { ...channel, takesJson }
  })

  t.match(await ask('tools/list', true), { tools: [{ name: 'a_1' }] })
  t.match(await ask('tools/list', false), { tools: [{ name: 'a_1' }] })
  await t.rejects(ask('server/discover', true), { message: 'broken' })
})
