/* Parameters: checking values against the class's table, and reading them by name.
**
** `valid` is described in stage_int.h. Values are checked once, when they are set; getters trust
** them. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "ml/state_int.h"

/* ---- kinds ------------------------------------------------------------------------------------ */

static bool is_number(const mill_json *j) {
  if (j->kind == MILL_JSON_INTEGER || j->kind == MILL_JSON_NUMBER) return true;
  return j->kind == MILL_JSON_TEXT &&
         (strcmp(j->text, "NaN") == 0 || strcmp(j->text, "Infinity") == 0 ||
          strcmp(j->text, "-Infinity") == 0);
}

static bool is_integer(const mill_json *j, int64_t min, int64_t max) {
  int64_t v;
  return j->kind == MILL_JSON_INTEGER &&
         mill_parse_int64(j->text, j->size, min, max, false, &v) == MILL_PARSED;
}

static bool of_kind(mill_param_kind kind, const mill_json *j);

static bool list_of(mill_param_kind kind, const mill_json *j) {
  if (j == NULL || j->kind != MILL_JSON_ARRAY) return false;
  for (const mill_json *c = j->child; c; c = c->next)
    if (!of_kind(kind, c)) return false;
  return true;
}

/* Dense, or sparse with as many indices as values, ascending below the size. */
static bool is_vector(const mill_json *j) {
  const mill_json *values = mill_json_get(j, "values"), *indices = mill_json_get(j, "indices");
  if (!list_of(MILL_PARAM_DOUBLE, values)) return false;
  if (mill_json_int(j, "type", 1) == 1) return true;
  if (!list_of(MILL_PARAM_INT, indices) || indices->n != values->n) return false;
  int64_t last = -1, size = mill_json_int(j, "size", -1);
  for (const mill_json *c = indices->child; c; c = c->next) {
    int64_t at = strtoll(c->text, NULL, 10);
    if (at <= last || at >= size) return false;
    last = at;
  }
  return size >= 0 && size <= INT32_MAX;
}

static bool is_matrix(const mill_json *j) {
  const mill_json *values = mill_json_get(j, "values");
  int64_t rows = mill_json_int(j, "numRows", -1), cols = mill_json_int(j, "numCols", -1);
  return list_of(MILL_PARAM_DOUBLE, values) && rows >= 0 && cols >= 0 && rows <= INT32_MAX &&
         cols <= INT32_MAX && (uint64_t)rows * (uint64_t)cols == values->n;
}

static bool is_map(const mill_json *j) {
  if (j->kind != MILL_JSON_ARRAY) return false;
  for (const mill_json *c = j->child; c; c = c->next)
    if (!mill_json_text(c, "parent", NULL) || !mill_json_text(c, "name", NULL) ||
        !mill_json_get(c, "value"))
      return false;
  return true;
}

static bool of_kind(mill_param_kind kind, const mill_json *j) {
  switch (kind) {
  case MILL_PARAM_BOOLEAN: return j->kind == MILL_JSON_TRUE || j->kind == MILL_JSON_FALSE;
  case MILL_PARAM_INT: return is_integer(j, INT32_MIN, INT32_MAX);
  case MILL_PARAM_LONG: return is_integer(j, INT64_MIN, INT64_MAX);
  case MILL_PARAM_FLOAT:
  case MILL_PARAM_DOUBLE: return is_number(j);
  case MILL_PARAM_STRING: return j->kind == MILL_JSON_TEXT;
  case MILL_PARAM_STRINGS: return list_of(MILL_PARAM_STRING, j);
  case MILL_PARAM_INTS: return list_of(MILL_PARAM_INT, j);
  case MILL_PARAM_DOUBLES: return list_of(MILL_PARAM_DOUBLE, j);
  case MILL_PARAM_DOUBLE_LISTS: return list_of(MILL_PARAM_DOUBLES, j);
  case MILL_PARAM_STRING_LISTS: return list_of(MILL_PARAM_STRINGS, j);
  case MILL_PARAM_VECTOR: return is_vector(j);
  case MILL_PARAM_MATRIX: return is_matrix(j);
  case MILL_PARAM_MAPS:
    if (j->kind != MILL_JSON_ARRAY) return false;
    for (const mill_json *c = j->child; c; c = c->next)
      if (!is_map(c)) return false;
    return true;
  default: return false; /* stages come by mill_stage_set_stages */
  }
}

