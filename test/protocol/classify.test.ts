import fc from 'fast-check'
import t from 'tap'
import type { RefusalReason } from '../../lib/protocol/refusals.ts'
import { classify } from '../../lib/protocol/classify.ts'

const BOTH_ERAS = { legacy: true }
const MODERN_ONLY = { legacy: false }

const MODERN = '2026-07-28'
const META = {
  'io.modelcontextprotocol/protocolVersion': MODERN,
  'io.modelcontextprotocol/clientInfo': { name: 'Ann', version: '2' },
  'io.modelcontextprotocol/clientCapabilities': {}
}

function request (method: string, params?: object) {
  return { jsonrpc: '2.0', id: 7, method, ...(params !== undefined && { params }) }
}

const REASONS: { readonly [code: number]: RefusalReason } = {
  [-32600]: 'invalid_request', [-32602]: 'invalid_params', [-32020]: 'header_mismatch', [-32022]: 'unsupported_revision'
}

function refusal (code: number, message: string, data?: object) {
  const reason = REASONS[code]
  return { kind: 'refusal', reason, status: 400, code, message, ...(data !== undefined && { data }), id: 7 }
}

function unsupported (requested: unknown) {
  return refusal(-32022, 'Unsupported protocol version', { supported: [MODERN], requested })
}

t.test('a request whose _meta and header name the modern revision is modern', async (t) => {
  const params = { name: 'add_note', _meta: META }
  const classified = {
    kind: 'request',
    era: 'modern',
    request: { id: 7, method: 'tools/call', params },
    meta: {
      era: 'modern',
      protocolVersion: MODERN,
      client: { info: { name: 'Ann', version: '2' }, capabilities: {} },
      logLevel: undefined
    }
  }

  t.strictSame(classify(request('tools/call', params), MODERN, BOTH_ERAS), classified)
  t.strictSame(classify(request('tools/call', params), MODERN, MODERN_ONLY), classified)
})

t.test('a request that names no revision is legacy, whatever legacy revision the header has', async (t) => {
  for (const header of [undefined, '2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25']) {
    t.strictSame(classify(request('tools/list'), header, BOTH_ERAS), {
      kind: 'request', era: 'legacy', request: { id: 7, method: 'tools/list', params: {} }
    }, String(header))
  }
})

t.test(
  'initialize without a modern _meta is legacy under any header but the modern one, which contradicts it',
  async (t) => {
    const params = { protocolVersion: '2025-11-25' }

    for (const header of [undefined, '2025-06-18', '1900-01-01', '']) {
      t.strictSame(
        classify(request('initialize', params), header, BOTH_ERAS),
        {
          kind: 'request',
          era: 'legacy',
          request: { id: 7, method: 'initialize', params }
        },
        String(header)
      )
    }
    const mismatch =
      "Header mismatch: MCP-Protocol-Version header value '2026-07-28' does not match body value '2025-11-25'"
    for (const legacy of [true, false]) {
      t.strictSame(classify(request('initialize', params), MODERN, { legacy }), refusal(-32020, mismatch))
    }
  }
)

t.test('initialize with a modern _meta is a modern request', async (t) => {
  t.match(classify(request('initialize', { _meta: META }), MODERN, BOTH_ERAS), { kind: 'request', era: 'modern' })
})

t.test('a modern header without a revision in _meta is refused', async (t) => {
  const expected = refusal(-32602, "Invalid params: '_meta' needs 'io.modelcontextprotocol/protocolVersion', a string")

  t.strictSame(classify(request('tools/list'), MODERN, BOTH_ERAS), expected)
  t.strictSame(classify(request('tools/list', { _meta: {} }), MODERN, MODERN_ONLY), expected)
  t.strictSame(
    classify(
      request('tools/list', { _meta: { ...META, 'io.modelcontextprotocol/protocolVersion': 20260728 } }),
      MODERN,
      BOTH_ERAS
    ),
    expected
  )
  t.strictSame(
    classify(
      request('tools/list', { _meta: { ...META, 'io.modelcontextprotocol/protocolVersion': null } }),
      undefined,
      BOTH_ERAS
    ),
    expected
  )
})

