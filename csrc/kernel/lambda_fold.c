/* Lambdas applied again and again: aggregate goes through the arrays of all rows element position by
** element position, array_sort merges runs of all rows, one comparison a run at a time. */
#include "kernel/lambda_int.h"
#include "kernel/list_words.h"

/* ---- aggregate ------------------------------------------------------------------------------ */

/* The accumulators of the rows whose arrays go on, and of those whose have ended. Steps take turns
** with two arenas, so that long arrays do not pile up what is gone. */
typedef struct folding {
  mill_call *call;
  const mill_vector *list;
  mill_arena turn[2], scratch;
  uint32_t *row, n; /* rows that go on; accumulators are aligned with them, and so are .. */
  mill_span *span;  /* .. their elements */
  mill_vector now;
  mill_vector done;
  uint32_t *done_at; /* by row */
} folding;

/* Leave only rows with an element at `place`: which ones do is as good as random, so nothing branches on it. */
static mill_status drop_ended(folding *f, uint32_t place, mill_arena *a, mill_error *err) {
  uint32_t kept = 0, over = 0;
  uint32_t *sel = mill_arena_take(&f->scratch, 3 * (size_t)(f->n + 1) * sizeof *sel);
  if (sel == NULL) return mill_oom(a->memory, f->n, err);
  uint32_t *ended = sel + f->n + 1, *row = ended + f->n + 1;
  for (uint32_t i = 0; i < f->n; i++) {
    const mill_span s = f->span[i];
    const bool on = s.size > place;
    sel[kept] = ended[over] = i;
    row[over] = f->row[i];
    f->span[kept] = s;
    f->row[kept] = row[over];
    kept += on;
    over += !on;
  }
  for (uint32_t i = 0; i < over; i++) f->done_at[row[i]] = f->done.size + i;
  f->n = kept;
  MILL_TRY(mill_vector_append(&f->done, &f->now, ended, over, true, f->call->arena, err));
  mill_vector left;
  MILL_TRY(mill_vector_gather(&left, &f->now, sel, kept, true, a, err));
  f->now = left;
  return MILL_OK;
}

static mill_status step(folding *f, uint32_t place, mill_error *err) {
  mill_lambda *l = f->call->lambda;
  uint32_t *at = mill_arena_take(&f->scratch, (size_t)f->n * sizeof *at);
  if (at == NULL) return mill_oom(f->scratch.memory, f->n, err);
  for (uint32_t i = 0; i < f->n; i++) at[i] = f->span[i].start + place;
  mill_vector x;
  mill_call here = *f->call;
  here.arena = &f->scratch;
  MILL_TRY(values_at(&here, f->list->child, at, f->n, &x, err));
  const mill_vector *v, *vars[] = {&f->now, &x};
  l->arena = &f->scratch;
  mill_status s = l->eval(l, 2, vars, f->row, f->n, &v, err);
  l->arena = NULL;
  if (s == MILL_OK) f->now = *v;
  return s;
}

static mill_status fold_all(folding *f, mill_error *err) {
  for (uint32_t place = 0; f->n > 0; place++) {
    mill_arena *a = &f->turn[place & 1];
    mill_arena_reset(a);
    MILL_TRY(drop_ended(f, place, a, err));
    mill_arena_reset(&f->scratch);
    if (f->n) MILL_TRY(step(f, place, err));
  }
  return MILL_OK;
}

static mill_status start_folding(folding *f, mill_call *call, const mill_vector *const *args,
                                 size_t n, mill_error *err) {
  mill_arena *a = call->arena;
  *f = (folding){.call = call, .list = args[0]};
  f->row = mill_arena_alloc(a, (n + 1) * sizeof *f->row);
  f->done_at = mill_arena_alloc(a, (n + 1) * sizeof *f->done_at);
  f->span = mill_arena_take(a, (n + 1) * sizeof *f->span);
  if (f->row == NULL || f->done_at == NULL || f->span == NULL) return mill_oom(a->memory, n, err);
  for (uint32_t i = 0; i < n; i++) {
    if (is_null(args[0], i)) continue;
    f->span[f->n] = span_at(args[0], i);
    f->row[f->n++] = i;
  }
  MILL_TRY(mill_vector_gather(&f->now, args[1], f->row, f->n, false, a, err));
  return mill_vector_init(&f->done, args[1]->type, (uint32_t)n, a, err);
}

