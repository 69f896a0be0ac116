// SPDX-License-Identifier: Apache-2.0
// An OpenID Connect issuer as others wrote it (oidc-provider) on a free loopback port, for test_oidc_npm.py: one client, which gets JWTs for
// https://fairlead.example/ALGORITHM by its secret. Its URL is the first line of standard output; it ends with standard input.

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

const tenants = process.argv.slice(2);
const key = (alg, kind, options) => ({ ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: alg });
const keys = [
  key('RS256', 'rsa', { modulusLength: 2048 }),
  key('PS256', 'rsa', { modulusLength: 2048 }),
  key('ES256', 'ec', { namedCurve: 'P-256' }),
  key('EdDSA', 'ed25519'),
];

const http = createServer();
http.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${http.address().port}`;
  const provider = new Provider(url, {
    clients: [{ client_id: 'robot', client_secret: 'secret', grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }],
    cookies: { keys: ['unused'] },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'] },
    extraTokenClaims: () => ({ tenants }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (context, resource) => ({
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
          audience: 'fairlead',
          jwt: { sign: { alg: resource.split('/').at(-1) } },
          scope: 'application:read application:write',
        }),
      },
    },
    jwks: { keys },
  });
  http.on('request', provider.callback());
  console.log(url);
});
process.stdin.resume().on('end', () => process.exit(0));
