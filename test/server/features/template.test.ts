import fc from 'fast-check'
import t from 'tap'
import { ResourceTemplate, type TemplateMatch } from '../../../lib/server/features/template.ts'

function match (template: ResourceTemplate, uri: string): TemplateMatch | undefined {
  const found = template.match(uri)
  return found !== undefined && 'variables' in found ? { variables: { ...found.variables } } : found
}

t.test('a template has its URI template, variables, list and completers as properties', async (t) => {
  const list = (): [] => []
  const user = (): string[] => ['ann']

  const template = new ResourceTemplate('notes://{user}/{id}', { list, complete: { user } })

  t.equal(template.uriTemplate, 'notes://{user}/{id}')
  t.same(template.variableNames, ['user', 'id'])
  t.equal(template.list, list)
  t.equal(template.completers.get('user'), user)
  t.equal(template.completers.get('id'), undefined)
})

t.test('a template needs no options, and undefined options are ignored', async (t) => {
  for (const template of [
    new ResourceTemplate('notes://all'),
    new ResourceTemplate('notes://all', { list: undefined, complete: undefined, allowUnsafeValues: undefined })
  ]) {
    t.equal(template.list, undefined)
    t.equal(template.completers.size, 0)
    t.same(match(template, 'notes://all'), { variables: {} })
  }
})

t.test('match() returns the values of a matching URI, and undefined for other URIs', async (t) => {
  const template = new ResourceTemplate('notes://{user}/{id}{?rev}')

  t.same(match(template, 'notes://ann/a%20b'), { variables: { user: 'ann', id: 'a b' } })
  t.equal(match(template, 'notes://ann'), undefined)
  t.equal(match(template, ''), undefined)
})

t.test('match() returns the name of a variable whose value is a path traversal', async (t) => {
  const template = new ResourceTemplate('file:///{dir}/{+path}')

  t.same(match(template, 'file:///a/b/c.txt'), { variables: { dir: 'a', path: 'b/c.txt' } })
  for (const path of [
    '../x', 'b/../../x', '%2e%2e%2fx', '%252e%252e%252fx', '/etc/passwd', 'C:%5Cx', '%00', '..%5Cx'
  ]) {
    t.same(match(template, `file:///a/${path}`), { unsafe: 'path' }, path)
  }
  t.same(match(template, 'file:///%2E%2E/x'), { unsafe: 'dir' })
  t.same(match(new ResourceTemplate('x://h{/seg*}'), 'x://h/a/%2e%2e/b'), { unsafe: 'seg' })
})

t.test('allowUnsafeValues accepts every value', async (t) => {
  const template = new ResourceTemplate('file:///{+path}', { allowUnsafeValues: true })

  t.same(match(template, 'file:///../x'), { variables: { path: '../x' } })
  t.equal(match(template, 'x:///../x'), undefined)
})

t.test('a malformed template is refused', async (t) => {
  t.throws(() => new ResourceTemplate('x://{'), {
    code: 'MCP_ERR_INVALID_DEFINITION',
    message: "resource template 'x://{' is not a valid RFC 6570 URI template: a '{' is not closed"
  })
  // @ts-expect-error authors without TypeScript may pass any value
  t.throws(() => new ResourceTemplate(Symbol('x')), {
    code: 'MCP_ERR_INVALID_DEFINITION', message: 'a resource template must be a string'
  })
})

t.test('a wrong option is refused', async (t) => {
  const refused: ReadonlyArray<readonly [options: unknown, problem: string]> = [
    [{ lists: 1 }, "has an unknown option 'lists'; the options are: list, complete, allowUnsafeValues"],
    [{ list: [] }, "has a 'list' that must be a function"],
    [{ allowUnsafeValues: 'yes' }, "has an 'allowUnsafeValues' that must be a boolean"],
    [{ complete: null }, "has a 'complete' that must be an object of functions"],
    [{ complete: () => [] }, "has a 'complete' that must be an object of functions"],
    [{ complete: { id: ['a'] } }, "has a 'complete.id' that must be a function"],
    [{ complete: { user: () => [] } }, "completes 'user'; its variables are: id, rev"]
  ]

  for (const [options, problem] of refused) {
    // Authors without TypeScript may pass these values.
    t.throws(() => new ResourceTemplate('x://{id}{?rev}', options as object),
      { code: 'MCP_ERR_INVALID_DEFINITION', message: `resource template 'x://{id}{?rev}' ${problem}` })
  }
})

t.test('no accepted value has a parent segment, however it was encoded', async () => {
  const template = new ResourceTemplate('file:///{+path}')
  const path = fc.string({
    unit: fc.constantFrom('..', '.', '/', 'a', '%2e', '%2F', '%5C', '%252e', '%25', '\\'), minLength: 1, maxLength: 10
  })

  fc.assert(fc.property(path, (text) => {
    const found = template.match(`file:///${text}`)

    return found === undefined || 'unsafe' in found || !String(found.variables['path']).split(/[/\\]/).includes('..')
  }))
})

t.test('a template of only a host matches with and without a trailing slash', async (t) => {
  const template = new ResourceTemplate('https://example.com{?page}')

  for (const uri of ['https://example.com?page=1', 'https://example.com/?page=1']) t.same(match(template, uri), { variables: { page: '1' } })
  t.same(match(template, 'https://example.com/'), { variables: {} })
  t.equal(match(template, 'https://example.com/a?page=1'), undefined)
})