static const char *kind_text(mill_param_kind kind) {
  static const char *const texts[] = {
      [MILL_PARAM_BOOLEAN] = "a boolean",
      [MILL_PARAM_INT] = "a 32-bit integer",
      [MILL_PARAM_LONG] = "a 64-bit integer",
      [MILL_PARAM_FLOAT] = "a number",
      [MILL_PARAM_DOUBLE] = "a number",
      [MILL_PARAM_STRING] = "a string",
      [MILL_PARAM_STRINGS] = "a list of strings",
      [MILL_PARAM_INTS] = "a list of 32-bit integers",
      [MILL_PARAM_DOUBLES] = "a list of numbers",
      [MILL_PARAM_DOUBLE_LISTS] = "a list of lists of numbers",
      [MILL_PARAM_STRING_LISTS] = "a list of lists of strings",
      [MILL_PARAM_VECTOR] = "a vector",
      [MILL_PARAM_MATRIX] = "a matrix",
      [MILL_PARAM_STAGES] = "a list of stages",
      [MILL_PARAM_STAGE] = "a stage",
      [MILL_PARAM_MAPS] = "a list of parameter maps",
  };
  return texts[kind];
}

/* ---- ranges ----------------------------------------------------------------------------------- */

/* One interval "[a,b]" at p; an empty end is unbounded. */
static bool in_interval(const char *p, double v) {
  bool low_open = *p == '(';
  char *end;
  const char *comma = strchr(p, ',');
  double low = strtod(p + 1, &end), high = INFINITY;
  if (end == p + 1) low = -INFINITY;
  const char *q = comma + 1;
  double given = strtod(q, &end);
  if (end != q) high = given;
  bool high_open = *end == ')';
  return (low_open ? v > low : v >= low) && (high_open ? v < high : v <= high);
}

static bool in_intervals(const char *valid, double v) {
  for (const char *p = valid; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL) {
    if (strncmp(p, "nan", 3) == 0) {
      if (isnan(v)) return true;
    } else if (!isnan(v) && in_interval(p, v)) {
      return true;
    }
  }
  return false;
}

/* The next bar between names, or NULL; a double bar is part of a name ("k-means||"). */
static const char *next_bar(const char *p) {
  while ((p = strchr(p, '|')) != NULL && p[1] == '|') p += 2;
  return p;
}

static bool in_names(const char *valid, const char *text) {
  bool any_case = *valid == '~';
  size_t n = strlen(text);
  for (const char *p = valid + any_case; p;) {
    const char *end = next_bar(p);
    size_t size = end ? (size_t)(end - p) : strlen(p);
    if (size == n && (any_case ? strncasecmp(p, text, n) : strncmp(p, text, n)) == 0) return true;
    p = end ? end + 1 : NULL;
  }
  return false;
}

static bool in_range(const char *valid, const mill_json *j) {
  if (strncmp(valid, "each ", 5) == 0) {
    for (const mill_json *c = j->child; c; c = c->next)
      if (!in_range(valid + 5, c)) return false;
    return true;
  }
  if (*valid == '[' || *valid == '(') return in_intervals(valid, mill_json_number(j));
  return in_names(valid, j->text);
}

/* "[0,]" as "in [0, infinity]", "a|b|c" as "one of a, b, c". */
static void valid_text(const char *valid, char *out, size_t n) {
  bool each = strncmp(valid, "each ", 5) == 0;
  valid += each ? 5 : 0;
  bool range = *valid == '[' || *valid == '(';
  const char *before = range ? "in " : "one of ";
  size_t k = (size_t)snprintf(out, n, "%s%s", each ? "each " : "", before);
  for (const char *p = valid + (*valid == '~'); *p && k + 16 < n; p++) {
    const char *put = NULL;
    if (*p == '|' && p[1] == '|')
      put = "||", p++;
    else if (*p == '|')
      put = range ? " or " : ", ";
    else if (range && *p == ',')
      put = p[1] == ']' || p[1] == ')' ? ", infinity" : ", ";
    else if (strcmp(p, "nan") == 0)
      put = "NaN";
    if (put)
      k += (size_t)snprintf(out + k, n - k, "%s", put);
    else
      out[k++] = *p;
    if (strcmp(p, "nan") == 0) break;
  }
  out[k] = 0;
}

