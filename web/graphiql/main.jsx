// SPDX-License-Identifier: Apache-2.0
// One page for both schemas: /graphiql is the Director's, /graphiql/connector the Connector's. Everything comes from this origin.
import { DOC_EXPLORER_PLUGIN } from '@graphiql/react';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';
import 'graphiql/graphiql.css';
import './page.css';

const faces = {
  '/graphiql': { name: 'Director', url: '/director/graphql', query: '{\n  viewer {\n    id\n    type\n  }\n}\n' },
  '/graphiql/connector': {
    name: 'Connector', url: '/connector/graphql', headers: '{\n  "Connector-Token": ""\n}\n',
    query: '{\n  configuration {\n    certificateSigningRequestInfo {\n      subject\n      subjectOpenSSL\n    }\n  }\n}\n',
  },
};
const path = location.pathname;
const face = faces[path];

// What the browser keeps of one schema's tabs is not shown with the other.
const prefix = `${face.name}:`;
const storage = {
  getItem: (name) => localStorage.getItem(prefix + name),
  setItem: (name, value) => localStorage.setItem(prefix + name, value),
  removeItem: (name) => localStorage.removeItem(prefix + name),
  clear: () => Object.keys(localStorage).filter((name) => name.startsWith(prefix)).forEach((name) => localStorage.removeItem(name)),
  get length() {
    return Object.keys(localStorage).filter((name) => name.startsWith(prefix)).length;
  },
};

createRoot(document.getElementById('graphiql')).render(
  <GraphiQL
    fetcher={createGraphiQLFetcher({ url: face.url })}
    storage={storage}
    defaultQuery={face.query}
    defaultHeaders={face.headers}
    visiblePlugin={DOC_EXPLORER_PLUGIN}
  >
    <GraphiQL.Logo>
      <nav className="faces">
        {Object.entries(faces).map(([where, { name }]) => (
          <a key={name} href={where} aria-current={where === path ? 'page' : undefined}>{name}</a>
        ))}
      </nav>
    </GraphiQL.Logo>
  </GraphiQL>,
);
