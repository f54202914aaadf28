/* Types that the texts of JSON suggest, by the rules of Spark's JsonInferSchema.
**
** Guesses are trees that widen in place: null, BIGINT, DECIMAL, DOUBLE; BOOLEAN; texts; structs by
** name; arrays; STRING where the values do not go together. Files are cut as they are for reading;
** each piece is guessed by itself, in parallel, and the guesses are merged in order. */
#include <ctype.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/number.h"
#include "base/thread.h"
#include "base/utf8.h"
#include "io/json_int.h"
#include "kernel/json_quick.h"

typedef enum guess_kind {
  GUESS_NULL,
  GUESS_BOOLEAN,
  GUESS_BIGINT,
  GUESS_DECIMAL,
  GUESS_DOUBLE,
  GUESS_TIMESTAMP,
  GUESS_NTZ,
  GUESS_STRING,
  GUESS_STRUCT,
  GUESS_ARRAY,
} guess_kind;

typedef struct guess guess;
struct guess {
  guess_kind kind;
  int precision, scale; /* DECIMAL */
  const char *name;     /* as a member */
  size_t name_size;
  guess **member; /* STRUCT; ARRAY: its one element */
  size_t n, capacity;
  uint64_t seen; /* the object that had this member last */
};

typedef struct piece {
  size_t file;
  uint64_t from, to;
  mill_arena arena;
  guess root;
  uint64_t objects, lines;
  const char *twice; /* a name that one object has two times */
  int negative;      /* a number's scale that no decimal can have; 0: none */
  bool corrupt;
} piece;

typedef struct inference {
  io_job *job;
  const json_plan *plan;
  bool ntz; /* timestamps without a zone are the session's */
  piece *piece;
  size_t n, capacity;
} inference;

typedef struct walk {
  const inference *in;
  piece *piece;
  mill_json_reader reader;
  mill_text text;
  mill_error *err;
} walk;

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

