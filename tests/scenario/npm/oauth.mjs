// SPDX-License-Identifier: Apache-2.0
// A token endpoint as others wrote it (oidc-provider) on a free loopback port, for test_gateway_oauth_npm.py: two clients,
// whose secrets it takes in the header or in the body, never in both, and introspection. Its URL is the first line of standard output; it ends with standard input.

import { createServer } from 'node:http';

import Provider from 'oidc-provider';

const client = (client_id, token_endpoint_auth_method) => ({
  client_id,
  client_secret: 's3cret/&:+%',
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  scope: 'orders:read orders:write',
  token_endpoint_auth_method,
});

const http = createServer();
http.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${http.address().port}`;
  const provider = new Provider(url, {
    clients: [client('header', 'client_secret_basic'), client('body', 'client_secret_post')],
    cookies: { keys: ['unused'] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: () => true },
    },
    scopes: ['orders:read', 'orders:write'],
    ttl: { ClientCredentials: 300 },
  });
  http.on('request', provider.callback());
  console.log(url);
});
process.stdin.resume().on('end', () => process.exit(0));
