// A user at a browser: keeps cookies as a browser does, follows redirects, and fills in forms.

/** The address at which an app listens that has a public URL. */
export type Rewrite = (url: string) => string

interface Cookie { readonly origin: string, readonly name: string, readonly path: string, readonly value: string }

/** A page that a user sees, or the URL that leads out of the servers under test. */
export interface Seen {
  readonly url: string
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** A browser. */
export class Browser {
  readonly #rewrite: Rewrite
  readonly #isOutside: (url: string) => boolean
  #cookies: Cookie[] = []
  /** All cookies that were set, as they were written. */
  readonly setCookies: string[] = []
  /** The URLs of all visits. */
  readonly visited: string[] = []

  /** @param isOutside Whether a URL is not visited, because nothing listens there. */
  constructor (rewrite: Rewrite, isOutside: (url: string) => boolean) {
    this.#rewrite = rewrite
    this.#isOutside = isOutside
  }

  /** Visits a URL, and all to which it leads, until there is a page to look at. */
  async visit (url: string | URL, form?: Readonly<Record<string, string>>): Promise<Seen> {
    let next = String(url)
    let body = form
    for (let steps = 0; steps < 20; steps++) {
      if (this.#isOutside(next)) return { url: next, status: 0, headers: new Headers(), text: '' }
      const seen = await this.request(next, body)
      const location = seen.headers.get('location') ??
        /http-equiv="refresh" content="0;url=([^"]+)"/.exec(seen.text)?.[1]?.replaceAll('&amp;', '&')
      if (location === undefined || location === null) return seen
      next = new URL(location, next).href
      body = undefined
    }
    throw new Error(`the user is sent in circles: ${this.visited.join('\n')}`)
  }

  /** Requests one URL. */
  async request (url: string, form?: Readonly<Record<string, string>>): Promise<Seen> {
    this.visited.push(url)
    const { origin, pathname } = new URL(url)
    const cookie = this.#cookies
      .filter((one) => one.origin === origin && `${pathname}/`.startsWith(one.path.replace(/\/?$/, '/')))
      .map(({ name, value }) => `${name}=${value}`).join('; ')
    const response = await fetch(this.#rewrite(url), {
      redirect: 'manual',
      headers: { cookie, accept: 'text/html' },
      ...(form !== undefined && { method: 'POST', body: new URLSearchParams(form) })
    })
    for (const line of response.headers.getSetCookie()) this.#keep(origin, line)
    return { url, status: response.status, headers: response.headers, text: await response.text() }
  }

  #keep (origin: string, line: string): void {
    this.setCookies.push(line)
    const [pair = '', ...attributes] = line.split(/; */)
    const [name = '', value = ''] = pair.split(/=(.*)/s)
    const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? '/'
    this.#cookies = this.#cookies.filter((one) => one.origin !== origin || one.name !== name || one.path !== path)
    if (value !== '') this.#cookies.push({ origin, name, path, value })
  }
}

/** The fields of the form of a page, with the page's own values. */
export function readForm ({ text, url }: Seen): { readonly action: string, readonly fields: Record<string, string> } {
  const action = /<form[^>]* action="([^"]+)"/.exec(text)?.[1]
  if (action === undefined) throw new Error(`the user sees a page without a form: ${text}`)
  const hidden = [...text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)]
  return {
    action: new URL(action, url).href,
    fields: Object.fromEntries(hidden.map(([, name, value]) => [String(name), String(value)]))
  }
}
