import t from 'tap'
import { isImplementation, readIdentity } from '../../lib/protocol/client-identity.ts'
import { weigh } from '../../lib/protocol/bounds.ts'

const BIG = Array.from({ length: 100_000 }, () => ({}))

t.test('an implementation has a name and a version', async (t) => {
  t.equal(isImplementation({ name: '', version: '' }), true)
  t.equal(isImplementation({ name: 'Ann' }), false)
  t.equal(isImplementation(undefined), false)
})

t.test('every member that a revision of the protocol defines is kept', async (t) => {
  const info = {
    name: 'Ann',
    version: '2',
    title: 'Ann the client',
    description: 'Reads notes',
    websiteUrl: 'https://ann.example',
    icons: [{ src: 'https://ann.example/icon.png', mimeType: 'image/png', sizes: ['48x48'], theme: 'dark' as const }]
  }
  const capabilities = {
    roots: { listChanged: true },
    sampling: { context: {}, tools: {} },
    elicitation: { form: { applyDefaults: true }, url: {} },
    tasks: { list: {}, cancel: {}, requests: { sampling: { createMessage: {} }, elicitation: { create: {} } } },
    extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html;profile=mcp-app'] } },
    experimental: { 'example.com/voice': {} }
  }

  t.strictSame(readIdentity(info, capabilities), { info, capabilities })
  t.strictSame(readIdentity(undefined, { roots: {} }), { capabilities: { roots: {} } })
})

t.test('members that no revision defines are dropped', async (t) => {
  const info = { name: 'Ann', version: '2', x: BIG, title: 7, description: {}, websiteUrl: [], icons: {} }
  const capabilities = {
    x: BIG,
    roots: { x: BIG },
    sampling: { tools: {}, x: BIG },
    elicitation: null,
    experimental: []
  }

  t.strictSame(readIdentity(info as never, capabilities), {
    info: { name: 'Ann', version: '2' },
    capabilities: { roots: {}, sampling: { tools: {} } }
  })
})

t.test('long texts are cut, and a long URL is left out', async (t) => {
  const long = 'x'.repeat(2000)
  const cut = `${'x'.repeat(1024)}…`

  t.strictSame(
    readIdentity(
      {
        name: long,
        version: long,
        title: long,
        description: long,
        websiteUrl: long,
        icons: [{ src: 'a' }, { src: long.repeat(10) }, { src: 'b' }]
      },
      {}
    ),
    {
      info: { name: cut, version: cut, title: cut, description: cut, icons: [{ src: 'a' }, { src: 'b' }] },
      capabilities: {}
    }
  )
})

t.test('capabilities that are too large are left out one by one', async (t) => {
  const { capabilities } = readIdentity(undefined, {
    sampling: { context: BIG, tools: {} },
    extensions: { a: { settings: BIG }, b: { c: 1 } },
    experimental: { d: 'x'.repeat(9000), e: {} }
  })

  t.strictSame(capabilities, { sampling: { tools: {} }, extensions: { b: { c: 1 } }, experimental: { e: {} } })
})

t.test('whatever a client says about itself, the kept part is small', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`example.com/${index}`, {}]))
  const identity = readIdentity(
    { name: 'n', version: 'v', icons: Array.from({ length: 10_000 }, () => ({ src: 'https://ann.example/icon.png' })) },
    { extensions: many, experimental: many, roots: many, tasks: { list: many, cancel: BIG, requests: {} } }
  )

  t.ok(weigh(identity, Infinity) < 20_000)
})
