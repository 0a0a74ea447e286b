// Forms of JSON Schemas, as other libraries and people write them.
import t, { type Test } from 'tap'
import type { Page } from 'playwright-core'
import { Server as V1Server } from '@modelcontextprotocol/sdk/server/index.js'
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import mcpPlugin from '../../lib/index.ts'
import { createHost } from '../support/app.ts'
import { noBrowser } from '../support/browser.ts'
import { findViolations, startExplorer, withExplorer, type ExplorerBrowser } from './browser.ts'

// A browser takes its time to start where others work, too.
t.setTimeout(300_000)

const NAMES = ['a.b', 'a/b', '$x', 'constructor', '[0]', 'with space']

const SCHEMAS: Readonly<Record<string, object>> = {
  unions: {
    properties: {
      age: { anyOf: [{ type: 'integer' }, { type: 'null' }], default: null },
      pet: {
        oneOf: [{ $ref: '#/$defs/Cat' }, {
          type: 'object', properties: { kind: { const: 'dog' }, breed: { type: 'string' } }, required: ['kind', 'breed']
        }]
      },
      note: { type: ['string', 'null'] },
      id: { type: ['integer', 'string'] }
    },
    required: ['pet', 'note'],
    $defs: {
      Cat: { properties: { kind: { const: 'cat' }, lives: { type: 'integer', default: 9 } }, required: ['kind'] }
    }
  },
  choices: {
    properties: {
      colour: { type: 'string', oneOf: [{ const: 'r', title: 'Red' }, { const: 'g', title: 'Green' }] },
      legacy: { type: 'string', enum: ['a', 'b'], enumNames: ['First', 'Second'] },
      mixed: { enum: ['text', 1, null] },
      several: { type: 'array', items: { type: 'string', enum: ['x', 'y', 'z'] } },
      titled: { type: 'array', items: { anyOf: [{ const: 'e', title: 'East' }, { const: 'w', title: 'West' }] } }
    },
    required: ['colour']
  },
  open: {
    properties: {
      anything: {}, yes: true, bag: { type: 'object' }, list: { type: 'array' }, gone: { $ref: '#/x' }, no: false
    }
  },
  tuples: {
    properties: {
      point: { type: 'array', prefixItems: [{ type: 'number' }, { type: 'number' }], items: false },
      other: { type: 'array', prefixItems: [{ type: 'string' }] }
    }
  },
  numbers: {
    properties: {
      id: { type: 'integer' },
      ratio: { type: ['number', 'null'] },
      list: { type: 'array', items: { type: 'integer' } },
      any: {}
    }
  },
  names: {
    properties: Object.fromEntries(NAMES.map((name) => [name, { type: 'string' }])),
    required: ['a.b', 'a/b']
  },
  parts: {
    properties: { q: { type: 'string' }, home: { $ref: '#address' } },
    anyOf: [{ required: ['q'] }, { required: ['home'] }],
    $defs: { A: { $anchor: 'address', type: 'object', properties: { street: { type: 'string' } } } }
  },
  texts: {
    properties: { text: { type: 'string' }, env: { type: 'object', additionalProperties: { type: 'string' } } },
    patternProperties: { '^x-': { type: 'integer' } }
  },
  optional: {
    properties: {
      q: { type: 'string' },
      filter: {
        oneOf: ['price', 'name'].map((by) => ({
          type: 'object', properties: { by: { const: by }, is: { type: 'string' } }, required: ['by', 'is']
        }))
      },
      page: {
        type: 'object',
        properties: { size: { type: 'integer', default: 20 }, after: { type: 'string' } },
        required: ['after']
      }
    }
  },
  tree: {
    properties: { root: { $ref: '#/$defs/Node' } },
    $defs: { Node: { type: 'object', properties: { value: { type: 'string' }, parent: { $ref: '#/$defs/Node' } } } }
  }
}

function createForms (): V1Server {
  const server = new V1Server({ name: 'Forms', version: '1.0.0' }, { capabilities: { tools: {} } })
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: Object.entries(SCHEMAS).map(([name, schema]) => {
      return { name, inputSchema: { type: 'object' as const, ...schema } }
    })
  }))
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => ({
    content: [{ type: 'text', text: `got ${JSON.stringify(params.arguments)}` }]
  }))
  return server
}

