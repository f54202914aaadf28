/* The functions of KLL sketches (kll_int.h), _bigint, _double and _float, in the compact format of Apache
** DataSketches.
**
** Bytes, little endian: head of eight (words before the data, version, family 15, flags, k, 8, 0). An empty sketch
** ends there, one of a single value has it next. Others go on with n, the least k, the number of levels, a zero,
** where each level begins in a full array of items, the least and the largest value, and the items kept. */
#include <math.h>

#include "base/number.h"
#include "kernel/kll_int.h"

enum { FAMILY = 15, EMPTY = 1, SINGLE = 4, LEAST_K = 8, MOST_K = 65535, HEAD = 20 };

typedef enum { WHOLE, REAL, SHORT } kind; /* _bigint, _double, _float */

static kind kind_of(const mill_function *fn) {
  return strstr(fn->name, "_bigint") ? WHOLE : strstr(fn->name, "_double") ? REAL : SHORT;
}

/* ---- values as words ------------------------------------------------------------------------ */

static const uint64_t SIGN = 1ull << 63;

static uint64_t word_of_double(double d) {
  uint64_t w;
  if (d == 0) d = 0;
  memcpy(&w, &d, 8);
  return w & SIGN ? ~w : w | SIGN;
}

static double double_of_word(uint64_t w) {
  double d;
  w = w & SIGN ? w & ~SIGN : ~w;
  memcpy(&d, &w, 8);
  return d;
}

/* Row i of an argument; NaN has no place in the order. */
static bool word_at(const mill_vector *v, size_t i, uint64_t *w) {
  double d;
  switch (v->type->phys) {
  case MILL_PHYS_F32: d = (double)MILL_AT(float, v, i); break;
  case MILL_PHYS_F64: d = MILL_AT(double, v, i); break;
  default: *w = (uint64_t)(int64_t)mill_int_at(v, i) ^ SIGN; return true;
  }
  *w = word_of_double(d);
  return d == d;
}

static void put_word(void *data, kind t, size_t i, uint64_t w) {
  switch (t) {
  case WHOLE: ((int64_t *)data)[i] = (int64_t)(w ^ SIGN); break;
  case REAL: ((double *)data)[i] = double_of_word(w); break;
  case SHORT: ((float *)data)[i] = (float)double_of_word(w); break;
  }
}

static size_t width_of(kind t) { return t == SHORT ? 4 : 8; }

static void store_word(uint8_t *p, kind t, uint64_t w) {
  union {
    int64_t whole;
    double real;
    float little;
  } x;
  put_word(&x, t, 0, w);
  memcpy(p, &x, width_of(t));
}

