/* approx_top_k, approx_top_k_accumulate, approx_top_k_combine, approx_top_k_estimate: the most frequent values, by
** frequent_int.h.
**
** What accumulate gives and the others take is a STRUCT of the sketch's bytes, how many items it tracks, a NULL of
** the items' type, and that type in words. Values of equal count come in the order of their first appearance. */
#include <stdlib.h>
#include <strings.h>

#include "base/text.h"
#include "kernel/frequent_int.h"

enum { LIMIT = 1000000, DEFAULT_TRACKED = 10000, STATE_FIELDS = 4 };

typedef struct {
  int32_t k, tracked;    /* tracked: -1: as the sketches say */
  const mill_type *item; /* of the values */
  const char *ddl;       /* its type in words */
} plan;

/* ---- counting ------------------------------------------------------------------------------- */

static mill_status open_state(mill_call *call, mill_frequent *s, int32_t tracked, mill_error *err) {
  const plan *p = call->state;
  return s->item ? MILL_OK : mill_frequent_open(call->arena, s, p->item, tracked, err);
}

AGG_UPDATE(values_update) {
  const plan *p = call->state;
  uint64_t hash[MILL_BATCH];
  mill_vector_hash(args[0], NULL, n, false, hash);
  for (size_t i = 0; i < n; i++) {
    mill_frequent *s = states[i];
    MILL_TRY(open_state(call, s, p->tracked, err));
    if (!mill_vector_valid(args[0], i))
      s->nulls++;
    else
      MILL_TRY(mill_frequent_add_hashed(call->arena, s, args[0], (uint32_t)i, hash[i], 1, err));
  }
  return MILL_OK;
}

static mill_status values_all(mill_call *call, void *state, const mill_vector *const *args,
                              size_t n, mill_error *err) {
  const plan *p = call->state;
  mill_frequent *s = state;
  uint64_t hash[MILL_BATCH];
  void *states[MILL_BATCH];
  if (n == 0) return MILL_OK;
  if (mill_count_valid(args[0], n) < n) {
    for (size_t i = 0; i < n; i++) states[i] = state;
    return values_update(call, states, args, n, err);
  }
  MILL_TRY(open_state(call, s, p->tracked, err));
  mill_vector_hash(args[0], NULL, n, false, hash);
  return mill_frequent_add_rows(call->arena, s, args[0], n, hash, err);
}

static mill_status fail_sizes(const mill_call *call, int32_t a, int32_t b, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_APPROX_TOP_K_SKETCH_SIZE_NOT_MATCH, "size1",
                        mill_error_fmt(err, "%d", (int)a), "size2",
                        mill_error_fmt(err, "%d", (int)b), NULL);
}

static mill_status unite(mill_call *call, mill_frequent *to, const mill_frequent *from,
                         mill_error *err) {
  const plan *p = call->state;
  bool free_size = p->tracked > 0;
  if (to->item && !free_size && to->tracked != from->tracked)
    return fail_sizes(call, to->tracked, from->tracked, err);
  MILL_TRY(open_state(call, to, free_size ? p->tracked : from->tracked, err));
  int64_t total = to->total + from->total;
  for (uint32_t k = 0; from->item && k < from->item->size; k++)
    MILL_TRY(mill_frequent_add(call->arena, to, from->item, k, from->count[k], err));
  to->total = total;
  to->nulls += from->nulls;
  to->offset += from->offset;
  return MILL_OK;
}

/* ---- states as structs ---------------------------------------------------------------------- */

static mill_status fail_bytes(const mill_call *call, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_FAILED_FUNCTION_CALL, "funcName",
                        mill_error_fmt(err, "`%s`", call->fn->name), NULL);
}

/* The type in words must be the one that the items are read as. */
static mill_status check_ddl(const mill_call *call, bytes ddl, mill_error *err) {
  const plan *p = call->state;
  if (ddl.n == strlen(p->ddl) && strncasecmp(ddl.p, p->ddl, ddl.n) == 0) return MILL_OK;
  return mill_call_fail(call, err, MILL_E_APPROX_TOP_K_SKETCH_TYPE_NOT_MATCH, "type1",
                        mill_error_fmt(err, "\"%s\"", p->ddl), "type2",
                        mill_error_fmt(err, "\"%.*s\"", (int)ddl.n, ddl.p), NULL);
}

