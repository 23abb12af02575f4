/** Where schemes get public keys that the source does not hold itself. Filled in from pinned hosts only. */
export interface KeyStore {
  /** The text at a URL whose host is one of `hosts`, or undefined when it cannot be had. */
  text(url: string, hosts: readonly (string | RegExp)[]): Promise<string | undefined>
}

/** For sources whose scheme needs no key from elsewhere, and for tests. */
export const noKeys: KeyStore = { text: () => Promise.resolve(undefined) }
