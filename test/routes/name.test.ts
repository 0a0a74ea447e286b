import fc from 'fast-check'
import t from 'tap'
import { findToolNameProblem } from '../../lib/protocol/tool-name.ts'
import { nameRoute, toSnakeCase } from '../../lib/routes/name.ts'

const IDS: { readonly [id: string]: string } = {
  listOrders: 'list_orders',
  getHTTPStatus: 'get_http_status',
  'orders.list': 'orders_list',
  get_order: 'get_order',
  OrdersV2: 'orders_v2',
  '  ': ''
}

for (const [id, name] of Object.entries(IDS)) {
  t.test(`the operationId '${id}' names the tool '${name}'`, async (t) => {
    t.equal(toSnakeCase(id), name)
  })
}

const ROUTES: ReadonlyArray<readonly [method: string, url: string, name: string]> = [
  ['GET', '/', 'get'],
  ['GET', '/orders', 'get_orders'],
  ['GET', '/orders/:id', 'get_orders_id'],
  ['POST', '/api/v1/orders/:orderId/refund', 'post_api_v1_orders_order_id_refund'],
  ['GET', '/at/:hour(^\\d{2})h:minute(^\\d{2})m', 'get_at_hour_h_minute_m'],
  ['GET', '/files/*', 'get_files_path'],
  ['GET', '/range/:from-:to', 'get_range_from_to']
]

for (const [method, url, name] of ROUTES) {
  t.test(`${method} ${url} names the tool '${name}'`, async (t) => {
    t.equal(nameRoute(method, url), name)
  })
}

t.test('whatever a route is called, its tool has a valid name', async (t) => {
  const segment = fc.oneof(fc.string(), fc.string().map((name) => `:${name}`))

  fc.assert(fc.property(fc.array(segment, { maxLength: 5 }), (segments) => {
    return findToolNameProblem(nameRoute('GET', `/${segments.join('/')}`).slice(0, 128)) === undefined
  }))
})
