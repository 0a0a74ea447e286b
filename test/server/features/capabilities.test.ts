import t from 'tap'
import { Type } from '@sinclair/typebox'
import { completable } from '../../../lib/server/features/completable.ts'
import {
  hasCompleters, hasPrompts, hasResources, hasTools, listCapabilities
} from '../../../lib/server/features/capabilities.ts'
import { createParts, type ServerParts } from '../../../lib/server/parts.ts'
import { createPrompt, updatePrompt } from '../../../lib/server/features/prompt.ts'
import { ResourceTemplate } from '../../../lib/server/features/template.ts'
import { createResource, createTemplate, updateResource, updateTemplate } from '../../../lib/server/features/resource.ts'
import { resolveServerOptions } from '../../../lib/server/options.ts'
import { createTool, updateTool } from '../../../lib/server/features/tool.ts'

const handler = (): string => 'a'

function createEmpty (): ServerParts {
  const info = { name: 'Notes', version: '1.0.0' }
  return createParts(info, resolveServerOptions(info, {}))
}

function createFull (): ServerParts {
  const parts = createEmpty()
  parts.tools.add(createTool('add', {}, handler), updateTool)
  parts.prompts.add(createPrompt('greet', {}, handler), updatePrompt)
  parts.resources.statics.add(createResource('a', 'notes://a', {}, handler), updateResource)
  return parts
}

t.test('a server has a feature if an entry of it was registered', async (t) => {
  const empty = createEmpty()
  const full = createFull()
  const template = createEmpty()
  template.resources.templates.add(
    createTemplate('a', new ResourceTemplate('notes://{id}'), {}, handler), updateTemplate
  )

  t.strictSame([hasTools, hasPrompts, hasResources, hasCompleters].map((has) => has(empty)), [
    false, false, false, false
  ])
  t.strictSame([hasTools, hasPrompts, hasResources, hasCompleters].map((has) => has(full)), [true, true, true, false])
  t.ok(hasResources(template))
})

t.test('the completions capability depends on the enabled prompts and templates', async (t) => {
  const parts = createEmpty()
  const complete = (): string[] => []

  const prompt = parts.prompts.add(
    createPrompt('greet', { argsSchema: Type.Object({ name: completable(Type.String(), complete) }) }, handler),
    updatePrompt
  )
  t.ok(hasCompleters(parts))
  prompt.disable()
  t.notOk(hasCompleters(parts))

  parts.resources.templates.add(
    createTemplate('a', new ResourceTemplate('notes://{id}', { complete: { id: complete } }), {}, handler),
    updateTemplate
  )
  t.ok(hasCompleters(parts))
  t.strictSame(listCapabilities(parts, false), { prompts: {}, resources: {}, completions: {}, logging: {} })
})

t.test('listChanged and subscribe are announced to a client that can be notified of changes', async (t) => {
  t.strictSame(listCapabilities(createEmpty(), true), { logging: {} })
  t.strictSame(listCapabilities(createFull(), false), { tools: {}, prompts: {}, resources: {}, logging: {} })
  t.strictSame(listCapabilities(createFull(), true), {
    tools: { listChanged: true },
    prompts: { listChanged: true },
    resources: { subscribe: true, listChanged: true },
    logging: {}
  })
})
