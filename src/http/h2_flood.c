/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h2_flood.h"

#include "base/clock.h"

static void begin_second(struct h2_flood *f)
{
    const int64_t now = clock_monotonic_ms();
    if (f->second_began_ms != 0 && now - f->second_began_ms < 1000)
        return;
    *f = (struct h2_flood){.second_began_ms = now};
}

bool h2_flood_reset(struct h2_flood *f, uint32_t limit)
{
    begin_second(f);
    return ++f->resets <= limit;
}

/* WINDOW_UPDATE is not among them: a fast download sends thousands. */
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

bool h2_flood_frame(struct h2_flood *f, const nghttp2_frame_hd *hd, uint32_t limit)
{
    if (!is_control(hd))
        return true;
    begin_second(f);
    return ++f->control <= limit;
}
