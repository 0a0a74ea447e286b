import t from 'tap'
import { clientKinds, failureOf, v1 } from '../support/clients.ts'
import { connectToEverything, PIXEL } from '../support/everything.ts'

for (const kind of clientKinds) {
  t.test(`${kind.title} reads a resource`, async (t) => {
    const client = await connectToEverything(t, kind)

    const { contents } = await client.readResource('everything://about')

    t.strictSame(contents, [{ uri: 'everything://about', mimeType: 'text/markdown', text: '# Everything' }])
  })

  t.test(`${kind.title} reads bytes`, async (t) => {
    const client = await connectToEverything(t, kind)

    const { contents } = await client.readResource('everything://dot')

    t.strictSame(contents, [{ uri: 'everything://dot', mimeType: 'image/png', blob: PIXEL }])
  })

  t.test(`${kind.title} reads a resource of a template`, async (t) => {
    const client = await connectToEverything(t, kind)

    const city = await client.readResource('city://Z%C3%BCrich')
    const street = await client.readResource('street://bern/gasse')
    const search = await client.readResource('search://?q=a%20b')

    t.strictSame(city['contents'], [{ uri: 'city://Z%C3%BCrich', mimeType: 'text/plain', text: 'Zürich is a city' }])
    t.strictSame(street['contents'], [{ uri: 'street://bern/gasse', text: 'street://bern/gasse' }])
    t.strictSame(search['contents'], [{ uri: 'search://?q=a%20b', text: 'searched for a b' }])
  })

  t.test(`${kind.title} gets an error for a resource that does not exist`, async (t) => {
    const client = await connectToEverything(t, kind)

    const failure = await failureOf(client.readResource('everything://nothing'))

    // The v2 client shows the modern code whichever of the two it is sent.
    t.strictSame(failure, {
      code: kind === v1 ? -32002 : -32602,
      message: 'Resource not found',
      data: { uri: 'everything://nothing' }
    })
  })

  t.test(`${kind.title} reads a resource whose URI must be encoded in a header`, async (t) => {
    const client = await connectToEverything(t, kind)

    const { contents } = await client.readResource('city://Zürich')

    t.strictSame(contents, [{ uri: 'city://Zürich', mimeType: 'text/plain', text: 'Zürich is a city' }])
  })
}
