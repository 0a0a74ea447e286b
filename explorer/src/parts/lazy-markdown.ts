import { lazyPart } from './lazy.tsx'

/** A text of Markdown, whose parser is loaded with the first one. */
export const Markdown = lazyPart(async () => (await import('./markdown.tsx')).Markdown)
