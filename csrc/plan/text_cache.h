/* Plans of SQL texts, for when the same text comes again: analysed once, run many times.
**
**     mill_text_cache_add(c, text, n, plan)   keep the plan, if it is good for more than one query
**     mill_text_cache_find(c, text, n)        that plan, if nothing has changed since
**     mill_text_cache_take(c, plan)           somebody builds upon it: its columns are his alone
**     mill_text_cache_clear(c)                something has changed
**
** The session empties its cache whenever a setting or a view changes, so what is found is what analysis
** would make anew. Texts are not kept that hang on more than those: that open files, read the clock or
** the seed (mill_settings.once), call Lua functions, run commands, read streams, have parameters.
** The least recently used goes first; plans take at most a small share of the session's memory. */
#ifndef MILL_PLAN_TEXT_CACHE_H
#define MILL_PLAN_TEXT_CACHE_H

#include "plan/plan.h"

enum { MILL_TEXT_CACHE_SIZE = 64 };

typedef struct mill_text_entry {
  mill_plan *plan;
  char *text;
  size_t n, bytes;     /* bytes: of the plan, when it was looked for last */
  uint64_t hash, used; /* used: when, in finds */
} mill_text_entry;

typedef struct mill_text_cache {
  mill_memory *memory;
  mill_text_entry entry[MILL_TEXT_CACHE_SIZE];
  int n;
  size_t bytes; /* of all plans */
  uint64_t clock;
} mill_text_cache;

mill_plan *mill_text_cache_find(mill_text_cache *c, const char *text,
                                size_t n); /* a reference; NULL: none */
/* An analysed plan without parameters. Is it kept? What does not fit is not. */
bool mill_text_cache_add(mill_text_cache *c, const char *text, size_t n, mill_plan *p);
void mill_text_cache_take(mill_text_cache *c, const mill_plan *p);
void mill_text_cache_clear(mill_text_cache *c);

#endif
