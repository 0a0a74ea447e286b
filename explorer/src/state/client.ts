// What the page uses of the official client. It is most of the page, so it is loaded by itself.
export {
  auth, Client, ProtocolError, SdkHttpError, StreamableHTTPClientTransport, UriTemplate
} from '@modelcontextprotocol/client'
