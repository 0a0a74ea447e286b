import { runInNewContext } from 'node:vm'
import t from 'tap'
import { McpServer, ResourceTemplate } from '../../lib/index.ts'

type Config = Readonly<Record<string, unknown>>

// What TypeScript would refuse, as JavaScript and configuration files write it.
function untyped (config: unknown): Config {
  return config as Config
}

const server = new McpServer({ name: 'Notes', version: '1.0.0' })
const REGISTER: Readonly<Record<string, (config: Config) => { update (changes: object): void }>> = {
  "tool 'a'": (config) => server.registerTool('a', config, () => 'a'),
  "prompt 'a'": (config) => server.registerPrompt('a', config, () => 'a'),
  "resource 'notes://a'": (config) => server.registerResource('a', 'notes://a', config, () => 'a'),
  "resource template 'notes://a/{id}'": (config) => server.registerResource('a', new ResourceTemplate('notes://a/{id}'), config, () => 'a')
}

for (const [label, register] of Object.entries(REGISTER)) {
  t.test(`an unknown key in the configuration of a ${label} is refused, and the right one is named`, async (t) => {
    const problem = (key: string, meant: string) => ({
      code: 'MCP_ERR_INVALID_DEFINITION', message: `${label} has an unknown key '${key}' in its configuration; write '${meant}'`
    })

    t.throws(() => register(untyped({ scope: ['notes:write'] })), problem('scope', 'scopes'))
    t.throws(() => register(untyped({ requiredScopes: undefined })), problem('requiredScopes', 'scopes'))
    t.throws(() => register(untyped({ isVisible: () => false })), problem('isVisible', 'visible'))
    t.throws(() => register(untyped({ desciption: 'a' })), problem('desciption', 'description'))
    t.throws(() => register(untyped({ roles: ['admin'] })), { message: new RegExp(`^${label.replaceAll(/[{}]/g, '\\$&')} has an unknown key 'roles' in its configuration; there may be title, description, .*, scopes, visible$`) })
  })

  t.test(`a configuration of a ${label} that is no object is refused`, async (t) => {
    for (const config of [undefined, null, 'a', [], () => 'a']) {
      t.throws(() => register(untyped(config)), {
        code: 'MCP_ERR_INVALID_DEFINITION', message: `${label} needs a configuration before its handler: an object, which may be empty ({})`
      })
    }
  })

  t.test(`changes of a ${label} are checked alike, and leave it as it was`, async (t) => {
    const handle = register(runInNewContext("({ title: 'A' })"))

    t.throws(() => handle.update({ scope: ['notes:write'] }), { message: `${label} has an unknown key 'scope' in its configuration; write 'scopes'` })
    handle.update({ scopes: ['notes:write'] })
  })
}

t.test('names of other frameworks are known', async (t) => {
  const write = (key: string, meant: string) => ({ message: new RegExp(`has an unknown key '${key}' in its configuration; write '${meant}'$`) })

  t.throws(() => server.registerTool('b', untyped({ parameters: {} }), () => 'b'), write('parameters', 'inputSchema'))
  t.throws(() => server.registerTool('b', untyped({ returns: {} }), () => 'b'), write('returns', 'outputSchema'))
  t.throws(() => server.registerPrompt('b', untyped({ arguments: {} }), () => 'b'), write('arguments', 'argsSchema'))
  t.throws(() => server.registerTool('b', untyped({ arguments: {} }), () => 'b'), { message: /there may be title/ })
  t.throws(() => server.registerResource('b', 'notes://b', { cache: untyped({ ttl: 5 }) }, () => 'b'), {
    message: "resource 'notes://b' has a 'cache' that must have 'ttlMs' and 'scope' at most, and not 'ttl'"
  })
})
