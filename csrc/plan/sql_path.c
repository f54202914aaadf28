/* SET PATH, and lookups along the path: see sql_path.h.
**
** The path is followed where Spark follows it: by relations of queries, tables that INSERT, UPDATE, DELETE, MERGE and
** CACHE change, functions and variables. Other commands look in the database in use. */
#include "plan/sql_path.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "plan/text_cache.h"
#include "plan/warehouse_int.h"

/* ---- texts ---------------------------------------------------------------------------------- */

static const char *skip(const char *s) {
  while (isspace((unsigned char)*s)) s++;
  return s;
}

const char *mill_path_end(const char *s) {
  for (bool quoted = false; *s && (quoted || *s != ','); s++) quoted ^= *s == '`';
  return s;
}

/* The next part of a name, without its quotes; *s: behind it. */
static mill_status read_part(const char **s, mill_text *out, mill_error *err) {
  const char *p = skip(*s);
  if (*p == '`') {
    for (p++; *p && (*p != '`' || p[1] == '`'); p++) {
      MILL_TRY(mill_text_addc(out, *p, err));
      p += *p == '`';
    }
    p += *p == '`';
  } else {
    while (*p && *p != '.' && *p != ',' && !isspace((unsigned char)*p))
      MILL_TRY(mill_text_addc(out, *p++, err));
  }
  *s = skip(p);
  return mill_text_addc(out, '\0', err);
}

static bool plain(const char *s) {
  bool digits = true;
  const char *p = s;
  for (; isalnum((unsigned char)*p) || *p == '_'; p++) digits &= isdigit((unsigned char)*p) != 0;
  return *p == '\0' && !digits;
}

static mill_status add_part(const char *part, mill_text *out, mill_error *err) {
  if (plain(part)) return mill_text_adds(out, part, err);
  MILL_TRY(mill_text_addc(out, '`', err));
  for (; *part; part++) MILL_TRY(mill_text_printf(out, err, *part == '`' ? "``" : "%c", *part));
  return mill_text_addc(out, '`', err);
}

static mill_status add_name(const char *s, mill_text *out, mill_error *err) {
  mill_text part;
  mill_text_init(&part, out->memory);
  mill_status status;
  do {
    part.size = 0;
    status = read_part(&s, &part, err);
    if (status == MILL_OK) status = add_part(part.data, out, err);
    if (status == MILL_OK && *s == '.') status = mill_text_addc(out, '.', err);
  } while (status == MILL_OK && *s++ == '.');
  mill_text_clear(&part);
  return status;
}

static bool is_word(const char *s, const char *end, const char *word) {
  while (end > s && isspace((unsigned char)end[-1])) end--;
  size_t n = strlen(word);
  return (size_t)(end - s) == n && strncasecmp(s, word, n) == 0;
}

mill_status mill_path_write(const char *text, const char *path, const char *preset, mill_text *out,
                            mill_error *err) {
  for (const char *s = skip(text), *end; *s; s = *end ? skip(end + 1) : end) {
    end = mill_path_end(s);
    if (out->size) MILL_TRY(mill_text_addc(out, ',', err));
    if (is_word(s, end, "PATH") || is_word(s, end, "DEFAULT_PATH")) {
      const char *whole = is_word(s, end, "PATH") ? path : preset;
      size_t n = out->size;
      mill_text below;
      mill_text_init(&below, out->memory);
      mill_status status = mill_path_write(whole, whole, MILL_PATH_DEFAULT, &below, err);
      if (status == MILL_OK) status = mill_text_add(out, below.data, below.size, err);
      mill_text_clear(&below);
      if (status != MILL_OK) return status;
      if (out->size == n && n) out->size--; /* an empty path needs no comma */
    } else if (is_word(s, end, "SYSTEM_PATH")) {
      MILL_TRY(mill_text_adds(out, "system.builtin", err));
    } else if (is_word(s, end, "CURRENT_SCHEMA") || is_word(s, end, "CURRENT_DATABASE")) {
      MILL_TRY(mill_text_adds(out, "CURRENT_SCHEMA", err));
    } else {
      MILL_TRY(add_name(s, out, err));
    }
  }
  return MILL_OK;
}

