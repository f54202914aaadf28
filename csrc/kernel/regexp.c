/* Regular expressions: rlike, regexp_replace, regexp_extract, regexp_count, split and their kin.
**
** A constant expression is compiled when the call is bound; others by row, with the last one kept.
** Group 0 is the whole match. Matches are looked for as Java's Matcher.find does: the next search
** begins behind the last match, a character further when that was empty. */
#include "base/regex.h"
#include "base/regex_literal.h"
#include "base/utf8.h"
#include "kernel/bytes_int.h"
#include "kernel/find_rows.h"

typedef struct regexp_plan {
  const mill_regex *regex; /* NULL: by row */
  bool ignore_case;
  bytes literal; /* what each match of the constant expression holds; n = 0: nothing known */
  bool whole;    /* .. and finding it is a match */
} regexp_plan;

enum { SEARCHES = 16 /* between two questions whether to go on */ };

/* The search of one call: over the constant expression, or over the row's. */
typedef struct matcher {
  mill_call *call;
  mill_search search;
  bytes pattern;
  mill_arena own; /* of a row's expression */
  mill_text text; /* a row's result */
  uint32_t searches;
} matcher;

static mill_status bad_pattern(mill_call *call, bytes s, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_INVALID_PARAMETER_VALUE_PATTERN, "functionName",
                        mill_error_fmt(err, "`%s`", call->fn->name), "parameter", "`regexp`",
                        "value", mill_error_fmt(err, "'%.*s'", (int)s.n, s.p), NULL);
}

static mill_status open_matcher(matcher *m, mill_call *call, mill_error *err) {
  const regexp_plan *p = call->state;
  *m = (matcher){.call = call};
  mill_arena_init(&m->own, call->ctx->memory);
  mill_text_init(&m->text, call->ctx->memory);
  return p->regex ? mill_search_init(&m->search, p->regex, err) : MILL_OK;
}

static void close_matcher(matcher *m) {
  mill_search_clear(&m->search);
  mill_arena_clear(&m->own);
  mill_text_clear(&m->text);
}

static mill_status use_pattern(matcher *m, const mill_vector *v, size_t i, mill_error *err) {
  const regexp_plan *p = m->call->state;
  if (p->regex) return MILL_OK;
  bytes s = bytes_at(v, i);
  if (m->search.regex && m->pattern.n == s.n && memcmp(m->pattern.p, s.p, s.n) == 0) return MILL_OK;
  mill_search_clear(&m->search);
  mill_arena_clear(&m->own);
  mill_arena_init(&m->own, m->call->ctx->memory);
  const mill_regex *r;
  MILL_TRY(mill_regex_new(&m->own, s.p, s.n, p->ignore_case, &r, err));
  if (r == NULL) return bad_pattern(m->call, s, err);
  m->pattern = s;
  return mill_search_init(&m->search, r, err);
}

/* Find from a byte on; *at is where to look next. */
static mill_status find(matcher *m, bytes s, size_t from, bool *found, mill_error *err) {
  *found = false;
  if (from > s.n) return MILL_OK;
  if (++m->searches % SEARCHES == 0)
    MILL_TRY(mill_watch_check(err)); /* each may take its 10^7 steps */
  switch (mill_search_run(&m->search, s.p, s.n, from)) {
  case MILL_FOUND: *found = true; return MILL_OK;
  case MILL_NOT_FOUND: return MILL_OK;
  default:
    return mill_call_fail(m->call, err, MILL_E_INVALID_PARAMETER_VALUE_PATTERN, "functionName",
                          mill_error_fmt(err, "`%s`", m->call->fn->name), "parameter", "`regexp`",
                          "value", "an expression that takes too many steps to match", NULL);
  }
}

static bytes group(const matcher *m, bytes s, int k) {
  const size_t *g = m->search.span + 2 * k;
  if (g[0] == SIZE_MAX || g[0] > g[1]) return (bytes){"", 0};
  return (bytes){s.p + g[0], g[1] - g[0]};
}

/* Each kernel is a row function between open and close. */
typedef mill_status (*row_fn)(matcher *m, const mill_vector *const *args, size_t i,
                              mill_vector *out, mill_error *err);

