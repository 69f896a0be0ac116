/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials/internal.h"

/* Client credentials (contract 3.5): always the word Bearer, whatever token_type says. A certificate of the
 * client (RFC 8705) is for the token endpoint: the API sees the token alone. */
struct status strategy_oauth(struct asking *q)
{
    struct text token;
    TRY(token_oauth(q, &token));
    return joined(q->a, TEXT("Bearer "), token, &q->out->authorization);
}
