import { ably } from './ably.ts'
import { acuity } from './acuity.ts'
import { adyen } from './adyen.ts'
import { aircall } from './aircall.ts'
import { airtable } from './airtable.ts'
import { airwallex } from './airwallex.ts'
import { alipay } from './alipay.ts'
import { anthropic } from './anthropic.ts'
import { asana } from './asana.ts'
import { attio } from './attio.ts'
import { auth0 } from './auth0.ts'
import { awsSns } from './aws-sns.ts'
import { azureEventGrid } from './azure-event-grid.ts'
import { bigcommerce } from './bigcommerce.ts'
import { bitbucket } from './bitbucket.ts'
import { box } from './box.ts'
import { braintree } from './braintree.ts'
import { brevo } from './brevo.ts'
import { buildkite } from './buildkite.ts'
import { calCom } from './cal-com.ts'
import { calendly } from './calendly.ts'
import { chargebee } from './chargebee.ts'
import { checkr } from './checkr.ts'
import { circleci } from './circleci.ts'
import { clerk } from './clerk.ts'
import { clickup } from './clickup.ts'
import { cloudevents } from './cloudevents.ts'
import { cloudflareStream } from './cloudflare-stream.ts'
import { cloudinary } from './cloudinary.ts'
import { coinbaseCdp } from './coinbase-cdp.ts'
import { coinbaseCommerce } from './coinbase-commerce.ts'
import { contentful } from './contentful.ts'
import { cursor } from './cursor.ts'
import { customerio } from './customerio.ts'
import { deepgram } from './deepgram.ts'
import { discord } from './discord.ts'
import { docusign } from './docusign.ts'
import { dropbox } from './dropbox.ts'
import { dropboxSign } from './dropbox-sign.ts'
import { easypost } from './easypost.ts'
import { ebay } from './ebay.ts'
import { elevenlabs } from './elevenlabs.ts'
import { expo } from './expo.ts'
import { fastspring } from './fastspring.ts'
import { fathom } from './fathom.ts'
import { figma } from './figma.ts'
import { fillout } from './fillout.ts'
import { folk } from './folk.ts'
import { formstack } from './formstack.ts'
import { fusionauth } from './fusionauth.ts'
import { generic } from './generic.ts'
import { genericBasic } from './generic-basic.ts'
import { genericHmac } from './generic-hmac.ts'
import { genericJwt } from './generic-jwt.ts'
import { genericToken } from './generic-token.ts'
import { getstream } from './getstream.ts'
import { github } from './github.ts'
import { gitlab } from './gitlab.ts'
import { gocardless } from './gocardless.ts'
import { googleCalendar } from './google-calendar.ts'
import { googlePubsub } from './google-pubsub.ts'
import { halopsa } from './halopsa.ts'
import { helpscout } from './helpscout.ts'
import { heroku } from './heroku.ts'
import { highlevel } from './highlevel.ts'
import { hookdeck } from './hookdeck.ts'
import { hubspot } from './hubspot.ts'
import { hygraph } from './hygraph.ts'
import { increase } from './increase.ts'
import { intercom } from './intercom.ts'
import { jira } from './jira.ts'
import { jobber } from './jobber.ts'
import { kick } from './kick.ts'
import { klaviyo } from './klaviyo.ts'
import { launchdarkly } from './launchdarkly.ts'
import { lemonsqueezy } from './lemonsqueezy.ts'
import { line } from './line.ts'
import { linear } from './linear.ts'
import { lithic } from './lithic.ts'
import { liveblocks } from './liveblocks.ts'
import { livekit } from './livekit.ts'
import { mailerlite } from './mailerlite.ts'
import { mailgun } from './mailgun.ts'
import { mandrill } from './mandrill.ts'
import { mautic } from './mautic.ts'
import { messagebird } from './messagebird.ts'
import { meta } from './meta.ts'
import { microsoftGraph } from './microsoft-graph.ts'
import { modernTreasury } from './modern-treasury.ts'
import { mollie } from './mollie.ts'
import { monday } from './monday.ts'
import { msTeamsOutgoing } from './ms-teams-outgoing.ts'
import { mux } from './mux.ts'
import { netlify } from './netlify.ts'
import { notion } from './notion.ts'
import { nylas } from './nylas.ts'
import { okta } from './okta.ts'
import { onfido } from './onfido.ts'
import { onfleet } from './onfleet.ts'
import { openai } from './openai.ts'
import { orb } from './orb.ts'
import { paddle } from './paddle.ts'
import { pagerduty } from './pagerduty.ts'
import { paypal } from './paypal.ts'
import { paystack } from './paystack.ts'
import { pipedrive } from './pipedrive.ts'
import { plaid } from './plaid.ts'
import { plivo } from './plivo.ts'
import { polar } from './polar.ts'
import { postmark } from './postmark.ts'
import { pusher } from './pusher.ts'
import { quickbooks } from './quickbooks.ts'
import { razorpay } from './razorpay.ts'
import { recharge } from './recharge.ts'
import { recurly } from './recurly.ts'
import { replicate } from './replicate.ts'
import { resend } from './resend.ts'
import { retell } from './retell.ts'
import { salesforceOutbound } from './salesforce-outbound.ts'
import { salesforcePlatformEvent } from './salesforce-platform-event.ts'
import { sanity } from './sanity.ts'
import { sellsy } from './sellsy.ts'
import { sendgrid } from './sendgrid.ts'
import { sentry } from './sentry.ts'
import { shopify } from './shopify.ts'
import { sinchConversation } from './sinch-conversation.ts'
import { sinchVoice } from './sinch-voice.ts'
import { slack } from './slack.ts'
import { smartcar } from './smartcar.ts'
import { square } from './square.ts'
import { standardWebhooks } from './standard-webhooks.ts'
import { strava } from './strava.ts'
import { stripe } from './stripe.ts'
import { surveymonkey } from './surveymonkey.ts'
import { svix } from './svix.ts'
import { taiga } from './taiga.ts'
import { tailscale } from './tailscale.ts'
import { tally } from './tally.ts'
import { telegram } from './telegram.ts'
import { telnyx } from './telnyx.ts'
import { treezor } from './treezor.ts'
import { trello } from './trello.ts'
import { twilio } from './twilio.ts'
import { twitch } from './twitch.ts'
import { typeform } from './typeform.ts'
import { upstashQstash } from './upstash-qstash.ts'
import { vercel } from './vercel.ts'
import { viber } from './viber.ts'
import { videoask } from './videoask.ts'
import { vonage } from './vonage.ts'
import { webex } from './webex.ts'
import { webflow } from './webflow.ts'
import { whatsapp } from './whatsapp.ts'
import { wise } from './wise.ts'
import { woocommerce } from './woocommerce.ts'
import { workos } from './workos.ts'
import { xTwitter } from './x-twitter.ts'
import { xero } from './xero.ts'
import { zendesk } from './zendesk.ts'
import { zoom } from './zoom.ts'
import type { Provider } from './provider.ts'
import { unverifiedAToE } from './unverified-a-to-e.ts'
import { unverifiedFToO } from './unverified-f-to-o.ts'
import { unverifiedPToZ } from './unverified-p-to-z.ts'

