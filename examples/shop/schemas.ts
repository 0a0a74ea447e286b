// The schemas that several routes share.
import { Type } from 'fastify-mcp-mount'
import fp from 'fastify-plugin'

export const Sku = Type.Object({ sku: Type.String({ description: 'The key of a product, such as mug-blue' }) })
export const OrderId = Type.Object({ id: Type.Integer({ minimum: 1 }) })

export const Product = Type.Object({
  sku: Type.String(),
  name: Type.String(),
  price: Type.Integer({ description: 'Cents' }),
  stock: Type.Integer()
}, { $id: 'Product' })

export const Order = Type.Object({
  id: Type.Integer(),
  email: Type.String(),
  state: Type.Union([Type.Literal('paid'), Type.Literal('cancelled'), Type.Literal('refunded')]),
  note: Type.Union([Type.String(), Type.Null()]),
  total: Type.Integer({ description: 'Cents' }),
  lines: Type.Array(Type.Object({ sku: Type.String(), quantity: Type.Integer(), price: Type.Integer() }))
}, { $id: 'Order' })

export default fp(async (app) => {
  app.addSchema(Product)
  app.addSchema(Order)
})
