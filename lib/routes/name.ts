// The names of route tools.
import { parsePath, WILDCARD, WILDCARD_ARGUMENT } from './path.ts'

/** Makes a name of an `operationId`: `getHTTPStatus` becomes `get_http_status`. */
export function toSnakeCase (text: string): string {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .toLowerCase()
}

/** Makes a name of a method and the URL of a route: `GET /orders/:id` becomes `get_orders_id`. */
export function nameRoute (method: string, url: string): string {
  const pieces = parsePath(url).pieces.map((piece) => {
    if (typeof piece === 'string') return piece
    return `_${piece.name === WILDCARD ? WILDCARD_ARGUMENT : piece.name}_`
  })
  return toSnakeCase(`${method.toLowerCase()}_${pieces.join('')}`)
}
