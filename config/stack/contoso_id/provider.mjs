// Contoso ID: a partner's OpenID provider on this machine. The protocol is oidc-provider's, the people are ours.
//
//   node provider.mjs DESCRIPTOR FILE
//
// DESCRIPTOR is a bound, listening socket that this process inherited. FILE is JSON and is read anew for each request:
//   clients  [{client_id, client_secret, redirect_uris}, …]
//   renamed  {"old@address": "new@address", …}: the same person, who has another address now
// Whoever types an address is the person with that address. Only `unverified+…` has one that nobody verified.

import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import { Provider, interactionPolicy } from 'oidc-provider';

import { Memory } from './memory.mjs';
import { errorPage, signInPage } from './pages.mjs';

const [descriptor, file] = process.argv.slice(2);
const SIGN_IN = '/sign-in/';
const LONGEST_FORM = 4096; // characters
const people = new Map(); // subject -> the address that they first typed

function filed() {
  return JSON.parse(readFileSync(file, 'utf8'));
}

class Storage extends Memory {
  async find(id) {
    if (this.model !== 'Client') return super.find(id);
    return filed().clients.find((one) => one.client_id === id);
  }
}

/** The subject of whoever has this address now or had it before: the same for ever, and saying nothing about them. */
function subjectOf(typed) {
  const address = typed.toLowerCase();
  const renamed = Object.entries(filed().renamed ?? {}).find(([, now]) => now === address);
  const first = renamed ? renamed[0] : address;
  const subject = createHash('sha256').update(`Contoso ID ${first}`).digest('base64url').slice(0, 22);
  people.set(subject, first);
  return subject;
}

function addressOf(subject) {
  const first = people.get(subject);
  return filed().renamed?.[first] ?? first;
}

async function findAccount(ctx, subject) {
  if (!people.has(subject)) return undefined;
  return {
    accountId: subject,
    async claims() {
      const email = addressOf(subject);
      const words = email.split('@')[0].split(/[.+_-]+/).filter(Boolean);
      return {
        sub: subject,
        email,
        email_verified: !email.startsWith('unverified+'),
        name: words.map((word) => word[0].toUpperCase() + word.slice(1)).join(' '),
        preferred_username: email,
      };
    },
  };
}

/** Nobody is asked what may be passed on: who comes here was sent by somebody who knows their address already. */
async function loadExistingGrant(ctx) {
  const { client, session, params } = ctx.oidc;
  const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(params.scope);
  await grant.save();
  return grant;
}

function signingKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: randomBytes(8).toString('hex') };
}

const policy = interactionPolicy.base();
policy.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }), 0);

const server = createServer();
await new Promise((ready) => {
  server.listen({ fd: Number(descriptor) }, ready);
});
const issuer = `http://localhost:${server.address().port}`;
const provider = new Provider(issuer, {
  adapter: Storage,
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username'] },
  conformIdTokenClaims: false, // what was asked for stands in the ID token itself
  cookies: { keys: [randomBytes(32).toString('hex')] },
  features: { devInteractions: { enabled: false } },
  findAccount,
  interactions: { policy, url: (ctx, interaction) => `${SIGN_IN}${interaction.uid}` },
  jwks: { keys: [signingKey()] },
  loadExistingGrant,
  pkce: { required: () => true },
  async renderError(ctx, out) {
    ctx.type = 'html';
    ctx.body = errorPage(out.error_description ?? out.error);
  },
});

function answer(res, status, body) {
  res.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' });
  res.end(body);
}

async function formOf(req) {
  let text = '';
  for await (const part of req) {
    text += part;
    if (text.length > LONGEST_FORM) throw new Error('The form is too long.');
  }
  return new URLSearchParams(text);
}

/** Sign out here whoever the browser belongs to now; the protocol would do it by a page that needs JavaScript. */
async function forget(interaction) {
  const session = await provider.Session.findByUid(interaction.session.uid);
  await session?.destroy();
  delete interaction.session.uid;
  await interaction.save(interaction.exp - Math.floor(Date.now() / 1000));
}

/** Our own part of a sign-in: say who you are, or cancel. */
async function signIn(req, res) {
  const interaction = await provider.interactionDetails(req, res);
  const { params, session } = interaction;
  const signedIn = session ? (addressOf(session.accountId) ?? '') : '';
  if (req.method !== 'POST') {
    answer(res, 200, signInPage({ address: params.login_hint ?? signedIn, signedIn, mistake: '' }));
    return;
  }
  const form = await formOf(req);
  if (form.get('press') === 'cancel') {
    const declined = { error: 'access_denied', error_description: 'The person pressed Cancel.' };
    await provider.interactionFinished(req, res, declined, { mergeWithLastSubmission: false });
    return;
  }
  const address = (form.get('address') ?? '').trim();
  if (!/^[^\s@]+@[^\s@]+$/.test(address)) {
    answer(res, 422, signInPage({ address, signedIn, mistake: 'Type an email address, as name@example.org.' }));
    return;
  }
  const accountId = subjectOf(address);
  if (session?.accountId && session.accountId !== accountId) await forget(interaction);
  const result = { select_account: {}, login: { accountId } };
  await provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
}

const protocol = provider.callback();
server.on('request', (req, res) => {
  if (!req.url.startsWith(SIGN_IN)) {
    protocol(req, res);
    return;
  }
  signIn(req, res).catch((error) => {
    if (res.headersSent) res.end();
    else answer(res, 400, errorPage(error.error_description ?? error.message));
  });
});
console.log(`READY ${issuer}`);
