// SPDX-License-Identifier: Apache-2.0
// graphql-request and graphql-js for test_compass_npm.py: a request in JSON per line of standard input, an answer in JSON per line of standard
// output. The server's CA is in NODE_EXTRA_CA_CERTS.
//   {"do": "request", "url", "document", "variables", "headers", "options", "identity": {"cert", "key"}}  -> {"data"} | {"error"}
//   {"do": "schema", "url"}             what buildClientSchema makes of introspection, printed  -> {"schema", "problems"}
//   {"do": "print", "text"}             the same for a schema in its own language
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { createInterface } from 'node:readline';
import { buildClientSchema, buildSchema, getIntrospectionQuery, lexicographicSortSchema, printSchema, validateSchema } from 'graphql';
import { ClientError, GraphQLClient } from 'graphql-request';

// Node's fetch shows no client certificate.
function fetchWith(identity) {
  const agent = new https.Agent({ cert: readFileSync(identity.cert), key: readFileSync(identity.key) });
  return (url, { method, headers, body }) => new Promise((resolve, reject) => {
    const request = https.request(url, { method, headers: Object.fromEntries(new Headers(headers)), agent }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve(new Response(Buffer.concat(chunks), { status: answer.statusCode, headers: answer.headers })));
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function send({ url, document, variables, headers, options, identity }) {
  const client = new GraphQLClient(url, { headers, ...options, ...(identity && { fetch: fetchWith(identity) }) });
  try {
    return { data: await client.request(document, variables) };
  } catch (error) {
    if (!(error instanceof ClientError))
      return { error: { kind: error.name, message: `${error.message}: ${error.cause}` } };
    const { status, errors, data } = error.response;
    return { error: { kind: 'ClientError', status, errors, data } };
  }
}

function printed(schema) {
  return { schema: printSchema(lexicographicSortSchema(schema)), problems: validateSchema(schema).map((problem) => problem.message) };
}

async function schema({ url }) {
  const query = getIntrospectionQuery({ schemaDescription: true, specifiedByUrl: true, directiveIsRepeatable: true, inputValueDeprecation: true });
  return printed(buildClientSchema(await new GraphQLClient(url).request(query)));
}

const deeds = { request: send, schema, print: ({ text }) => printed(buildSchema(text)) };
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  let answer;
  try {
    answer = await deeds[asked.do](asked);
  } catch (error) {
    answer = { failed: String(error.stack) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
