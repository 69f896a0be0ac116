/* SPDX-License-Identifier: Apache-2.0 */
#include "api/kyma/kyma.h"

/*
 * The events of an application: advertised since the first version, so that clients need not pair again, and
 * refused until they exist. The check of who asks is already the real one (contract 12): only the application
 * itself.
 */
struct status kyma_events(struct call *c)
{
    const struct principal *p = &c->principal;
    if (p->runtime || !text_equal(p->application, c->params[0])) {
        call_note_refusal(c, TEXT("refused.application"));
        return reply_error(c, 403, "No valid subject found");
    }
    return reply_error(c, 501, "Events are not available on this server yet.");
}
