import fc from 'fast-check'
import t from 'tap'
import { encodeHeaderValue } from '../../lib/protocol/headers.ts'
import { collectParamHeaders, findParamHeaderMismatch, type ParamHeader } from '../../lib/protocol/param-headers.ts'

const REGION: ParamHeader = {
  header: 'mcp-param-region',
  display: 'Mcp-Param-Region',
  path: ['region'],
  type: 'string'
}
const LIMIT: ParamHeader = { header: 'mcp-param-limit', display: 'Mcp-Param-Limit', path: ['limit'], type: 'integer' }
const DRY: ParamHeader = {
  header: 'mcp-param-dry',
  display: 'Mcp-Param-Dry',
  path: ['options', 'dry'],
  type: 'boolean'
}

function annotated (name: unknown, type: unknown = 'string'): Record<string, unknown> {
  return { type, 'x-mcp-header': name }
}

function problemOf (schema: Record<string, unknown>): string | undefined {
  const scan = collectParamHeaders(schema)
  return 'problem' in scan ? scan.problem : undefined
}

t.test('annotated properties are found at any depth of properties', async (t) => {
  const scan = collectParamHeaders({
    type: 'object',
    properties: {
      region: { type: 'string', 'x-mcp-header': 'Region' },
      query: { type: 'string' },
      limit: { type: 'integer', 'x-mcp-header': 'Limit' },
      options: { type: 'object', properties: { dry: { type: 'boolean', 'x-mcp-header': 'Dry' } } }
    }
  })

  t.same(scan, { headers: [REGION, LIMIT, DRY] })
})

t.test('a schema without annotations has no headers', async (t) => {
  for (const schema of [
    {},
    { properties: true },
    { properties: { a: true, b: false, c: { 'x-mcp-header': undefined } } }
  ]) {
    t.same(collectParamHeaders(schema), { headers: [] })
  }
})

t.test('an annotation that properties alone do not lead to is refused, and the message says where it is', async (t) => {
  const inner = annotated('Inner')
  const named = { a: inner }
  const schemas: Record<string, Record<string, unknown>> = {
    '#': inner,
    '#/properties/list/items': { properties: { list: { items: inner } } },
    '#/properties/list/items/1': { properties: { list: { items: [true, inner] } } },
    '#/properties/list/items/properties/a': { properties: { list: { items: { properties: named } } } }
  }
  for (const keyword of ['prefixItems', 'oneOf', 'anyOf', 'allOf']) schemas[`#/${keyword}/0`] = { [keyword]: [inner] }
  for (const keyword of [
    'additionalItems',
    'unevaluatedItems',
    'contains',
    'additionalProperties',
    'unevaluatedProperties',
    'propertyNames',
    'not',
    'if',
    'then',
    'else',
    'contentSchema'
  ]) { schemas[`#/${keyword}`] = { [keyword]: inner } }
  for (const keyword of ['patternProperties', '$defs', 'definitions', 'dependentSchemas', 'dependencies']) {
    schemas[`#/${keyword}/a`] = { [keyword]: named }
  }

  for (const [pointer, schema] of Object.entries(schemas)) {
    t.equal(
      problemOf(schema),
      `the 'x-mcp-header' annotation at '${pointer}' ` +
        "is not on a property that the schema's root reaches by 'properties' alone"
    )
  }
})

t.test('x-mcp-header in data, or as the name of a property, is not an annotation', async (t) => {
  const data = { 'x-mcp-header': 'bad name' }
  const scan = collectParamHeaders({
    const: data,
    enum: [data],
    default: data,
    examples: [data],
    'x-vendor': data,
    properties: { 'x-mcp-header': { type: 'string' } },
    patternProperties: { 'x-mcp-header': true },
    $defs: { 'x-mcp-header': { type: 'string' } },
    dependencies: { 'x-mcp-header': ['a'] }
  })

  t.same(scan, { headers: [] })
})

t.test('an annotation that is not a token is refused', async (t) => {
  const at = "the 'x-mcp-header' annotation at '#/properties/a' "
  for (const name of [7, null, true, ['A']]) {
    t.equal(problemOf({ properties: { a: annotated(name) } }), at + 'is not a string')
  }
  t.equal(problemOf({ properties: { a: annotated('') } }), at + 'is empty')
  for (const name of ['a b', 'a:b', 'a\r\nb', 'a\n', 'größe', '(a)', 'a/b']) {
    t.equal(problemOf({ properties: { a: annotated(name) } }),
      at + "is not a token (RFC 9110): only letters, digits and !#$%&'*+-.^_`|~ are allowed")
  }
})

