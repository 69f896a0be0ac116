// SPDX-License-Identifier: Apache-2.0
// The toy schema of toy.c for graphql-js, Debian's node-graphql: reads the schema from the file named first, then a request
// per line of standard input; answers {"stage": "parse"|"validation"|"variables"|"executed", "data": ..., "paths": [...]}.
'use strict';
const fs = require('fs');
const readline = require('readline');
const graphql = require('graphql');
const { getVariableValues } = require('graphql/execution/values');

const schema = graphql.buildSchema(fs.readFileSync(process.argv[2], 'utf8'));

const artoo = { __typename: 'Droid', id: '2001', name: 'R2-D2', size: 96, alive: true, centimetres: 96, home: null };
const luke = {
  __typename: 'Human', id: '1000', name: 'Luke <Skywalker>', size: 172, alive: true, home: 'Tatooine',
  born: '2023-11-14T22:13:20Z', labels: { side: ['light'], n: 1 }, friend: artoo, droid: artoo,
};
const vader = {
  __typename: 'Human', id: '1001', name: 'Darth "Vader"\n\u00e9\u{1f600}', size: 202, alive: false, home: null,
  born: '2020-09-13T12:26:40Z', labels: {}, friend: null, droid: null,
};
artoo.friend = luke;
const everybody = [luke, vader, artoo];

const refuse = (what) => { throw new Error(what); };
const brokenList = (n) => Array.from({ length: n }, (_, i) => (i === 1 ? new Error('item 1 is broken') : i));

const resolvers = {
  Query: {
    hero: (_, a) => ({ EMPIRE: luke, JEDI: artoo })[a.episode] || null,
    human: (_, a) => everybody.slice(0, 2).find((c) => c.id === a.id) || null,
    search: (_, a) => everybody.slice(0, Math.max(0, a.first)),
    echo: (_, a) => a,
    echoJson: (_, a) => a,
    required: (_, a) => a,
    nest: () => 1,
    fails: () => refuse('no'),
    crashes: () => refuse('no'),
    secret: () => 'xyzzy',
    hidden: () => 'xyzzy',
  },
  Nest: {
    self: () => 1, selfNotNull: () => 1, value: (n) => n, nothing: () => null, nothingNotNull: () => null,
    fails: () => refuse('no'), failsNotNull: () => refuse('no'), list: () => [1, 2, 3], listNotNull: () => [1, 2, 3],
    holed: () => ['there', null, 'there'], holedItemsNotNull: () => ['there', null, 'there'],
    holedNotNull: () => ['there', null, 'there'], broken: () => brokenList(3), brokenItemsNotNull: () => brokenList(3),
    matrix: () => [0, 1, 2].map(brokenList), matrixNotNull: () => [0, 1, 2].map(brokenList),
    matrixHalf: () => [0, 1, 2].map(brokenList), tooLarge: () => 3000000000,
  },
  Mutation: {
    add: (_, a, counter) => (counter.value += a.value),
    fails: () => refuse('no'), failsSoftly: () => refuse('no'), sign: (_, a) => a.csr,
  },
};
for (const type of ['Human', 'Droid']) {
  resolvers[type] = {
    friends: () => everybody,
    appearsIn: () => ['NEWHOPE', 'JEDI'],
    height: (c, a) => (a.unit === 'FEET' ? c.size / 32 : c.size),
  };
}
resolvers.Human.again = (c) => c;

for (const [type, fields] of Object.entries(resolvers)) {
  for (const [name, resolve] of Object.entries(fields)) schema.getType(type).getFields()[name].resolve = resolve;
}
// A literal of the scalar JSON is the JSON it looks like; enums in it are strings.
const literal = (node, variables) => {
  switch (node.kind) {
    case 'Variable': return variables && node.name.value in variables ? variables[node.name.value] : null;
    case 'ObjectValue': return Object.fromEntries(node.fields.map((f) => [f.name.value, literal(f.value, variables)]));
    case 'ListValue': return node.values.map((v) => literal(v, variables));
    case 'IntValue': case 'FloatValue': return Number(node.value);
    case 'NullValue': return null;
    default: return node.value;
  }
};
schema.getType('JSON').parseLiteral = literal;
const text = (check) => (value) => {
  const t = value && value.kind ? (value.kind === 'StringValue' ? value.value : null) : value;
  if (typeof t !== 'string' || !check(t)) throw new graphql.GraphQLError('no');
  return t;
};
for (const [name, check] of [['Date', (t) => Buffer.from(t).length === 10 && t[4] === '-' && t[7] === '-'], ['Timestamp', () => true]]) {
  schema.getType(name).parseLiteral = text(check);
  schema.getType(name).parseValue = text(check);
}

// Overlapping fields last: on fragments that contain themselves that rule runs out of stack.
const overlapping = graphql.OverlappingFieldsCanBeMergedRule;
const others = graphql.specifiedRules.filter((rule) => rule !== overlapping);
function validate(document) {
  const found = graphql.validate(schema, document, others);
  return found.length ? found : graphql.validate(schema, document, [overlapping]);
}

function answer(request) {
  let document;
  try {
    document = graphql.parse(request.query || '');
  } catch (e) {
    return { stage: 'parse', message: e.message };
  }
  const found = validate(document);
  if (found.length) return { stage: 'validation', message: found[0].message };
  const operation = graphql.getOperationAST(document, request.operationName);
  if (!operation) return { stage: 'validation', message: 'no such operation' };
  const variables = getVariableValues(schema, operation.variableDefinitions || [], request.variables || {});
  if (variables.errors) return { stage: 'variables', message: variables.errors[0].message };
  const result = graphql.execute({
    schema, document, operationName: request.operationName, variableValues: request.variables, contextValue: { value: 0 },
  });
  return {
    stage: 'executed', data: result.data === undefined ? null : result.data,
    paths: (result.errors || []).map((e) => e.path || null), message: result.errors && result.errors[0].message,
  };
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const request = JSON.parse(line);
  const said = request.introspection ? checkIntrospection(request.introspection) : answer(request);
  process.stdout.write(JSON.stringify(said) + '\n');
});

// Can a client rebuild the schema from our introspection? And is it the same?
function checkIntrospection(data) {
  const client = graphql.buildClientSchema(data);
  const errors = graphql.validateSchema(client).map((e) => e.message);
  return { errors, sdl: graphql.printSchema(graphql.lexicographicSortSchema(client)), want: graphql.printSchema(graphql.lexicographicSortSchema(schema)) };
}

process.on('uncaughtException', (e) => { process.stderr.write(e.stack + '\n'); process.exit(3); });
