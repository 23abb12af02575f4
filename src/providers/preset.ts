import type { Provider } from './provider.ts'
import type { Scheme } from './scheme/scheme.ts'

/**
 * A provider whose scheme nobody here has seen at work. It fails closed when it is wrong, which costs its owner an
 * afternoon; whoever checks one against the real thing moves it to a file of its own, with a vector.
 */
export function preset(
  slug: string,
  name: string,
  scheme: Scheme | undefined,
  more: Partial<Pick<Provider, 'event' | 'secret' | 'handshakes' | 'answer' | 'notes'>> = {},
): Provider {
  return {
    slug,
    name,
    evidence: 'unverified',
    event: {},
    ...(scheme && { scheme, secret: { label: 'Secret' } }),
    ...more,
  }
}
