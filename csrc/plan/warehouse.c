/* Sessions and their catalogue; see warehouse.h. */
#include "plan/warehouse.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan/plan.h"
#include "plan/text_cache.h"

void mill_warehouse_close(mill_warehouse *h) {
  while (h->ncached > 0) mill_warehouse_uncache(h, h->cached[h->ncached - 1].key);
  if (h->catalog) mill_catalog_sweep(h->catalog);
}

void mill_warehouse_clear(mill_warehouse *h) {
  mill_catalog_free(h->catalog);
  mill_strfree(h->memory, h->database);
  mill_strfree(h->memory, h->path);
  mill_strfree(h->memory, h->preset_path);
  mill_free(h->memory, h->cached, h->capacity * sizeof *h->cached);
  h->cached = NULL;
  h->capacity = 0;
  h->catalog = NULL;
  h->database = h->path = h->preset_path = NULL;
}

/* The folder from the root, whatever folder the process goes to later. */
static mill_status absolute(const char *path, mill_text *out, mill_error *err) {
  char here[4096];
  if (strncmp(path, "file:", 5) == 0) path += 5;
  while (path[0] == '/' && path[1] == '/') path++;
  if (*path == '/') return mill_text_adds(out, path, err);
  if (getcwd(here, sizeof here) == NULL)
    return mill_fail(err, MILL_E_FILE_ACCESS, "operation", "look at", "path", ".", "reason",
                     "the current folder has no name", NULL);
  return mill_path_join(out, here, path, err);
}

mill_status mill_warehouse_open(mill_warehouse *h, mill_session *s, mill_error *err) {
  mill_text path;
  if (h->catalog) return MILL_OK;
  const mill_context *ctx = mill_session_context(s);
  mill_text_init(&path, h->memory);
  mill_status status = absolute(mill_session_get(s, "spark.sql.warehouse.dir"), &path, err);
  if (status == MILL_OK)
    status = mill_catalog_open(ctx->files, ctx->memory, ctx->types, path.data, &h->catalog, err);
  mill_text_clear(&path);
  return status;
}

/* ---- transactions --------------------------------------------------------------------------- */

enum { LOCK_SECONDS = 30, WAITS_A_SECOND = 200, WAITS_A_POLL = 20 };

typedef struct waiting {
  mill_session *session;
  mill_catalog *catalog;
  int times;
} waiting;

static mill_status wait_for_lock(void *arg, mill_error *err) {
  waiting *x = arg;
  void *poll_arg;
  mill_progress poll = mill_session_poll(x->session, &poll_arg);
  x->times++;
  if (x->times > LOCK_SECONDS * WAITS_A_SECOND)
    return mill_fail(err, MILL_E_WAREHOUSE_LOCKED, "path", mill_catalog_warehouse(x->catalog),
                     "seconds", mill_error_fmt(err, "%d", LOCK_SECONDS), NULL);
  return poll && x->times % WAITS_A_POLL == 0 ? poll(poll_arg, -1, 0, err) : MILL_OK;
}

mill_status mill_warehouse_begin(mill_warehouse *h, mill_session *s, mill_error *err) {
  const mill_context *ctx = mill_session_context(s);
  MILL_TRY(mill_warehouse_open(h, s, err));
  mill_ledger *ledger = mill_catalog_ledger(h->catalog);
  waiting x = {s, h->catalog, 0};
  MILL_TRY(mill_ledger_begin(ledger, wait_for_lock, &x, err));
  mill_status status = mill_catalog_recover(h->catalog, ctx->files, ctx->memory, err);
  if (status != MILL_OK) mill_ledger_rollback(ledger);
  return status;
}

/* What is cached of tables that are gone would keep their files. */
static void forget_gone(mill_warehouse *h) {
  mill_arena arena;
  mill_arena_init(&arena, h->memory);
  for (size_t i = h->ncached; i-- > 0;) {
    const char *key = h->cached[i].key, *dot = strchr(key, '.');
    if (dot == NULL || strncmp(key, "global_temp.", 12) == 0) continue;
    const mill_catalog_table *t = NULL;
    const char *database = mill_arena_strndup(&arena, key, (size_t)(dot - key));
    if (database &&
        mill_catalog_table_get(h->catalog, database, dot + 1, &arena, &t, NULL) == MILL_OK &&
        t == NULL)
      mill_warehouse_uncache(h, key);
  }
  mill_arena_clear(&arena);
}

mill_status mill_warehouse_commit(mill_warehouse *h, mill_session *s, bool wrote, mill_error *err) {
  const mill_context *ctx = mill_session_context(s);
  mill_status status = mill_catalog_commit(h->catalog, ctx->files, ctx->memory, wrote, err);
  mill_text_cache_clear(mill_session_texts(s));
  if (status == MILL_OK) forget_gone(h);
  mill_catalog_sweep(h->catalog);
  return status;
}

void mill_warehouse_abandon(mill_warehouse *h, mill_session *s, bool wrote) {
  const mill_context *ctx = mill_session_context(s);
  /* if this fails too, or a commit, the next who writes does it */
  if (wrote) (void)!mill_catalog_recover(h->catalog, ctx->files, ctx->memory, NULL);
  mill_ledger_rollback(mill_catalog_ledger(h->catalog));
}

/* ---- what is in use, what is cached --------------------------------------------------------- */

static mill_status keep(mill_warehouse *h, char **to, const char *text, mill_error *err) {
  char *copy = mill_strdup(h->memory, text);
  if (copy == NULL) return mill_oom(h->memory, strlen(text), err);
  mill_strfree(h->memory, *to);
  *to = copy;
  return MILL_OK;
}

mill_status mill_warehouse_use(mill_warehouse *h, const char *database, mill_error *err) {
  return keep(h, &h->database, database, err);
}

mill_status mill_warehouse_path(mill_warehouse *h, const char *path, mill_error *err) {
  return keep(h, &h->path, path, err);
}

mill_cached_table *mill_warehouse_cached(const mill_warehouse *h, const char *key) {
  for (size_t i = 0; i < h->ncached; i++)
    if (strcmp(h->cached[i].key, key) == 0) return &h->cached[i];
  return NULL;
}

mill_status mill_warehouse_cache(mill_warehouse *h, const char *key, mill_plan *plan,
                                 uint64_t version, mill_error *err) {
  mill_cached_table *old = mill_warehouse_cached(h, key);
  if (old) {
    mill_plan *before = old->plan;
    old->plan = mill_plan_ref(plan);
    old->version = version;
    mill_plan_unref(before);
    return MILL_OK;
  }
  MILL_TRY(mill_grow(h->memory, (void **)&h->cached, &h->capacity, h->ncached + 1,
                     sizeof *h->cached, err));
  char *name = mill_strdup(h->memory, key);
  if (name == NULL) return mill_oom(h->memory, strlen(key), err);
  h->cached[h->ncached++] = (mill_cached_table){name, mill_plan_ref(plan), version};
  return MILL_OK;
}

bool mill_warehouse_uncache(mill_warehouse *h, const char *key) {
  mill_cached_table *c = mill_warehouse_cached(h, key);
  if (c == NULL) return false;
  mill_cached_table old = *c;
  *c = h->cached[--h->ncached];
  mill_strfree(h->memory, old.key);
  mill_plan_unref(old.plan);
  return true;
}
