// oxlint-disable-next-line typescript/no-explicit-any -- any method of any binding
type Method = (...args: any[]) => any

/** The same thing, with some of its methods replaced by what is made of them. */
export function intercept<Target extends object>(
  target: Target,
  replace: (name: string, original: Method) => Method | undefined,
): Target {
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      // Called on the target: it is the runtime's own, or a stub, for which even `call` is a remote method.
      const original: Method = (...args) => (target as Record<string | symbol, Method>)[name]?.(...args)
      return (typeof name === 'string' && replace(name, original)) || original
    },
  })
}
