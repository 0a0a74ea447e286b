// Sends the page of an endpoint, which is loaded when a browser first opens one.
import type { Mounted } from './create-mount.ts'
import { sendText } from './http/reply/reply.ts'
import type { SendPage } from './http/beside/endpoint-page.ts'
import type { McpRegistry } from './registry.ts'

/** Creates what sends the page of one mount. */
export function createEndpointPage ({ face, parts }: Mounted, registry: McpRegistry): SendPage {
  return function sendEndpointPage (reply, status) {
    import('./explorer/endpoint-page.ts').then(({ renderEndpointPage, PAGE_HEADERS }) => {
      const { info } = parts.definition
      const page = renderEndpointPage({
        name: info?.title ?? info?.name ?? face.name,
        mount: face.name,
        url: face.url,
        path: reply.request.url,
        explorer: registry.explorer,
        needsToken: status === 401
      })
      // 401 keeps its challenge; the other statuses are about requests of MCP, and this one was none.
      reply.code(status === 401 ? 401 : 200).headers(PAGE_HEADERS)
      sendText(reply, 'text/html; charset=utf-8', page)
    }, (error: unknown) => { reply.send(error) })
  }
}