/* The finish over the rows whose array is not null, their accumulators in row order. */
static mill_status finish(folding *f, size_t n, mill_vector *out, mill_error *err) {
  mill_call *call = f->call;
  uint32_t count = 0, *at = mill_arena_take(call->arena, (n + 1) * sizeof *at);
  const mill_vector *v = NULL;
  mill_vector acc, null;
  if (at == NULL) return mill_oom(call->arena->memory, n, err);
  for (uint32_t i = 0; i < n; i++)
    if (!is_null(f->list, i)) f->row[count] = i, at[count++] = f->done_at[i];
  if (count) {
    MILL_TRY(values_at(call, &f->done, at, count, &acc, err));
    const mill_vector *vars[] = {&acc};
    MILL_TRY(call->lambda->eval(call->lambda, 3, vars, f->row, count, &v, err));
  }
  out->size = 0;
  mill_vector_null(&null, out->type);
  for (uint32_t i = 0, k = 0; i < n;) { /* runs of rows with a value, and of rows without */
    uint32_t stop = i, m = 0;
    bool none = is_null(f->list, i);
    while (stop < n && is_null(f->list, stop) == none) at[m++] = none ? 0 : k++, stop++;
    MILL_TRY(
        mill_vector_append(out, none ? &null : v, none ? NULL : at, m, false, call->arena, err));
    i = stop;
  }
  return MILL_OK;
}

KERNEL_HEAD(k_aggregate) {
  folding f;
  MILL_TRY(start_folding(&f, call, args, n, err));
  mill_arena_init(&f.turn[0], call->arena->memory);
  mill_arena_init(&f.turn[1], call->arena->memory);
  mill_arena_init(&f.scratch, call->arena->memory);
  mill_status s = fold_all(&f, err);
  if (s == MILL_OK) s = finish(&f, n, out, err);
  mill_arena_clear(&f.turn[0]);
  mill_arena_clear(&f.turn[1]);
  mill_arena_clear(&f.scratch);
  return s;
}

static mill_status fold_variables(mill_binding *b, int arg, int given, mill_lambda_variables *out,
                                  mill_error *err) {
  (void)given;
  MILL_TRY(need_type(b, 0, MILL_ARRAY, err));
  const mill_type *t = b->arg_type[0];
  add_variable(out, b->arg_type[1], true);
  if (arg == 2) add_variable(out, t->fields[0].type, t->contains_null);
  return MILL_OK;
}

/* The same but for what may be null. */
static bool same_shape(const mill_type *a, const mill_type *b) {
  if (a == b) return true;
  if (a->id != b->id || a->nfields != b->nfields || a->nfields == 0) return false;
  for (uint32_t i = 0; i < a->nfields; i++)
    if (!same_shape(a->fields[i].type, b->fields[i].type)) return false;
  return true;
}

static mill_status bind_aggregate(mill_binding *b, mill_error *err) {
  MILL_TRY(need_type(b, 0, MILL_ARRAY, err));
  if (!same_shape(b->arg_type[1], b->arg_type[2]))
    return mill_bind_wrong_type(b, 2, mill_bind_type_sql(b, b->arg_type[1], err), err);
  int last = b->nargs - 1; /* the finish */
  b->nullable = b->arg_nullable[0] || b->arg_nullable[last];
  b->result = b->arg_type[last];
  return MILL_OK;
}

/* ---- array_sort ----------------------------------------------------------------------------- */

/* Two neighbouring sorted runs of `from` that become one of `to`. */
typedef struct merging {
  uint32_t row, left, mid, right, stop, at;
} merging;

typedef struct sorting {
  mill_call *call;
  const mill_vector *child;
  uint32_t *from, *to; /* elements of all rows end to end: places in child */
  merging *m;
  uint32_t *a, *b, *owner;
  mill_arena scratch;
} sorting;