static mill_status rows(mill_call *call, const mill_vector *const *args, size_t n, mill_vector *out,
                        row_fn f, mill_error *err) {
  matcher m;
  mill_status status = open_matcher(&m, call, err);
  for (size_t i = 0; i < n && status == MILL_OK; i++) {
    if (!mill_valid_bit(out->valid, i)) continue;
    status = use_pattern(&m, args[1], i, err);
    if (status == MILL_OK) status = f(&m, args, i, out, err);
  }
  close_matcher(&m);
  return status;
}

#define ROW(NAME)                                                                                  \
  static mill_status NAME##_row(matcher *m, const mill_vector *const *args, size_t i,              \
                                mill_vector *out, mill_error *err);                                \
  KERNEL_HEAD(k_##NAME) { return rows(call, args, n, out, NAME##_row, err); }                      \
  static mill_status NAME##_row(matcher *m, const mill_vector *const *args, size_t i,              \
                                mill_vector *out, mill_error *err)

/* ---- asking --------------------------------------------------------------------------------- */

ROW(rlike) {
  bool found;
  MILL_TRY(find(m, bytes_at(args[0], i), 0, &found, err));
  ((uint8_t *)out->data)[i] = found;
  return MILL_OK;
}

/* Only rows that have the literal are asked. */
static mill_status ask_rows(matcher *m, const mill_vector *const *args, size_t n, mill_vector *out,
                            mill_error *err) {
  const regexp_plan *p = m->call->state;
  const char *at[MILL_FIND_ROWS];
  uint8_t *r = out->data;
  for (size_t from = 0, part; from < n; from += part) {
    part = n - from < MILL_FIND_ROWS ? n - from : MILL_FIND_ROWS;
    mill_find_rows(args[0], out->valid, from, part, p->literal.p, p->literal.n, at);
    for (size_t i = 0; i < part; i++) {
      r[from + i] = at[i] != NULL;
      if (at[i] && !p->whole) MILL_TRY(rlike_row(m, args, from + i, out, err));
    }
  }
  return MILL_OK;
}

KERNEL_HEAD(k_ask) {
  const regexp_plan *p = call->state;
  matcher m;
  if (p->literal.n == 0) return k_rlike(call, args, n, out, err);
  mill_status status = open_matcher(&m, call, err);
  if (status == MILL_OK) status = ask_rows(&m, args, n, out, err);
  close_matcher(&m);
  return status;
}

ROW(count) {
  bytes s = bytes_at(args[0], i);
  int32_t k = 0;
  bool found;
  for (size_t from = 0;; k++, from = mill_search_next(&m->search, s.p, s.n)) {
    MILL_TRY(find(m, s, from, &found, err));
    if (!found) break;
  }
  ((int32_t *)out->data)[i] = k;
  return MILL_OK;
}

ROW(instr) {
  bytes s = bytes_at(args[0], i);
  bool found;
  MILL_TRY(find(m, s, 0, &found, err));
  ((int32_t *)out->data)[i] = found ? (int32_t)mill_utf8_count(s.p, m->search.span[0]) + 1 : 0;
  return MILL_OK;
}

/* ---- taking out ----------------------------------------------------------------------------- */

static mill_status check_group(matcher *m, int32_t k, mill_error *err) {
  int most = mill_regex_groups(m->search.regex);
  if (k >= 0 && k <= most) return MILL_OK;
  return mill_call_fail(m->call, err, MILL_E_INVALID_PARAMETER_VALUE_REGEX_GROUP_INDEX, "parameter",
                        "`idx`", "functionName", mill_error_fmt(err, "`%s`", m->call->fn->name),
                        "groupCount", mill_error_fmt(err, "%d", most), "groupIndex",
                        mill_error_fmt(err, "%d", (int)k), NULL);
}

ROW(extract) {
  bytes s = bytes_at(args[0], i), g = {"", 0};
  int32_t k = MILL_AT(int32_t, args[2], i);
  bool found;
  MILL_TRY(check_group(m, k, err));
  MILL_TRY(find(m, s, 0, &found, err));
  if (found) g = group(m, s, k);
  put_view(out, i, g.p, g.n);
  return MILL_OK;
}

