/* A session: the context of all work, its settings (Spark's keys), its temporary views.
**
** Opened by the host, closed once; plans and tables must be gone before it is freed
** (mill_session_close drops views and caches; mill_session_unref frees when the last plan is gone).
** */
#ifndef MILL_PLAN_SESSION_H
#define MILL_PLAN_SESSION_H

#include "base/thread.h"
#include "column/context.h"

typedef struct mill_session mill_session;
typedef struct mill_plan mill_plan;
struct mill_warehouse;

typedef struct mill_session_options {
  int threads;         /* 0: all that the process may use */
  size_t memory;       /* bytes; 0: 60 % of what the process may use */
  const char *temp;    /* folder for spill files; NULL: the system's */
  uint64_t temp_limit; /* bytes of spill files at once; 0: none */
  bool force_spill;    /* tests */
} mill_session_options;

mill_status mill_session_new(const mill_session_options *o, mill_session **out,
                             mill_error *err) MILL_USE_RESULT;
mill_session *mill_session_ref(mill_session *s);
void mill_session_close(mill_session *s); /* drops views; later calls raise */
void mill_session_unref(mill_session *s);

const mill_context *mill_session_context(const mill_session *s);
mill_memory *mill_session_memory(const mill_session *s);
/* The settings as of now, with the clock read once. */
mill_status mill_session_settings(mill_session *s, mill_settings *out,
                                  mill_error *err) MILL_USE_RESULT;
uint64_t mill_session_next_id(mill_session *s); /* column ids */

/* Settings (spark.conf): keys are Spark's; unknown ones are kept. Values are checked where a key is
** known. */
mill_status mill_session_set(mill_session *s, const char *key, const char *value,
                             mill_error *err) MILL_USE_RESULT;
void mill_session_unset(mill_session *s, const char *key);
/* The values that are set now are those that reset gives back: of one key, or NULL: of all. */
void mill_session_settle(mill_session *s);
void mill_session_reset(mill_session *s, const char *key);
const char *mill_session_get(const mill_session *s,
                             const char *key); /* the default when not set; NULL: unknown */
bool mill_session_is_set(const mill_session *s, const char *key);
/* The i-th key that is set or known, sorted; NULL at the end. */
const char *mill_session_key(const mill_session *s, int i);

/* Temporary views. `global`: global_temp. */
mill_status mill_session_view_set(mill_session *s, const char *name, mill_plan *p, bool replace,
                                  bool global, mill_error *err) MILL_USE_RESULT;
bool mill_session_view_drop(mill_session *s, const char *name, bool global);
mill_plan *mill_session_view(mill_session *s, const char *name,
                             bool global);                             /* borrowed; NULL: none */
const char *mill_session_view_at(mill_session *s, int i, bool global); /* sorted names */

/* Plans of statements that came before (plan/text_cache.h); emptied whenever settings or views change. */
struct mill_text_cache *mill_session_texts(mill_session *s);

/* Variables of DECLARE, and SQL functions (plan/variable.h, plan/function_store.h). */
struct mill_variable_list *mill_session_variables(mill_session *s);
struct mill_function_store *mill_session_functions(mill_session *s);

/* How plan/ reaches the SQL parser above it: set once when the session opens. */
struct mill_expr;
typedef mill_status (*mill_parse_expr)(mill_session *s, const char *text, size_t n, mill_arena *a,
                                       const struct mill_expr **out, mill_error *err);
/* A statement: p->root, in p's arena. */
typedef mill_status (*mill_parse_statement)(mill_plan *p, const char *text, size_t n,
                                            mill_error *err);
void mill_session_parser(mill_session *s, mill_parse_expr parse, mill_parse_statement statement);
mill_parse_expr mill_session_parse(const mill_session *s);
mill_parse_statement mill_session_parse_statement(const mill_session *s);

/* Tables and databases: plan/warehouse.h. */
struct mill_warehouse *mill_session_warehouse(mill_session *s);
/* Who runs the process. */
const char *mill_session_user(void);

/* Called about every 100 ms on the thread that waits for a query: share done (0..1, < 0 unknown),
** rows read. A status other than MILL_OK cancels the query with that error. */
typedef mill_status (*mill_progress)(void *arg, double done, uint64_t rows, mill_error *err);
void mill_session_progress(mill_session *s, mill_progress f, void *arg);
/* What was set by it, and its argument; NULL: nobody asks. */
mill_progress mill_session_poll(const mill_session *s, void **arg);
/* Until mill_watch_end(w) mill_watch_check asks it: for what may be long and is no query. */
void mill_session_watch(const mill_session *s, mill_watch *w);
bool mill_session_closed(const mill_session *s);

#endif