static mill_status read_state(mill_call *call, const mill_vector *v, size_t i, mill_frequent *s,
                              mill_error *err) {
  const plan *p = call->state;
  uint32_t k = mill_vector_at(v, i);
  for (int f = 0; f < STATE_FIELDS; f++)
    if (f != 2 && !mill_vector_valid(&v->child[f], k)) return fail_bytes(call, err);
  int32_t tracked = MILL_AT(int32_t, &v->child[1], k);
  bool ok = tracked > 0 && tracked <= LIMIT;
  MILL_TRY(check_ddl(call, bytes_at(&v->child[3], k), err));
  if (ok)
    MILL_TRY(mill_frequent_read(call, bytes_at(&v->child[0], k), p->item, tracked, s, &ok, err));
  return ok ? MILL_OK : fail_bytes(call, err);
}

static mill_status put_state(mill_call *call, const mill_frequent *s, mill_vector *out, size_t i,
                             mill_error *err) {
  const plan *p = call->state;
  MILL_TRY(mill_frequent_write(call, s, &out->child[0], i, err));
  ((int32_t *)out->child[1].data)[i] = s->tracked;
  put_view(&out->child[3], i, p->ddl, strlen(p->ddl));
  if (out->child[2].type->phys != MILL_PHYS_STRUCT)
    return mill_set_null(call, &out->child[2], i, err);
  mill_vector null;
  mill_vector_null(&null, p->item);
  out->child[2].size = (uint32_t)i;
  return mill_vector_append(&out->child[2], &null, NULL, 1, true, call->arena, err);
}

AGG_UPDATE(states_update) {
  AGG_ROWS(args[0], n, i) {
    mill_frequent one;
    MILL_TRY(read_state(call, args[0], i, &one, err));
    MILL_TRY(unite(call, states[i], &one, err));
  }
  return MILL_OK;
}

AGG_MERGE(frequent_merge) { return states_update(call, states, &partial, n, err); }

AGG_COMBINE(frequent_combine) {
  for (size_t i = 0; i < n; i++) {
    const mill_frequent *s = from[i];
    if (s->item) MILL_TRY(unite(call, to[i], s, err));
  }
  return MILL_OK;
}

/* NULL where no row came. */
AGG_OUTPUT(frequent_save) {
  for (size_t i = 0; i < n; i++) {
    mill_frequent none = {.tracked = 1}, *s = states[i];
    MILL_TRY(put_state(call, s->item ? s : &none, out, i, err));
    if (s->item == NULL) MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

AGG_OUTPUT(state_final) {
  const plan *p = call->state;
  for (size_t i = 0; i < n; i++) {
    mill_frequent none = {.tracked = p->tracked > 0 ? p->tracked : DEFAULT_TRACKED};
    const mill_frequent *s = states[i];
    MILL_TRY(put_state(call, s->item ? s : &none, out, i, err));
  }
  return MILL_OK;
}

/* ---- answers -------------------------------------------------------------------------------- */

/* The k most frequent as elements of row i, the NULLs among them by their number. */
static mill_status put_top(mill_call *call, const mill_frequent *s, int32_t k, mill_vector *out,
                           size_t i, mill_error *err) {
  const plan *p = call->state;
  mill_vector *item = &out->child[0], null;
  uint32_t *order, n = s->item ? s->item->size : 0, start = item->size;
  bool waiting = s->nulls > 0;
  mill_vector_null(&null, p->item);
  MILL_TRY(mill_frequent_sorted(call->arena, s, &order, err));
  for (uint32_t at = 0; item->size - start < (uint32_t)k && (at < n || waiting);) {
    int64_t count = at < n ? s->count[order[at]] + s->offset : 0;
    bool of_nulls = waiting && (at == n || s->nulls >= count);
    MILL_TRY(mill_vector_reserve(item, item->size + 1, call->arena, err));
    item->child[0].size = item->size;
    if (of_nulls)
      MILL_TRY(mill_vector_append(&item->child[0], &null, NULL, 1, true, call->arena, err));
    else
      MILL_TRY(mill_vector_append(&item->child[0], s->item, &order[at], 1, true, call->arena, err));
    ((int64_t *)item->child[1].data)[item->size++] = of_nulls ? s->nulls : count;
    item->child[1].size = item->size;
    if (of_nulls)
      waiting = false;
    else
      at++;
  }
  ((mill_span *)out->data)[i] = (mill_span){start, item->size - start};
  return MILL_OK;
}

AGG_OUTPUT(top_final) {
  const plan *p = call->state;
  for (size_t i = 0; i < n; i++) MILL_TRY(put_top(call, states[i], p->k, out, i, err));
  return MILL_OK;
}

static mill_status fail_fewer(const mill_call *call, int32_t tracked, int32_t k, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_APPROX_TOP_K_MAX_ITEMS_TRACKED_LESS_THAN_K,
                        "maxItemsTracked", mill_error_fmt(err, "%d", (int)tracked), "k",
                        mill_error_fmt(err, "%d", (int)k), NULL);
}

KERNEL_HEAD(top_estimate) {
  const plan *p = call->state;
  MILL_EACH(out, n, i) {
    mill_frequent s;
    MILL_TRY(read_state(call, args[0], i, &s, err));
    if (s.tracked < p->k) return fail_fewer(call, s.tracked, p->k, err);
    MILL_TRY(put_top(call, &s, p->k, out, i, err));
  }
  return MILL_OK;
}

#define FREQUENT_AGG(UPDATE, ALL, FINAL)                                                           \
  {                                                                                                \
    .state_size = sizeof(mill_frequent), .update = UPDATE, .update_all = ALL,                      \
    .merge = frequent_merge, .combine = frequent_combine, .save = frequent_save, .final = FINAL    \
  }
static const mill_aggregate top_agg = FREQUENT_AGG(values_update, values_all, top_final);
static const mill_aggregate accumulate_agg = FREQUENT_AGG(values_update, values_all, state_final);
static const mill_aggregate combine_agg = FREQUENT_AGG(states_update, NULL, state_final);

/* ---- binding -------------------------------------------------------------------------------- */

static mill_status fail_hint(mill_binding *b, const char *said, mill_error *err) {
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_TYPE_CHECK_FAILURE_WITH_HINT, "sqlExpr",
                   mill_bind_sql(b, err), "msg", said, "hint", "", NULL);
}

