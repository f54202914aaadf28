/* StringIndexer: strings (and numbers as CAST(.. AS STRING) gives them) to the numbers of labels.
**
** fit counts each column's values, nulls and NaNs left out, and orders them: by frequency with ties
** by name, or by name; names are compared by bytes, which is code point order. The model looks labels
** up; others and nulls are an error, dropped rows, or the number behind the last label, called
** "__unknown". A column that is absent at transform is passed over, as in Spark. Reference: Spark's
** ml.feature.StringIndexer. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "kernel/cast.h"
#include "ml/points_int.h"
#include "ml/words_int.h"

static const mill_param params[] = {
    MILL_P_INPUT,
    MILL_P_INPUTS,
    MILL_P_OUTPUT,
    MILL_P_OUTPUTS,
    {"handleInvalid", MILL_PARAM_STRING, "\"error\"", "error|skip|keep",
     "what to do with labels not seen in fit, and nulls"},
    {"stringOrderType", MILL_PARAM_STRING, "\"frequencyDesc\"",
     "frequencyDesc|frequencyAsc|alphabetDesc|alphabetAsc", "order of the labels"},
    {0}};

typedef struct model {
  int n;
  mill_words *labels; /* one a column */
} model;

/* ---- fit ---------------------------------------------------------------------------------------- */

typedef struct counted {
  mill_str word;
  uint64_t count;
} counted;

typedef struct counting {
  mill_work *work;
  mill_arena *arena;
  mill_text text; /* of numbers */
  int n;
  mill_words *words;
  uint64_t **count;
  uint32_t *room;
} counting;

static mill_status count_word(counting *c, int k, const mill_str *s, mill_error *err) {
  uint32_t at, before = c->words[k].n;
  MILL_TRY(mill_words_add(&c->words[k], s, &at, err));
  if (at == before && at >= c->room[k]) {
    uint32_t room = c->room[k] ? 2 * c->room[k] : 64;
    uint64_t *count = mill_arena_alloc(c->arena, room * sizeof *count);
    if (count == NULL) return mill_oom(c->arena->memory, room * sizeof *count, err);
    if (c->room[k]) memcpy(count, c->count[k], c->room[k] * sizeof *count);
    c->count[k] = count;
    c->room[k] = room;
  }
  c->count[k][at]++;
  return MILL_OK;
}

static mill_status count_batch(void *arg, const mill_batch *b, mill_error *err) {
  counting *c = arg;
  for (int k = 0; k < c->n; k++) {
    const mill_vector *v = &b->col[k];
    bool fraction = v->type->id == MILL_DOUBLE || v->type->id == MILL_FLOAT;
    for (uint32_t i = 0; i < b->n; i++) {
      uint32_t row = mill_batch_row(b, i);
      if (!mill_vector_valid(v, row)) continue;
      if (v->type->id == MILL_STRING) {
        const mill_str *s = (const mill_str *)v->data + mill_vector_at(v, row);
        MILL_TRY(count_word(c, k, s, err));
        continue;
      }
      if (fraction && isnan(mill_number_at(v, row))) continue;
      mill_text_reset(&c->text);
      MILL_TRY(mill_value_text(c->work->set, v, row, &c->text, err));
      mill_str s = mill_str_view(c->text.data, c->text.size);
      MILL_TRY(count_word(c, k, &s, err));
    }
  }
  return MILL_OK;
}

static int by_name(const void *a, const void *b) {
  return mill_str_compare(&((const counted *)a)->word, &((const counted *)b)->word);
}
static int by_name_down(const void *a, const void *b) { return by_name(b, a); }
static int by_count(const void *a, const void *b) {
  uint64_t x = ((const counted *)a)->count, y = ((const counted *)b)->count;
  return x != y ? (x < y ? -1 : 1) : by_name(a, b);
}
static int by_count_down(const void *a, const void *b) {
  uint64_t x = ((const counted *)a)->count, y = ((const counted *)b)->count;
  return x != y ? (x > y ? -1 : 1) : by_name(a, b);
}

