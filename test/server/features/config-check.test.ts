import { runInNewContext } from 'node:vm'
import t from 'tap'
import { McpServer, ResourceTemplate } from '../../../lib/index.ts'

type Config = Readonly<Record<string, unknown>>

// Calls with configurations that TypeScript would refuse.
function untyped (config: unknown): Config {
  return config as Config
}

const server = new McpServer({ name: 'Notes', version: '1.0.0' })
const REGISTER: Readonly<Record<string, (config: Config) => { update (changes: object): void }>> = {
  "tool 'a'": (config) => server.registerTool('a', config, () => 'a'),
  "prompt 'a'": (config) => server.registerPrompt('a', config, () => 'a'),
  "resource 'notes://a'": (config) => server.registerResource('a', 'notes://a', config, () => 'a'),
  "resource template 'notes://a/{id}'": (config) => server.registerResource(
    'a', new ResourceTemplate('notes://a/{id}'), config, () => 'a'
  )
}

for (const [label, register] of Object.entries(REGISTER)) {
  t.test(`an unknown key in the configuration of a ${label} is refused, and the error names the right key`, async (t) => {
    const problem = (key: string, meant: string) => ({
      code: 'MCP_ERR_INVALID_DEFINITION', message: `${label} has an unknown key '${key}' in its configuration; write '${meant}'`
    })

    t.throws(() => register(untyped({ scope: ['notes:write'] })), problem('scope', 'scopes'))
    t.throws(() => register(untyped({ requiredScopes: undefined })), problem('requiredScopes', 'scopes'))
    t.throws(() => register(untyped({ isVisible: () => false })), problem('isVisible', 'visible'))
    t.throws(() => register(untyped({ desciption: 'a' })), problem('desciption', 'description'))
    t.throws(() => register(untyped({ roles: ['admin'] })), { message: new RegExp(`^${label.replaceAll(/[{}]/g, '\\$&')} has an unknown key 'roles' in its configuration; the keys are title, description, .*, scopes, visible$`) })
  })

  t.test(`a configuration of a ${label} that is not an object is refused`, async (t) => {
    for (const config of [undefined, null, 'a', [], () => 'a']) {
      t.throws(() => register(untyped(config)), {
        code: 'MCP_ERR_INVALID_DEFINITION', message: `${label} needs a configuration before its handler: an object, which may be empty ({})`
      })
    }
  })

  t.test(`a wrong value in the configuration of a ${label} is refused, and the error says what to write`, async (t) => {
    const icons = "an 'icons' that must be an array of icons, such as [{ src: 'https://example.com/icon.png' }]"
    const refused: ReadonlyArray<readonly [key: string, value: unknown, problem: string]> = [
      ['title', 7, "a 'title' that must be a string"],
      ['description', null, "a 'description' that must be a string"],
      ['icons', ['icon.png'], icons],
      ['icons', { src: 'icon.png' }, icons],
      ['_meta', 'a', "a '_meta' that must be an object"],
      ['scopes', 'notes:write', "a 'scopes' that must be an array of scopes, such as ['notes:write']"],
      ['visible', true, "a 'visible' that must be a function (ctx) => boolean"]
    ]

    for (const [key, value, problem] of refused) {
      t.throws(() => register(untyped({ [key]: value })), {
        code: 'MCP_ERR_INVALID_DEFINITION', message: `${label} has ${problem}`
      })
    }
  })

  t.test(`an update of a ${label} is checked in the same way, and an invalid one leaves it unchanged`, async (t) => {
    const handle = register(runInNewContext("({ title: 'A' })"))

    t.throws(() => handle.update({ scope: ['notes:write'] }), { message: `${label} has an unknown key 'scope' in its configuration; write 'scopes'` })
    handle.update({ scopes: ['notes:write'] })
  })
}

t.test('keys of other frameworks are recognised and corrected', async (t) => {
  const write = (key: string, meant: string) => ({ message: new RegExp(`has an unknown key '${key}' in its configuration; write '${meant}'$`) })

  t.throws(() => server.registerTool('b', untyped({ parameters: {} }), () => 'b'), write('parameters', 'inputSchema'))
  t.throws(() => server.registerTool('b', untyped({ returns: {} }), () => 'b'), write('returns', 'outputSchema'))
  t.throws(() => server.registerPrompt('b', untyped({ arguments: {} }), () => 'b'), write('arguments', 'argsSchema'))
  t.throws(() => server.registerTool('b', untyped({ arguments: {} }), () => 'b'), { message: /the keys are title/ })
  t.throws(() => server.registerResource('b', 'notes://b', { cache: untyped({ ttl: 5 }) }, () => 'b'), {
    message: "resource 'notes://b' has a 'cache' that must have 'ttlMs' and 'scope' at most, and not 'ttl'"
  })
})

t.test('keys that only tools or only resources have are checked', async (t) => {
  t.throws(() => server.registerTool('b', { annotations: untyped('destructive') }, () => 'b'), {
    message: "tool 'b' has an 'annotations' that must be an object"
  })
  for (const size of [-1, 0.5, '7']) {
    t.throws(() => server.registerResource('b', 'notes://b', untyped({ size }), () => 'b'), {
      message: "resource 'notes://b' has a 'size' that must be a whole number of bytes from 0"
    })
  }
  const right = { size: 0, mimeType: 'text/plain', icons: [{ src: 'data:,' }] }
  server.registerResource('b', 'notes://b', right, () => 'b').remove()
  t.throws(() => server.registerResource('b', 'notes://b', untyped({ mimeType: {} }), () => 'b'), {
    message: "resource 'notes://b' has a 'mimeType' that must be a string"
  })
})