static void widen(guess *g, guess_kind kind, int precision, int scale) {
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

/* The member of that name, looked for from where the last one was found. */
static mill_status find_member(mill_arena *a, guess *g, size_t *at, const char *name, size_t n,
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

static mill_status merge(mill_arena *a, guess *g, const guess *other, mill_error *err) {
  if (other->kind != GUESS_STRUCT && other->kind != GUESS_ARRAY) {
    widen(g, other->kind, other->precision, other->scale);
    return MILL_OK;
  }
  if (!becomes(g, other->kind)) return MILL_OK;
  size_t at = 0;
  for (size_t i = 0; i < other->n; i++) {
    guess *m;
    MILL_TRY(find_member(a, g, &at, other->member[i]->name, other->member[i]->name_size, &m, err));
    MILL_TRY(merge(a, m, other->member[i], err));
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

static void widen_number(const walk *w, guess *g, mill_json_token t) {
  const mill_json_reader *r = &w->reader;
  int64_t v;
  int precision = 0, scale = 0;
  bool number = r->size && (isdigit((unsigned char)r->text[r->size - 1]) != 0);
  if (w->in->plan->primitives_as_string)
    widen(g, GUESS_STRING, 0, 0);
  else if (t == MILL_JSON_INTEGER &&
           mill_parse_int64(r->text, r->size, INT64_MIN, INT64_MAX, false, &v) == MILL_PARSED)
    widen(g, GUESS_BIGINT, 0, 0);
  else if (number && (t == MILL_JSON_INTEGER || w->in->plan->prefers_decimal) &&
           decimal_of(r->text, r->size, &precision, &scale)) {
    if (scale < 0 && w->piece->negative == 0) w->piece->negative = scale;
    widen(g, GUESS_DECIMAL, precision, scale);
  } else
    widen(g, GUESS_DOUBLE, 0, 0);
}

static mill_status token_text(walk *w, const char **p, size_t *n) {
  *p = w->reader.text;
  *n = w->reader.size;
  if (!w->reader.escaped) return MILL_OK;
  mill_text_reset(&w->text);
  MILL_TRY(mill_json_unescape(*p, *n, &w->text, w->err));
  *p = w->text.data ? w->text.data : "";
  *n = w->text.size;
  return MILL_OK;
}

static mill_status widen_text(walk *w, guess *g) {
  const json_plan *plan = w->in->plan;
  const char *p;
  size_t n;
  int precision, scale;
  int64_t micros;
  mill_i128 unscaled;
  MILL_TRY(token_text(w, &p, &n));
  if (n == 0) return MILL_OK;
  if (plan->prefers_decimal && mill_decimal_parse_free(p, n, &unscaled, &precision, &scale) &&
      decimal_of(p, n, &precision, &scale) && scale >= 0)
    widen(g, GUESS_DECIMAL, precision, scale);
  else if (plan->infer_timestamp && w->in->ntz &&
           mill_value_parse(&plan->read.values, mill_type_of(MILL_TIMESTAMP_NTZ), p, n, &micros))
    widen(g, GUESS_NTZ, 0, 0);
  else if (plan->infer_timestamp &&
           mill_value_parse(&plan->read.values, mill_type_of(MILL_TIMESTAMP), p, n, &micros))
    widen(g, GUESS_TIMESTAMP, 0, 0);
  else
    widen(g, GUESS_STRING, 0, 0);
  return MILL_OK;
}

static mill_status widen_by(walk *w, guess *g, mill_json_token t);

static mill_status widen_object(walk *w, guess *g) {
  size_t at = 0;
  uint64_t id = ++w->piece->objects;
  if (!becomes(g, GUESS_STRUCT)) {
    mill_json_pass(&w->in->plan->read, &w->reader, MILL_JSON_OBJECT);
    return MILL_OK;
  }
  while (mill_json_next(&w->reader) == MILL_JSON_NAME) {
    const char *p;
    size_t n;
    guess *m;
    MILL_TRY(token_text(w, &p, &n));
    MILL_TRY(find_member(&w->piece->arena, g, &at, p, n, &m, w->err));
    if (m->seen == id && g == &w->piece->root) w->piece->twice = m->name;
    m->seen = id;
    MILL_TRY(widen_by(w, m, mill_json_next(&w->reader)));
  }
  return MILL_OK;
}

static mill_status widen_array(walk *w, guess *g) {
  mill_json_token t;
  size_t at = 0;
  guess *element;
  if (!becomes(g, GUESS_ARRAY)) {
    mill_json_pass(&w->in->plan->read, &w->reader, MILL_JSON_ARRAY);
    return MILL_OK;
  }
  MILL_TRY(find_member(&w->piece->arena, g, &at, "", 0, &element, w->err));
  while ((t = mill_json_next(&w->reader)) != MILL_JSON_ARRAY_END) MILL_TRY(widen_by(w, element, t));
  return MILL_OK;
}

/* The record is well-formed: that has been looked at before. */
static mill_status widen_by(walk *w, guess *g, mill_json_token t) {
  switch (t) {
  case MILL_JSON_OBJECT: return widen_object(w, g);
  case MILL_JSON_ARRAY: return widen_array(w, g);
  case MILL_JSON_TEXT: return widen_text(w, g);
  case MILL_JSON_INTEGER:
  case MILL_JSON_NUMBER: widen_number(w, g, t); return MILL_OK;
  case MILL_JSON_TRUE:
  case MILL_JSON_FALSE:
    widen(g, w->in->plan->primitives_as_string ? GUESS_STRING : GUESS_BOOLEAN, 0, 0);
    return MILL_OK;
  default: return MILL_OK;
  }
}

/* ---- records that change nothing ------------------------------------------------------------ */

/* Most records have the members and the kinds that were seen before: they are walked over once, without
** tokens. False: not so, or not of the usual form; nothing has changed then but `seen`. */
static bool confirm(json_walk *q, guess *g, uint64_t id);

static inline bool is_named(const guess *m, const char *p, size_t n) {
  return m->name_size == n && memcmp(m->name, p, n) == 0;
}

/* The member whose name stands at q->p; q->p moves behind its colon. */
static guess *confirm_name(json_walk *q, const guess *g, size_t *at) {
  if (json_next_char(q) != '"') return NULL;
  const char *p = q->p + 1, *end = json_text_end(p);
  if (end >= q->end || *end != '"') return NULL;
  size_t n = (size_t)(end - p);
  q->p = end + 1;
  if (json_next_char(q) != ':') return NULL;
  q->p++;
  guess *m = *at < g->n ? g->member[*at] : NULL;
  if (m && is_named(m, p, n)) {
    ++*at;
    return m;
  }
  for (size_t i = 0; i <= g->n;
       i++) { /* the one before the last, for records in reverse order; any */
    size_t k = i ? i - 1 : *at - 2;
    if (k >= g->n || !is_named(g->member[k], p, n)) continue;
    *at = k + 1;
    return g->member[k];
  }
  return NULL;
}

static bool confirm_nested(json_walk *q, guess *g, bool object, uint64_t id) {
  const char close = object ? '}' : ']';
  size_t at = 0;
  if (++q->depth > JSON_QUICK_DEPTH || q->depth > q->b->rules->max_depth || g->n == 0) return false;
  q->p++;
  if (json_next_char(q) != close) {
    for (;; q->p++) {
      guess *m = object ? confirm_name(q, g, &at) : g->member[0];
      if (m == NULL || (id && m->seen == id) || !confirm(q, m, 0)) return false;
      if (id) m->seen = id;
      char c = json_next_char(q);
      if (c == close) break;
      if (c != ',') return false;
    }
  }
  q->p++;
  q->depth--;
  return true;
}

static bool confirm_number(json_walk *q, const guess *g) {
  const char *p = q->p;
  if (q->b->rules->max_number < 64 || !json_pass_number(q)) return false;
  size_t n = (size_t)(q->p - p);
  return g->kind == GUESS_DOUBLE || (g->kind == GUESS_BIGINT && n <= 18 && !memchr(p, '.', n));
}

static bool confirm_word(json_walk *q, const char *word, size_t n) {
  if (!json_is_word(q, word, n)) return false;
  q->p += n;
  return true;
}

static bool confirm(json_walk *q, guess *g, uint64_t id) {
  char c = json_next_char(q);
  if (g->kind == GUESS_STRING) return mill_json_quick_value(q);
  switch (c) {
  case '{': return g->kind == GUESS_STRUCT && confirm_nested(q, g, true, id);
  case '[': return g->kind == GUESS_ARRAY && confirm_nested(q, g, false, 0);
  case '"': /* an empty text says nothing */ q->p += 2; return q->p <= q->end && q->p[-1] == '"';
  case 'n': return confirm_word(q, "null", 4);
  case 't': return g->kind == GUESS_BOOLEAN && confirm_word(q, "true", 4);
  case 'f': return g->kind == GUESS_BOOLEAN && confirm_word(q, "false", 5);
  default: return (c == '-' || (c >= '0' && c <= '9')) && confirm_number(q, g);
  }
}

/* ---- records -------------------------------------------------------------------------------- */

/* What a record's root is: 0 nothing, k >= 1 objects inside k - 1 arrays, -1 anything else. */
static int shape(const json_plan *plan, mill_json_reader *r, mill_json_token t) {
  int all = 0;
  if (t == MILL_JSON_NULL) return 0;
  if (t == MILL_JSON_OBJECT) return mill_json_pass(&plan->read, r, t) ? 1 : -1;
  if (t != MILL_JSON_ARRAY) return -1;
  for (;;) {
    t = json_next(&plan->read, r);
    if (t == MILL_JSON_ARRAY_END) return all > 0 ? all + 1 : all;
    if (t == MILL_JSON_ERROR) return -1;
    int one = shape(plan, r, t);
    if (one < 0 && r->error) return -1;
    all = all == 0 || one == 0 ? (one ? one : all) : all == one ? all : -1;
  }
}

static mill_status widen_root(walk *w, mill_json_token t) {
  if (t == MILL_JSON_OBJECT) return widen_object(w, &w->piece->root);
  if (t != MILL_JSON_ARRAY) return MILL_OK;
  while ((t = mill_json_next(&w->reader)) != MILL_JSON_ARRAY_END) MILL_TRY(widen_root(w, t));
  return MILL_OK;
}

static mill_status malformed(walk *w, const char *p, size_t n) {
  io_mode mode = w->in->job->mode;
  w->piece->corrupt |= mode == IO_PERMISSIVE;
  if (mode != IO_FAIL_FAST) return MILL_OK;
  return mill_fail(w->err, MILL_E_MALFORMED_RECORD, "badRecord",
                   mill_error_fmt(w->err, "%.*s", (int)(n < 200 ? n : 200), p), "failFastMode",
                   "FAILFAST", NULL);
}

/* Is the record in the sample? Decided by its place, so that the answer is always the same. */
static bool sampled(const walk *w, uint64_t number) {
  double share = w->in->plan->sampling;
  if (share >= 1) return true;
  uint64_t h = mill_hash_combine(mill_hash_combine(w->piece->file, w->piece->from), number);
  return (double)(h >> 11) / 9007199254740992.0 < share;
}

static mill_status guess_record(walk *w, const char *p, size_t n, bool valid) {
  const json_plan *plan = w->in->plan;
  if (!sampled(w, w->piece->lines++)) return MILL_OK;
  if (!valid && !mill_utf8_valid(p, n)) return malformed(w, p, n);
  json_builder quick = {.rules = &plan->read, .reader = &w->reader};
  json_walk q = {&quick, p, p + n, 0};
  if (plan->quick && json_next_char(&q) == '{' && confirm(&q, &w->piece->root, ++w->piece->objects))
    return MILL_OK;
  mill_json_start(&w->reader, p, n, plan->read.options);
  if (mill_json_at_end(&w->reader)) return MILL_OK;
  if (shape(plan, &w->reader, json_next(&plan->read, &w->reader)) < 0) return malformed(w, p, n);
  mill_json_start(&w->reader, p, n, plan->read.options);
  return widen_root(w, mill_json_next(&w->reader));
}

static mill_status guess_lines(walk *w, io_window *win) {
  const json_plan *plan = w->in->plan;
  if (plan->multi) {
    while (!win->eof) MILL_TRY(mill_io_fill(win, w->err));
    return guess_record(w, win->data + win->at, win->have - win->at, mill_io_valid(win));
  }
  if (w->piece->from) MILL_TRY(mill_io_first_line(win, plan->line, w->err));
  for (;;) {
    const char *line;
    size_t size;
    bool found;
    MILL_TRY(mill_io_line(win, plan->line, true, &line, &size, &found, w->err));
    if (!found) return MILL_OK;
    MILL_TRY(guess_record(w, line, size, mill_io_valid(win)));
  }
}

/* ---- pieces --------------------------------------------------------------------------------- */

static mill_status guess_piece(void *arg, size_t task, int worker, mill_error *err) {
  inference *in = arg;
  piece *p = &in->piece[task];
  io_window win;
  walk w = {.in = in, .piece = p, .err = err};
  (void)worker;
  mill_io_window_init(&win, io_memory(in->job));
  mill_text_init(&w.text, io_memory(in->job));
  uint64_t from = p->from ? p->from - in->job->look_back : 0;
  mill_status s = mill_io_window_open(&win, in->job, p->file, from, p->to, err);
  if (s == MILL_OK) s = guess_lines(&w, &win);
  if (s == MILL_E_CORRUPT_FILE && in->job->ignore_corrupt) {
    mill_error_clear(err);
    s = MILL_OK;
  } else if (s != MILL_OK && s != MILL_E_MALFORMED_RECORD && s != MILL_E_OUT_OF_MEMORY) {
    s = mill_io_failed_read(err, in->job->files.file[p->file].path, s);
  }
  mill_text_clear(&w.text);
  mill_io_window_clear(&win);
  return s;
}

static mill_status add_piece(void *arg, size_t file, uint64_t from, uint64_t to, mill_error *err) {
  inference *in = arg;
  MILL_TRY(mill_grow(io_memory(in->job), (void **)&in->piece, &in->capacity, in->n + 1,
                     sizeof *in->piece, err));
  piece *p = &in->piece[in->n++];
  *p = (piece){.file = file, .from = from, .to = to, .root.kind = GUESS_STRUCT};
  mill_arena_init(&p->arena, io_memory(in->job));
  return MILL_OK;
}

/* ---- the schema ----------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b) {
  return strcmp((*(guess *const *)a)->name, (*(guess *const *)b)->name);
}

/* The type of a guess; *out NULL: there is nothing to keep (an empty struct, nulls to drop). */
static mill_status type_of(const inference *in, guess *g, const mill_type **out, mill_error *err);

static mill_status struct_of(const inference *in, guess *g, const mill_type **out,
                             mill_error *err) {
  mill_field *f = mill_arena_alloc(&in->job->arena, (g->n + 1) * sizeof *f);
  uint32_t n = 0;
  if (f == NULL) return mill_oom(io_memory(in->job), g->n * sizeof *f, err);
  if (g->n > 1) qsort(g->member, g->n, sizeof *g->member, by_name);
  for (size_t i = 0; i < g->n; i++) {
    const mill_type *t;
    MILL_TRY(type_of(in, g->member[i], &t, err));
    if (t && g->member[i]->name_size) f[n++] = (mill_field){g->member[i]->name, t, true, NULL};
  }
  *out = NULL;
  if (n == 0) return MILL_OK;
  *out = mill_type_struct(in->job->context.types, f, n);
  return *out ? MILL_OK : mill_oom(io_memory(in->job), n * sizeof *f, err);
}

static mill_status type_of(const inference *in, guess *g, const mill_type **out, mill_error *err) {
  static const mill_type_id ids[] = {MILL_STRING, MILL_BOOLEAN,   MILL_BIGINT,        MILL_DECIMAL,
                                     MILL_DOUBLE, MILL_TIMESTAMP, MILL_TIMESTAMP_NTZ, MILL_STRING};
  mill_types *types = in->job->context.types;
  const mill_type *element = NULL;
  switch (g->kind) {
  case GUESS_STRUCT: return struct_of(in, g, out, err);
  case GUESS_ARRAY:
    if (g->n)
      MILL_TRY(type_of(in, g->member[0], &element, err));
    else if (!in->plan->drop_all_null)
      element = mill_type_of(MILL_STRING);
    *out = element ? mill_type_array(types, element, true) : NULL;
    return *out || !element ? MILL_OK : mill_oom(io_memory(in->job), 64, err);
  case GUESS_DECIMAL:
    *out = mill_type_decimal(types, g->precision, g->scale);
    return *out ? MILL_OK : mill_oom(io_memory(in->job), 64, err);
  case GUESS_NULL:
    *out = in->plan->drop_all_null ? NULL : mill_type_of(MILL_STRING);
    return MILL_OK;
  default: *out = mill_type_of(ids[g->kind]); return MILL_OK;
  }
}

static mill_status add_corrupt(const inference *in, guess *root, mill_error *err) {
  const char *name = in->plan->corrupt;
  guess *m;
  size_t at = 0;
  MILL_TRY(find_member(&in->job->arena, root, &at, name, strlen(name), &m, err));
  widen(m, m->kind == GUESS_NULL ? GUESS_STRING : GUESS_NULL, 0, 0);
  return MILL_OK;
}

static mill_status conclude(inference *in, mill_error *err) {
  guess root = {.kind = GUESS_STRUCT};
  bool corrupt = false;
  for (size_t i = 0; i < in->n; i++) {
    piece *p = &in->piece[i];
    if (p->negative)
      return mill_fail(err, MILL_E_NEGATIVE_SCALE_DISALLOWED, "scale",
                       mill_error_fmt(err, "'%d'", p->negative), NULL);
    if (p->twice)
      return mill_fail(err, MILL_E_COLUMN_ALREADY_EXISTS, "columnName",
                       mill_error_fmt(err, "`%s`", p->twice), NULL);
    MILL_TRY(merge(&in->job->arena, &root, &p->root, err));
    corrupt |= p->corrupt;
  }
  if (corrupt) MILL_TRY(add_corrupt(in, &root, err));
  MILL_TRY(struct_of(in, &root, &in->job->data, err));
  if (in->job->data == NULL) in->job->data = mill_type_struct(in->job->context.types, NULL, 0);
  return in->job->data ? MILL_OK : mill_oom(io_memory(in->job), 64, err);
}

mill_status mill_io_json_infer(io_job *job, mill_error *err) {
  inference in = {.job = job, .plan = job->plan, .ntz = mill_io_prefers_ntz(job)};
  mill_status s = mill_io_cut(job, add_piece, &in, err);
  if (s == MILL_OK && job->context.pool)
    s = mill_pool_run(job->context.pool, in.n, guess_piece, &in, err);
  for (size_t i = 0; i < in.n && s == MILL_OK && !job->context.pool; i++)
    s = guess_piece(&in, i, 0, err);
  if (s == MILL_OK) s = conclude(&in, err);
  for (size_t i = 0; i < in.n; i++) mill_arena_clear(&in.piece[i].arena);
  if (in.piece) mill_free(io_memory(job), in.piece, in.capacity * sizeof *in.piece);
  return s;
}