static mill_status order_labels(counting *c, int k, mill_words *out, mill_error *err) {
  static const struct {
    const char *name;
    int (*compare)(const void *, const void *);
  } orders[] = {{"frequencyDesc", by_count_down},
                {"frequencyAsc", by_count},
                {"alphabetDesc", by_name_down},
                {"alphabetAsc", by_name}};
  uint32_t n = c->words[k].n, at;
  counted *list = mill_arena_alloc(c->arena, ((size_t)n + 1) * sizeof *list);
  if (list == NULL) return mill_oom(c->arena->memory, n * sizeof *list, err);
  for (uint32_t i = 0; i < n; i++) list[i] = (counted){c->words[k].word[i], c->count[k][i]};
  const char *order = mill_get_text(c->work->stage, "stringOrderType");
  for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
    if (strcmp(order, orders[i].name) == 0) qsort(list, n, sizeof *list, orders[i].compare);
  for (uint32_t i = 0; i < n; i++) MILL_TRY(mill_words_add(out, &list[i].word, &at, err));
  return MILL_OK;
}

static model *new_model(mill_stage *s, int n) {
  model *m = mill_model_new(s, sizeof *m);
  mill_arena *a = mill_model_arena(s);
  if (m == NULL) return NULL;
  m->n = n;
  m->labels = mill_arena_alloc(a, ((size_t)n + 1) * sizeof *m->labels);
  for (int k = 0; m->labels && k < n; k++) mill_words_init(&m->labels[k], a);
  return m->labels ? m : NULL;
}

static mill_status fit(mill_work *w, mill_error *err) {
  const char *const *in, *const *out;
  int n;
  MILL_TRY(mill_get_columns(w->stage, w->scratch, &in, &out, &n, err));
  model *m = new_model(w->model, n);
  counting c = {.work = w, .arena = w->scratch, .n = n};
  c.words = mill_arena_alloc(c.arena, ((size_t)n + 1) * sizeof *c.words);
  c.count = mill_arena_alloc(c.arena, ((size_t)n + 1) * sizeof *c.count);
  c.room = mill_arena_alloc(c.arena, ((size_t)n + 1) * sizeof *c.room);
  if (m == NULL || c.words == NULL || c.count == NULL || c.room == NULL)
    return mill_oom(w->ctx->memory, sizeof *m, err);
  for (int k = 0; k < n; k++) mill_words_init(&c.words[k], c.arena);
  mill_text_init(&c.text, w->ctx->memory);
  mill_status s = mill_data_walk(w, in, n, count_batch, &c, err);
  mill_text_clear(&c.text);
  for (int k = 0; k < n && s == MILL_OK; k++) s = order_labels(&c, k, &m->labels[k], err);
  return s;
}

/* ---- transform ------------------------------------------------------------------------------------ */

typedef struct lookup {
  const mill_words *labels;
  bool keep;
} lookup;

static mill_status k_index(mill_call *call, const mill_vector *const *args, size_t n,
                           mill_vector *out, mill_error *err) {
  const lookup *l = call->state;
  const mill_str *in = args[0]->data;
  double *to = out->data;
  for (size_t i = 0; i < n; i++) {
    uint32_t at, k = (uint32_t)i & args[0]->mask;
    bool valid = mill_valid_bit(args[0]->valid, k);
    if (valid && mill_words_find(l->labels, &in[k], &at)) {
      to[i] = at;
    } else if (l->keep) {
      to[i] = l->labels->n;
    } else if (valid) {
      return mill_row_fail(call, err,
                           "the label '%.*s' was not seen in fit; StringIndexer.handleInvalid = "
                           "\"keep\" or \"skip\" allows for such labels",
                           (int)(in[k].size < 200 ? in[k].size : 200), mill_str_data(&in[k]));
    } else {
      return mill_row_fail(call, err,
                           "the label is NULL; StringIndexer.handleInvalid = \"keep\" or \"skip\" "
                           "allows for nulls");
    }
  }
  return MILL_OK;
}

static mill_status k_known(mill_call *call, const mill_vector *const *args, size_t n,
                           mill_vector *out, mill_error *err) {
  (void)err;
  const lookup *l = call->state;
  for (size_t i = 0; i < n; i++) {
    uint32_t at, k = (uint32_t)i & args[0]->mask;
    ((uint8_t *)out->data)[i] =
        mill_valid_bit(args[0]->valid, k) &&
        mill_words_find(l->labels, (const mill_str *)args[0]->data + k, &at);
  }
  return MILL_OK;
}