static uint64_t load_word(const uint8_t *p, kind t) {
  float f;
  if (t == WHOLE) return mill_sketch_load(p, 8) ^ SIGN;
  if (t == REAL) return word_of_double(mill_sketch_double(p));
  memcpy(&f, p, sizeof f);
  return word_of_double((double)f);
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static size_t size_of(const mill_kll *s, kind t) {
  if (s->n < 2) return 8 + (s->n ? width_of(t) : 0);
  return HEAD + 4 * (size_t)s->levels + (2 + (size_t)s->retained) * width_of(t);
}

static void write_levels(const mill_kll *s, kind t, uint8_t *p) {
  uint32_t start = mill_kll_capacity(s->k, s->levels) - s->retained;
  uint8_t *at = p + HEAD + 4 * (size_t)s->levels;
  store_word(at, t, s->least);
  store_word(at + width_of(t), t, s->most);
  at += 2 * width_of(t);
  for (int h = 0; h < s->levels; start += s->level[h++].n) {
    mill_sketch_store(p + HEAD + 4 * h, start, 4);
    for (uint32_t k = 0; k < s->level[h].n; k++, at += width_of(t))
      store_word(at, t, s->level[h].item[k]);
  }
}

static void write_sketch(const mill_kll *s, kind t, uint8_t *p) {
  bool one = s->n == 1;
  p[0] = s->n < 2 ? 2 : 5;
  p[1] = one ? 2 : 1;
  p[2] = FAMILY;
  p[3] = s->n == 0 ? EMPTY : one ? SINGLE : 0;
  mill_sketch_store(p + 4, s->k, 2);
  p[6] = MILL_KLL_M;
  if (one) store_word(p + 8, t, s->least);
  if (s->n < 2) return;
  mill_sketch_store(p + 8, s->n, 8);
  mill_sketch_store(p + 16, s->min_k, 2);
  p[18] = s->levels;
  write_levels(s, t, p);
}

static mill_status put_sketch(mill_call *call, const mill_kll *s, mill_vector *out, size_t i,
                              mill_error *err) {
  kind t = kind_of(call->fn);
  size_t n = size_of(s, t);
  uint8_t *p;
  MILL_TRY(mill_sketch_take(call, n, &p, err));
  write_sketch(s, t, p);
  put_view(out, i, (const char *)p, n);
  return MILL_OK;
}

/* Where the levels begin, checked: false where they do not fit the head or the bytes. */
static bool check_levels(const uint8_t *p, size_t n, kind t) {
  int k = (int)mill_sketch_load(p + 4, 2), levels = p[18];
  if (n < HEAD || levels < 1 || levels > MILL_KLL_LEVELS || n < HEAD + 4 * (size_t)levels)
    return false;
  uint64_t capacity = mill_kll_capacity(k, levels), sum = 0;
  for (int h = 0; h < levels; h++) {
    uint64_t from = mill_sketch_load(p + HEAD + 4 * h, 4);
    uint64_t to = h + 1 < levels ? mill_sketch_load(p + HEAD + 4 * h + 4, 4) : capacity;
    if (from > to || to > capacity) return false;
    sum += (to - from) << h;
  }
  uint64_t kept = capacity - mill_sketch_load(p + HEAD, 4);
  size_t need = HEAD + 4 * (size_t)levels + (2 + (size_t)kept) * width_of(t);
  return n >= need && sum == mill_sketch_load(p + 8, 8) && mill_sketch_load(p + 16, 2) >= LEAST_K;
}

static mill_status read_levels(mill_arena *a, mill_kll *s, const uint8_t *p, kind t,
                               mill_error *err) {
  int levels = p[18];
  uint32_t capacity = mill_kll_capacity(s->k, levels);
  const uint8_t *at = p + HEAD + 4 * (size_t)levels;
  s->n = mill_sketch_load(p + 8, 8);
  s->min_k = (uint16_t)mill_sketch_load(p + 16, 2);
  s->least = load_word(at, t);
  s->most = load_word(at + width_of(t), t);
  at += 2 * width_of(t);
  for (int h = 0; h < levels; h++) {
    uint32_t from = (uint32_t)mill_sketch_load(p + HEAD + 4 * h, 4);
    uint32_t to = h + 1 < levels ? (uint32_t)mill_sketch_load(p + HEAD + 4 * h + 4, 4) : capacity;
    MILL_TRY(mill_kll_room(a, s, h, to - from, err));
    mill_kll_level *l = &s->level[h];
    for (l->n = 0; l->n < to - from; at += width_of(t)) l->item[l->n++] = load_word(at, t);
    s->retained += l->n;
  }
  return MILL_OK;
}

static mill_status read_sketch(mill_call *call, const mill_vector *v, size_t i, mill_kll *s,
                               mill_error *err) {
  kind t = kind_of(call->fn);
  bytes in = bytes_at(v, i);
  const uint8_t *p = (const uint8_t *)in.p;
  bool head = in.n >= 8 && p[2] == FAMILY && p[6] == MILL_KLL_M;
  int k = head ? (int)mill_sketch_load(p + 4, 2) : 0;
  bool empty = head && (p[3] & EMPTY) && p[0] == 2 && p[1] == 1;
  bool one = head && (p[3] & SINGLE) && p[0] == 2 && p[1] == 2 && in.n >= 8 + width_of(t);
  bool full = head && !(p[3] & (EMPTY | SINGLE)) && p[0] == 5 && p[1] == 1;
  if (k < LEAST_K || !(empty || one || (full && check_levels(p, in.n, t))))
    return mill_sketch_fail(call, MILL_E_KLL_INVALID_INPUT_SKETCH_BUFFER, err);
  MILL_TRY(mill_kll_open(call->arena, s, k, err));
  if (one) return mill_kll_add(call->arena, s, load_word(p + 8, t), err);
  return full ? read_levels(call->arena, s, p, t, err) : MILL_OK;
}

/* ---- aggregates ----------------------------------------------------------------------------- */

typedef struct {
  int k; /* 0: that of the first sketch */
} plan;

static int wanted_k(const mill_call *call) {
  int k = ((const plan *)call->state)->k;
  return k ? k : MILL_KLL_K;
}

AGG_UPDATE(values_update) {
  if (args[0]->type->phys == MILL_PHYS_NONE) return MILL_OK;
  AGG_ROWS(args[0], n, i) {
    mill_kll *s = states[i];
    uint64_t w;
    if (s->k == 0) MILL_TRY(mill_kll_open(call->arena, s, wanted_k(call), err));
    if (word_at(args[0], i, &w)) MILL_TRY(mill_kll_add(call->arena, s, w, err));
  }
  return MILL_OK;
}

static mill_status unite(mill_call *call, mill_kll *to, const mill_kll *from, mill_error *err) {
  int k = ((const plan *)call->state)->k;
  if (to->k == 0 && k) MILL_TRY(mill_kll_open(call->arena, to, k, err));
  return mill_kll_merge(call->arena, to, from, err);
}

AGG_UPDATE(sketches_update) {
  if (args[0]->type->phys == MILL_PHYS_NONE) return MILL_OK;
  AGG_ROWS(args[0], n, i) {
    mill_kll one;
    MILL_TRY(read_sketch(call, args[0], i, &one, err));
    MILL_TRY(unite(call, states[i], &one, err));
  }
  return MILL_OK;
}

AGG_MERGE(kll_merge) {
  const mill_vector *const args[] = {partial};
  return sketches_update(call, states, args, n, err);
}

AGG_COMBINE(kll_combine) {
  for (size_t i = 0; i < n; i++) {
    const mill_kll *s = from[i];
    if (s->k) MILL_TRY(unite(call, to[i], s, err));
  }
  return MILL_OK;
}

AGG_OUTPUT(kll_save) {
  for (size_t i = 0; i < n; i++) {
    const mill_kll *s = states[i];
    if (s->k)
      MILL_TRY(put_sketch(call, s, out, i, err));
    else
      MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

AGG_OUTPUT(kll_final) {
  for (size_t i = 0; i < n; i++) {
    const mill_kll *s = states[i];
    mill_kll none = {.k = (uint16_t)wanted_k(call)};
    MILL_TRY(put_sketch(call, s->k ? s : &none, out, i, err));
  }
  return MILL_OK;
}

#define KLL_AGG(UPDATE)                                                                            \
  {                                                                                                \
    .state_size = sizeof(mill_kll), .update = UPDATE, .merge = kll_merge, .combine = kll_combine,  \
    .save = kll_save, .final = kll_final                                                           \
  }
static const mill_aggregate values_agg = KLL_AGG(values_update);
static const mill_aggregate sketches_agg = KLL_AGG(sketches_update);

/* ---- functions ------------------------------------------------------------------------------ */

KERNEL_HEAD(sketch_n) {
  MILL_EACH(out, n, i) {
    mill_kll s;
    MILL_TRY(read_sketch(call, args[0], i, &s, err));
    ((int64_t *)out->data)[i] = (int64_t)s.n;
  }
  return MILL_OK;
}

KERNEL_HEAD(sketch_merge) {
  MILL_EACH(out, n, i) {
    mill_kll a, b;
    MILL_TRY(read_sketch(call, args[0], i, &a, err));
    MILL_TRY(read_sketch(call, args[1], i, &b, err));
    MILL_TRY(mill_kll_merge(call->arena, &a, &b, err));
    MILL_TRY(put_sketch(call, &a, out, i, err));
  }
  return MILL_OK;
}

static mill_status add_item(mill_text *text, kind t, uint64_t w, bool empty, mill_error *err) {
  char buf[MILL_DOUBLE_TEXT];
  if (t == WHOLE && !empty)
    return mill_text_printf(text, err, "%lld", (long long)(int64_t)(w ^ SIGN));
  double d = empty ? NAN : double_of_word(w);
  int n = t == REAL ? mill_double_text(d, buf) : mill_float_text((float)d, buf);
  return mill_text_add(text, buf, (size_t)n, err);
}

/* The summary that DataSketches prints. */
static mill_status describe(const mill_kll *s, kind t, mill_text *text, mill_error *err) {
  static const char *const names[] = {"Longs", "Doubles", "Floats"};
  uint32_t capacity = mill_kll_capacity(s->k, s->levels);
  size_t width = width_of(t);
  MILL_TRY(mill_text_printf(
      text, err,
      "\n### KllKll%sSketch Summary:\n   K                      : %d\n   Dynamic min K          : "
      "%d\n"
      "   M                      : %d\n   N                      : %llu\n"
      "   Epsilon                : %.3f%%\n   Epsilon PMF            : %.3f%%\n"
      "   Empty                  : %s\n   Estimation Mode        : %s\n",
      names[t], s->k, s->min_k, MILL_KLL_M, (unsigned long long)s->n, 229.6 / pow(s->min_k, 0.9723),
      244.6 / pow(s->min_k, 0.9433), s->n ? "false" : "true", s->levels > 1 ? "true" : "false"));
  MILL_TRY(mill_text_printf(text, err,
                            "   Levels                 : %d\n   Level 0 Sorted         : false\n"
                            "   Capacity Items         : %u\n   Retained Items         : %u\n"
                            "   Free Space             : %u\n   ReadOnly               : false\n"
                            "   Updatable Storage Bytes: %zu\n   Compact Storage Bytes  : %zu\n   "
                            "Min Item               : ",
                            s->levels, capacity, s->retained, capacity - s->retained,
                            HEAD + 4 * ((size_t)s->levels + 1) + (2 + (size_t)capacity) * width,
                            size_of(s, t)));
  MILL_TRY(add_item(text, t, s->least, s->n == 0, err));
  MILL_TRY(mill_text_printf(text, err, "\n   Max Item               : "));
  MILL_TRY(add_item(text, t, s->most, s->n == 0, err));
  return mill_text_printf(text, err, "\n### End sketch summary\n");
}

KERNEL_HEAD(sketch_text) {
  MILL_EACH(out, n, i) {
    mill_kll s;
    mill_text text;
    MILL_TRY(read_sketch(call, args[0], i, &s, err));
    mill_text_init(&text, call->ctx->memory);
    mill_status status = describe(&s, kind_of(call->fn), &text, err);
    if (status == MILL_OK) status = put_copy(call, out, i, text.data, text.size, err);
    mill_text_clear(&text);
    MILL_TRY(status);
  }
  return MILL_OK;
}

/* One answer of a sketch: a quantile where `rank` says so, else a rank. */
static mill_status answer(mill_call *call, const mill_kll *s, const mill_kll_view *v,
                          const mill_vector *asked, size_t row, mill_vector *to, size_t at,
                          mill_error *err) {
  bool quantile = strstr(call->fn->name, "_quantile_") != NULL;
  uint64_t w;
  if (!quantile) {
    if (!word_at(asked, row, &w))
      return mill_sketch_fail(call, MILL_E_KLL_INVALID_INPUT_SKETCH_BUFFER, err);
    ((double *)to->data)[at] = mill_kll_rank(s, v, w);
    return MILL_OK;
  }
  double rank = MILL_AT(double, asked, row);
  if (!(rank >= 0 && rank <= 1))
    return mill_call_fail(call, err, MILL_E_KLL_SKETCH_INVALID_QUANTILE_RANGE, "functionName",
                          mill_error_fmt(err, "`%s`", call->fn->name), NULL);
  put_word(to->data, kind_of(call->fn), at, mill_kll_quantile(s, v, rank));
  return MILL_OK;
}

static mill_status answer_row(mill_call *call, const mill_vector *const *args, size_t i,
                              mill_vector *out, mill_error *err) {
  mill_kll s;
  mill_kll_view v;
  MILL_TRY(read_sketch(call, args[0], i, &s, err));
  if (s.n == 0) return mill_sketch_fail(call, MILL_E_KLL_INVALID_INPUT_SKETCH_BUFFER, err);
  MILL_TRY(mill_kll_sorted(call->arena, &s, &v, err));
  if (args[1]->type->id != MILL_ARRAY) return answer(call, &s, &v, args[1], i, out, i, err);
  mill_span span = MILL_AT(mill_span, args[1], i);
  mill_vector *item = &out->child[0];
  MILL_TRY(mill_vector_reserve(item, item->size + span.size, call->arena, err));
  ((mill_span *)out->data)[i] = (mill_span){item->size, span.size};
  for (uint32_t k = 0; k < span.size; k++)
    MILL_TRY(answer(call, &s, &v, &args[1]->child[0], span.start + k, item, item->size++, err));
  return MILL_OK;
}

KERNEL_HEAD(sketch_answer) {
  MILL_EACH(out, n, i) MILL_TRY(answer_row(call, args, i, out, err));
  return MILL_OK;
}

/* ---- binding -------------------------------------------------------------------------------- */

static mill_status read_k(mill_binding *b, plan *p, mill_error *err) {
  int32_t k;
  if (b->nargs < 2) return MILL_OK;
  if (!mill_sketch_constant(b, 1, &k))
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                     mill_bind_sql(b, err), "inputName", "k", "inputType", "int", "inputExpr",
                     mill_arg_sql(b, 1), NULL);
  if (b->arg_type[1]->id == MILL_NULL || !mill_vector_valid(b->arg_value[1], 0))
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_UNEXPECTED_NULL, "sqlExpr",
                     mill_bind_sql(b, err), "exprName", "k", NULL);
  p->k = k;
  if (k >= LEAST_K && k <= MOST_K) return MILL_OK;
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_TYPE_CHECK_FAILURE_WITH_HINT, "sqlExpr",
                   mill_bind_sql(b, err), "msg",
                   mill_error_fmt(err,
                                  "[KLL_SKETCH_K_OUT_OF_RANGE] k of `%s` must be from %d to %d, "
                                  "but is %d.",
                                  b->fn->name, LEAST_K, MOST_K, (int)k),
                   "hint", "", NULL);
}