t.test('a revision in _meta without the same revision in the header is a header mismatch', async (t) => {
  t.strictSame(classify(request('tools/list', { _meta: META }), undefined, BOTH_ERAS),
    refusal(-32020, "Header mismatch: MCP-Protocol-Version header is missing, but the body has the value '2026-07-28'"))
  t.strictSame(
    classify(request('tools/list', { _meta: META }), '2025-11-25', BOTH_ERAS),
    refusal(
      -32020,
      "Header mismatch: MCP-Protocol-Version header value '2025-11-25' does not match body value '2026-07-28'"
    )
  )
})

t.test('a revision in _meta that is not served is refused, and the refusal lists the revisions that are', async (t) => {
  for (const revision of ['1900-01-01', '2025-11-25', '']) {
    const _meta = { ...META, 'io.modelcontextprotocol/protocolVersion': revision }

    t.strictSame(classify(request('tools/list', { _meta }), revision, BOTH_ERAS), unsupported(revision))
  }
})

t.test('a legacy request with a header that names an unknown revision is refused', async (t) => {
  t.strictSame(classify(request('tools/list'), '1900-01-01', BOTH_ERAS), unsupported('1900-01-01'))
  t.strictSame(
    classify(request('tools/list'), '2026-07-28, 2026-07-28', BOTH_ERAS),
    unsupported('2026-07-28, 2026-07-28')
  )
})

t.test('a modern request with an incomplete _meta is refused', async (t) => {
  const _meta = { 'io.modelcontextprotocol/protocolVersion': MODERN }

  t.strictSame(classify(request('tools/list', { _meta }), MODERN, BOTH_ERAS),
    refusal(-32602, "Invalid params: '_meta' needs 'io.modelcontextprotocol/clientCapabilities', an object"))
})

t.test('a progress token of either era is a short string or an integer', async (t) => {
  const wrong = "Invalid params: 'progressToken' in '_meta' must be a string of up to 256 bytes or an integer"

  for (const [meta, header] of [[META, MODERN], [{}, undefined]] as const) {
    const ask = (progressToken: unknown): object =>
      classify(request('tools/list', { _meta: { ...meta, progressToken } }), header, BOTH_ERAS)

    for (const token of ['', 'a', 0, -3, 'a'.repeat(256)]) t.match(ask(token), { kind: 'request' })
    for (const token of [null, 1.5, {}, true, 1e300, 'a'.repeat(257), 'ä'.repeat(129)]) {
      t.strictSame(ask(token), refusal(-32602, wrong))
    }
  }
})

t.test('a mount without the legacy era names the revision it serves', async (t) => {
  t.strictSame(
    classify(request('initialize', { protocolVersion: '2025-11-25' }), undefined, MODERN_ONLY),
    unsupported('2025-11-25')
  )
  t.strictSame(
    classify(request('tools/list'), undefined, MODERN_ONLY),
    refusal(
      -32602,
      "Invalid params: '_meta' needs 'io.modelcontextprotocol/protocolVersion' (this server speaks 2026-07-28 only)"
    )
  )
})

t.test('a notification is modern by its _meta or its header', async (t) => {
  const method = 'notifications/cancelled'

  t.strictSame(classify({ jsonrpc: '2.0', method, params: { _meta: META } }, undefined, BOTH_ERAS), {
    kind: 'notification', era: 'modern', method, params: { _meta: META }
  })
  t.strictSame(classify({ jsonrpc: '2.0', method }, MODERN, BOTH_ERAS), {
    kind: 'notification',
    era: 'modern',
    method,
    params: {}
  })
  t.strictSame(classify({ jsonrpc: '2.0', method }, undefined, BOTH_ERAS), {
    kind: 'notification',
    era: 'legacy',
    method,
    params: {}
  })
  t.strictSame(classify({ jsonrpc: '2.0', method }, '2025-06-18', BOTH_ERAS), {
    kind: 'notification',
    era: 'legacy',
    method,
    params: {}
  })
})

