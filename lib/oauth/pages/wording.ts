// What the pages are rendered with, and what comes of it.
import type { Html } from './html.ts'
import type { PageTexts } from './texts.ts'

/** The words of the pages in one language. */
export interface Wording {
  /** The name of the app. */
  readonly app: string
  readonly texts: PageTexts
  /** Returns the words for a scope. */
  readonly wordsOf: (scope: string) => string
}

/** The contents of a page. */
export interface Content {
  readonly title: string
  readonly body: Html
  readonly head?: Html
}
