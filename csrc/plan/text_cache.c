/* A list that is searched from end to end: comparing 64 hashes costs less than keeping them in order.
** See text_cache.h. */
#include "plan/text_cache.h"

#include <string.h>

#include "base/hash.h"

enum { SHARE = 32 }; /* of the session's memory, at most */

static void drop(mill_text_cache *c, int i) {
  mill_text_entry e = c->entry[i];
  c->entry[i] = c->entry[--c->n];
  c->bytes -= e.bytes;
  mill_free(c->memory, e.text, e.n + 1);
  mill_plan_unref(e.plan);
}

static int oldest(const mill_text_cache *c) {
  int at = 0;
  for (int i = 1; i < c->n; i++)
    if (c->entry[i].used < c->entry[at].used) at = i;
  return at;
}

/* A plan grows when it is collected again and keeps its operators. */
static void weigh(mill_text_cache *c, mill_text_entry *e) {
  size_t now = mill_plan_bytes(e->plan);
  c->bytes += now - e->bytes;
  e->bytes = now;
}

mill_plan *mill_text_cache_find(mill_text_cache *c, const char *text, size_t n) {
  uint64_t hash = c->n ? mill_hash_bytes(text, n) : 0;
  for (int i = 0; i < c->n; i++) {
    mill_text_entry *e = &c->entry[i];
    if (e->hash != hash || e->n != n || memcmp(e->text, text, n) != 0) continue;
    e->used = ++c->clock;
    weigh(c, e);
    return mill_plan_ref(e->plan);
  }
  return NULL;
}

bool mill_text_cache_add(mill_text_cache *c, const char *text, size_t n, mill_plan *p) {
  size_t most = mill_memory_read(c->memory).limit / SHARE, own = mill_plan_bytes(p) + n;
  if (p->once || p->streaming || own > most / 4) return false;
  while (c->n == MILL_TEXT_CACHE_SIZE || (c->n && c->bytes + own > most)) drop(c, oldest(c));
  char *copy = mill_alloc(c->memory, n + 1);
  if (copy == NULL) return false;
  memcpy(copy, text, n);
  mill_text_entry *e = &c->entry[c->n++];
  *e = (mill_text_entry){
      .plan = mill_plan_ref(p), .text = copy, .n = n, .hash = mill_hash_bytes(text, n)};
  e->used = ++c->clock;
  weigh(c, e);
  return true;
}

void mill_text_cache_take(mill_text_cache *c, const mill_plan *p) {
  for (int i = 0; i < c->n; i++)
    if (c->entry[i].plan == p) {
      drop(c, i);
      return;
    }
}

void mill_text_cache_clear(mill_text_cache *c) {
  while (c->n) drop(c, c->n - 1);
}
