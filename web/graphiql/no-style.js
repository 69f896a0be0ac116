// SPDX-License-Identifier: Apache-2.0
// In the place of react-style-singleton, which puts a style element into the page while a dialog is open, so that what is behind does not scroll.
// The page's policy takes styles from its one file only, and nothing behind a dialog scrolls.
export const styleSingleton = () => () => null;