ROW(substr) {
  bytes s = bytes_at(args[0], i);
  bool found;
  MILL_TRY(find(m, s, 0, &found, err));
  bytes g = found ? group(m, s, 0) : (bytes){"", 0};
  if (g.n == 0) return mill_set_null(m->call, out, i, err);
  put_view(out, i, g.p, g.n);
  return MILL_OK;
}

static mill_status push(matcher *m, mill_vector *list, const char *p, size_t n, mill_error *err) {
  MILL_TRY(mill_vector_reserve(list, list->size + 1, m->call->arena, err));
  ((mill_str *)list->data)[list->size++] = mill_str_view(p, n);
  return MILL_OK;
}

ROW(extract_all) {
  bytes s = bytes_at(args[0], i);
  int32_t k = MILL_AT(int32_t, args[2], i);
  mill_vector *list = &out->child[0];
  uint32_t start = list->size;
  bool found;
  MILL_TRY(check_group(m, k, err));
  for (size_t from = 0;; from = mill_search_next(&m->search, s.p, s.n)) {
    MILL_TRY(find(m, s, from, &found, err));
    if (!found) break;
    bytes g = group(m, s, k);
    MILL_TRY(push(m, list, g.p, g.n, err));
  }
  ((mill_span *)out->data)[i] = (mill_span){start, list->size - start};
  return MILL_OK;
}

/* ---- split ---------------------------------------------------------------------------------- */

/* An empty expression cuts behind each character. */
static mill_status split_chars(matcher *m, mill_vector *list, bytes s, int64_t limit,
                               mill_error *err) {
  for (size_t at = 0; at < s.n; limit--) {
    int length;
    if (++m->searches % TEXT_WATCHED == 0) MILL_TRY(mill_watch_check(err));
    mill_utf8_decode(s.p + at, s.n - at, &length);
    size_t n = limit == 1 ? s.n - at : (size_t)length;
    MILL_TRY(push(m, list, s.p + at, n, err));
    at += n;
  }
  return s.n == 0 ? push(m, list, s.p, 0, err) : MILL_OK;
}

ROW(split) {
  bytes s = bytes_at(args[0], i), pattern = bytes_at(args[1], i);
  int32_t limit = MILL_AT(int32_t, args[2], i);
  mill_vector *list = &out->child[0];
  uint32_t start = list->size;
  size_t at = 0, from = 0;
  bool found;
  if (pattern.n == 0) {
    MILL_TRY(split_chars(m, list, s, limit > 0 ? limit : INT64_MAX, err));
    ((mill_span *)out->data)[i] = (mill_span){start, list->size - start};
    return MILL_OK;
  }
  while (limit <= 0 || (int64_t)(list->size - start) < limit - 1) {
    MILL_TRY(find(m, s, from, &found, err));
    if (!found) break;
    const size_t *g = m->search.span;
    from = mill_search_next(&m->search, s.p, s.n);
    if (g[1] == 0 || (g[0] == g[1] && g[0] == s.n && at == s.n)) continue; /* nothing in front */
    MILL_TRY(push(m, list, s.p + at, g[0] - at, err));
    at = g[1];
  }
  MILL_TRY(push(m, list, s.p + at, s.n - at, err));
  ((mill_span *)out->data)[i] = (mill_span){start, list->size - start};
  return MILL_OK;
}

/* ---- replace -------------------------------------------------------------------------------- */

static mill_status bad_replacement(matcher *m, bytes by, mill_error *err) {
  return mill_call_fail(m->call, err, MILL_E_INVALID_REGEXP_REPLACE, "replacement",
                        mill_error_fmt(err, "%.*s", (int)by.n, by.p), NULL);
}

