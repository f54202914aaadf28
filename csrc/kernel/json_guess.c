/* See json_guess.h. */
#include "kernel/json_guess.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/number.h"

/* ---- widening ------------------------------------------------------------------------------- */

static void widen_decimal(guess *g, int precision, int scale) {
  int range = g->precision - g->scale, other = precision - scale;
  if (other > range) range = other;
  g->scale = scale > g->scale ? scale : g->scale;
  g->precision = range + g->scale;
  g->kind = g->precision > MILL_DECIMAL_MAX ? GUESS_DOUBLE : GUESS_DECIMAL;
}

static void make_string(guess *g) {
  g->kind = GUESS_STRING;
  g->n = 0;
}

void mill_guess_widen(guess *g, guess_kind kind, int precision, int scale) {
  if (kind == GUESS_BIGINT) precision = 20, scale = 0;
  if (kind == GUESS_NULL || g->kind == GUESS_STRING) return;
  if (g->kind == GUESS_NULL) {
    g->kind = kind;
    g->precision = precision;
    g->scale = scale;
  } else if (g->kind == kind) {
    if (kind == GUESS_DECIMAL) widen_decimal(g, precision, scale);
  } else if (g->kind >= GUESS_BIGINT && g->kind <= GUESS_DOUBLE && kind >= GUESS_BIGINT &&
             kind <= GUESS_DOUBLE) {
    if (g->kind == GUESS_DOUBLE || kind == GUESS_DOUBLE)
      g->kind = GUESS_DOUBLE;
    else
      widen_decimal(g, precision, scale);
  } else if ((g->kind == GUESS_NTZ && kind == GUESS_TIMESTAMP) ||
             (g->kind == GUESS_TIMESTAMP && kind == GUESS_NTZ)) {
    g->kind = GUESS_TIMESTAMP;
  } else {
    make_string(g);
  }
}

static mill_status add_member(mill_arena *a, guess *g, const char *name, size_t n, guess **out,
                              mill_error *err) {
  if (g->n == g->capacity) {
    size_t capacity = g->capacity ? 2 * g->capacity : 8;
    guess **grown = mill_arena_alloc(a, capacity * sizeof *grown);
    if (grown == NULL) return mill_oom(a->memory, capacity * sizeof *grown, err);
    if (g->n) memcpy(grown, g->member, g->n * sizeof *grown);
    g->member = grown;
    g->capacity = capacity;
  }
  guess *m = mill_arena_alloc(a, sizeof *m);
  char *own = mill_arena_strndup(a, name, n);
  if (m == NULL || own == NULL) return mill_oom(a->memory, n, err);
  m->name = own;
  m->name_size = n;
  *out = g->member[g->n++] = m;
  return MILL_OK;
}

mill_status mill_guess_member(mill_arena *a, guess *g, size_t *at, const char *name, size_t n,
                              guess **out, mill_error *err) {
  for (size_t i = 0; i < g->n; i++) {
    size_t k = *at + i < g->n ? *at + i : *at + i - g->n;
    guess *m = g->member[k];
    if (m->name_size != n || memcmp(m->name, name, n) != 0) continue;
    *at = k + 1 < g->n ? k + 1 : 0;
    *out = m;
    return MILL_OK;
  }
  return add_member(a, g, name, n, out, err);
}

/* Can g be (made) of that kind? Else it becomes STRING. */
static bool becomes(guess *g, guess_kind kind) {
  if (g->kind == GUESS_NULL) g->kind = kind;
  if (g->kind != kind) make_string(g);
  return g->kind == kind;
}

mill_status mill_guess_merge(mill_arena *a, guess *g, const guess *other, mill_error *err) {
  if (other->kind != GUESS_STRUCT && other->kind != GUESS_ARRAY) {
    mill_guess_widen(g, other->kind, other->precision, other->scale);
    return MILL_OK;
  }
  if (!becomes(g, other->kind)) return MILL_OK;
  size_t at = 0;
  for (size_t i = 0; i < other->n; i++) {
    guess *m;
    MILL_TRY(
        mill_guess_member(a, g, &at, other->member[i]->name, other->member[i]->name_size, &m, err));
    MILL_TRY(mill_guess_merge(a, m, other->member[i], err));
  }
  return MILL_OK;
}