t.test('a notification with a header that names an unknown revision is refused', async (t) => {
  t.strictSame(classify({ jsonrpc: '2.0', method: 'notifications/initialized' }, '1900-01-01', BOTH_ERAS), {
    ...unsupported('1900-01-01'),
    id: null
  })
})

t.test('the header decides the era of a response', async (t) => {
  const response = { jsonrpc: '2.0', id: 'r', result: {} }

  t.strictSame(classify(response, MODERN, BOTH_ERAS), { kind: 'response', id: 'r', result: {}, era: 'modern' })
  t.strictSame(classify(response, '2025-11-25', BOTH_ERAS), { kind: 'response', id: 'r', result: {}, era: 'legacy' })
  t.strictSame(classify(response, undefined, BOTH_ERAS), { kind: 'response', id: 'r', result: {}, era: 'legacy' })
})

t.test('a value that is not a message is refused', async (t) => {
  t.strictSame(classify([request('tools/list')], undefined, BOTH_ERAS), {
    kind: 'refusal',
    reason: 'invalid_request',
    status: 400,
    code: -32600,
    message: 'Invalid Request: a message must be a JSON object',
    id: null
  })
})

const header = fc.option(fc.oneof(fc.constantFrom(MODERN, '2025-11-25', '2025-03-26', '1900-01-01', ''), fc.string()), {
  nil: undefined
})

// Values that differ from a good message in a few places reach further than any JSON does.
const almostMessage = fc.record({
  jsonrpc: fc.oneof({ weight: 9, arbitrary: fc.constant('2.0') }, fc.jsonValue()),
  id: fc.oneof(fc.integer(), fc.string(), fc.jsonValue()),
  method: fc.oneof(fc.constantFrom('initialize', 'tools/call', 'server/discover', '__proto__'), fc.jsonValue()),
  params: fc.oneof(fc.jsonValue(), fc.record({
    _meta: fc.oneof(fc.jsonValue(), fc.record({
      'io.modelcontextprotocol/protocolVersion': fc.oneof(fc.constantFrom(MODERN, '2025-11-25'), fc.jsonValue()),
      'io.modelcontextprotocol/clientCapabilities': fc.oneof(fc.constant({}), fc.jsonValue()),
      'io.modelcontextprotocol/clientInfo': fc.jsonValue(),
      'io.modelcontextprotocol/logLevel': fc.oneof(fc.constant('info'), fc.jsonValue()),
      progressToken: fc.oneof(fc.integer(), fc.jsonValue())
    }, { requiredKeys: [] }))
  }, { requiredKeys: [] })),
  result: fc.jsonValue(),
  error: fc.jsonValue()
}, { requiredKeys: [] })

t.test('anything from the wire is classified, or refused with a 4xx status', async () => {
  fc.assert(fc.property(fc.oneof(fc.jsonValue(), almostMessage), header, fc.boolean(), (value, header, legacy) => {
    const classified = classify(value, header, { legacy })

    if (classified.kind !== 'refusal') return classified.era === 'modern' || classified.era === 'legacy'
    return (
      classified.status >= 400 &&
      classified.status < 500 &&
      Number.isInteger(classified.code) &&
      classified.message !== ''
    )
  }), { numRuns: 1000 })
})

t.test('the refusal of a request has its id whenever the id is valid', async () => {
  const id = fc.oneof(fc.string(), fc.maxSafeInteger())

  fc.assert(fc.property(almostMessage, id, header, fc.boolean(), (message, id, header, legacy) => {
    const classified = classify({ ...message, id }, header, { legacy })

    return (classified.kind === 'request' ? classified.request.id : 'id' in classified && classified.id) === id
  }), { numRuns: 1000 })
})