/* Constant INT argument i above zero. */
static mill_status bind_positive(mill_binding *b, int i, const char *name, const char *said,
                                 int32_t *out, mill_error *err) {
  mill_vector v;
  if (i >= b->nargs) return MILL_OK;
  b->cast_to[i] = mill_convert_to(b->ctx->types, "int", b->arg_type[i]);
  if (b->cast_to[i] == NULL) return mill_bind_wrong_type(b, i, "\"INT\"", err);
  if (b->arg_value[i] == NULL) return fail_hint(b, said, err);
  MILL_TRY(mill_bind_constant(b, i, &v, err));
  if (!mill_vector_valid(&v, 0))
    return mill_fail(err, MILL_E_APPROX_TOP_K_NULL_ARG, "argName", name, NULL);
  *out = MILL_AT(int32_t, &v, 0);
  if (*out > 0) return MILL_OK;
  return mill_fail(err, MILL_E_APPROX_TOP_K_NON_POSITIVE_ARG, "argName", name, "argValue",
                   mill_error_fmt(err, "%d", (int)*out), NULL);
}

static mill_status bind_k(mill_binding *b, int i, plan *p, mill_error *err) {
  return bind_positive(b, i, "`k`", "K must be a constant literal", &p->k, err);
}

static mill_status bind_tracked(mill_binding *b, int i, plan *p, mill_error *err) {
  MILL_TRY(bind_positive(b, i, "`maxItemsTracked`",
                         "Number of items tracked must be a constant literal", &p->tracked, err));
  if (p->tracked <= LIMIT) return MILL_OK;
  return mill_fail(err, MILL_E_APPROX_TOP_K_MAX_ITEMS_TRACKED_EXCEEDS_LIMIT, "maxItemsTracked",
                   mill_error_fmt(err, "%d", (int)p->tracked), "limit",
                   mill_error_fmt(err, "%d", LIMIT), NULL);
}

/* The type without its quotes. */
static const char *bare_type(mill_binding *b, const mill_type *t, mill_error *err) {
  const char *quoted = mill_bind_type_sql(b, t, err);
  return mill_error_fmt(err, "%.*s", (int)strlen(quoted) - 2, quoted + 1);
}

