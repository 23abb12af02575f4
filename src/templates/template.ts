/** A ready subscription: what its source should be, and what it does with the events. */
export interface Template {
  slug: string
  name: string
  description: string
  /** Settings for `POST /v1/sources`; null: for events that are published. */
  source: { provider: string; config?: Record<string, unknown> } | null
  /** Settings for `POST /v1/subscriptions`, without its endpoint and sources. */
  subscription: {
    eventTypes: string[]
    filter?: Record<string, unknown>
    transform?: { steps: Record<string, unknown>[] }
  }
}

/** One JSONata expression that makes the new body. */
export function mapped(expression: string): { steps: Record<string, unknown>[] } {
  return { steps: [{ kind: 'jsonata', expression: expression.trim() }] }
}