static const char *metadata(mill_binder *b, const mill_words *labels, const char *name, bool keep) {
  int n = (int)labels->n + keep;
  const char **vals = mill_arena_alloc(b->arena, ((size_t)n + 1) * sizeof *vals);
  if (vals == NULL) return NULL;
  for (uint32_t i = 0; i < labels->n; i++) {
    const mill_str *s = &labels->word[i];
    vals[i] = mill_arena_strndup(b->arena, mill_str_data(s), s->size);
    if (vals[i] == NULL) return NULL;
  }
  if (keep) vals[n - 1] = "__unknown";
  mill_attr at = {.kind = MILL_ATTR_NOMINAL, .name = name, .nvals = n, .vals = vals, .ordinal = -1};
  return mill_attr_write(&at, b->arena);
}

static bool has_column(const mill_binder *b, const char *name) {
  mill_error ignored;
  mill_error_clear(&ignored);
  return mill_bind_input((mill_binder *)b, name, (unsigned)MILL_IN_ANY, NULL, NULL, &ignored) ==
         MILL_OK;
}

static mill_status bind_column(mill_binder *b, const mill_words *labels, const char *in,
                               const char *out, mill_error *err) {
  const mill_bound *e, *call;
  MILL_TRY(mill_bind_input(b, in, MILL_IN_NUMERIC | MILL_IN_STRING, &e, NULL, err));
  MILL_TRY(mill_bind_to(b, e, mill_type_of(MILL_STRING), &e, err));
  lookup *l = mill_arena_alloc(b->arena, sizeof *l);
  if (l == NULL) return mill_oom(b->ctx->memory, sizeof *l, err);
  *l = (lookup){labels, mill_get_is(b->stage, "handleInvalid", "keep")};
  const char *meta = metadata(b, labels, out, l->keep);
  if (meta == NULL) return mill_oom(b->ctx->memory, 1, err);
  if (mill_get_is(b->stage, "handleInvalid", "skip")) {
    MILL_TRY(mill_bind_kernel(b, "StringIndexer", k_known, MILL_FN_NULLS | MILL_FN_NO_RAISE,
                              mill_type_of(MILL_BOOLEAN), l, &e, 1, &call, err));
    MILL_TRY(mill_bind_keep(b, call, err));
  }
  unsigned flags = MILL_FN_NULLS | (l->keep ? MILL_FN_NO_RAISE : 0);
  MILL_TRY(mill_bind_kernel(b, "StringIndexer", k_index, flags, mill_type_of(MILL_DOUBLE), l, &e, 1,
                            &call, err));
  return mill_bind_output(b, out, mill_type_of(MILL_DOUBLE), false, meta, call, err);
}

static mill_status bind(mill_binder *b, mill_error *err) {
  const char *const *in, *const *out;
  int n;
  const model *m = mill_model_data(b->stage);
  MILL_TRY(mill_get_columns(b->stage, b->arena, &in, &out, &n, err));
  if (m && m->n != n)
    return mill_ml_refuse(err, b->stage, "it has labels of %d columns, not of %d", m->n, n);
  for (int k = 0; k < n; k++) {
    if (m && !has_column(b, in[k])) continue;
    if (m) {
      MILL_TRY(bind_column(b, &m->labels[k], in[k], out[k], err));
      continue;
    }
    MILL_TRY(mill_bind_input(b, in[k], MILL_IN_NUMERIC | MILL_IN_STRING, NULL, NULL, err));
    MILL_TRY(mill_bind_output(b, out[k], mill_type_of(MILL_DOUBLE), false,
                              "{\"ml_attr\":{\"type\":\"nominal\"}}", NULL, err));
  }
  return MILL_OK;
}

/* ---- model: attributes, persistence ------------------------------------------------------------------ */

static const char *const attributes[] = {"labels", "labelsArray", NULL};

static bool has_attribute(const mill_stage *s, const char *name) {
  const model *m = mill_model_data(s);
  return m && (strcmp(name, "labels") != 0 || m->n == 1);
}

static mill_status texts(const mill_words *w, mill_arena *a, const char ***out, mill_error *err) {
  const char **list = mill_arena_alloc(a, ((size_t)w->n + 1) * sizeof *list);
  *out = list;
  if (list == NULL) return mill_oom(a->memory, w->n * sizeof *list, err);
  for (uint32_t i = 0; i < w->n; i++) {
    list[i] = mill_arena_strndup(a, mill_str_data(&w->word[i]), w->word[i].size);
    if (list[i] == NULL) return mill_oom(a->memory, w->word[i].size, err);
  }
  return MILL_OK;
}