/* ---- values --------------------------------------------------------------------------------- */

/* The precision and scale of a number's text as java.math.BigDecimal has them; false: too long. */
static bool decimal_of(const char *s, size_t n, int *precision, int *scale) {
  size_t digits = 0, after = 0, i = n && (*s == '-' || *s == '+');
  bool point = false;
  for (; i < n && (isdigit((unsigned char)s[i]) || s[i] == '.'); i++) {
    if (s[i] == '.') {
      point = true;
      continue;
    }
    if (digits || s[i] != '0') digits++;
    after += point;
  }
  long exponent = i < n && (s[i] | 32) == 'e' ? strtol(s + i + 1, NULL, 10) : 0;
  if (n > 300 || exponent > INT32_MAX / 2 || exponent < -400) return false;
  *scale = (int)after - (int)exponent;
  *precision = digits ? (int)digits : 1;
  if (*scale > *precision) *precision = *scale;
  return *precision <= MILL_DECIMAL_MAX;
}

static void widen_number(guesser *w, guess *g, mill_json_token t) {
  const mill_json_reader *r = w->reader;
  int64_t v;
  int precision = 0, scale = 0;
  bool number = r->size && (isdigit((unsigned char)r->text[r->size - 1]) != 0);
  if (w->rules->primitives_as_string)
    mill_guess_widen(g, GUESS_STRING, 0, 0);
  else if (t == MILL_JSON_INTEGER &&
           mill_parse_int64(r->text, r->size, INT64_MIN, INT64_MAX, false, &v) == MILL_PARSED)
    mill_guess_widen(g, GUESS_BIGINT, 0, 0);
  else if (number && (t == MILL_JSON_INTEGER || w->rules->prefers_decimal) &&
           decimal_of(r->text, r->size, &precision, &scale)) {
    if (scale < 0 && w->negative == 0) w->negative = scale;
    mill_guess_widen(g, GUESS_DECIMAL, precision, scale);
  } else
    mill_guess_widen(g, GUESS_DOUBLE, 0, 0);
}

static mill_status token_text(guesser *w, const char **p, size_t *n) {
  *p = w->reader->text;
  *n = w->reader->size;
  if (!w->reader->escaped) return MILL_OK;
  mill_text_reset(w->text);
  MILL_TRY(mill_json_unescape(*p, *n, w->text, w->err));
  *p = w->text->data ? w->text->data : "";
  *n = w->text->size;
  return MILL_OK;
}

static mill_status widen_text(guesser *w, guess *g) {
  const guess_rules *rules = w->rules;
  const char *p;
  size_t n;
  int precision, scale;
  int64_t micros;
  mill_i128 unscaled;
  MILL_TRY(token_text(w, &p, &n));
  if (n == 0) return MILL_OK;
  char plain[MILL_VALUE_DECIMAL];
  size_t k =
      rules->prefers_decimal ? mill_value_plain_decimal(&rules->read->values, p, n, plain) : 0;
  if (k && mill_decimal_parse_free(plain, k, &unscaled, &precision, &scale) &&
      decimal_of(plain, k, &precision, &scale) && scale >= 0)
    mill_guess_widen(g, GUESS_DECIMAL, precision, scale);
  else if (rules->infer_timestamp && rules->ntz &&
           mill_value_guess(&rules->read->values, mill_type_of(MILL_TIMESTAMP_NTZ), p, n, &micros))
    mill_guess_widen(g, GUESS_NTZ, 0, 0);
  else if (rules->infer_timestamp &&
           mill_value_guess(&rules->read->values, mill_type_of(MILL_TIMESTAMP), p, n, &micros))
    mill_guess_widen(g, GUESS_TIMESTAMP, 0, 0);
  else
    mill_guess_widen(g, GUESS_STRING, 0, 0);
  return MILL_OK;
}

