/* Sessions: one context, settings and temporary views; see session.h.
**
** The session's own block, its settings and names of views come from its funnel, so that a limit or
** an injected failure reaches them too. Views hold plans and plans hold the session: close breaks
** the circle. */
#include "plan/session.h"

#include <ctype.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/thread.h"
#include "base/timezone.h"
#include "plan/conf_int.h"
#include "plan/function_store.h"
#include "plan/plan.h"
#include "plan/sql_path.h"
#include "plan/text_cache.h"
#include "plan/variable.h"
#include "plan/warehouse.h"

typedef struct setting {
  char *key, *value;
  char *settled; /* what RESET gives back; NULL: the preset. May be the value itself */
} setting;

typedef struct view {
  char *name;
  mill_plan *plan;
} view;

typedef struct view_list {
  view *at;
  size_t n, capacity;
} view_list;

struct mill_session {
  mill_context ctx;
  mill_clock clock;
  mill_files files;
  mill_temp temp_bytes;
  setting *settings;
  size_t nsettings, settings_capacity;
  mill_settings set; /* what the settings say, once asked for; changed() forgets it */
  bool known;
  view_list views[2]; /* session's, global */
  mill_variable_list variables;
  mill_function_store functions;
  mill_text_cache texts;
  mill_parse_expr parse;
  mill_parse_statement parse_statement;
  mill_warehouse warehouse;
  mill_progress progress;
  void *progress_arg;
  char *temp;
  uint64_t next_id;
  int refs;
  bool closed;
};

/* ---- what the process may use --------------------------------------------------------------- */

/* The number in a small file of the system; 0 when there is none ("max"). */
static double read_number(const mill_files *fs, mill_memory *m, const char *path) {
  mill_file f;
  char buf[64];
  size_t got = 0;
  if (mill_file_open(fs, m, path, MILL_FILE_READ, &f, NULL) != MILL_OK) return 0;
  if (mill_file_read(&f, buf, sizeof buf - 1, &got, NULL) != MILL_OK) got = 0;
  mill_file_clear(&f);
  buf[got] = '\0';
  return strtod(buf, NULL);
}

static size_t memory_limit(const mill_files *fs, mill_memory *m) {
  double all = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
  static const char *const paths[] = {"/sys/fs/cgroup/memory.max",
                                      "/sys/fs/cgroup/memory/memory.limit_in_bytes"};
  for (int i = 0; i < 2; i++) {
    double v = read_number(fs, m, paths[i]);
    if (v > 0 && v < all) all = v;
  }
  return (size_t)(all * 0.6);
}

static int thread_limit(void) {
  cpu_set_t set;
  int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  return n > 0 ? n : 1;
}

/* ---- life ----------------------------------------------------------------------------------- */

/* The value of a setting goes, and with `all` what it was settled at. */
static void drop_value(mill_memory *m, setting *x, bool all) {
  if (x->value != x->settled) mill_strfree(m, x->value);
  if (all) mill_strfree(m, x->settled);
}

static void session_free(mill_session *s) {
  mill_memory *m = s->ctx.memory;
  for (size_t i = 0; i < s->nsettings; i++) {
    mill_strfree(m, s->settings[i].key);
    drop_value(m, &s->settings[i], true);
  }
  mill_free(m, s->settings, s->settings_capacity * sizeof *s->settings);
  for (int g = 0; g < 2; g++)
    mill_free(m, s->views[g].at, s->views[g].capacity * sizeof *s->views[g].at);
  mill_warehouse_clear(&s->warehouse);
  mill_variable_clear(&s->variables);
  mill_function_store_clear(&s->functions);
  if (s->ctx.pool) mill_pool_free(s->ctx.pool);
  if (s->ctx.zones) mill_zones_free(s->ctx.zones);
  if (s->ctx.types) mill_types_free(s->ctx.types);
  mill_strfree(m, s->temp);
  mill_free(m, s, sizeof *s);
  mill_memory_free(m);
}

