// A partner's identity provider out of other people's libraries: samlp (SAML 2.0) and wsfed (WS-Federation with
// SAML 1.1), behind one sign-in page. It believes any address that is typed.
//
//   node providers.mjs <inherited listening socket> <folder with idp.key, idp.crt and services.json>
//
// services.json, read anew for each request: entity id of a service → {reply, certificate of its requests}.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import samlp from 'samlp';
import wsfed from 'wsfed';

const [descriptor, folder] = process.argv.slice(2);
const key = readFileSync(`${folder}/idp.key`);
const cert = readFileSync(`${folder}/idp.crt`);
const LONGEST_FORM = 4096;
let origin = '';

const services = () => JSON.parse(readFileSync(`${folder}/services.json`, 'utf8'));

/** The person as passport.js describes one, which is what both libraries ask for. */
function personWith(address) {
  const [given] = address.split('@');
  return {
    id: createHash('sha256').update(address.toLowerCase()).digest('hex').slice(0, 32),
    emails: [{ value: address }],
    displayName: given,
    name: { givenName: given, familyName: 'Partner' },
  };
}

function signInPage(address = '') {
  const shown = address.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return `<!doctype html><html lang="en"><title>Partner sign-in</title><h1>Partner sign-in</h1>
<form method="post"><label>Email <input name="address" value="${shown}"></label><button>Sign in</button></form></html>`;
}

async function formOf(req) {
  let text = '';
  for await (const part of req) {
    text += part;
    if (text.length > LONGEST_FORM) throw new Error('The form is too long.');
  }
  return Object.fromEntries(new URLSearchParams(text));
}

/** What the libraries use of express: query, protocol, set and send. */
function asExpress(req, res) {
  const url = new URL(req.url, origin);
  req.query = Object.fromEntries(url.searchParams);
  req.originalUrl = req.url;
  req.protocol = 'http';
  res.set = (name, value) => res.setHeader(name, value);
  res.send = (body, text) => {
    if (typeof body === 'number') res.statusCode = body;
    res.end(String(typeof body === 'number' ? (text ?? body) : body));
  };
  return url.pathname;
}

function answerSaml(req, res, user, next) {
  samlp.parseRequest(req, (error, asked) => {
    if (error) return next(error);
    const service = services()[asked?.issuer];
    if (service?.reply !== asked?.assertionConsumerServiceURL) return next(new Error('This service is not known.'));
    samlp.auth({
      issuer: `${origin}/saml`,
      key,
      cert,
      getUserFromRequest: () => user,
      getCredentials: (issuer, sessions, nameId, done) => done(null, { cert: service.certificate }),
      getPostURL: (audience, request, from, done) => done(null, service.reply),
      recipient: service.reply,
      destination: service.reply,
      lifetimeInSeconds: 300,
    })(req, res, next);
  });
}

function answerWsFederation(req, res, user, next) {
  wsfed.auth({
    issuer: `${origin}/wsfed`,
    key,
    cert,
    signatureAlgorithm: 'rsa-sha256',
    digestAlgorithm: 'sha256',
    getUserFromRequest: () => user,
    getPostURL: (realm, reply, from, done) => done(null, services()[realm]?.reply === reply ? reply : null),
  })(req, res, next);
}

const metadata = {
  '/saml/metadata': () => samlp.metadata({ issuer: `${origin}/saml`, cert, redirectEndpointPath: '/saml/sso' }),
  '/wsfed/metadata': () => wsfed.metadata({ issuer: `${origin}/wsfed`, cert, endpointPath: '/wsfed/sso' }),
};
const answers = { '/saml/sso': answerSaml, '/wsfed/sso': answerWsFederation };

const server = createServer(async (req, res) => {
  const failed = (error) => {
    console.error(error);
    res.statusCode = 400;
    res.end(error?.message ?? 'This did not work.');
  };
  try {
    const path = asExpress(req, res);
    if (metadata[path]) return metadata[path]()(req, res, failed);
    if (!answers[path]) {
      res.statusCode = 404;
      return res.end();
    }
    res.setHeader('Content-Type', 'text/html; charset=utf-8');
    if (req.method !== 'POST') return res.end(signInPage());
    const { address } = await formOf(req);
    return answers[path](req, res, personWith(address), failed);
  } catch (error) {
    return failed(error);
  }
});
server.listen({ fd: Number(descriptor) }, () => {
  origin = `http://localhost:${server.address().port}`;
  console.log(`READY ${origin}`);
});
