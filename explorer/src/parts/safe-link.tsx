// A link that a server has written.
import type { ComponentChildren, JSX } from 'preact'
import { visible } from './text.tsx'

/** A link that leads to web pages and mail alone, and tells them nothing of this page. */
export function SafeLink ({ href, children }: { href: string, children: ComponentChildren }): JSX.Element {
  if (!/^(?:https?:\/\/|mailto:)/i.test(href)) return <span title={visible(href)}>{children}</span>
  return <a href={href} target='_blank' rel='noopener noreferrer nofollow' title={visible(href)}>{children}</a>
}