static mill_status session_fill(mill_session *s, const mill_session_options *o, mill_error *err) {
  mill_memory *m = s->ctx.memory;
  int threads = o->threads > 0 ? o->threads : thread_limit();
  s->ctx.types = mill_types_new(m);
  s->ctx.zones = s->ctx.types ? mill_zones_new(m) : NULL;
  if (s->ctx.zones == NULL) return mill_oom(m, 1, err);
  MILL_TRY(mill_pool_new(m, threads, &s->ctx.pool, err));
  if (o->temp) {
    s->temp = mill_strdup(m, o->temp);
    if (s->temp == NULL) return mill_oom(m, strlen(o->temp), err);
  }
  s->ctx.files = &s->files;
  s->ctx.clock = &s->clock;
  s->ctx.temp_folder = s->temp;
  s->temp_bytes.limit = o->temp_limit;
  s->ctx.temp = &s->temp_bytes;
  s->ctx.force_spill = o->force_spill;
  return MILL_OK;
}

mill_status mill_session_new(const mill_session_options *o, mill_session **out, mill_error *err) {
  static const mill_session_options none;
  mill_files files = {0};
  if (o == NULL) o = &none;
  mill_memory *probe = mill_memory_new(0);
  if (probe == NULL) return mill_fail(err, MILL_E_OUT_OF_MEMORY, "bytes", "1", NULL);
  size_t limit = o->memory ? o->memory : memory_limit(&files, probe);
  mill_memory_free(probe);
  mill_memory *m = mill_memory_new(limit);
  if (m == NULL) return mill_fail(err, MILL_E_OUT_OF_MEMORY, "bytes", "1", NULL);
  mill_session *s = mill_calloc(m, sizeof *s);
  if (s == NULL) {
    mill_status status = mill_oom(m, sizeof *s, err);
    mill_memory_free(m);
    return status;
  }
  s->ctx.memory = m;
  s->texts.memory = m;
  s->warehouse.memory = m;
  s->functions.memory = m;
  s->refs = 1;
  s->next_id = 1;
  mill_status status = session_fill(s, o, err);
  if (status != MILL_OK) {
    session_free(s);
    return status;
  }
  *out = s;
  return MILL_OK;
}

mill_session *mill_session_ref(mill_session *s) {
  s->refs++;
  return s;
}

static void views_clear(mill_session *s, view_list *l) {
  while (l->n > 0) {
    view v = l->at[--l->n];
    mill_strfree(s->ctx.memory, v.name);
    mill_plan_unref(v.plan);
  }
}

void mill_session_close(mill_session *s) {
  s->closed = true;
  s->refs++; /* the last plan may hold the last reference */
  mill_text_cache_clear(&s->texts);
  views_clear(s, &s->views[0]);
  views_clear(s, &s->views[1]);
  mill_warehouse_close(&s->warehouse);
  mill_session_unref(s);
}

void mill_session_unref(mill_session *s) {
  if (s == NULL || --s->refs > 0) return;
  s->refs = 1;
  mill_text_cache_clear(&s->texts);
  views_clear(s, &s->views[0]);
  views_clear(s, &s->views[1]);
  mill_warehouse_close(&s->warehouse);
  session_free(s);
}

const mill_context *mill_session_context(const mill_session *s) { return &s->ctx; }
mill_memory *mill_session_memory(const mill_session *s) { return s->ctx.memory; }
uint64_t mill_session_next_id(mill_session *s) { return s->next_id++; }
void mill_session_parser(mill_session *s, mill_parse_expr parse, mill_parse_statement statement) {
  s->parse = parse;
  s->parse_statement = statement;
}
mill_variable_list *mill_session_variables(mill_session *s) { return &s->variables; }
mill_function_store *mill_session_functions(mill_session *s) { return &s->functions; }
mill_parse_expr mill_session_parse(const mill_session *s) { return s->parse; }
mill_parse_statement mill_session_parse_statement(const mill_session *s) {
  return s->parse_statement;
}
mill_warehouse *mill_session_warehouse(mill_session *s) { return &s->warehouse; }