mill_status mill_param_check(const mill_stage *s, const mill_param *p, const mill_json *j,
                             const char *text, mill_error *err) {
  char expected[256];
  if (!of_kind(p->kind, j)) {
    snprintf(expected, sizeof expected, "%s", kind_text(p->kind));
  } else if (p->valid == NULL || in_range(p->valid, j)) {
    return MILL_OK;
  } else {
    valid_text(p->valid, expected, sizeof expected);
  }
  return mill_fail(err, MILL_E_INVALID_PARAMETER, "parameter",
                   mill_error_fmt(err, "%s.%s", s->class->name, p->name), "value",
                   mill_error_fmt(err, "%.200s", text), "expected", expected, NULL);
}

/* ---- reading ---------------------------------------------------------------------------------- */

const mill_json *mill_param_json(const mill_stage *s, int i) {
  if (i < 0) return NULL;
  return s->value[i].json ? s->value[i].json : s->preset[i];
}

const mill_json *mill_get_json(const mill_stage *s, const char *param) {
  return mill_param_json(s, mill_param_find(s->class, param));
}

bool mill_has(const mill_stage *s, const char *param) {
  int i = mill_param_find(s->class, param);
  return i >= 0 && (mill_param_json(s, i) || s->value[i].nstages >= 0);
}

bool mill_get_bool(const mill_stage *s, const char *param) {
  const mill_json *j = mill_get_json(s, param);
  return j && j->kind == MILL_JSON_TRUE;
}

int64_t mill_get_long(const mill_stage *s, const char *param) {
  const mill_json *j = mill_get_json(s, param);
  return j ? strtoll(j->text, NULL, 10) : 0;
}

int mill_get_int(const mill_stage *s, const char *param) { return (int)mill_get_long(s, param); }

double mill_json_number(const mill_json *j) {
  double v = 0;
  if (j && j->text) (void)mill_parse_double(j->text, j->size, &v);
  return v;
}

double mill_get_double(const mill_stage *s, const char *param) {
  return mill_json_number(mill_get_json(s, param));
}

const char *mill_get_text(const mill_stage *s, const char *param) {
  const mill_json *j = mill_get_json(s, param);
  return j && j->text ? j->text : "";
}

bool mill_get_is(const mill_stage *s, const char *param, const char *text) {
  return strcasecmp(mill_get_text(s, param), text) == 0;
}

int mill_get_stages(const mill_stage *s, const char *param, mill_stage *const **out) {
  int i = mill_param_find(s->class, param);
  *out = NULL;
  if (i < 0 || s->value[i].nstages < 0) return 0;
  *out = s->value[i].stages;
  return s->value[i].nstages;
}

/* Room for the items of a list; *n is 0 and the result NULL where there is none. */
static void *items(const mill_json *j, mill_arena *a, size_t size, int *n, mill_status *status,
                   mill_error *err) {
  *n = j ? (int)j->n : 0;
  void *p = mill_arena_alloc(a, ((size_t)*n + 1) * size);
  *status = p ? MILL_OK : mill_oom(a->memory, (size_t)*n * size, err);
  return p;
}

mill_status mill_get_texts(const mill_stage *s, const char *param, mill_arena *a,
                           const char *const **out, int *n, mill_error *err) {
  const mill_json *j = mill_get_json(s, param);
  mill_status status;
  const char **p = items(j, a, sizeof *p, n, &status, err);
  *out = p;
  int i = 0;
  for (const mill_json *c = j ? j->child : NULL; c && !status; c = c->next, i++) {
    p[i] = mill_arena_strndup(a, c->text, c->size);
    if (p[i] == NULL) status = mill_oom(a->memory, c->size, err);
  }
  return status;
}

mill_status mill_json_doubles(const mill_json *j, mill_arena *a, const double **out, int *n,
                              mill_error *err) {
  mill_status status;
  double *p = items(j, a, sizeof *p, n, &status, err);
  *out = p;
  int i = 0;
  for (const mill_json *c = j ? j->child : NULL; c && !status; c = c->next)
    p[i++] = mill_json_number(c);
  return status;
}

