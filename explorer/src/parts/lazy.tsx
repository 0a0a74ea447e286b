// Parts of the page that are loaded when they are first drawn.
import { useEffect, useState } from 'preact/hooks'
import type { ComponentType, JSX } from 'preact'

/** Creates a component that is loaded when it is first drawn. @param Loading Is drawn until then. */
export function lazyPart<Props extends object> (
  load: () => Promise<ComponentType<Props>>, Loading: () => JSX.Element = Ellipsis
): (props: Props) => JSX.Element {
  let loaded: ComponentType<Props> | undefined
  let loading: Promise<ComponentType<Props>> | undefined
  const start = async (): Promise<void> => {
    loading ??= load()
    loaded = await loading
  }
  return function Lazy (props) {
    const [, setReady] = useState(loaded !== undefined)
    useEffect(() => {
      if (loaded === undefined) start().then(() => setReady(true))
    }, [])
    const Loaded = loaded
    return Loaded === undefined ? <Loading /> : <Loaded {...props} />
  }
}

function Ellipsis (): JSX.Element {
  return <p class='quiet'>…</p>
}