static mill_status open_plan(mill_binding *b, mill_error *err) {
  void *mem;
  MILL_TRY(mill_bind_alloc(b, sizeof(plan), &mem, err));
  b->state = mem;
  b->nullable = false;
  b->partial = b->result;
  return read_k(b, mem, err);
}

static mill_status bind_values(mill_binding *b, mill_error *err) {
  static const char *const types[] = {"!tinyint|int|bigint|smallint, !int? -> binary",
                                      "!float|double, !int? -> binary", "!float, !int? -> binary"};
  MILL_TRY(mill_bind_types(b, types[kind_of(b->fn)], err));
  return open_plan(b, err);
}

static mill_status bind_sketches(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "!binary, !int? -> binary", err));
  return open_plan(b, err);
}

/* The second argument: a constant of type `one`, or an array of them without NULLs. */
static mill_status bind_asked(mill_binding *b, const char *one, const char *name, bool *array,
                              mill_error *err) {
  const mill_type *given = b->arg_type[1];
  *array = given->id == MILL_ARRAY;
  const char *many = mill_error_fmt(err, "array<%s>", one);
  const mill_type *t = mill_convert_to(b->ctx->types, *array ? many : one, given);
  if (b->arg_value[1] == NULL)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                     mill_bind_sql(b, err), "inputName", name, "inputType",
                     mill_bind_type_sql(b, t ? t : given, err), "inputExpr",
                     mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, 1)), NULL);
  if (t == NULL || (*array && (given->contains_null || given->fields[0].type->id == MILL_STRING))) {
    const char *sql =
        mill_bind_type_sql(b, mill_convert_to(b->ctx->types, one, mill_type_of(MILL_NULL)), err);
    return mill_bind_wrong_type(
        b, 1, mill_error_fmt(err, "(%s or \"ARRAY<%.*s>\")", sql, (int)strlen(sql) - 2, sql + 1),
        err);
  }
  b->cast_to[1] = t;
  return MILL_OK;
}

