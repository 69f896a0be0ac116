/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

api_handler *api_handler_of(unsigned id)
{
    static api_handler *const handlers[API_ID_COUNT] = {
#define X(id, function) [API_##id] = function,
        API_HANDLERS(X)
#undef X
    };
    return id < API_ID_COUNT ? handlers[id] : NULL;
}
