/** A pure function of a text that is asked for the same few over and over: it keeps `max` answers, and then begins anew. */
export function remembered<Value>(max: number, make: (text: string) => Value): (text: string) => Value {
  const known = new Map<string, Value>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    const value = make(text)
    if (known.size >= max) known.clear()
    known.set(text, value)
    return value
  }
}
