/* Kept rows of a plan: df:cache().
**
**     mill_plan_cache(plan, &kept)     `kept` means the same; its rows are computed once
**     mill_plan_uncache(kept)          frees them; kept goes on to work, computing anew
**
** The rows live until they are uncached or the last plan built upon `kept` goes. A run that fails
** while it fills the cache leaves it empty. */
#ifndef MILL_PLAN_CACHE_H
#define MILL_PLAN_CACHE_H

#include "plan/plan.h"

typedef struct mill_cache mill_cache;

mill_status mill_plan_cache(mill_plan *p, mill_plan **out, mill_error *err) MILL_USE_RESULT;
void mill_plan_uncache(mill_plan *p);

/* For lowering. Is the child to be computed in place? How many rows are kept, -1: not filled. */
bool mill_cache_off(const mill_cache *c);
double mill_cache_rows(const mill_cache *c);
/* The kept rows, NULL: not filled. */
const mill_table *mill_cache_table(const mill_cache *c);
struct mill_planner;
/* A cache that lives as long as the planner's arena, NULL: w->status. */
mill_cache *mill_cache_of_run(struct mill_planner *w);
/* The kept rows of a CACHE node, computed if need be; NULL when that failed: w->status. */
mill_table *mill_cache_fill(struct mill_planner *w, const mill_node *n);

#endif