static const char *lower_type(mill_binding *b, const mill_type *t, mill_error *err) {
  const char *text = bare_type(b, t, err);
  size_t n = strcspn(text, "<(");
  char name[64];
  if (n >= sizeof name) n = sizeof name - 1;
  for (size_t k = 0; k < n; k++)
    name[k] = text[k] >= 'A' && text[k] <= 'Z' ? (char)(text[k] + 32) : text[k];
  return mill_error_fmt(err, "%.*s", (int)n, name);
}

static const char *ddl_of(mill_binding *b, const mill_type *item, mill_error *err) {
  mill_text text;
  mill_text_init(&text, b->ctx->memory);
  mill_status s = mill_text_adds(&text, "item ", err);
  if (s == MILL_OK) s = mill_type_sql(item, &text, err);
  if (s == MILL_OK) s = mill_text_adds(&text, " NOT NULL", err);
  const char *ddl = s == MILL_OK ? mill_arena_strndup(b->arena, text.data, text.size) : NULL;
  mill_text_clear(&text);
  return ddl;
}

static mill_status open_plan(mill_binding *b, const mill_type *item, plan **out, mill_error *err) {
  void *mem;
  MILL_TRY(mill_bind_alloc(b, sizeof(plan), &mem, err));
  *out = b->state = mem;
  (*out)->item = item;
  (*out)->tracked = -1;
  (*out)->k = 5;
  (*out)->ddl = ddl_of(b, item, err);
  b->nullable = false;
  return (*out)->ddl ? MILL_OK : mill_oom(b->arena->memory, 1, err);
}

static mill_status open_values(mill_binding *b, plan **out, mill_error *err) {
  const mill_type *t = b->arg_type[0];
  if (!mill_frequent_storable(t))
    return fail_hint(b, mill_error_fmt(err, "%s columns are not supported", lower_type(b, t, err)),
                     err);
  return open_plan(b, t, out, err);
}

static const mill_type *state_type(mill_types *types, const mill_type *item) {
  mill_field f[STATE_FIELDS] = {{"sketch", mill_type_of(MILL_BINARY), false, NULL},
                                {"maxItemsTracked", mill_type_of(MILL_INT), false, NULL},
                                {"itemDataType", item, true, NULL},
                                {"itemDataTypeDDL", mill_type_of(MILL_STRING), false, NULL}};
  return mill_type_struct(types, f, STATE_FIELDS);
}

static mill_status set_partial(mill_binding *b, const mill_type *item, mill_error *err) {
  b->partial = state_type(b->ctx->types, item);
  return b->partial ? MILL_OK : mill_oom(b->ctx->memory, sizeof(mill_field), err);
}

static mill_status set_top(mill_binding *b, const mill_type *item, mill_error *err) {
  mill_field f[] = {{"item", item, true, NULL}, {"count", mill_type_of(MILL_BIGINT), false, NULL}};
  const mill_type *t = mill_type_struct(b->ctx->types, f, 2);
  b->result = t ? mill_type_array(b->ctx->types, t, false) : NULL;
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, sizeof *f, err);
}

static mill_status bind_top_k(mill_binding *b, mill_error *err) {
  plan *p;
  MILL_TRY(open_values(b, &p, err));
  MILL_TRY(bind_k(b, 1, p, err));
  MILL_TRY(bind_tracked(b, 2, p, err));
  if (b->nargs > 2 && p->tracked < p->k)
    return mill_fail(err, MILL_E_APPROX_TOP_K_MAX_ITEMS_TRACKED_LESS_THAN_K, "maxItemsTracked",
                     mill_error_fmt(err, "%d", (int)p->tracked), "k",
                     mill_error_fmt(err, "%d", (int)p->k), NULL);
  MILL_TRY(set_partial(b, p->item, err));
  return set_top(b, p->item, err);
}

static mill_status bind_accumulate(mill_binding *b, mill_error *err) {
  plan *p;
  MILL_TRY(open_values(b, &p, err));
  MILL_TRY(bind_tracked(b, 1, p, err));
  MILL_TRY(set_partial(b, p->item, err));
  b->result = b->partial;
  return MILL_OK;
}

static mill_status fail_state(mill_binding *b, mill_error *err) {
  const mill_type *t = b->arg_type[0];
  const char *got = t->id == MILL_STRUCT ? lower_type(b, t, err) : "struct<>";
  return fail_hint(b,
                   mill_error_fmt(err,
                                  "State must be a struct with 4 fields. Expected struct: "
                                  "struct<sketch:binary,maxItemsTracked:int,itemDataType:any,"
                                  "itemDataTypeDDL:string>. Got: %s",
                                  got),
                   err);
}