/** Every provider, sorted by slug; those with an unverified scheme come after the rest. */
export const providers: readonly Provider[] = [
  ably,
  acuity,
  adyen,
  aircall,
  airtable,
  airwallex,
  alipay,
  anthropic,
  asana,
  attio,
  auth0,
  awsSns,
  azureEventGrid,
  bigcommerce,
  bitbucket,
  box,
  braintree,
  brevo,
  buildkite,
  calCom,
  calendly,
  chargebee,
  checkr,
  circleci,
  clerk,
  clickup,
  cloudevents,
  cloudflareStream,
  cloudinary,
  coinbaseCdp,
  coinbaseCommerce,
  contentful,
  cursor,
  customerio,
  deepgram,
  discord,
  docusign,
  dropbox,
  dropboxSign,
  easypost,
  ebay,
  elevenlabs,
  expo,
  fastspring,
  fathom,
  figma,
  fillout,
  folk,
  formstack,
  fusionauth,
  generic,
  genericBasic,
  genericHmac,
  genericJwt,
  genericToken,
  getstream,
  github,
  gitlab,
  gocardless,
  googleCalendar,
  googlePubsub,
  halopsa,
  helpscout,
  heroku,
  highlevel,
  hookdeck,
  hubspot,
  hygraph,
  increase,
  intercom,
  jira,
  jobber,
  kick,
  klaviyo,
  launchdarkly,
  lemonsqueezy,
  line,
  linear,
  lithic,
  liveblocks,
  livekit,
  mailerlite,
  mailgun,
  mandrill,
  mautic,
  messagebird,
  meta,
  microsoftGraph,
  modernTreasury,
  mollie,
  monday,
  msTeamsOutgoing,
  mux,
  netlify,
  notion,
  nylas,
  okta,
  onfido,
  onfleet,
  openai,
  orb,
  paddle,
  pagerduty,
  paypal,
  paystack,
  pipedrive,
  plaid,
  plivo,
  polar,
  postmark,
  pusher,
  quickbooks,
  razorpay,
  recharge,
  recurly,
  replicate,
  resend,
  retell,
  salesforceOutbound,
  salesforcePlatformEvent,
  sanity,
  sellsy,
  sendgrid,
  sentry,
  shopify,
  sinchConversation,
  sinchVoice,
  slack,
  smartcar,
  square,
  standardWebhooks,
  strava,
  stripe,
  surveymonkey,
  svix,
  taiga,
  tailscale,
  tally,
  telegram,
  telnyx,
  treezor,
  trello,
  twilio,
  twitch,
  typeform,
  upstashQstash,
  vercel,
  viber,
  videoask,
  vonage,
  webex,
  webflow,
  whatsapp,
  wise,
  woocommerce,
  workos,
  xTwitter,
  xero,
  zendesk,
  zoom,
  ...unverifiedAToE,
  ...unverifiedFToO,
  ...unverifiedPToZ,
]

const bySlug = new Map(providers.map((provider) => [provider.slug, provider]))

export function findProvider(slug: string): Provider | undefined {
  return bySlug.get(slug)
}
