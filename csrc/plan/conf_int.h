/* The table of known settings. Private to csrc/plan. */
#ifndef MILL_PLAN_CONF_INT_H
#define MILL_PLAN_CONF_INT_H

#include "base/timezone.h"
#include "column/context.h"

const char *mill_conf_preset(const char *key); /* NULL: not known */
const char *mill_conf_doc(const char *key);
const char *mill_conf_known(int i); /* in order of keys; NULL at the end */
/* The value must be one of the key's kind; unknown keys take anything. */
mill_status mill_conf_check(const mill_context *ctx, const char *key, const char *value,
                            mill_error *err) MILL_USE_RESULT;

#endif
