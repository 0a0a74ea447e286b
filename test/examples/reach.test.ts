// The examples of who reaches a server, and how: names, proxies, pages, load balancers.
import t from 'tap'
import { noBrowser, startBrowser } from '../support/browser.ts'
import { findPort } from '../support/free-port.ts'
import { startRoundRobin } from '../support/round-robin.ts'
import { v1, v2Modern } from '../support/clients.ts'
import { callByHand, connect, send, withExample } from './example.ts'

// Processes take long to start on a busy machine, and so do browsers.
t.setTimeout(300_000)

t.test('real-host-name: its own name, others that are listed, and no further ones are served', async (t) => {
  const port = await findPort()
  await withExample(t, 'real-host-name', { env: { PORT: String(port), PUBLIC_URL: 'https://slugs.example.com' } }, async ({ url, lines }) => {
    const ask = (headers: Record<string, string>) =>
      callByHand(`http://127.0.0.1:${port}/mcp`, 'make_slug', { title: 'Über Uns!' }, headers)

    t.equal(url, 'https://slugs.example.com/mcp')
    for (const host of ['slugs.example.com', 'mcp.internal:8000', `localhost:${port}`, `127.0.0.1:${port}`]) {
      t.match(await ask({ host }), { status: 200, body: { result: { content: [{ text: 'uber-uns' }] } } }, host)
    }
    for (const host of ['mcp.example.com', 'mcp.internal', 'slugs.example.com.evil.example']) {
      t.match(await ask({ host }), { status: 421, body: { error: { message: 'Invalid Host header' } } }, host)
    }
    for (const origin of ['https://slugs.example.com', 'https://app.example.com', 'http://localhost:5173']) {
      t.match(
        await ask({ host: 'slugs.example.com', origin }),
        { status: 200, headers: { 'access-control-allow-origin': origin } },
        origin
      )
    }
    t.match(await ask({ host: 'slugs.example.com', origin: 'https://evil.example' }), {
      status: 403,
      body: { error: { message: 'Invalid Origin header' } }
    })
    t.ok(
      lines.some((line) => line.includes('"host":"mcp.example.com"') && line.includes('allowedHosts')),
      'the log names the option'
    )
  })
})

t.test('behind-proxy: any Host is served, and what the proxy says of the caller is believed', async (t) => {
  const port = await findPort()
  await withExample(t, 'behind-proxy', { env: { PORT: String(port), PUBLIC_URL: 'https://mcp.example.com/ai' } }, async ({ url }) => {
    const origin = `http://127.0.0.1:${port}`
    const headers = {
      host: 'upstream',
      origin: 'https://anything.example',
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-proto': 'https'
    }

    t.equal(url, 'https://mcp.example.com/ai/mcp')
    t.match(await callByHand(`${origin}/mcp`, 'who_am_i', {}, headers), {
      status: 200,
      body: { result: { content: [{ text: '203.0.113.7 by https' }] } }
    })
    t.match(await send(`${origin}/health/ready`, 'GET', { host: 'upstream' }), { status: 200, body: { status: 'ok' } })
  })
})

t.test('browser-clients: pages of the second origin use the endpoint, and no others', async (t) => {
  await withExample(t, 'browser-clients', { env: { PAGE_PORT: '0' } }, async ({ url, lines }) => {
    const origin = lines.map((line) => /^Page (\S+)$/.exec(line)?.[1]).find((found) => found !== undefined) ?? ''
    const preflight = (from: string) => send(url, 'OPTIONS', {
      origin: from,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,mcp-method,mcp-name,mcp-protocol-version'
    })

    t.match(await preflight(origin), {
      status: 204,
      headers: {
        'access-control-allow-origin': origin,
        'access-control-allow-methods': /POST/,
        'access-control-allow-headers': /Mcp-Name/i
      }
    })
    t.match(await preflight('http://127.0.0.1:1'), {
      status: 403,
      body: { error: { message: 'Invalid Origin header' } }
    })

    await t.test('in Chromium', { skip: noBrowser }, async (t) => {
      const openPage = await startBrowser(t)
      const page = await openPage(origin)
      await page.fill('input', 'hello')
      await page.click('button')
      await page.waitForFunction("document.querySelector('output').textContent !== ''")

      t.equal(await page.textContent('output'), 'HELLO!')
    })
  })
})

t.test('stateless: any process answers any request, in both eras', async (t) => {
  await withExample(t, 'stateless', {}, async ({ url: first }) => {
    await withExample(t, 'stateless', {}, async ({ url: second }) => {
      const balancer = await startRoundRobin([new URL(first).origin, new URL(second).origin])
      for (const kind of [v1, v2Modern]) {
        const client = await connect(t, kind, `${balancer.url}/mcp`)
        const answers: unknown[] = []
        for (let call = 1; call <= 4; call++) {
          answers.push((await client.callTool('digest', { text: 'abc' }))['structuredContent'])
        }

        const digests = answers as ReadonlyArray<{ digest: string, process: number }>
        t.same(
          new Set(digests.map(({ digest }) => digest)),
          new Set(['ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'])
        )
        t.equal(new Set(digests.map(({ process }) => process)).size, 2, 'both processes have answered')
        t.equal(client.sessionId, undefined)
        await client.close()
      }
      await balancer.close()
    })
    const { headers } = await callByHand(first, 'digest', { text: 'abc' })
    t.match(headers['content-type'], 'application/json')
  })
})