t.test('an annotation on another type than string, integer or boolean is refused', async (t) => {
  for (const type of ['number', 'object', 'array', 'null', undefined, ['string'], ['string', 'null']]) {
    t.equal(
      problemOf({ properties: { a: { type, 'x-mcp-header': 'A' } } }),
      "the 'x-mcp-header' annotation at '#/properties/a' " +
        "is on a property whose 'type' is not 'string', 'integer' or 'boolean'"
    )
  }
})

t.test('names are unique regardless of case', async (t) => {
  const problem = problemOf({ properties: { a: annotated('Region'), b: { properties: { c: annotated('REGION') } } } })

  t.equal(
    problem,
    "the 'x-mcp-header' annotation at '#/properties/b/properties/c' " +
      "repeats the name 'REGION'; names are unique regardless of case"
  )
})

t.test('headers that repeat the arguments are accepted', async (t) => {
  const args = { region: 'us-west1', limit: 42, options: { dry: true } }
  const received = {
    'mcp-param-region': 'us-west1',
    'mcp-param-limit': '42',
    'mcp-param-dry': 'true',
    'mcp-param-other': 'x'
  }

  t.equal(findParamHeaderMismatch([REGION, LIMIT, DRY], args, received), undefined)
})

t.test('no header is expected for an argument that is absent or null', async (t) => {
  for (const args of [
    undefined,
    null,
    {},
    { region: null },
    { region: undefined },
    [],
    'text',
    { options: [] },
    { options: 7 }
  ]) {
    t.equal(findParamHeaderMismatch([REGION, DRY], args, {}), undefined)
  }
})

t.test('a header without its argument contradicts the body', async (t) => {
  for (const args of [undefined, {}, { options: null }, { options: { dry: null } }]) {
    t.equal(findParamHeaderMismatch([DRY], args, { 'mcp-param-dry': 'true' }),
      "Mcp-Param-Dry header was sent, but the body has no value at 'options.dry'")
  }
})

t.test('an argument without its header is a mismatch', async (t) => {
  t.equal(findParamHeaderMismatch([REGION], { region: 'eu' }, {}),
    "Mcp-Param-Region header is missing, but the body has a value at 'region'")
  t.equal(findParamHeaderMismatch([REGION], { region: '' }, {}),
    "Mcp-Param-Region header is missing, but the body has a value at 'region'")
})

t.test('a header with another value than the argument is a mismatch', async (t) => {
  t.equal(findParamHeaderMismatch([REGION], { region: 'eu' }, { 'mcp-param-region': 'EU' }),
    "Mcp-Param-Region header value 'EU' does not match body value 'eu'")
  t.equal(findParamHeaderMismatch([DRY], { options: { dry: false } }, { 'mcp-param-dry': 'False' }),
    "Mcp-Param-Dry header value 'False' does not match body value 'false'")
})

t.test('long values are cut in the message', async (t) => {
  const mismatch = findParamHeaderMismatch(
    [REGION],
    { region: 'b'.repeat(129) },
    { 'mcp-param-region': 'a'.repeat(128) }
  )

  t.equal(
    mismatch,
    `Mcp-Param-Region header value '${'a'.repeat(128)}' does not match body value '${'b'.repeat(128)}…'`
  )
})

t.test('a header is decoded before it is compared, and is invalid when it cannot be', async (t) => {
  t.equal(findParamHeaderMismatch([REGION], { region: '世界' }, { 'mcp-param-region': '=?base64?5LiW55WM?=' }), undefined)
  t.equal(findParamHeaderMismatch([LIMIT], { limit: 42 }, { 'mcp-param-limit': '=?base64?NDI=?=' }), undefined)
  for (const raw of ['=?base64?5LiW55W?=', 'caf\u00e9']) {
    t.equal(findParamHeaderMismatch([REGION], { region: raw }, { 'mcp-param-region': raw }),
      'Mcp-Param-Region header has invalid characters or an invalid Base64 value')
  }
})

t.test('a header that was sent twice is a mismatch', async (t) => {
  t.equal(findParamHeaderMismatch([REGION], { region: 'eu' }, { 'mcp-param-region': ['eu', 'eu'] }),
    'Mcp-Param-Region header was sent more than once')
})