mill_status mill_get_doubles(const mill_stage *s, const char *param, mill_arena *a,
                             const double **out, int *n, mill_error *err) {
  return mill_json_doubles(mill_get_json(s, param), a, out, n, err);
}

mill_status mill_get_ints(const mill_stage *s, const char *param, mill_arena *a,
                          const int32_t **out, int *n, mill_error *err) {
  const mill_json *j = mill_get_json(s, param);
  mill_status status;
  int32_t *p = items(j, a, sizeof *p, n, &status, err);
  *out = p;
  int i = 0;
  for (const mill_json *c = j ? j->child : NULL; c && !status; c = c->next)
    p[i++] = (int32_t)strtol(c->text, NULL, 10);
  return status;
}

mill_status mill_get_matrix(const mill_stage *s, const char *param, mill_arena *a,
                            const double **out, int *rows, int *cols, mill_error *err) {
  const mill_json *j = mill_get_json(s, param);
  int n;
  *rows = (int)mill_json_int(j, "numRows", 0);
  *cols = (int)mill_json_int(j, "numCols", 0);
  MILL_TRY(mill_json_doubles(mill_json_get(j, "values"), a, out, &n, err));
  if (!mill_json_bool(j, "isTransposed", false)) return MILL_OK;
  double *turned = mill_arena_alloc(a, ((size_t)n + 1) * sizeof *turned);
  if (turned == NULL) return mill_oom(a->memory, (size_t)n * sizeof *turned, err);
  for (int i = 0; i < *rows; i++)
    for (int k = 0; k < *cols; k++) turned[k * *rows + i] = (*out)[i * *cols + k];
  *out = turned;
  return MILL_OK;
}

/* ---- input and output columns ------------------------------------------------------------------ */

static mill_status one_column(const mill_stage *s, mill_arena *a, const char *const **in,
                              const char *const **out, mill_error *err) {
  const char **p = mill_arena_alloc(a, 2 * sizeof *p);
  if (p == NULL) return mill_oom(a->memory, 2 * sizeof *p, err);
  const char *from = mill_get_text(s, "inputCol"), *to = mill_get_text(s, "outputCol");
  p[0] = mill_arena_strndup(a, from, strlen(from));
  p[1] = mill_arena_strndup(a, to, strlen(to));
  *in = p;
  *out = p + 1;
  return p[0] && p[1] ? MILL_OK : mill_oom(a->memory, 1, err);
}

mill_status mill_get_columns(const mill_stage *s, mill_arena *a, const char *const **in,
                             const char *const **out, int *n, mill_error *err) {
  bool one = mill_has(s, "inputCol"), many = mill_has(s, "inputCols");
  int outputs;
  *n = 0;
  if (one == many)
    return mill_ml_refuse(err, s, "set one of inputCol and inputCols, %s",
                          one ? "not both" : "neither is");
  if (one && mill_has(s, "outputCols"))
    return mill_ml_refuse(err, s, "outputCols goes with inputCols, not with inputCol");
  if (many && mill_stage_is_set(s, "outputCol"))
    return mill_ml_refuse(err, s, "outputCol goes with inputCol, not with inputCols");
  if (one) {
    *n = 1;
    return one_column(s, a, in, out, err);
  }
  if (!mill_has(s, "outputCols")) return mill_ml_refuse(err, s, "outputCols is not set");
  MILL_TRY(mill_get_texts(s, "inputCols", a, in, n, err));
  MILL_TRY(mill_get_texts(s, "outputCols", a, out, &outputs, err));
  if (outputs != *n)
    return mill_ml_refuse(err, s, "there are %d inputCols, but %d outputCols", *n, outputs);
  for (int i = 0; i < *n; i++)
    for (int k = 0; k < i; k++)
      if (strcmp((*out)[i], (*out)[k]) == 0)
        return mill_ml_refuse(err, s, "the output column `%s` is named twice", (*out)[i]);
  return MILL_OK;
}

mill_status mill_ml_refuse(mill_error *err, const mill_stage *s, const char *fmt, ...) {
  char reason[512];
  va_list args;
  va_start(args, fmt);
  vsnprintf(reason, sizeof reason, fmt, args);
  va_end(args);
  return mill_fail(err, MILL_E_ILLEGAL_ARGUMENT, "stage", s->class->name, "reason", reason, NULL);
}
