export default { fetch: () => new Response('hookway') } satisfies ExportedHandler