/* Ask the comparator about `n` pairs b[i], a[i]; its answers. */
static mill_status compare(sorting *s, uint32_t n, const mill_vector **v, mill_error *err) {
  mill_lambda *l = s->call->lambda;
  mill_call here = *s->call;
  mill_vector x, y;
  mill_arena_reset(&s->scratch);
  here.arena = &s->scratch;
  MILL_TRY(values_at(&here, s->child, s->b, n, &x, err));
  MILL_TRY(values_at(&here, s->child, s->a, n, &y, err));
  const mill_vector *vars[] = {&x, &y};
  l->arena = &s->scratch;
  mill_status status = l->eval(l, 1, vars, s->owner, n, v, err);
  l->arena = NULL;
  return status;
}

/* One element for each merge that still has two runs; false when none has. */
static mill_status merge_step(sorting *s, uint32_t n, bool *more, mill_error *err) {
  uint32_t k = 0;
  const mill_vector *v = NULL;
  for (uint32_t i = 0; i < n; i++) {
    const merging *m = &s->m[i];
    if (m->left == m->mid || m->right == m->stop) continue;
    s->a[k] = s->from[m->left];
    s->b[k] = s->from[m->right];
    s->owner[k++] = m->row;
  }
  *more = k > 0;
  if (k == 0) return MILL_OK;
  MILL_TRY(compare(s, k, &v, err));
  k = 0;
  for (uint32_t i = 0; i < n; i++) {
    merging *m = &s->m[i];
    if (m->left == m->mid || m->right == m->stop) continue;
    if (is_null(v, k)) return mill_call_fail(s->call, err, MILL_E_COMPARATOR_RETURNS_NULL, NULL);
    bool right = MILL_AT(int32_t, v, k) < 0;
    k++;
    s->to[m->at++] = s->from[right ? m->right++ : m->left++];
  }
  return MILL_OK;
}

/* Merge runs of `width` in all rows. */
static mill_status merge_level(sorting *s, const mill_vector *list, size_t n, uint32_t width,
                               mill_error *err) {
  uint32_t count = 0, base = 0;
  bool more = true;
  for (size_t i = 0; i < n; i++) {
    uint32_t size = span_at(list, i).size;
    for (uint32_t k = 0; k < size;) {
      uint32_t left = size - k, first = left < width ? left : width;
      uint32_t second = left - first < width ? left - first : width;
      s->m[count++] = (merging){
          (uint32_t)i, base + k, base + k + first, base + k + first, base + k + first + second,
          base + k};
      k += first + second;
    }
    base += size;
  }
  while (more) MILL_TRY(merge_step(s, count, &more, err));
  for (uint32_t i = 0; i < count; i++) {
    merging *m = &s->m[i];
    while (m->left < m->mid) s->to[m->at++] = s->from[m->left++];
    while (m->right < m->stop) s->to[m->at++] = s->from[m->right++];
  }
  uint32_t *swap = s->from;
  s->from = s->to;
  s->to = swap;
  return MILL_OK;
}

static mill_status sort_all(sorting *s, const mill_vector *list, size_t n, mill_error *err) {
  uint32_t most = 0;
  for (size_t i = 0; i < n; i++)
    if (span_at(list, i).size > most) most = span_at(list, i).size;
  for (uint32_t width = 1; width < most; width *= 2) MILL_TRY(merge_level(s, list, n, width, err));
  return MILL_OK;
}

static mill_status by_comparator(mill_call *call, const mill_vector *list, size_t n, elements *e,
                                 mill_error *err) {
  mill_arena *a = call->arena;
  size_t room = (size_t)e->n + 1;
  sorting s = {.call = call, .child = list->child, .from = e->at};
  s.to = mill_arena_take(a, room * sizeof *s.to);
  s.m = mill_arena_take(a, room * sizeof *s.m);
  s.a = mill_arena_take(a, room * sizeof *s.a);
  s.b = mill_arena_take(a, room * sizeof *s.b);
  s.owner = mill_arena_take(a, room * sizeof *s.owner);
  if (!s.to || !s.m || !s.a || !s.b || !s.owner) return mill_oom(a->memory, room, err);
  mill_arena_init(&s.scratch, a->memory);
  mill_status status = sort_all(&s, list, n, err);
  mill_arena_clear(&s.scratch);
  e->at = s.from;
  return status;
}

