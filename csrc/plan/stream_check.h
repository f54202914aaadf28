/* What Spark refuses of streaming plans, by output mode. */
#ifndef MILL_PLAN_STREAM_CHECK_H
#define MILL_PLAN_STREAM_CHECK_H

#include "plan/node.h"

/* `root` is an analysed tree before any rewriting; mode is append, update or complete. A tree
** without streams passes. Depth is limited to 1,000. */
mill_status mill_stream_check(const mill_node *root, const char *mode,
                              mill_error *err) MILL_USE_RESULT;

/* What a batch action on a streaming plan fails with. */
mill_status mill_stream_only(mill_error *err) MILL_USE_RESULT;

#endif
