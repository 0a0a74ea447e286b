// Names of servers in the configuration of clients.

/** Makes a name of a server that every client accepts, and that a shell needs no quotes for. */
export function slug (name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9_-]+/g, '-').replace(/^-+|-+$/g, '') || 'server'
}