static mill_status bind_answer(mill_binding *b, const char *asked, const char *name,
                               const char *result, mill_error *err) {
  bool array;
  MILL_TRY(mill_bind_types(b, mill_error_fmt(err, "binary, any -> %s", result), err));
  MILL_TRY(bind_asked(b, asked, name, &array, err));
  if (array) b->result = mill_type_array(b->ctx->types, b->result, false);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, sizeof *b->result, err);
}

static const char *type_name(const mill_function *fn) {
  static const char *const names[] = {"bigint", "double", "float"};
  return names[kind_of(fn)];
}

static mill_status bind_quantile(mill_binding *b, mill_error *err) {
  return bind_answer(b, "double", "`rank`", type_name(b->fn), err);
}

static mill_status bind_rank(mill_binding *b, mill_error *err) {
  return bind_answer(b, type_name(b->fn), "`quantile`", "double", err);
}

/* ---- catalogue ------------------------------------------------------------------------------ */

#define AGGREGATE(NAME, BIND, AGG, USAGE, DOC, EXAMPLE)                                            \
  {                                                                                                \
    .name = NAME, .types = "any, any?", .kind = MILL_AGGREGATE, .bind = BIND, .aggregate = &AGG,   \
    .usage = NAME USAGE, .doc = DOC, .example = EXAMPLE                                            \
  }