mill_status mill_path_check(mill_session *s, const char *text, mill_error *err) {
  mill_plan *p = NULL;
  mill_text t;
  bool good = *text == '\0';
  mill_parse_statement parse = mill_session_parse_statement(s);
  if (good || parse == NULL) return MILL_OK;
  mill_text_init(&t, mill_session_memory(s));
  mill_status status = mill_plan_new(s, &p, err);
  if (status == MILL_OK) status = mill_text_printf(&t, err, "SET PATH = %s", text);
  if (status == MILL_OK) {
    mill_status parsed = parse(p, t.data, t.size, err);
    if (parsed == MILL_E_OUT_OF_MEMORY) status = parsed;
    good = parsed == MILL_OK && p->root->kind == MILL_N_SET && p->root->name == NULL;
    for (const char *e = text; good && *e; e += *e == ',') {
      const char *end = mill_path_end(e);
      good = !is_word(skip(e), end, "PATH");
      e = end;
    }
  }
  mill_plan_unref(p);
  mill_text_clear(&t);
  if (status != MILL_OK || good) return status;
  return mill_fail(err, MILL_E_INVALID_CONF_VALUE_REQUIREMENT, "confName", MILL_PATH_CONF,
                   "confValue", text, "confRequirement",
                   "The value must be empty or a comma-separated SET PATH element list (same "
                   "grammar as SET PATH, except PATH is not allowed).",
                   NULL);
}

/* ---- SET PATH ------------------------------------------------------------------------------- */

/* An entry that stands in the path twice is an error, whatever its case. */
static bool check_once(mill_planner *w, const mill_node *n, const char *path) {
  for (const char *e = path; *e; e += *e == ',') {
    const char *end = mill_path_end(e);
    size_t size = (size_t)(end - e);
    for (const char *b = path; b < e; b = mill_path_end(b) + 1) {
      if ((size_t)(mill_path_end(b) - b) != size || strncasecmp(b, e, size) != 0) continue;
      const char *entry = mill_w_printf(w, "%.*s", (int)size, e);
      if (entry && strcmp(entry, "CURRENT_SCHEMA") == 0) entry = "current_schema";
      (void)MILL_W_FAIL_AT(w, n, MILL_E_DUPLICATE_SQL_PATH_ENTRY, "pathEntry", entry ? entry : "",
                           NULL);
      return false;
    }
    e = end;
  }
  return true;
}

const mill_node *mill_set_path(mill_planner *w, const mill_node *n) {
  const char *conf = mill_session_get(w->session, MILL_PATH_CONF);
  const char *preset = conf && *conf ? conf : MILL_PATH_DEFAULT;
  mill_text t;
  if (!w->set.paths)
    return MILL_W_FAIL_AT(w, n, MILL_E_UNSUPPORTED_FEATURE_SET_PATH_WHEN_DISABLED, "config",
                          "spark.sql.path.enabled", NULL);
  mill_text_init(&t, w->ctx->memory);
  w->status =
      mill_path_write(n->alias, w->set.path ? w->set.path : MILL_PATH_DEFAULT, preset, &t, w->err);
  if (w->status == MILL_OK) w->status = mill_text_addc(&t, '\0', w->err);
  if (w->status == MILL_OK && check_once(w, n, t.data)) {
    mill_text_cache_clear(mill_session_texts(w->session));
    w->status = mill_warehouse_path(mill_session_warehouse(w->session), t.data, w->err);
  }
  mill_text_clear(&t);
  return w->status ? NULL : mill_nothing(w);
}

/* ---- lookups -------------------------------------------------------------------------------- */

const char *mill_w_path(const mill_planner *w) { return w->path ? w->path : w->set.path; }

/* The parts of the entry at s. */
static bool read_entry(mill_planner *w, const char *s, const char *end, mill_path_entry *out) {
  enum { MOST = 16 };
  const char **parts = mill_w_alloc(w, MOST * sizeof *parts);
  mill_text t;
  *out = (mill_path_entry){parts, 0, false, false};
  if (parts == NULL) return false;
  if (is_word(s, end, "CURRENT_SCHEMA")) {
    parts[0] = "spark_catalog", parts[1] = mill_w_database(w);
    out->n = 2;
    return true;
  }
  mill_text_init(&t, w->ctx->memory);
  for (bool more = true; more && w->status == MILL_OK && out->n < MOST; more = *s++ == '.') {
    t.size = 0;
    w->status = read_part(&s, &t, w->err);
    if (w->status == MILL_OK) parts[out->n++] = mill_w_copy(w, t.data, t.size - 1);
  }
  mill_text_clear(&t);
  bool system = out->n == 2 && strcasecmp(parts[0], "system") == 0;
  out->builtin = system && strcasecmp(parts[1], "builtin") == 0;
  out->session = system && strcasecmp(parts[1], "session") == 0;
  return w->status == MILL_OK;
}