static mill_status by_value(mill_call *call, const mill_vector *list, size_t n, mill_vector *out,
                            mill_error *err) {
  for (size_t i = 0; i < n; i++) {
    MILL_TRY(mill_list_sort(call, list, i, (mill_list_order){.nulls_last = true}, out, err));
    if (is_null(list, i)) MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

KERNEL_HEAD(k_array_sort) {
  elements e = {0};
  mill_span *r = out->data;
  if (call->nargs == 1) return by_value(call, args[0], n, out, err);
  MILL_TRY(elements_of(call, args[0], n, &e, err));
  MILL_TRY(by_comparator(call, args[0], n, &e, err));
  uint32_t base = 0;
  for (size_t i = 0; i < n; i++) {
    r[i] = (mill_span){base, span_at(args[0], i).size};
    base += r[i].size;
    if (is_null(args[0], i)) MILL_TRY(mill_set_null(call, out, i, err));
  }
  if (e.n == 0) return MILL_OK;
  return mill_vector_append(&out->child[0], args[0]->child, e.at, e.n, false, call->arena, err);
}

static mill_status sort_variables(mill_binding *b, int arg, int given, mill_lambda_variables *out,
                                  mill_error *err) {
  (void)arg, (void)given;
  MILL_TRY(need_type(b, 0, MILL_ARRAY, err));
  const mill_type *t = b->arg_type[0];
  for (int i = 0; i < 2; i++) add_variable(out, t->fields[0].type, t->contains_null);
  return MILL_OK;
}

static mill_status bind_array_sort(mill_binding *b, mill_error *err) {
  MILL_TRY(need_type(b, 0, MILL_ARRAY, err));
  b->nullable = b->arg_nullable[0];
  b->result = b->arg_type[0];
  if (b->nargs == 1 || b->arg_type[1]->id == MILL_INT) return MILL_OK;
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_UNEXPECTED_RETURN_TYPE, "sqlExpr",
                   mill_bind_sql(b, err), "functionName", "`lambdafunction`", "expectedType",
                   "\"INT\"", "actualType", mill_bind_type_sql(b, b->arg_type[1], err), NULL);
}

static const mill_lambda_rule folds = {2, fold_variables};
static const mill_lambda_rule sorts = {1, sort_variables};

const mill_function mill_family_lambda_fold[] = {
    {.name = "aggregate",
     .alias = "reduce",
     .types = "any, any, any, any?",
     .lambda = &folds,
     .kernel = k_aggregate,
     .bind = bind_aggregate,
     .flags = MILL_FN_LAMBDA | MILL_FN_NULLS | MILL_FN_NO_RAISE,
     .fill = "x -> x",
     .usage = "aggregate(expr, start, merge[, finish])",
     .doc = "The elements merged one by one into a start value, then finished.",
     .example = "SELECT aggregate(array(1, 2, 3), 0, (acc, x) -> acc + x, acc -> acc * 10) -> 60"},
    {.name = "array_sort",
     .types = "any, any?",
     .lambda = &sorts,
     .kernel = k_array_sort,
     .bind = bind_array_sort,
     .flags = MILL_FN_LAMBDA | MILL_FN_NULLS,
     .fill = "(left, right) -> if(left IS NULL AND right IS NULL, 0, if(left IS NULL, 1, "
             "if(right IS NULL, -1, if(left < right, -1, if(left > right, 1, 0)))))",
     .usage = "array_sort(expr[, func])",
     .doc = "The elements in order, nulls last, or in the order of a comparison of two.",
     .example = "SELECT array_sort(array(5, 6, 1), (l, r) -> r - l) -> [6,5,1]"},
    {0}};