static mill_status widen_object(guesser *w, guess *g) {
  size_t at = 0;
  uint64_t id = ++w->objects;
  if (!becomes(g, GUESS_STRUCT)) {
    mill_json_pass(w->rules->read, w->reader, MILL_JSON_OBJECT);
    return MILL_OK;
  }
  while (mill_json_next(w->reader) == MILL_JSON_NAME) {
    const char *p;
    size_t n;
    guess *m;
    MILL_TRY(token_text(w, &p, &n));
    MILL_TRY(mill_guess_member(w->arena, g, &at, p, n, &m, w->err));
    if (m->seen == id && g == w->root) w->twice = m->name;
    m->seen = id;
    MILL_TRY(mill_guess_value(w, m, mill_json_next(w->reader)));
  }
  return MILL_OK;
}

static mill_status widen_array(guesser *w, guess *g) {
  mill_json_token t;
  size_t at = 0;
  guess *element;
  if (!becomes(g, GUESS_ARRAY)) {
    mill_json_pass(w->rules->read, w->reader, MILL_JSON_ARRAY);
    return MILL_OK;
  }
  MILL_TRY(mill_guess_member(w->arena, g, &at, "", 0, &element, w->err));
  while ((t = mill_json_next(w->reader)) != MILL_JSON_ARRAY_END)
    MILL_TRY(mill_guess_value(w, element, t));
  return MILL_OK;
}

mill_status mill_guess_value(guesser *w, guess *g, mill_json_token t) {
  switch (t) {
  case MILL_JSON_OBJECT: return widen_object(w, g);
  case MILL_JSON_ARRAY: return widen_array(w, g);
  case MILL_JSON_TEXT: return widen_text(w, g);
  case MILL_JSON_INTEGER:
  case MILL_JSON_NUMBER: widen_number(w, g, t); return MILL_OK;
  case MILL_JSON_TRUE:
  case MILL_JSON_FALSE:
    mill_guess_widen(g, w->rules->primitives_as_string ? GUESS_STRING : GUESS_BOOLEAN, 0, 0);
    return MILL_OK;
  default: return MILL_OK;
  }
}

/* ---- types ---------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b) {
  return strcmp((*(guess *const *)a)->name, (*(guess *const *)b)->name);
}

static mill_status struct_of(const guess_rules *r, mill_types *types, mill_arena *a, guess *g,
                             const mill_type **out, mill_error *err) {
  mill_field *f = mill_arena_alloc(a, (g->n + 1) * sizeof *f);
  uint32_t n = 0;
  if (f == NULL) return mill_oom(a->memory, g->n * sizeof *f, err);
  if (g->n > 1) qsort(g->member, g->n, sizeof *g->member, by_name);
  for (size_t i = 0; i < g->n; i++) {
    const mill_type *t;
    MILL_TRY(mill_guess_type(r, types, a, g->member[i], &t, err));
    if (t && g->member[i]->name_size) f[n++] = (mill_field){g->member[i]->name, t, true, NULL};
  }
  *out = NULL;
  if (n == 0) return MILL_OK;
  *out = mill_type_struct(types, f, n);
  return *out ? MILL_OK : mill_oom(a->memory, n * sizeof *f, err);
}

mill_status mill_guess_type(const guess_rules *r, mill_types *types, mill_arena *a, guess *g,
                            const mill_type **out, mill_error *err) {
  static const mill_type_id ids[] = {MILL_STRING, MILL_BOOLEAN,   MILL_BIGINT,        MILL_DECIMAL,
                                     MILL_DOUBLE, MILL_TIMESTAMP, MILL_TIMESTAMP_NTZ, MILL_STRING};
  const mill_type *element = NULL;
  switch (g->kind) {
  case GUESS_STRUCT: return struct_of(r, types, a, g, out, err);
  case GUESS_ARRAY:
    if (g->n)
      MILL_TRY(mill_guess_type(r, types, a, g->member[0], &element, err));
    else if (!r->drop_all_null)
      element = mill_type_of(MILL_STRING);
    *out = element ? mill_type_array(types, element, true) : NULL;
    return *out || !element ? MILL_OK : mill_oom(a->memory, 64, err);
  case GUESS_DECIMAL:
    *out = mill_type_decimal(types, g->precision, g->scale);
    return *out ? MILL_OK : mill_oom(a->memory, 64, err);
  case GUESS_NULL: *out = r->drop_all_null ? NULL : mill_type_of(MILL_STRING); return MILL_OK;
  default: *out = mill_type_of(ids[g->kind]); return MILL_OK;
  }
}