/** Opens the form of a tool, with the arguments of the URL. */
async function openForm (t: Test, explorer: ExplorerBrowser, name: string, args?: object): Promise<Page> {
  const { app } = createHost(t, { forceCloseConnections: true })
  app.register(mcpPlugin, { name: 'Forms', prefix: '/forms', server: createForms })
  const query = args === undefined ? '' : `?args=${encodeURIComponent(JSON.stringify(args))}`
  const page = await explorer.open(t, withExplorer(app), `#/Forms/tool/${name}${query}`)
  await page.locator('.field').first().waitFor()
  return page
}

async function call (page: Page): Promise<unknown> {
  await page.getByRole('button', { name: 'Call', exact: true }).click()
  const text = await page.getByRole('region', { name: 'Result' }).getByText('got {').innerText()
  return JSON.parse(text.slice('got '.length))
}

async function readJson (page: Page): Promise<unknown> {
  await page.getByRole('button', { name: 'JSON', exact: true }).click()
  return JSON.parse(await page.getByLabel('Arguments as JSON').inputValue())
}

t.test('forms in Chromium', { skip: noBrowser }, async (t) => {
  const explorer = await startExplorer(t)

  t.test('the alternatives of a union have names, and each can be chosen', async (t) => {
    const page = await openForm(t, explorer, 'unions')
    const choices = page.locator('.union-choice select')

    t.same(await choices.evaluateAll((all) => all.map(({ innerText }) => String(innerText).split('\n'))), [
      ['integer', 'null'], ['Cat', 'dog'], ['string', 'null'], ['integer', 'string']
    ])
    await choices.nth(0).selectOption('integer')
    await page.getByRole('spinbutton', { name: /age/ }).fill('41')
    await choices.nth(1).selectOption('dog')
    await page.getByLabel(/breed/).fill('pug')
    await choices.nth(2).selectOption('null')
    await choices.nth(3).selectOption('string')
    await page.getByRole('textbox', { name: /^id/ }).fill('seven')

    t.same(await call(page), { age: 41, pet: { kind: 'dog', breed: 'pug' }, note: null, id: 'seven' })
  })

  t.test('of a union, only the faults of the alternative that is meant are told', async (t) => {
    const page = await openForm(t, explorer, 'unions')
    await page.locator('.union-choice select').nth(1).selectOption('dog')

    await page.getByRole('button', { name: 'Call', exact: true }).click()

    t.match(await page.getByRole('alert').innerText(), /faults at \/note, \/pet\/breed\.$/)
    t.same(await page.locator('form .faults li').allInnerTexts(), ['This is required.', 'This is required.'])
    await page.getByRole('button', { name: 'JSON', exact: true }).click()
    await page.getByLabel('Arguments as JSON').fill('{ "age": 0.5, "pet": { "kind": "fish" }, "note": "" }')
    await page.getByText('/age').first().waitFor()
    t.same(await page.locator('.faults li').allInnerTexts(), [
      '/age Instance does not match any subschemas.',
      '/age Instance type "number" is invalid. Expected "integer".',
      '/age Instance type "number" is invalid. Expected "null".',
      '/pet Instance does not match exactly one subschema (0 matches).',
      '/pet/kind Instance does not match "cat".',
      '/pet/breed This is required.',
      '/pet/kind Instance does not match "dog".'
    ], 'all of them, if it is not clear what is meant')
  })

  t.test('nothing is chosen before the user does, and choices have their titles', async (t) => {
    const page = await openForm(t, explorer, 'choices')
    t.same(await readJson(page), {})
    await page.getByRole('button', { name: 'Form', exact: true }).click()

    await page.getByLabel('colour').selectOption('Green')
    await page.getByLabel('legacy').selectOption('Second')
    await page.getByLabel('mixed').selectOption('null')
    await page.getByRole('group', { name: 'several' }).getByLabel('x').check()
    await page.getByRole('group', { name: 'several' }).getByLabel('z').check()
    await page.getByRole('group', { name: 'titled' }).getByLabel('West').check()

    t.same(await call(page), { colour: 'g', legacy: 'b', mixed: null, several: ['x', 'z'], titled: ['w'] })
  })

  t.test('what a schema leaves open is written as JSON, or as a text', async (t) => {
    const page = await openForm(t, explorer, 'open')

    await page.getByLabel('anything').fill('{ "a": [1] }')
    await page.getByLabel('yes').fill('plain')
    await page.getByLabel('bag').fill('{ "b": ')
    await page.getByLabel('list').fill('[true]')
    await page.getByLabel('gone').fill('42')
    await page.locator('.faults li', { hasText: 'JSON' }).waitFor()
    await page.getByRole('button', { name: 'Call', exact: true }).click()
    t.match(await page.getByRole('alert').innerText(), 'faults at /bag.')
    await page.getByLabel('bag').fill('{ "b": 2 }')

    t.same(await call(page), { anything: { a: [1] }, yes: 'plain', bag: { b: 2 }, list: [true], gone: 42 })
    t.equal(await page.getByLabel('no', { exact: true }).count(), 0)
  })

  t.test('tuples that nobody fills in are not sent', async (t) => {
    const page = await openForm(t, explorer, 'tuples')

    await page.getByRole('spinbutton').nth(0).fill('1')
    await page.getByRole('spinbutton').nth(1).fill('2')

    t.same(await call(page), { point: [1, 2] })
  })

  t.test('optional objects in which nobody has filled in anything are not sent', async (t) => {
    const page = await openForm(t, explorer, 'optional')
    await page.getByLabel(/^q/).fill('tea')
    t.same(await call(page), { q: 'tea' })

    await page.locator('form').getByLabel(/^is/).fill('green')
    await page.locator('form').getByLabel(/^after/).fill('x')

    await page.getByRole('button', { name: 'Call', exact: true }).click()
    await page.getByText('"filter":{"by":"price","is":"green"}').waitFor()
    await page.getByText('"page":{"size":20,"after":"x"}').waitFor()
  })

  t.test('faults stand where they belong once the user has tried to call', async (t) => {
    const page = await openForm(t, explorer, 'names')
    await page.getByLabel('$x').fill('1')
    await page.getByLabel('$x').blur()
    t.equal(await page.getByText('This is required.').count(), 0)

    await page.getByRole('button', { name: 'Call', exact: true }).click()

    for (const name of ['a.b', 'a/b']) {
      await page.locator(`[id="call-form_${name}__error"]`).getByText('This is required.').waitFor()
    }
    t.match(await page.getByRole('alert').innerText(), '/a.b, /a~1b')
    for (const name of NAMES) await page.locator('form').getByLabel(name).fill(`my ${name}`)
    t.equal(await page.getByText('This is required.').count(), 0)
    t.same(await call(page), Object.fromEntries(NAMES.map((name) => [name, `my ${name}`])))
  })

  t.test('alternatives of what is required ask for nothing, and an anchor is followed', async (t) => {
    const page = await openForm(t, explorer, 'parts')

    t.equal(await page.getByRole('combobox').count(), 1, 'the mount')
    await page.getByLabel('street').fill('High Street')

    t.same(await call(page), { home: { street: 'High Street' } })
  })

  t.test('a text keeps its lines, Enter calls, and names are written by keys alone', async (t) => {
    const page = await openForm(t, explorer, 'texts', { text: 'one\n  two' })
    await page.locator('form').getByLabel('text').press('End')
    await page.locator('form').getByLabel('text').pressSequentially('!')
    t.same(await readJson(page), { text: 'one\n  two!' })
    await page.getByRole('button', { name: 'Form', exact: true }).click()

    await page.locator('form').getByLabel('text').fill('one')
    await page.getByRole('group', { name: 'env' }).getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByLabel('Name', { exact: true }).fill('PATH')
    await page.getByLabel('Name', { exact: true }).press('Tab')
    await page.keyboard.type('/bin')
    await page.locator('form').getByLabel('text').press('Enter')

    await page.getByText('got {"text":"one","env":{"PATH":"/bin"}}').waitFor()
  })

  t.test('a schema that contains itself is drawn on as far as the user asks for', async (t) => {
    const page = await openForm(t, explorer, 'tree')

    await page.locator('form').getByLabel('value').fill('leaf')
    await page.getByRole('button', { name: 'Add parent' }).click()
    await page.locator('form').getByLabel('value').nth(1).fill('root')

    t.same(await call(page), { root: { value: 'leaf', parent: { value: 'root' } } })
  })

  t.test('the table of a schema has the names of alternatives, of choices, and of what patterns allow', async (t) => {
    const page = await openForm(t, explorer, 'unions')
    const table = page.getByRole('region', { name: 'Input of unions' })
    t.match(await table.innerText(), /pet[^]*\(Cat\)[^]*kind[^]*\(dog\)[^]*breed/)

    await page.evaluate("location.hash = '#/Forms/tool/choices'")
    const choices = page.getByRole('region', { name: 'Input of choices' })
    t.match(await choices.innerText(), '"r" Red, "g" Green')
    t.equal(await choices.getByRole('row').count(), 6, 'one for each property')

    await page.evaluate("location.hash = '#/Forms/tool/texts'")
    t.match(await page.getByRole('region', { name: 'Input of texts' }).innerText(), /\(names like \^x-\)\s+integer/)
  })

  t.test('JSON that is not finished outlives a look at the form, and numbers that are rounded are told', async (t) => {
    const page = await openForm(t, explorer, 'texts', { text: 'one', more: { kept: [null, ''] } })
    await page.getByRole('button', { name: 'JSON', exact: true }).click()
    await page.getByLabel('Arguments as JSON').fill('{ "text": "tw')
    await page.getByRole('button', { name: 'Form', exact: true }).click()
    await page.locator('.field').first().waitFor()
    t.equal(await page.locator('form').getByLabel('text').inputValue(), 'one')

    await page.getByRole('button', { name: 'JSON', exact: true }).click()
    t.equal(await page.getByLabel('Arguments as JSON').inputValue(), '{ "text": "tw')
    await page.getByLabel('Arguments as JSON').fill('{ "id": 12345678901234567890 }')

    await page.getByText('12345678901234567890 would be sent as 12345678901234567000').waitFor()
    await page.getByLabel('Arguments as JSON').fill(`{ "id": ${'9'.repeat(400)} }`)
    await page.getByText('99 would be sent as null, so write it as a string.').waitFor()
  })

  t.test('a form whose numbers would be rounded keeps them as they are typed, and is not sent', async (t) => {
    const page = await openForm(t, explorer, 'numbers')
    const form = page.locator('form')
    const id = page.locator('[id="call-form_id"]')
    const told = page.locator('[id="call-form_id__error"]')
    const rounding = '12345678901234567890 would be sent as 12345678901234567000'
    await id.pressSequentially('12345678901234567890')
    t.equal(await id.inputValue(), '12345678901234567890')
    await told.getByText(`${rounding}, because it has too many digits.`).waitFor()

    await page.getByRole('button', { name: 'Call', exact: true }).click()
    t.match(await page.getByRole('alert').innerText(), 'faults at /id.')
    t.equal(await told.getByRole('listitem').count(), 1)
    t.equal(await page.getByText('got {').count(), 0)
    await id.press('Backspace')
    await told.getByText('1234567890123456789 would be sent as 1234567890123456800').waitFor()
    t.match(await page.getByRole('alert').innerText(), /faults at \/id\.$/)
    await id.fill('9007199254740991')
    await told.waitFor({ state: 'hidden' })
    t.equal(await page.getByRole('alert').count(), 0)

    await form.getByRole('button', { name: 'Add', exact: true }).click()
    await form.getByRole('spinbutton').last().fill('9007199254740993')
    await page.getByText('9007199254740993 would be sent as 9007199254740992').waitFor()
    await form.getByRole('button', { name: 'Remove' }).click()
    await page.getByLabel('any').fill('[9007199254740993]')
    await page.getByText('9007199254740993 would be sent as 9007199254740992, so write it as a string.').waitFor()
    await page.getByRole('button', { name: 'Call', exact: true }).click()
    t.match(await page.getByRole('alert').innerText(), /faults at \/any\.$/)
    await page.getByLabel('any').fill('["9007199254740993"]')
    await page.getByLabel('ratio').fill('0.1')

    t.same(await call(page), { id: 9007199254740991, list: [], ratio: 0.1, any: ['9007199254740993'] })
  })

  t.test('axe finds nothing to complain about in any form', async (t) => {
    for (const name of Object.keys(SCHEMAS)) {
      const page = await openForm(t, explorer, name)
      t.same(await findViolations(page), [], name)
    }
  })

  t.test('no page has complained', async (t) => {
    t.same(explorer.complaints, [])
  })
})
