// SPDX-License-Identifier: Apache-2.0
// build.mjs DIRECTORY: the page as four files, one script and one style sheet among them, and the licences of what is in them.
import { build } from 'esbuild';
import { copyFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const out = process.argv[2];

// The fonts would be most of the style sheet, and the page's policy allows none: the system's do.
const withoutFonts = {
  name: 'without-fonts',
  setup: (it) => it.onLoad({ filter: /graphiql\.css$/ }, ({ path }) => (
    { contents: readFileSync(path, 'utf8').replace(/@font-face\s*\{[^}]*\}/g, ''), loader: 'css' })),
};

const { metafile } = await build({
  entryPoints: ['main.jsx'], outfile: join(out, 'graphiql.js'), bundle: true, minify: true, format: 'iife', target: 'es2020', jsx: 'automatic',
  define: { 'process.env.NODE_ENV': '"production"' }, legalComments: 'none', charset: 'utf8', metafile: true,
  plugins: [withoutFonts], alias: { 'react-style-singleton': './no-style.js' },
});

const packages = new Set(Object.keys(metafile.inputs).map((input) => input.match(/.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0]).filter(Boolean));
const licences = [...packages].sort().map((where) => {
  const { name, version, license } = JSON.parse(readFileSync(join(where, 'package.json')));
  const file = existsSync(where) && readdirSync(where).find((entry) => /^licen[cs]e/i.test(entry));
  return `${name} ${version} (${license})\n\n${file ? readFileSync(join(where, file), 'utf8').trim() : ''}\n`;
});
writeFileSync(join(out, 'licenses.txt'), licences.join(`\n${'-'.repeat(80)}\n`));
copyFileSync('index.html', join(out, 'index.html'));