static mill_status answer(const model *m, bool all, mill_arena *a, mill_answer *out,
                          mill_error *err) {
  const char ***lists = mill_arena_alloc(a, ((size_t)m->n + 1) * sizeof *lists);
  int *counts = mill_arena_alloc(a, ((size_t)m->n + 1) * sizeof *counts);
  if (lists == NULL || counts == NULL) return mill_oom(a->memory, sizeof *lists, err);
  for (int k = 0; k < m->n; k++) {
    MILL_TRY(texts(&m->labels[k], a, &lists[k], err));
    counts[k] = (int)m->labels[k].n;
  }
  if (!all) return mill_answer_texts(out, lists[0], (size_t)counts[0], err);
  return mill_answer_text_lists(out, (const char *const *const *)lists, counts, (size_t)m->n, err);
}

static mill_status attribute(const mill_stage *s, const char *name, mill_answer *out,
                             mill_error *err) {
  mill_arena a;
  mill_arena_init(&a, mill_answer_context(out)->memory);
  mill_status status = answer(mill_model_data(s), strcmp(name, "labelsArray") == 0, &a, out, err);
  mill_arena_clear(&a);
  return status;
}

/* From lists of labels, one a column. */
static mill_status make(mill_stage *s, const mill_json *values, mill_error *err) {
  model *m = new_model(s, (int)values->n);
  int k = 0;
  if (m == NULL) return mill_oom(mill_model_arena(s)->memory, sizeof *m, err);
  for (const mill_json *list = values->child; list; list = list->next, k++)
    for (const mill_json *c = list->child; c; c = c->next) {
      uint32_t at, before = m->labels[k].n;
      mill_str word = mill_str_view(c->text, c->size);
      MILL_TRY(mill_words_add(&m->labels[k], &word, &at, err));
      if (at != before) return mill_ml_refuse(err, s, "the label '%.200s' is there twice", c->text);
    }
  return MILL_OK;
}

static const char *piece(int k, char *buf, size_t n) {
  snprintf(buf, n, "labels%d", k);
  return buf;
}

static mill_status save(const mill_stage *s, mill_saver *w, mill_error *err) {
  const model *m = mill_model_data(s);
  char name[32];
  MILL_TRY(mill_save_long(w, "columns", m->n, err));
  for (int k = 0; k < m->n; k++) {
    mill_arena a;
    const char **list;
    mill_arena_init(&a, m->labels[k].arena->memory);
    mill_status status = texts(&m->labels[k], &a, &list, err);
    if (status == MILL_OK)
      status = mill_save_texts(w, piece(k, name, sizeof name), list, m->labels[k].n, err);
    mill_arena_clear(&a);
    if (status != MILL_OK) return status;
  }
  return MILL_OK;
}

static mill_status load(mill_stage *s, mill_loader *r, mill_error *err) {
  int64_t columns;
  char name[32];
  MILL_TRY(mill_load_long(r, "columns", &columns, err));
  if (columns < 0 || columns > 100000) return mill_load_damaged(r, err, "bad number of columns");
  model *m = new_model(s, (int)columns);
  if (m == NULL) return mill_oom(mill_model_arena(s)->memory, sizeof *m, err);
  for (int k = 0; k < m->n; k++) {
    const char *const *list;
    size_t n;
    MILL_TRY(mill_load_texts(r, piece(k, name, sizeof name), &list, &n, err));
    for (size_t i = 0; i < n; i++) {
      uint32_t at;
      mill_str word = mill_str_view(list[i], strlen(list[i]));
      MILL_TRY(mill_words_add(&m->labels[k], &word, &at, err));
    }
  }
  return MILL_OK;
}

const mill_stage_class mill_class_StringIndexer = {
    .name = "StringIndexer",
    .package = "feature",
    .role = MILL_ESTIMATOR,
    .doc = "Numbers the distinct strings of a column, the most frequent one 0.",
    .example =
        "local indexer = ml.feature.StringIndexer{ inputCol = \"plan\", outputCol = \"p\" }\n"
        "indexer:fit(df):transform(df):show()",
    .params = params,
    .model = "StringIndexerModel",
    .bind = bind,
    .fit = fit,
};

const mill_stage_class mill_class_StringIndexerModel = {
    .name = "StringIndexerModel",
    .package = "feature",
    .role = MILL_MODEL,
    .doc = "The labels of columns; replaces strings by the numbers of their labels.",
    .params = params,
    .bind = bind,
    .attributes = attributes,
    .has_attribute = has_attribute,
    .attribute = attribute,
    .make = make,
    .save = save,
    .load = load,
};
