/* SPDX-License-Identifier: Apache-2.0 */

/* Only linked, with every module whole: see meson.build. */
int main(void)
{
    return 0;
}