#define FUNCTION(NAME, TYPES, BIND, KERNEL, USAGE, DOC, EXAMPLE)                                   \
  {                                                                                                \
    .name = NAME, .types = TYPES, .bind = BIND, .kernel = KERNEL, .usage = NAME USAGE, .doc = DOC, \
    .example = EXAMPLE                                                                             \
  }
#define FROM(S) " FROM VALUES (1" S "), (2" S "), (3" S "), (4" S "), (5" S ") AS tab(col)"

/* The functions of one type; S is what makes an integer a literal of it, V how 3 is printed. */
#define KLL_SET(T, S, V)                                                                           \
  AGGREGATE("kll_sketch_agg_" T, bind_values, values_agg, "(expr[, k])",                           \
            "A KLL sketch of the values, for their quantiles: the larger k, the closer.",          \
            "SELECT kll_sketch_get_n_" T "(kll_sketch_agg_" T "(col))" FROM(S) " -> 5"),           \
      AGGREGATE("kll_merge_agg_" T, bind_sketches, sketches_agg, "(expr[, k])",                    \
                "KLL sketches merged into one.",                                                   \
                "SELECT kll_sketch_get_n_" T "(kll_merge_agg_" T                                   \
                "(sketch)) FROM (SELECT kll_sketch_agg_" T "(col) AS sketch" FROM(S) ") -> 5"),    \
      FUNCTION("kll_sketch_get_n_" T, "binary -> bigint", NULL, sketch_n, "(expr)",                \
               "How many values a KLL sketch has seen.",                                           \
               "SELECT kll_sketch_get_n_" T "(kll_sketch_agg_" T "(col))" FROM(S) " -> 5"),        \
      FUNCTION("kll_sketch_get_quantile_" T, "any, any", bind_quantile, sketch_answer,             \
               "(left, right)", "The value of a rank from 0.0 to 1.0, or an array of them.",       \
               "SELECT kll_sketch_get_quantile_" T "(kll_sketch_agg_" T                            \
               "(col), 0.5)" FROM(S) " -> " V),                                                    \
      FUNCTION("kll_sketch_get_rank_" T, "any, any", bind_rank, sketch_answer, "(left, right)",    \
               "The share of the values up to the one given, or an array of them.",                \
               "SELECT kll_sketch_get_rank_" T "(kll_sketch_agg_" T "(col), 3" S                   \
               ")" FROM(S) " -> 0.6"),                                                             \
      FUNCTION("kll_sketch_merge_" T, "binary, binary -> binary", NULL, sketch_merge,              \
               "(left, right)", "Two KLL sketches merged.",                                        \
               "SELECT kll_sketch_get_n_" T "(kll_sketch_merge_" T "(kll_sketch_agg_" T            \
               "(col), kll_sketch_agg_" T "(col)))" FROM(S) " -> 10"),                             \
      FUNCTION("kll_sketch_to_string_" T, "binary -> string", NULL, sketch_text, "(expr)",         \
               "What a KLL sketch is made of, for people.",                                        \
               "SELECT length(kll_sketch_to_string_" T "(kll_sketch_agg_" T                        \
               "(col))) > 0" FROM(S) " -> true")

const mill_function mill_family_sketch_kll[] = {
    KLL_SET("bigint", "L", "3"), KLL_SET("double", "D", "3.0"), KLL_SET("float", "F", "3.0"), {0}};