const char *mill_session_user(void) {
  const char *user = getenv("USER");
  return user && *user ? user : getuid() == 0 ? "root" : "user";
}
mill_text_cache *mill_session_texts(mill_session *s) { return &s->texts; }
bool mill_session_closed(const mill_session *s) { return s->closed; }

void mill_session_progress(mill_session *s, mill_progress f, void *arg) {
  s->progress = f;
  s->progress_arg = arg;
}

mill_progress mill_session_poll(const mill_session *s, void **arg) {
  *arg = s->progress_arg;
  return s->progress;
}

static mill_status ask(void *arg, size_t ignored, mill_error *err) {
  const mill_session *s = arg;
  (void)ignored;
  return s->progress(s->progress_arg, -1, 0, err);
}

void mill_session_watch(const mill_session *s, mill_watch *w) {
  mill_watch_begin(w, s->progress ? ask : NULL, (void *)s);
}

/* ---- settings ------------------------------------------------------------------------------- */

static bool is_on(const mill_session *s, const char *key) {
  const char *v = mill_session_get(s, key);
  return v && strcasecmp(v, "true") == 0;
}

/* Every change of a value comes by here, before it. */
static void changed(mill_session *s) {
  mill_text_cache_clear(&s->texts);
  s->known = false;
}

static mill_status read_settings(mill_session *s, mill_settings *out, mill_error *err) {
  *out = (mill_settings){0};
  out->ansi = is_on(s, "spark.sql.ansi.enabled");
  out->case_sensitive = is_on(s, "spark.sql.caseSensitive");
  out->zone_name = mill_session_get(s, "spark.sql.session.timeZone");
  out->user = mill_session_user();
  out->ntz = strcmp(mill_session_get(s, "spark.sql.timestampType"), "TIMESTAMP_NTZ") == 0;
  out->bounded = !is_on(s, "spark.sql.decimalOperations.allowPrecisionLoss");
  out->times = is_on(s, "spark.sql.timeType.enabled");
  out->nanos = is_on(s, "spark.sql.timestampNanosTypes.enabled");
  out->paths = is_on(s, "spark.sql.path.enabled");
  const char *policy = mill_session_get(s, "spark.sql.legacy.timeParserPolicy");
  out->time_policy = strcasecmp(policy, "LEGACY") == 0      ? MILL_TIMES_LEGACY
                     : strcasecmp(policy, "EXCEPTION") == 0 ? MILL_TIMES_EXCEPTION
                                                            : MILL_TIMES_CORRECTED;
  out->last_wins = strcmp(mill_session_get(s, "spark.sql.mapKeyDedupPolicy"), "LAST_WIN") == 0;
  return mill_zones_find(s->ctx.zones, out->zone_name, strlen(out->zone_name), &out->zone, err);
}

/* The path of sessions that have said none. */
static mill_status read_preset_path(mill_session *s, mill_error *err) {
  const char *conf = mill_session_get(s, MILL_PATH_CONF);
  mill_memory *m = s->ctx.memory;
  mill_text t;
  mill_strfree(m, s->warehouse.preset_path);
  s->warehouse.preset_path = NULL;
  if (conf == NULL || *conf == '\0') return MILL_OK;
  mill_text_init(&t, m);
  mill_status status = mill_path_write(conf, "", MILL_PATH_DEFAULT, &t, err);
  if (status == MILL_OK) status = mill_text_addc(&t, '\0', err);
  if (status == MILL_OK && (s->warehouse.preset_path = mill_strdup(m, t.data)) == NULL)
    status = mill_oom(m, t.size, err);
  mill_text_clear(&t);
  return status;
}

