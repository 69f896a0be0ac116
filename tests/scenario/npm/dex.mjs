// SPDX-License-Identifier: Apache-2.0
// oidc-provider as an issuer of tokens like Dex's; its URL, on loopback, is the first line of the output. Its one client is "fairlead"; people have
// the claims below, and get an ID token for their password, as Dex's static users do.
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const people = {
  'admin@kyma.cx': { password: 'nimda', claims: { email: 'admin@kyma.cx', email_verified: true, name: 'admin', groups: [] } },
  'reader@kyma.cx': { password: 'redaer', claims: { email: 'reader@kyma.cx', email_verified: true, name: 'reader', groups: ['readers'] } },
};

const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${server.address().port}`;
const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });

const provider = new Provider(url, {
  clients: [{ client_id: 'fairlead', client_secret: 'secret', grant_types: ['password'], redirect_uris: [], response_types: [] }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
  conformIdTokenClaims: false,
  findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id].claims }) },
  jwks: { keys: [{ ...key, use: 'sig', alg: 'RS256' }] },
  cookies: { keys: ['of nobody: there are no pages'] },
  ttl: { IdToken: 600 },
  features: { devInteractions: { enabled: false } },
});

provider.registerGrantType('password', async (ctx) => {
  const { username, password } = ctx.oidc.params;
  if (people[username]?.password !== password) {
    ctx.status = 400;
    ctx.body = { error: 'invalid_grant' };
    return;
  }
  const account = await provider.Account.findAccount(ctx, username);
  const token = new provider.IdToken(account.claims(), { ctx });
  token.scope = 'openid email profile groups';
  ctx.body = { token_type: 'bearer', id_token: await token.issue({ use: 'idtoken' }) };
}, ['username', 'password']);

server.on('request', provider.callback());
console.log(url);