bool mill_path_next(mill_planner *w, const char **at, mill_path_entry *out) {
  const char *s = *at;
  if (*s == '\0') return false;
  const char *end = mill_path_end(s);
  *at = *end ? end + 1 : end;
  return read_entry(w, s, end, out);
}

bool mill_path_schema(mill_planner *w, const mill_path_entry *e, const char *name) {
  bool ours = strcasecmp(e->parts[0], "spark_catalog") == 0;
  if (e->builtin || e->session || strcasecmp(e->parts[0], "system") == 0) return false;
  if (ours && e->n == 2) return true;
  const char **parts = mill_w_alloc(w, (size_t)(e->n + 1) * sizeof *parts);
  if (parts == NULL) return false;
  int n = 0;
  for (int i = ours; i < e->n; i++) parts[n++] = e->parts[i];
  parts[n++] = name;
  (void)MILL_W_NOTE(w, MILL_E_REQUIRES_SINGLE_PART_NAMESPACE, "sessionCatalog", "spark_catalog",
                    "identifier", mill_w_quoted_parts(w, parts, n), NULL);
  return false;
}

const char *mill_w_search_path(mill_planner *w) {
  const char *at = mill_w_path(w), *text = "";
  mill_path_entry e;
  if (at == NULL) at = MILL_PATH_DEFAULT;
  while (text && mill_path_next(w, &at, &e))
    text =
        mill_w_printf(w, "%s%s%s", text, *text ? ", " : "", mill_w_quoted_parts(w, e.parts, e.n));
  return text ? mill_w_printf(w, "[%s]", text) : "";
}

bool mill_path_holds(mill_planner *w, bool builtin) {
  const char *at = mill_w_path(w);
  mill_path_entry e;
  if (at == NULL) return true;
  while (mill_path_next(w, &at, &e))
    if (builtin ? e.builtin : e.session) return true;
  return false;
}

const mill_node *mill_path_relation(mill_planner *w, const mill_node *n) {
  const char *at = mill_w_path(w);
  mill_path_entry e;
  const mill_catalog_table *t;
  if (at == NULL || n->nparts != 1) return n;
  const char *name = n->parts[0];
  while (mill_path_next(w, &at, &e)) {
    if (e.session && mill_w_temporary(w, n->parts, 1)) return n;
    if (!mill_path_schema(w, &e, name)) {
      if (w->status) return NULL;
      continue;
    }
    mill_table_name full = {mill_w_fold(w, e.parts[1]), mill_w_fold(w, name)};
    if (!mill_w_find_table(w, full, &t)) return NULL;
    if (t == NULL) continue;
    mill_node *c = mill_w_node_copy(w, n);
    const char **parts = mill_w_alloc(w, 3 * sizeof *parts);
    if (c == NULL || parts == NULL) return NULL;
    parts[0] = "spark_catalog", parts[1] = e.parts[1], parts[2] = name;
    c->parts = parts, c->nparts = 3;
    return c;
  }
  if (w->status) return NULL;
  return MILL_W_FAIL_AT(w, n, MILL_E_TABLE_OR_VIEW_NOT_FOUND, "relationName",
                        mill_w_quoted_parts(w, n->parts, 1), "searchPath", mill_w_search_path(w),
                        NULL);
}

const char *mill_path_kept(mill_planner *w, bool lasting) {
  const char *at = mill_w_path(w), *text = "";
  mill_path_entry e;
  mill_text t;
  if (!w->set.paths) return NULL;
  if (at == NULL) at = MILL_PATH_DEFAULT;
  mill_text_init(&t, w->ctx->memory);
  while (w->status == MILL_OK && mill_path_next(w, &at, &e)) {
    if (lasting && e.session) continue; /* of which it may have nothing */
    for (int i = 0; i < e.n && w->status == MILL_OK; i++) {
      w->status = i || t.size == 0 ? MILL_OK : mill_text_addc(&t, ',', w->err);
      if (w->status == MILL_OK && i) w->status = mill_text_addc(&t, '.', w->err);
      if (w->status == MILL_OK) w->status = add_part(e.parts[i], &t, w->err);
    }
  }
  if (w->status == MILL_OK) text = mill_w_copy(w, t.size ? t.data : "", t.size);
  mill_text_clear(&t);
  return w->status ? NULL : text;
}

const char *mill_path_shown(mill_planner *w, const char *path) {
  const char *text = "";
  for (const char *e = path; text && *e; e += *e == ',') {
    const char *end = mill_path_end(e);
    text = mill_w_printf(w, "%s%s%.*s", text, *text ? ", " : "", (int)(end - e), e);
    e = end;
  }
  return text ? text : "";
}
