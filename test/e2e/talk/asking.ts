// Tests questions during a call: the official clients of both eras answer the same handlers.
import t, { type Test } from 'tap'
import {
  clientKinds,
  failureOf,
  type Answer,
  type Answering,
  type ClientKind,
  type Recorded
} from '../../support/clients.ts'
import type { TalkOptions } from './app.ts'
import { PROMPTED } from './definitions.ts'
import type { SetUp } from './stage.ts'

const NEEDS = {
  register: { elicitation: {} },
  pay: { elicitation: { url: {} } },
  think: { sampling: {} },
  roots: { roots: {} },
  by_hand: { elicitation: {} }
}

/** Creates a user who answers each form by its fields, and records the questions. */
function createUser (): { readonly asked: Answer[], readonly answering: Answering } {
  const asked: Answer[] = []
  const contents: Readonly<Record<string, Record<string, string | boolean>>> = {
    name: { name: 'Ada' },
    agreed: { agreed: true }
  }
  return {
    asked,
    answering: {
      elicit (params) {
        asked.push(params)
        const { properties } = params['requestedSchema'] as { readonly properties: object }
        return { action: 'accept', content: contents[Object.keys(properties).join()] ?? {} }
      },
      listRoots: () => ({ roots: [{ uri: 'file:///home', name: 'Home' }] })
    }
  }
}

function textOf ({ content }: Answer): string {
  const [block] = content as ReadonlyArray<{ readonly text: string }>
  return block?.text ?? ''
}

function isCall ({ headers }: Recorded): boolean {
  return headers.get('mcp-method') === 'tools/call'
}