/* $n takes digits while there is such a group; ${name} is one by name. */
static mill_status put_reference(matcher *m, bytes s, bytes by, size_t *at, mill_text *out,
                                 mill_error *err) {
  size_t k = *at + 1;
  int g = -1, most = mill_regex_groups(m->search.regex);
  if (k < by.n && by.p[k] == '{') {
    const char *end = memchr(by.p + k, '}', by.n - k);
    if (end) g = mill_regex_group(m->search.regex, by.p + k + 1, (size_t)(end - by.p) - k - 1);
    k = end ? (size_t)(end - by.p) + 1 : k;
  } else if (k < by.n && by.p[k] >= '0' && by.p[k] <= '9') {
    g = by.p[k++] - '0';
    for (; k < by.n && by.p[k] >= '0' && by.p[k] <= '9' && g * 10 + by.p[k] - '0' <= most; k++)
      g = g * 10 + by.p[k] - '0';
  }
  if (g < 0 || g > most) return bad_replacement(m, by, err);
  bytes t = group(m, s, g);
  *at = k;
  return mill_text_add(out, t.p, t.n, err);
}

static mill_status put_replacement(matcher *m, bytes s, bytes by, mill_text *out, mill_error *err) {
  for (size_t k = 0; k < by.n;) {
    if (by.p[k] == '$') {
      MILL_TRY(put_reference(m, s, by, &k, out, err));
      continue;
    }
    if (by.p[k] == '\\' && ++k == by.n) return bad_replacement(m, by, err);
    MILL_TRY(mill_text_addc(out, by.p[k++], err));
  }
  return MILL_OK;
}

static mill_status replace_all(matcher *m, bytes s, bytes by, size_t from, mill_text *text,
                               mill_error *err) {
  size_t at = 0;
  bool found;
  for (;; from = mill_search_next(&m->search, s.p, s.n)) {
    MILL_TRY(find(m, s, from, &found, err));
    if (!found) break;
    size_t start = m->search.span[0], end = m->search.span[1];
    MILL_TRY(mill_text_add(text, s.p + at, start - at, err));
    MILL_TRY(put_replacement(m, s, by, text, err));
    at = end;
  }
  return mill_text_add(text, s.p + at, s.n - at, err);
}

ROW(replace) {
  bytes s = bytes_at(args[0], i), by = bytes_at(args[2], i);
  int32_t position = MILL_AT(int32_t, args[3], i);
  size_t from = mill_utf8_offset(s.p, s.n, position > 0 ? (size_t)position - 1 : 0);
  if (position > 1 && from >= s.n) {
    put_view(out, i, s.p, s.n);
    return MILL_OK;
  }
  mill_text_reset(&m->text);
  MILL_TRY(replace_all(m, s, by, from, &m->text, err));
  return put_text(m->call, out, i, &m->text, err);
}

/* ---- binding -------------------------------------------------------------------------------- */

static mill_status bind_pattern(mill_binding *b, mill_error *err) {
  regexp_plan *p;
  mill_vector v = {0};
  MILL_TRY(mill_bind_types(b, b->fn->types, err));
  BIND_NEW(b, regexp_plan, p, err);
  b->state = p;
  p->ignore_case = b->cast_to[0]->collation == MILL_UTF8_LCASE;
  MILL_TRY(mill_bind_constant(b, 1, &v, err));
  if (v.type == NULL || v.type->id != MILL_STRING || !mill_vector_valid(&v, 0)) return MILL_OK;
  bytes s = bytes_of(&v);
  return mill_regex_new(b->arena, s.p, s.n, p->ignore_case, &p->regex, err);
}

static mill_status bind_rlike(mill_binding *b, mill_error *err) {
  MILL_TRY(bind_pattern(b, err));
  regexp_plan *p = b->state;
  mill_vector v = {0};
  if (p->regex == NULL || p->ignore_case) return MILL_OK;
  MILL_TRY(mill_bind_constant(b, 1, &v, err));
  bytes s = bytes_of(&v);
  char *own = mill_arena_alloc(b->arena, s.n + 1);
  if (own == NULL) return mill_oom(b->ctx->memory, s.n, err);
  p->literal = (bytes){own, mill_regex_literal(s.p, s.n, own, &p->whole)};
  return MILL_OK;
}