mill_status mill_session_settings(mill_session *s, mill_settings *out, mill_error *err) {
  if (!s->known) MILL_TRY(read_settings(s, &s->set, err));
  if (!s->known) MILL_TRY(read_preset_path(s, err));
  s->known = true;
  *out = s->set;
  out->now_micros = mill_clock_micros(&s->clock);
  out->seed = mill_session_next_id(s) * 0x9e3779b97f4a7c15ull >> 1;
  out->database = s->warehouse.database ? s->warehouse.database : "default";
  const char *path = s->warehouse.path ? s->warehouse.path : s->warehouse.preset_path;
  out->path = out->paths ? path : NULL;
  return MILL_OK;
}

static setting *find_setting(const mill_session *s, const char *key) {
  for (size_t i = 0; i < s->nsettings; i++)
    if (strcmp(s->settings[i].key, key) == 0) return &s->settings[i];
  return NULL;
}

mill_status mill_session_set(mill_session *s, const char *key, const char *value, mill_error *err) {
  mill_memory *m = s->ctx.memory;
  MILL_TRY(mill_conf_check(&s->ctx, key, value, err));
  if (strcmp(key, MILL_PATH_CONF) == 0) MILL_TRY(mill_path_check(s, value, err));
  changed(s);
  char *v = mill_strdup(m, value);
  if (v == NULL) return mill_oom(m, strlen(value), err);
  setting *old = find_setting(s, key);
  if (old) {
    drop_value(m, old, false);
    old->value = v;
    return MILL_OK;
  }
  char *k = mill_strdup(m, key);
  mill_status status = k ? mill_grow(m, (void **)&s->settings, &s->settings_capacity,
                                     s->nsettings + 1, sizeof *s->settings, err)
                         : mill_oom(m, strlen(key), err);
  if (status != MILL_OK) {
    mill_strfree(m, v);
    mill_strfree(m, k);
    return status;
  }
  s->settings[s->nsettings++] = (setting){k, v, NULL};
  return MILL_OK;
}

void mill_session_unset(mill_session *s, const char *key) {
  setting *old = find_setting(s, key);
  if (old == NULL) return;
  changed(s);
  mill_strfree(s->ctx.memory, old->key);
  drop_value(s->ctx.memory, old, true);
  *old = s->settings[--s->nsettings];
}

void mill_session_settle(mill_session *s) {
  for (size_t i = 0; i < s->nsettings; i++) {
    setting *x = &s->settings[i];
    if (x->settled != x->value) mill_strfree(s->ctx.memory, x->settled);
    x->settled = x->value;
  }
}

void mill_session_reset(mill_session *s, const char *key) {
  changed(s);
  for (size_t i = s->nsettings; i-- > 0;) {
    setting *x = &s->settings[i];
    if (key && strcmp(x->key, key) != 0) continue;
    if (x->settled == NULL) {
      mill_session_unset(s, x->key);
      continue;
    }
    drop_value(s->ctx.memory, x, false);
    x->value = x->settled;
  }
}

bool mill_session_is_set(const mill_session *s, const char *key) {
  return find_setting(s, key) != NULL;
}

const char *mill_session_get(const mill_session *s, const char *key) {
  const setting *set = find_setting(s, key);
  return set ? set->value : mill_conf_preset(key);
}

/* The smallest key above `after` (NULL: the smallest). */
static const char *next_key(const mill_session *s, const char *after) {
  const char *best = NULL, *k;
  for (int i = 0; (k = mill_conf_known(i)) != NULL; i++)
    if ((!after || strcmp(k, after) > 0) && (!best || strcmp(k, best) < 0)) best = k;
  for (size_t i = 0; i < s->nsettings; i++) {
    k = s->settings[i].key;
    if ((!after || strcmp(k, after) > 0) && (!best || strcmp(k, best) < 0)) best = k;
  }
  return best;
}