/** Tests that clients of each era answer the same handlers. */
export function testAsking (setUp: SetUp): void {
  async function connect (t: Test, kind: ClientKind, answering: Answering = {}, options: TalkOptions = {}) {
    const stage = await setUp(t, 'asking', options)
    const client = await kind.connect(stage.url, 'asked', answering)
    t.teardown(() => client.close())
    return { client, stage }
  }

  for (const kind of clientKinds) {
    t.test(`${kind.title} fills in a form, and the handler gets the checked content`, async (t) => {
      const asked: Answer[] = []
      const { client } = await connect(t, kind, {
        elicit (params) {
          asked.push(params)
          return { action: 'accept', content: { name: 'Ada', age: 36 } }
        }
      })

      const answer = await client.callTool('register')

      t.equal(textOf(answer), 'ADA will be 37')
      t.match(asked, [{
        message: 'Who are you?',
        requestedSchema: {
          type: 'object',
          required: ['name', 'age'],
          properties: { name: { type: 'string', minLength: 2 }, age: { type: 'integer', minimum: 0 } }
        }
      }])
      t.equal(asked.length, 1)
    })

    for (const action of ['decline', 'cancel'] as const) {
      t.test(`${kind.title} answers a form with ${action}, and the handler goes on with this action`, async (t) => {
        const { client } = await connect(t, kind, { elicit: () => ({ action }) })

        const answer = await client.callTool('register')

        t.equal(textOf(answer), action)
        t.not(answer['isError'], true)
      })
    }

    t.test(`${kind.title} answers two questions in turn, and the second one contains the first answer`, async (t) => {
      const { asked, answering } = createUser()
      const { client } = await connect(t, kind, answering)

      const answer = await client.callTool('one_after_the_other')

      t.strictSame(JSON.parse(textOf(answer)), [
        { action: 'accept', content: { name: 'Ada' } },
        { action: 'accept', content: { agreed: true } }
      ])
      t.strictSame(asked.map(({ message }) => message), ['Who are you?', 'Do you agree, Ada?'])
      if (kind.era === 'modern') t.equal(client.recorded.filter(isCall).length, 3, 'each question takes a round')
    })

    t.test(`${kind.title} answers two simultaneous questions, and each answer reaches its question`, async (t) => {
      const { answering: { elicit = () => ({ action: 'cancel' }) } } = createUser()
      const asked: Answer[] = []
      let haveBoth: () => void = () => {}
      const both = new Promise<void>((resolve) => { haveBoth = resolve })
      const { client } = await connect(t, kind, {
        // Answers only after both questions have arrived, the second one first.
        async elicit (params) {
          if (asked.push(params) === 2) haveBoth()
          else await both
          return elicit(params)
        }
      })

      const answer = await client.callTool('at_once')

      t.strictSame(JSON.parse(textOf(answer)), [
        { action: 'accept', content: { name: 'Ada' } },
        { action: 'accept', content: { agreed: true } }
      ])
      t.strictSame(asked.map(({ message }) => message).sort(), ['Do you agree?', 'Who are you?'])
      if (kind.era === 'modern') t.equal(client.recorded.filter(isCall).length, 2, 'both questions take one round')
    })

    t.test(`${kind.title} opens the page of ctx.elicitUrl`, async (t) => {
      const asked: Answer[] = []
      const { client } = await connect(t, kind, {
        elicit (params) {
          asked.push(params)
          return { action: 'accept' }
        }
      })

      const answer = await client.callTool('pay')

      t.equal(textOf(answer), 'accept')
      t.match(asked, [{ mode: 'url', message: 'Pay here', url: 'https://pay.example/7' }])
      t.equal(typeof asked[0]?.['elicitationId'], kind.era === 'legacy' ? 'string' : 'undefined')
    })

    t.test(`${kind.title} answers ctx.sample with a message of its model`, async (t) => {
      const asked: Answer[] = []
      const { client } = await connect(t, kind, {
        sample (params) {
          asked.push(params)
          return { role: 'assistant', model: 'm', content: { type: 'text', text: 'Seven' }, stopReason: 'endTurn' }
        }
      })

      const answer = await client.callTool('think')

      t.strictSame(JSON.parse(textOf(answer)), {
        role: 'assistant',
        model: 'm',
        content: { type: 'text', text: 'Seven' },
        stopReason: 'endTurn'
      })
      t.match(asked, [PROMPTED])
    })

    t.test(`${kind.title} answers ctx.listRoots with its roots`, async (t) => {
      const { client } = await connect(t, kind, createUser().answering)

      const answer = await client.callTool('roots')

      t.strictSame(JSON.parse(textOf(answer)), [{ uri: 'file:///home', name: 'Home' }])
    })

    t.test(`${kind.title} answers several questions of a call, and ctx.once runs each side effect only once`, async (t) => {
      const { client, stage } = await connect(t, kind, createUser().answering)

      const answer = await client.callTool('order')

      t.strictSame(JSON.parse(textOf(answer)), [{ id: 2 }, 'accept', true, 'accept'])
      t.strictSame(
        [...(await stage.notes())].sort(),
        kind.era === 'legacy' ? ['bill', 'order', 'round'] : ['bill', 'order', 'round', 'round', 'round']
      )
    })

    t.test(`${kind.title} answers the question of a prompt`, async (t) => {
      const { client } = await connect(t, kind, createUser().answering)

      const prompt = await client.getPrompt('greeting', { tone: 'warm' })

      t.match(prompt, { messages: [{ role: 'user', content: { type: 'text', text: 'Greet Ada in a warm tone' } }] })
    })

    t.test(`${kind.title} answers the question of a resource of a template`, async (t) => {
      const { client } = await connect(t, kind, createUser().answering)

      const { contents } = await client.readResource('diary://monday')

      t.match(contents, [{ uri: 'diary://monday', text: 'Dear diary of monday' }])
    })

    t.test(`${kind.title} answers inputRequired(), and the handler runs again with the answers and its state`, async (t) => {
      const { client } = await connect(t, kind, createUser().answering)

      const answer = await client.callTool('by_hand')

      t.match(JSON.parse(textOf(answer)), {
        inputState: { step: 1 },
        inputResponses: {
          who: { action: 'accept', content: { name: 'Ada' } },
          where: { roots: [{ uri: 'file:///home', name: 'Home' }] }
        }
      })
    })

    t.test(`${kind.title} answers a question with an error, and the call fails with it`, async (t) => {
      const { client } = await connect(t, kind, { elicit () { throw new Error('nobody is here') } })

      await t.rejects(client.callTool('register'), /nobody is here/)
    })

    for (const [tool, requiredCapabilities] of Object.entries(NEEDS)) {
      t.test(`${kind.title} without capabilities calls '${tool}' and gets an error about the missing one`, async (t) => {
        const { client } = await connect(t, kind)
        const before = client.recorded.length

        const call = client.callTool(tool)

        if (kind.era === 'modern') {
          t.match(await failureOf(call), {
            code: -32021,
            data: { requiredCapabilities },
            message: /this client does not support that/
          })
        } else t.match(await call, { isError: true, content: [{ type: 'text', text: /this client does not support that/ }] })
        t.equal(client.recorded.length - before, 1)
      })
    }

    t.test(`${kind.title} without capabilities gets an error from prompts and resources, too`, async (t) => {
      const { client } = await connect(t, kind)

      const failures = await Promise.all([
        failureOf(client.getPrompt('greeting', { tone: 'warm' })),
        failureOf(client.readResource('diary://monday'))
      ])

      const refusal = { code: -32021, data: { requiredCapabilities: { elicitation: {} } } }
      t.match(failures, [refusal, refusal])
    })
  }

  t.test('an invalid answer is asked for again in the modern era, and fails the call in the legacy era', async (t) => {
    for (const kind of clientKinds) {
      let times = 0
      const { client } = await connect(t, kind, {
        elicit: () => ({ action: 'accept', content: { name: 'Ada', age: times++ === 0 ? -1 : 36 } })
      })

      const call = client.callTool('register')

      if (kind.era === 'modern') t.equal(textOf(await call), 'ADA will be 37')
      else t.match(await failureOf(call), { code: -32602, message: /answer to elicitation\/create is unusable: .*age/s })
      t.equal(times, kind.era === 'modern' ? 2 : 1)
    }
  })

  t.test('with stateless: true, modern clients can be asked, and legacy clients cannot', async (t) => {
    for (const kind of clientKinds) {
      const { client } = await connect(t, kind, createUser().answering, { stateless: true })

      const call = client.callTool('roots')

      if (kind.era === 'modern') t.match(textOf(await call), 'file:///home')
      else t.match(await call, { isError: true, content: [{ text: /this client does not support that \(roots\)/ }] })
    }
  })
}
