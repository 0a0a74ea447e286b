// The page that an authorization server sends the browser back to: it hands the answer to the explorer.
const channel = new BroadcastChannel('mcp-explorer-sign-in')
channel.postMessage(location.search)
channel.close()
history.replaceState(null, '', location.pathname)
window.close()