static mill_status bind_list(mill_binding *b, mill_error *err) {
  MILL_TRY(bind_pattern(b, err));
  b->result =
      mill_type_array(b->ctx->types, mill_type_of(MILL_STRING), strcmp(b->fn->name, "split") != 0);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

static mill_status bind_replace(mill_binding *b, mill_error *err) {
  mill_vector v = {0};
  MILL_TRY(bind_pattern(b, err));
  MILL_TRY(mill_bind_constant(b, 3, &v, err));
  if (v.type == NULL)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                     mill_bind_sql(b, err), "inputName", "`position`", "inputType", "\"INT\"",
                     "inputExpr", mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, 3)), NULL);
  if (!mill_vector_valid(&v, 0) || *(const int32_t *)v.data > 0) return MILL_OK;
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_VALUE_OUT_OF_RANGE, "sqlExpr",
                   mill_bind_sql(b, err), "exprName", "position", "valueRange", "(0, 2147483647]",
                   "currentValue", mill_error_fmt(err, "%d", (int)*(const int32_t *)v.data), NULL);
}

#define RLIKE(NAME, FLAGS)                                                                         \
  {                                                                                                \
    .name = NAME, .types = "string, string -> boolean", .kernel = k_ask, .bind = bind_rlike,       \
    .flags = FLAGS, .usage = NAME "(str, regexp)",                                                 \
    .doc = "True where the text holds a match of the expression.",                                 \
    .example = "SELECT " NAME "('%SystemDrive%/Users/John', '%SystemDrive%//?Users.*') -> true"    \
  }

const mill_function mill_family_regexp[] = {
    RLIKE("rlike", 0),
    RLIKE("regexp", 0),
    RLIKE("regexp_like", 0),
    {.name = "regexp_count",
     .types = "string, string -> int",
     .kernel = k_count,
     .bind = bind_pattern,
     .usage = "regexp_count(str, regexp)",
     .doc = "How often the expression matches.",
     .example = "SELECT regexp_count('Steven Jones and Stephen Smith', 'Ste(v|ph)en') -> 2"},
    {.name = "regexp_instr",
     .types = "string, string, int? -> int",
     .kernel = k_instr,
     .bind = bind_pattern,
     .fill = ", , 0",
     .usage = "regexp_instr(str, regexp)",
     .doc = "The position of the first match, from 1; 0 where there is none.",
     .example = "SELECT regexp_instr('user@spark.apache.org', '@[^.]*') -> 5"},
    {.name = "regexp_substr",
     .types = "string, string -> string",
     .kernel = k_substr,
     .bind = bind_pattern,
     .flags = MILL_FN_NULLABLE,
     .usage = "regexp_substr(str, regexp)",
     .doc = "The first match; null where there is none.",
     .example = "SELECT regexp_substr('Steven Jones and Stephen Smith', 'Ste(v|ph)en') -> Steven"},
    {.name = "regexp_extract",
     .types = "string, string, int? -> string",
     .kernel = k_extract,
     .bind = bind_pattern,
     .fill = ", , 1",
     .usage = "regexp_extract(str, regexp[, idx])",
     .doc = "A group of the first match; empty where there is none.",
     .example = "SELECT regexp_extract('100-200', '([0-9]+)-([0-9]+)', 1) -> 100"},
    {.name = "regexp_extract_all",
     .types = "string, string, int? -> string",
     .kernel = k_extract_all,
     .bind = bind_list,
     .fill = ", , 1",
     .usage = "regexp_extract_all(str, regexp[, idx])",
     .doc = "A group of each match.",
     .example = "SELECT regexp_extract_all('100-200, 300-400', '([0-9]+)-([0-9]+)', 1) -> "
                "[\"100\",\"300\"]"},
    {.name = "regexp_replace",
     .types = "string, string, string, int? -> string",
     .kernel = k_replace,
     .bind = bind_replace,
     .fill = ", , , 1",
     .usage = "regexp_replace(str, regexp, rep[, position])",
     .doc = "Each match replaced; $1 is a group.",
     .example = "SELECT regexp_replace('100-200', '([0-9]+)', 'num') -> num-num"},
    {.name = "split",
     .types = "string, string, int? -> string",
     .kernel = k_split,
     .bind = bind_list,
     .fill = ", , -1",
     .usage = "split(str, regexp[, limit])",
     .doc = "The parts between matches; at most `limit` where that is above 0.",
     .example = "SELECT split('oneAtwoBthreeC', '[ABC]') -> [\"one\",\"two\",\"three\",\"\"]"},
    {0}};
