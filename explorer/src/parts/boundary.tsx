// Keeps what cannot be drawn from taking the rest of the page with it.
import { Component, type ComponentChildren } from 'preact'

interface BoundaryProps {
  /** Is drawn in place of what has failed. */
  readonly instead: ComponentChildren
  readonly children: ComponentChildren
}

/** A part of the page that may fail, because a server has written what it is made of. */
export class Boundary extends Component<BoundaryProps, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false }

  static override getDerivedStateFromError (): { readonly hasFailed: boolean } {
    return { hasFailed: true }
  }

  override render (): ComponentChildren {
    return this.state.hasFailed ? this.props.instead : this.props.children
  }
}