t.test('integers are compared as numbers, written in decimal', async (t) => {
  for (const text of ['42', '42.0', '42.000']) {
    t.equal(findParamHeaderMismatch([LIMIT], { limit: 42 }, { 'mcp-param-limit': text }), undefined)
  }
  t.equal(findParamHeaderMismatch([LIMIT], { limit: -7 }, { 'mcp-param-limit': '-7' }), undefined)
  t.equal(findParamHeaderMismatch([LIMIT], { limit: -0 }, { 'mcp-param-limit': '0' }), undefined)

  for (const text of [
    '',
    '43',
    '042',
    '+42',
    '0x2a',
    '4.2e1',
    '42.',
    '42.00000000000000000001',
    'NaN',
    '42,42',
    '4 2'
  ]) {
    t.match(
      findParamHeaderMismatch([LIMIT], { limit: 42 }, { 'mcp-param-limit': text }),
      /does not match body value '42'$/,
      text
    )
  }
})

t.test('an integer that JavaScript cannot hold exactly is a mismatch', async (t) => {
  t.match(
    findParamHeaderMismatch([LIMIT], { limit: 2 ** 53 }, { 'mcp-param-limit': '9007199254740992' }),
    /does not match/
  )
  t.match(
    findParamHeaderMismatch([LIMIT], { limit: 2 ** 53 }, { 'mcp-param-limit': '9007199254740993' }),
    /does not match/
  )
  t.equal(
    findParamHeaderMismatch([LIMIT], { limit: 2 ** 53 - 1 }, { 'mcp-param-limit': '9007199254740991' }),
    undefined
  )
})

t.test(
  'an argument of another type than declared is left to the schema, unless its header is invalid in itself',
  async (t) => {
    for (const [param, value] of [
      [REGION, 7],
      [REGION, {}],
      [LIMIT, 1.5],
      [LIMIT, '42'],
      [LIMIT, Infinity]
    ] as const) {
      const args = { [param.path.join()]: value }

      t.equal(findParamHeaderMismatch([param], args, {}), undefined)
      t.equal(findParamHeaderMismatch([param], args, { [param.header]: '42' }), undefined)
      t.match(findParamHeaderMismatch([param], args, { [param.header]: '\u00e9' }), /invalid characters/)
    }
    t.equal(findParamHeaderMismatch([DRY], { options: { dry: 'true' } }, { 'mcp-param-dry': 'false' }), undefined)
  }
)

t.test('only own properties are arguments', async (t) => {
  const inherited: ParamHeader = {
    header: 'mcp-param-a',
    display: 'Mcp-Param-A',
    path: ['__proto__', 'a'],
    type: 'string'
  }

  t.equal(findParamHeaderMismatch([inherited], Object.create({ a: 'x' }), {}), undefined)
  t.equal(
    findParamHeaderMismatch([inherited], JSON.parse('{"__proto__":{"a":"x"}}'), { 'mcp-param-a': 'x' }),
    undefined
  )
  t.same(
    collectParamHeaders(
      JSON.parse('{"properties":{"__proto__":{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}}}')
    ),
    { headers: [inherited] }
  )
})

t.test('the headers of a conforming client are always accepted, and any others never', async () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.maxSafeInteger(), fc.boolean())

  fc.assert(fc.property(value, value, (sent, inBody) => {
    const type = typeof inBody === 'number' ? 'integer' : typeof inBody === 'string' ? 'string' : 'boolean'
    const received = { 'mcp-param-v': encodeHeaderValue(String(sent)) }
    const mismatch = findParamHeaderMismatch(
      [{ header: 'mcp-param-v', display: 'Mcp-Param-V', path: ['v'], type }],
      { v: inBody },
      received
    )

    return (mismatch === undefined) === (String(sent) === String(inBody))
  }))
})

t.test('the scan throws for no schema', async () => {
  const schema = fc.letrec((tie) => ({
    schema: fc.dictionary(
      fc.constantFrom('x-mcp-header', 'type', 'properties', 'items', 'allOf', '$defs', 'not', '__proto__'),
      fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom('A', 'string', '', 1, null, true),
        tie('schema'),
        fc.array(tie('schema'), { maxLength: 3 })
      )
    )
  })).schema

  fc.assert(fc.property(schema, (value) => {
    // The dictionary above generates objects only.
    const scan = collectParamHeaders(value as Record<string, unknown>)

    return 'problem' in scan
      ? scan.problem.startsWith("the 'x-mcp-header' annotation at '#")
      : scan.headers.every(({ path }) => path.length > 0)
  }))
})