/* Argument 0 as a state. */
static mill_status open_states(mill_binding *b, plan **out, mill_error *err) {
  static const mill_type_id wanted[] = {MILL_BINARY, MILL_INT, MILL_NULL, MILL_STRING};
  const mill_type *t = b->arg_type[0];
  if (t->id != MILL_STRUCT && t->id != MILL_NULL)
    return mill_bind_wrong_type(b, 0, "\"STRUCT\"", err);
  if (t->nfields != STATE_FIELDS) return fail_state(b, err);
  for (int f = 0; f < STATE_FIELDS; f++)
    if (f != 2 && t->fields[f].type->id != wanted[f]) return fail_state(b, err);
  if (!mill_frequent_storable(t->fields[2].type)) return fail_state(b, err);
  return open_plan(b, t->fields[2].type, out, err);
}

static mill_status bind_combine(mill_binding *b, mill_error *err) {
  plan *p;
  mill_vector v = {0};
  MILL_TRY(open_states(b, &p, err));
  bool integral = b->nargs > 1 && b->arg_type[1]->id == MILL_INT && b->arg_value[1];
  if (integral) MILL_TRY(mill_bind_constant(b, 1, &v, err));
  bool own = integral && mill_vector_valid(&v, 0) && MILL_AT(int32_t, &v, 0) == -1;
  if (!own) MILL_TRY(bind_tracked(b, 1, p, err));
  MILL_TRY(set_partial(b, p->item, err));
  b->result = b->partial;
  return MILL_OK;
}

static mill_status bind_estimate(mill_binding *b, mill_error *err) {
  plan *p;
  MILL_TRY(open_states(b, &p, err));
  MILL_TRY(bind_k(b, 1, p, err));
  mill_bind_nullable(b);
  return set_top(b, p->item, err);
}

#define OF_VALUES " FROM VALUES ('a'), ('b'), ('c'), ('c'), ('c'), ('a') AS tab(expr)"
#define TOP "[{\"item\":\"c\",\"count\":3},{\"item\":\"a\",\"count\":2}]"

const mill_function mill_family_agg_frequent[] = {
    {.name = "approx_top_k",
     .types = "any, any?, any?",
     .fill = ", 5, 10000",
     .kind = MILL_AGGREGATE,
     .bind = bind_top_k,
     .aggregate = &top_agg,
     .usage = "approx_top_k(expr[, k[, maxItemsTracked]])",
     .doc = "The k most frequent values and how often they occur, exact up to maxItemsTracked "
            "different ones.",
     .example = "SELECT approx_top_k(expr, 2)" OF_VALUES " -> " TOP},
    {.name = "approx_top_k_accumulate",
     .types = "any, any?",
     .fill = ", 10000",
     .kind = MILL_AGGREGATE,
     .bind = bind_accumulate,
     .aggregate = &accumulate_agg,
     .usage = "approx_top_k_accumulate(expr[, maxItemsTracked])",
     .doc = "A sketch of the most frequent values, for approx_top_k_estimate.",
     .example =
         "SELECT approx_top_k_estimate(approx_top_k_accumulate(expr), 2)" OF_VALUES " -> " TOP},
    {.name = "approx_top_k_combine",
     .types = "any, any?",
     .fill = ", -1",
     .kind = MILL_AGGREGATE,
     .bind = bind_combine,
     .aggregate = &combine_agg,
     .usage = "approx_top_k_combine(state[, maxItemsTracked])",
     .doc = "Sketches of the most frequent values as one.",
     .example = "SELECT approx_top_k_estimate(approx_top_k_combine(sketch, 10000), 2) FROM (SELECT "
                "approx_top_k_accumulate(expr) AS sketch" OF_VALUES ") -> " TOP},
    {.name = "approx_top_k_estimate",
     .types = "any, any?",
     .fill = ", 5",
     .bind = bind_estimate,
     .kernel = top_estimate,
     .usage = "approx_top_k_estimate(state[, k])",
     .doc = "The k most frequent values of a sketch and how often they occur.",
     .example =
         "SELECT approx_top_k_estimate(approx_top_k_accumulate(expr), 2)" OF_VALUES " -> " TOP},
    {0}};
