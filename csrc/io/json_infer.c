/* Types that the texts of JSON suggest, by the rules of Spark's JsonInferSchema.
**
** Files are cut as they are for reading; each piece is guessed by itself (kernel/json_guess.h), in parallel, and
** the guesses are merged in order. */
#include "base/thread.h"
#include "base/utf8.h"
#include "base/xorshift.h"
#include "io/json_int.h"
#include "kernel/json_guess.h"
#include "kernel/json_quick.h"

typedef struct piece {
  size_t file;
  uint64_t from, to;
  mill_arena arena;
  guess root;
  const char *twice; /* a name that one object has two times */
  int negative;      /* a number's scale that no decimal can have; 0: none */
  bool corrupt;
} piece;

typedef struct inference {
  io_job *job;
  const json_plan *plan;
  guess_rules rules;
  piece *piece;
  size_t n, capacity;
} inference;

typedef struct walk {
  const inference *in;
  piece *piece;
  guesser guesser;
  mill_json_reader reader;
  mill_text text;
  mill_xorshift draws; /* of the sample */
  mill_error *err;
} walk;

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
  if (t == MILL_JSON_OBJECT) return mill_guess_value(&w->guesser, &w->piece->root, t);
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

/* Is the record in the sample? By Spark's draws for partitions that are our pieces. */
static bool sampled(walk *w) {
  double share = w->in->plan->sampling;
  return share >= 1 || mill_xorshift_double(&w->draws) < share;
}

static mill_status guess_record(walk *w, const char *p, size_t n, bool valid) {
  const json_plan *plan = w->in->plan;
  if (!sampled(w)) return MILL_OK;
  if (!valid && !mill_utf8_valid(p, n)) return malformed(w, p, n);
  json_builder quick = {.rules = &plan->read, .reader = &w->reader};
  json_walk q = {.b = &quick, .p = p, .end = p + n};
  if (plan->quick && json_next_char(&q) == '{' &&
      confirm(&q, &w->piece->root, ++w->guesser.objects))
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
  walk w = {.in = in, .piece = p, .draws = mill_xorshift_new(1 + task), .err = err};
  (void)worker;
  mill_io_window_init(&win, io_memory(in->job));
  mill_text_init(&w.text, io_memory(in->job));
  w.guesser = (guesser){.rules = &in->rules,
                        .arena = &p->arena,
                        .root = &p->root,
                        .reader = &w.reader,
                        .text = &w.text,
                        .err = err};
  uint64_t from = p->from ? p->from - in->job->look_back : 0;
  mill_status s = mill_io_window_open(&win, in->job, p->file, from, p->to, err);
  if (s == MILL_OK) s = guess_lines(&w, &win);
  if (s == MILL_E_CORRUPT_FILE && in->job->ignore_corrupt) {
    mill_error_clear(err);
    s = MILL_OK;
  } else if (s != MILL_OK && s != MILL_E_MALFORMED_RECORD && s != MILL_E_OUT_OF_MEMORY) {
    s = mill_io_failed_read(in->job, p->file, s, err);
  }
  p->twice = w.guesser.twice;
  p->negative = w.guesser.negative;
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

static mill_status add_corrupt(const inference *in, guess *root, mill_error *err) {
  const char *name = in->plan->corrupt;
  guess *m;
  size_t at = 0;
  MILL_TRY(mill_guess_member(&in->job->arena, root, &at, name, strlen(name), &m, err));
  mill_guess_widen(m, m->kind == GUESS_NULL ? GUESS_STRING : GUESS_NULL, 0, 0);
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
    MILL_TRY(mill_guess_merge(&in->job->arena, &root, &p->root, err));
    corrupt |= p->corrupt;
  }
  if (corrupt) MILL_TRY(add_corrupt(in, &root, err));
  MILL_TRY(mill_guess_type(&in->rules, in->job->context.types, &in->job->arena, &root,
                           &in->job->data, err));
  if (in->job->data == NULL) in->job->data = mill_type_struct(in->job->context.types, NULL, 0);
  return in->job->data ? MILL_OK : mill_oom(io_memory(in->job), 64, err);
}

mill_status mill_io_json_infer(io_job *job, mill_error *err) {
  const json_plan *plan = job->plan;
  MILL_TRY(mill_io_check_sampling(job, plan->sampling, err));
  inference in = {.job = job,
                  .plan = plan,
                  .rules = {.read = &plan->read,
                            .primitives_as_string = plan->primitives_as_string,
                            .prefers_decimal = plan->prefers_decimal,
                            .infer_timestamp = plan->infer_timestamp,
                            .drop_all_null = plan->drop_all_null,
                            .ntz = mill_io_prefers_ntz(job)}};
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
