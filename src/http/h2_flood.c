/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h2_session.h"

#include "base/clock.h"

static void begin_second(struct h2_flood *f)
{
    const int64_t now = clock_monotonic_ms();
    if (f->second_began_ms != 0 && now - f->second_began_ms < 1000)
        return;
    *f = (struct h2_flood){.second_began_ms = now};
}

/* RFC 9113 10.5: excessive use of what costs the peer nothing is a connection error. */
static void enhance_your_calm(struct h2_session *h)
{
    if (h->calm)
        return;
    h->calm = true;
    (void)nghttp2_session_terminate_session(h->ng, NGHTTP2_ENHANCE_YOUR_CALM);
}

/* A stream that was ended by a reset: the peer's, or ours that the peer provoked. */
void h2_note_reset(struct h2_session *h)
{
    begin_second(&h->flood);
    if (++h->flood.resets > h->base.settings->h2_resets_per_second)
        enhance_your_calm(h);
}

/* Frames that carry nothing a request needs. WINDOW_UPDATE is not among them: a fast download sends
 * thousands. */
static bool is_control(const nghttp2_frame_hd *hd)
{
    switch (hd->type) {
    case NGHTTP2_DATA:
        return hd->length == 0 && (hd->flags & NGHTTP2_FLAG_END_STREAM) == 0;
    case NGHTTP2_CONTINUATION:
        return hd->length == 0;
    case NGHTTP2_HEADERS:
    case NGHTTP2_RST_STREAM:
    case NGHTTP2_WINDOW_UPDATE:
    case NGHTTP2_GOAWAY:
        return false;
    default: /* SETTINGS, PING, PRIORITY; nghttp2 skips what nobody knows without asking, and without an
                answer */
        return true;
    }
}

void h2_note_frame(struct h2_session *h, const nghttp2_frame_hd *hd)
{
    if (!is_control(hd))
        return;
    begin_second(&h->flood);
    if (++h->flood.control > h->base.settings->h2_control_per_second)
        enhance_your_calm(h);
}
