// The examples of calls that take a while: they tell how far they are, can be cancelled and resumed, and ask the user.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { failureOf, v1, v2Modern, type Answer } from '../support/clients.ts'
import { createProxy } from '../support/proxy.ts'
import { createGate, until } from '../support/stream.ts'
import { connect, textOf, withExample } from './example.ts'

// Processes take long to start on a busy machine.
t.setTimeout(300_000)

t.test('reindex: progress and log messages are seen, and cancelling leaves everything as it was', async (t) => {
  const dir = t.testdir({
    'a.md': 'Each session has an id.',
    sub: { 'b.md': 'No Session here? One.', 'empty.md': '' },
    'c.txt': 'session'
  })
  await withExample(t, 'reindex', { env: { DIR: dir, PAUSE_MS: '300' } }, async ({ url, lines }) => {
    const clients = [await connect(t, v1, url), await connect(t, v2Modern, url)]
    for (const client of clients) {
      const steps: object[] = []
      const answer = await client.callTool(
        'reindex',
        {},
        {
          logLevel: 'info',
          onprogress: (step) => { steps.push(step) }
        }
      )

      t.same(answer['structuredContent'], { files: 3, words: 8 })
      t.match(
        steps,
        ['a.md', 'sub/b.md', 'sub/empty.md'].map((message, index) => ({ progress: index + 1, total: 3, message }))
      )
      t.match(client.logs, [
        { level: 'info', data: '3 files to read' },
        { level: 'warning', data: { file: 'sub/empty.md', problem: 'has no words' } }
      ])
      t.match(await client.callTool('search', { word: 'Session' }), {
        content: [{ text: 'a.md' }, { text: 'sub/b.md' }]
      })
    }

    // From now on it would take five minutes.
    for (let number = 0; number < 1000; number++) writeFileSync(join(dir, `${number}.md`), 'new')
    for (const [index, client] of clients.entries()) {
      const begun = createGate()
      const controller = new AbortController()
      const cancelled = failureOf(
        client.callTool('reindex', {}, { signal: controller.signal, onprogress: () => begun.open() })
      )
      await begun.promise
      t.match(await client.callTool('reindex'), { isError: true, content: [{ text: /^Reindexing has begun already/ }] })
      controller.abort('enough')

      t.match((await cancelled).message, 'enough')
      await until(() => lines.filter((line) => line.includes('reindexing was cancelled')).length === index + 1)
      t.equal(textOf(await client.callTool('search', { word: 'new' })), 'No file contains that')
      t.equal(textOf(await client.callTool('search', { word: 'id' })), 'a.md')
    }
  })
})

t.test('resumable: a client whose connection is cut misses nothing', async (t) => {
  await withExample(t, 'resumable', {}, async ({ url }) => {
    const proxy = await createProxy(t, url)
    const client = await connect(t, v1, proxy.url)
    const steps: unknown[] = []
    const answer = await client.callTool('count', { to: 10, pauseMs: 50 }, {
      onprogress: (step) => {
        steps.push(Reflect.get(step, 'progress'))
        if (steps.length === 3) proxy.cut()
      }
    })

    t.equal(textOf(answer), 'Counted to 10')
    t.same(steps, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    t.equal(textOf(await client.callTool('count_silently', { to: 3 })), 'Counted to 3')

    const modern = await connect(t, v2Modern, url)
    t.equal(textOf(await modern.callTool('count_silently', { to: 3 })), 'Counted to 3')
  })
})

t.test('asking: a form and a page, in both eras', async (t) => {
  await withExample(t, 'asking', {}, async ({ url }) => {
    const pay = async (page: string): Promise<string> => {
      t.match(await (await fetch(page)).text(), '<button>Pay 10 €</button>')
      return await (await fetch(page, { method: 'POST', body: new URLSearchParams() })).text()
    }

    for (const kind of [v1, v2Modern]) {
      const asked: Answer[] = []
      let paysFirst = true
      const client = await connect(t, kind, url, {
        elicit: async (question) => {
          asked.push(question)
          if (question['mode'] !== 'url') return { action: 'accept', content: { guests: 2, seating: 'outside' } }
          const paid = pay(String(question['url']))
          if (paysFirst) await paid
          return { action: 'accept' }
        }
      })

      for (paysFirst of [true, false]) {
        const booked = textOf(await client.callTool('book_table')) ?? ''
        const [, table = ''] = /^Booked table (\S+) outside for 2/.exec(booked) ?? []

        t.equal(textOf(await client.callTool('pay_deposit', { table })), 'The deposit is paid')
        t.match(asked.splice(0), [
          { message: 'Tonight at our place:', requestedSchema: { type: 'object', required: ['guests', 'seating'] } },
          { mode: 'url', message: 'Please pay the deposit of 10 €.', url: new URL(`/deposit/${table}`, url).href }
        ])
      }
      t.match(await client.callTool('pay_deposit', { table: 'none' }), {
        isError: true,
        content: [{ text: /^No such table/ }]
      })

      const declining = await connect(t, kind, url, { elicit: () => ({ action: 'decline' }) })
      t.equal(textOf(await declining.callTool('book_table')), 'Nothing was booked')
      const silent = await connect(t, kind, url)
      if (kind.era === 'modern') t.match(await failureOf(silent.callTool('book_table')), { code: -32021 })
      else t.match(await silent.callTool('book_table'), { isError: true, content: [{ text: /does not support that \(elicitation\)/ }] })
    }
    t.equal((await fetch(new URL('/deposit/none', url))).status, 404)
  })
})
