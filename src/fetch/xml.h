/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* libxml2, for one question: is it well-formed, and what is its root? Private to fetch/. */

#include "base/bytes.h"
#include "fetch/fetch.h"

#define HTML_REASON "it is HTML, not a specification: does the URL need credentials?"

struct xml_root {
    char name[64]; /* local name, cut */
    bool edmx;     /* Edmx in one of OData's namespaces */
};

/* Does it begin as a web page? `t` without leading blanks. */
bool xml_is_html(struct text t);
/*
 * The whole document, by events, no tree. UTF-8, UTF-16, US-ASCII and ISO-8859-1, nothing that would need a
 * converter of the C library; no DOCTYPE at all (so no entities), nothing loaded from anywhere, depth at most
 * XML_DEPTH_MAX. false with outcome and reason in `a`.
 */
#define XML_DEPTH_MAX 128
bool xml_read(struct text t, struct xml_root *out, struct fetch_answer *a);
