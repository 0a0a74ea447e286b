// A box with a message for the user.
import type { ComponentChildren, JSX } from 'preact'

interface NoticeProps {
  /** A notice with a tone is a problem, which screen readers say at once. */
  readonly tone?: 'warn' | 'bad'
  readonly title?: ComponentChildren
  readonly children: ComponentChildren
}

/** A box with a message for the user. */
export function Notice ({ tone, title, children }: NoticeProps): JSX.Element {
  return (
    <div class={`notice ${tone ?? ''}`} {...(tone !== undefined && { role: 'alert' as const })}>
      {title !== undefined && <h2>{title}</h2>}
      {children}
    </div>
  )
}
