import t from 'tap'
import { clientKinds, failureOf } from '../support/clients.ts'
import { connectToEverything } from '../support/everything.ts'

for (const kind of clientKinds) {
  t.test(`${kind.title} gets a prompt with its arguments`, async (t) => {
    const client = await connectToEverything(t, kind)

    const { description, messages } = await client.getPrompt('translate', { text: 'Grüezi', language: 'greek' })

    t.equal(description, 'Translates a text.')
    t.strictSame(messages, [{ role: 'user', content: { type: 'text', text: 'Translate to greek: Grüezi' } }])
  })

  t.test(`${kind.title} gets a prompt of several messages`, async (t) => {
    const client = await connectToEverything(t, kind)

    const { messages } = await client.getPrompt('interview')

    t.strictSame(messages, [
      { role: 'user', content: { type: 'text', text: 'Ask me something.' } },
      { role: 'assistant', content: { type: 'text', text: 'What is your quest?' } }
    ])
  })

  t.test(`${kind.title} gets a prompt without passing optional arguments`, async (t) => {
    const client = await connectToEverything(t, kind)

    const { messages } = await client.getPrompt('farewell')

    t.strictSame(messages, [{ role: 'user', content: { type: 'text', text: 'Part with friend.' } }])
  })

  t.test(`${kind.title} gets a protocol error for a missing argument and for an unknown prompt`, async (t) => {
    const client = await connectToEverything(t, kind)

    const missing = await failureOf(client.getPrompt('translate', { text: 'Grüezi' }))
    const unknown = await failureOf(client.getPrompt('recite'))

    t.match(missing, { code: -32602, message: /^Invalid arguments for prompt translate: .*language/ })
    t.match(unknown, { code: -32602, message: 'Unknown prompt: recite' })
  })

  t.test(`${kind.title} gets completions of a prompt argument for the typed text and the previous arguments`, async (t) => {
    const client = await connectToEverything(t, kind)
    const ref = { type: 'ref/prompt' as const, name: 'translate' }

    const typed = await client.complete(ref, { name: 'language', value: 'g' })
    const chosen = await client.complete(ref, { name: 'language', value: 'g' }, { from: 'german' })
    const none = await client.complete(ref, { name: 'text', value: 'g' })

    t.strictSame(typed['completion'], { values: ['german', 'greek'], total: 2, hasMore: false })
    t.strictSame(chosen['completion'], { values: ['greek'], total: 1, hasMore: false })
    t.strictSame(none['completion'], { values: [], hasMore: false })
  })

  t.test(`${kind.title} gets completions of a variable of a resource template`, async (t) => {
    const client = await connectToEverything(t, kind)

    const answer = await client.complete({ type: 'ref/resource', uri: 'city://{name}' }, { name: 'name', value: 'Ber' })

    t.strictSame(answer['completion'], { values: ['Bergen', 'Berlin', 'Bern'], total: 3, hasMore: false })
  })

  t.test(`${kind.title} gets a protocol error for completions of an unknown prompt or template`, async (t) => {
    const client = await connectToEverything(t, kind)

    const failure = await failureOf(client.complete({ type: 'ref/prompt', name: 'recite' }, { name: 'a', value: '' }))

    t.match(failure, { code: -32602, message: /'ref' names no prompt/ })
  })
}