const char *mill_session_key(const mill_session *s, int i) {
  const char *k = next_key(s, NULL);
  while (k && i-- > 0) k = next_key(s, k);
  return k;
}

/* ---- views ---------------------------------------------------------------------------------- */

static int name_compare(const mill_session *s, const char *a, const char *b) {
  bool exact = s->known ? s->set.case_sensitive : is_on(s, "spark.sql.caseSensitive");
  return exact ? strcmp(a, b) : strcasecmp(a, b);
}

static view *find_view(const mill_session *s, const char *name, bool global) {
  const view_list *l = &s->views[global];
  for (size_t i = 0; i < l->n; i++)
    if (name_compare(s, l->at[i].name, name) == 0) return &l->at[i];
  return NULL;
}

static mill_status view_add(mill_session *s, view_list *l, const char *name, mill_plan *p,
                            mill_error *err) {
  mill_memory *m = s->ctx.memory;
  char *k = mill_strdup(m, name);
  if (k == NULL) return mill_oom(m, strlen(name), err);
  if (!is_on(s, "spark.sql.caseSensitive"))
    for (char *c = k; *c; c++) *c = (char)tolower((unsigned char)*c);
  mill_status status = mill_grow(m, (void **)&l->at, &l->capacity, l->n + 1, sizeof *l->at, err);
  if (status != MILL_OK) {
    mill_strfree(m, k);
    return status;
  }
  size_t i = l->n++;
  for (; i > 0 && strcmp(l->at[i - 1].name, k) > 0; i--) l->at[i] = l->at[i - 1];
  l->at[i] = (view){k, mill_plan_ref(p)};
  return MILL_OK;
}

/* What CACHE TABLE keeps of the view holds no longer. */
static void forget_rows(mill_session *s, const char *name, bool global) {
  static const char prefix[] = "global_temp.";
  const size_t n = global ? sizeof prefix - 1 : 0;
  for (size_t i = s->warehouse.ncached; i-- > 0;) {
    const char *key = s->warehouse.cached[i].key;
    if (strncmp(key, prefix, n) == 0 && name_compare(s, key + n, name) == 0)
      mill_warehouse_uncache(&s->warehouse, key);
  }
}

mill_status mill_session_view_set(mill_session *s, const char *name, mill_plan *p, bool replace,
                                  bool global, mill_error *err) {
  if (s->closed) return mill_fail(err, MILL_E_SESSION_CLOSED, NULL);
  mill_text_cache_clear(&s->texts);
  view *old = find_view(s, name, global);
  if (old == NULL) return view_add(s, &s->views[global], name, p, err);
  if (!replace)
    return mill_fail(err, MILL_E_TEMP_TABLE_OR_VIEW_ALREADY_EXISTS, "relationName",
                     mill_error_fmt(err, "`%s`", name), NULL);
  forget_rows(s, name, global);
  mill_plan *before = old->plan;
  old->plan = mill_plan_ref(p);
  mill_plan_unref(before);
  return MILL_OK;
}

bool mill_session_view_drop(mill_session *s, const char *name, bool global) {
  view *v = find_view(s, name, global);
  if (v == NULL) return false;
  forget_rows(s, name, global);
  mill_text_cache_clear(&s->texts);
  view_list *l = &s->views[global];
  view old = *v;
  size_t i = (size_t)(v - l->at);
  memmove(v, v + 1, (l->n - i - 1) * sizeof *v);
  l->n--;
  mill_strfree(s->ctx.memory, old.name);
  mill_plan_unref(old.plan);
  return true;
}

mill_plan *mill_session_view(mill_session *s, const char *name, bool global) {
  const view *v = find_view(s, name, global);
  return v ? v->plan : NULL;
}

const char *mill_session_view_at(mill_session *s, int i, bool global) {
  const view_list *l = &s->views[global];
  return i >= 0 && (size_t)i < l->n ? l->at[i].name : NULL;
}
