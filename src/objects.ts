import type { EndpointRpc, IntakeRpc, RouterRpc } from './model/rpc.ts'

/** The one place that turns names into stubs. The casts say what the generated types cannot: they would be circular. */
export function intakeOf(env: Env, name: string, locationHint?: DurableObjectLocationHint): IntakeRpc {
  const stub: unknown = env.INTAKE.getByName(name, locationHint === undefined ? {} : { locationHint })
  return stub as IntakeRpc
}

export function endpointOf(env: Env, name: string): EndpointRpc {
  const stub: unknown = env.ENDPOINT.getByName(name)
  return stub as EndpointRpc
}

/** The loopback to this same Worker: free, and with all bindings. */
export function routerOf(ctx: { readonly exports?: unknown }): RouterRpc {
  const exports: unknown = ctx.exports
  return (exports as { Router: RouterRpc }).Router
}
