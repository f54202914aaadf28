/* Which collation the texts of a call have. A COLLATE that is written counts before the collation of a column or
** result, that before the default of a constant; constants take what the others have. Where columns of different
** collations meet, the result has none (MILL_NO_COLLATION): calls that compare refuse such texts here, and what
** sorts or groups by them when it is about to run (mill_collate_check). Collations are found place by place in
** arrays, maps and structs. Spark: CollationTypeCoercion. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/collation.h"
#include "plan/plan_int.h"

/* ---- what a call sees ----------------------------------------------------------------------- */

/* PLAIN: of a result's own type, which takes the collation of what it is made of. */
typedef enum strength { PLAIN, DEFAULT, IMPLICIT, INDETERMINATE, EXPLICIT } strength;

/* The collations in a type and how much each counts: for a text here, for what holds texts in `in`, a place a
** field. What holds none has its type alone. */
typedef struct place {
  const mill_type *type;
  bool texts;
  strength strength;
  int collation;
  bool written;
  struct place *in;
} place;

typedef enum outcome { MERGED, APART, FAILED } outcome;

/* All texts of the type are that strong; false: out of memory. */
static bool place_of(mill_planner *w, const mill_type *t, strength s, place *out) {
  *out = (place){.type = t};
  if (!mill_type_holds(t, MILL_STRING)) return true;
  out->texts = true;
  out->strength = s;
  out->collation = t->collation;
  out->written = t->written;
  if (t->id == MILL_STRING) return true;
  out->in = mill_w_alloc(w, t->nfields * sizeof *out->in);
  for (uint32_t i = 0; out->in && i < t->nfields; i++)
    if (!place_of(w, t->fields[i].type, s, &out->in[i])) return false;
  return out->in != NULL;
}

static outcome mismatch(mill_planner *w, const mill_expr *e, int a, int b) {
  char one[MILL_COLLATION_NAME], two[MILL_COLLATION_NAME];
  (void)MILL_W_FAIL_AT(w, e, MILL_E_COLLATION_MISMATCH_EXPLICIT, "explicitTypes",
                       mill_error_fmt(w->err, "\"STRING COLLATE %s\", \"STRING COLLATE %s\"",
                                      mill_collation_name(a, one), mill_collation_name(b, two)),
                       NULL);
  return FAILED;
}

static outcome stronger(mill_planner *w, const mill_expr *e, place *a, const place *b) {
  if (a->strength != b->strength) {
    if (b->strength > a->strength) *a = *b;
    return MERGED;
  }
  if (a->collation == b->collation) return MERGED;
  if (a->strength == PLAIN) return APART;
  if (a->strength == EXPLICIT) return mismatch(w, e, a->collation, b->collation);
  a->strength = INDETERMINATE;
  a->collation = MILL_NO_COLLATION;
  a->written = false;
  return MERGED;
}

/* The stronger of two, place by place, into the first. An array's items meet what is no array. */
static outcome merge(mill_planner *w, const mill_expr *e, place *a, const place *b) {
  const mill_type *s = a->type, *t = b->type;
  if (s->id == MILL_STRING && t->id == MILL_STRING) return stronger(w, e, a, b);
  if (!a->texts && !b->texts) return mill_type_same(s, t, true) ? MERGED : APART;
  if (!a->texts || !b->texts) return APART;
  if (s->id == MILL_ARRAY && t->id != MILL_ARRAY) return merge(w, e, &a->in[0], b);
  if (t->id == MILL_ARRAY && s->id != MILL_ARRAY) return merge(w, e, a, &b->in[0]);
  if (s->id != t->id || s->nfields != t->nfields) return APART;
  for (uint32_t i = 0; i < s->nfields; i++) {
    outcome o = merge(w, e, &a->in[i], &b->in[i]);
    if (o != MERGED) return o;
  }
  return MERGED;
}

static outcome context_of(mill_planner *w, const mill_expr *e, place *out);

/* Every `step`th argument from `first` on into `out`; `whole`: APART where one has no collation to tell. */
static outcome merge_arguments(mill_planner *w, const mill_expr *e, int first, int step, bool whole,
                               place *out) {
  for (int i = first; i < e->nargs; i += step) {
    place x;
    if (e->args[i]->type == NULL) continue;
    outcome o = context_of(w, e->args[i], &x);
    if (o == APART && !whole) continue;
    if (o == MERGED) o = merge(w, e, out, &x);
    if (o != MERGED) return o;
  }
  return MERGED;
}

static void weaken(place *x) {
  x->strength = IMPLICIT;
  for (uint32_t i = 0; x->in && i < x->type->nfields; i++) weaken(&x->in[i]);
}

/* Under a name, struct('a' COLLATE x AS f), texts count as those of a column do. */
static bool named(const mill_expr *made, uint32_t i) {
  char none[16]; /* the name of a field that was given none */
  snprintf(none, sizeof none, "col%u", i + 1);
  return made->pretty && strcmp(made->type->fields[i].name, none) != 0;
}

static outcome of_struct(mill_planner *w, const mill_expr *e, place *out) {
  for (uint32_t i = 0; i < e->type->nfields && (int)(2 * i + 1) < e->nargs; i++) {
    place x;
    outcome o = context_of(w, e->args[2 * i + 1], &x);
    if (o == FAILED) return o;
    if (o == APART) continue;
    out->in[i] = x;
    if (named(e, i)) weaken(&out->in[i]);
  }
  return MERGED;
}

/* Only where keys and values both have texts. */
static outcome of_map(mill_planner *w, const mill_expr *e, place *out) {
  for (int k = 0; k < 2; k++) {
    if (!out->in[k].texts) return APART;
    outcome o = merge_arguments(w, e, k, 2, true, &out->in[k]);
    if (o != MERGED) return o;
  }
  return MERGED;
}

/* A field, or the value that a map has. */
static outcome of_part(mill_planner *w, const mill_expr *e, uint32_t at, place *out) {
  place whole;
  outcome o = context_of(w, e->args[0], &whole);
  return o == MERGED ? merge(w, e, out, &whole.in[at]) : o;
}

static bool any_texts(const mill_expr *e) {
  for (int i = 0; i < e->nargs; i++)
    if (e->args[i]->type && mill_type_holds(e->args[i]->type, MILL_STRING)) return true;
  return false;
}

static strength own_strength(const mill_expr *e) {
  switch (e->kind) {
  case MILL_X_COLUMN:
  case MILL_X_OUTER:
  case MILL_X_VARIABLE:
  case MILL_X_SCALAR_QUERY: return IMPLICIT;
  case MILL_X_CAST: return mill_type_holds(e->args[0]->type, MILL_STRING) ? IMPLICIT : DEFAULT;
  case MILL_X_LITERAL: return e->name ? IMPLICIT : DEFAULT; /* a variable; a constant */
  default: return mill_x_is_call(e, "collate") ? EXPLICIT : any_texts(e) ? PLAIN : DEFAULT;
  }
}

/* The collations that an expression brings into a call. APART: it has no texts, or they do not fit what they are
** made of. A call has what is strongest among its arguments, also where its own texts have no collation:
** upper(x COLLATE y) and collation(x COLLATE y) are as explicit as x COLLATE y. */
static outcome context_of(mill_planner *w, const mill_expr *e, place *out) {
  strength own = own_strength(e);
  if (!mill_type_holds(e->type, MILL_STRING)) return APART;
  if (!place_of(w, e->type, own, out)) return FAILED;
  if (own != PLAIN) return MERGED;
  if (mill_x_is_call(e, "named_struct")) return of_struct(w, e, out);
  if (mill_x_is_call(e, "map")) return of_map(w, e, out);
  if (e->kind == MILL_X_FIELD) return of_part(w, e, (uint32_t)e->index, out);
  bool looks_up = mill_x_is_call(e, "extract_value") || mill_x_is_call(e, "element_at");
  looks_up = looks_up && e->args[0]->type->id == MILL_MAP;
  return looks_up ? of_part(w, e, 1, out) : merge_arguments(w, e, 0, 1, false, out);
}

/* ---- one collation for all ------------------------------------------------------------------ */

/* The type with the collations of `p`; NULL: they do not fit, or out of memory. */
static const mill_type *collated(mill_planner *w, const mill_type *t, const place *p) {
  mill_types *pool = w->ctx->types;
  if (t->id == MILL_STRING && p->type->id == MILL_STRING)
    return p->written ? mill_type_collated(pool, p->collation)
                      : mill_type_string(pool, p->collation, MILL_PLAIN_STRING, 0);
  if (!p->texts || !mill_type_holds(t, MILL_STRING)) return p->texts == false ? t : NULL;
  if (p->type->id == MILL_ARRAY && t->id != MILL_ARRAY) return collated(w, t, &p->in[0]);
  bool items = t->id == MILL_ARRAY && p->type->id != MILL_ARRAY;
  if (!items && (t->id != p->type->id || t->nfields != p->type->nfields)) return NULL;
  mill_field *f = mill_w_alloc(w, (t->nfields + 1) * sizeof *f);
  for (uint32_t i = 0; f && i < t->nfields; i++) {
    f[i] = t->fields[i];
    f[i].type = collated(w, f[i].type, items ? p : &p->in[i]);
    if (f[i].type == NULL) return NULL;
  }
  if (f == NULL) return NULL;
  if (t->id == MILL_ARRAY) return mill_type_array(pool, f[0].type, t->contains_null);
  if (t->id == MILL_MAP) return mill_type_map(pool, f[0].type, f[1].type, t->contains_null);
  return mill_type_struct(pool, f, t->nfields);
}

static const mill_expr *as_collated(mill_planner *w, const mill_expr *e, const place *p) {
  if (!mill_type_holds(e->type, MILL_STRING)) return e;
  const mill_type *t = collated(w, e->type, p);
  if (t == NULL || mill_type_same(t, e->type, true)) return w->status ? NULL : e;
  if (e->kind != MILL_X_LITERAL) return mill_x_cast(w, e, t);
  mill_expr *c = mill_x_copy(w, e);
  mill_vector *v = mill_w_alloc(w, sizeof *v);
  if (c == NULL || v == NULL) return NULL;
  *v = *e->value;
  v->type = t;
  c->value = v;
  c->type = t;
  return c;
}

static bool holds_collated(const mill_type *t, bool none) {
  if (t->id == MILL_STRING) return none ? t->collation == MILL_NO_COLLATION : t->collation != 0;
  for (uint32_t i = 0; i < t->nfields; i++)
    if (holds_collated(t->fields[i].type, none)) return true;
  return false;
}

static bool undecided(const place *p) {
  if (p->type->id == MILL_STRING) return p->collation == MILL_NO_COLLATION;
  for (uint32_t i = 0; p->in && i < p->type->nfields; i++)
    if (undecided(&p->in[i])) return true;
  return false;
}

/* These compare texts or look at their letters: not where no collation says how. */
static bool needs_one(const mill_expr *e) {
  static const char *const names[] = {"=",           "<=>",
                                      "!=",          "<",
                                      "<=",          ">",
                                      ">=",          "in",
                                      "equal_null",  "lower",
                                      "upper",       "lcase",
                                      "ucase",       "initcap",
                                      "contains",    "endswith",
                                      "instr",       "locate",
                                      "startswith",  "replace",
                                      "find_in_set", "substring_index",
                                      "trim",        "ltrim",
                                      "rtrim",       "btrim",
                                      "translate",   NULL};
  return mill_collate_among(e->fn->name, names);
}

static bool indeterminate(mill_planner *w, const mill_expr *e) {
  (void)MILL_W_FAIL_AT(w, e, MILL_E_INDETERMINATE_COLLATION_IN_EXPRESSION, "expr",
                       mill_collate_shown(w, e), NULL);
  return false;
}

/* The arguments from `first` on, each `step`th, with the collations of the strongest among them. */
static bool unify(mill_planner *w, mill_expr *e, int first, int step) {
  place all;
  bool any = false, begun = false;
  for (int i = first; i >= 0 && i < e->nargs; i += step)
    any = any || (e->args[i]->type && holds_collated(e->args[i]->type, false));
  for (int i = first; any && i >= 0 && i < e->nargs; i += step) {
    place x;
    if (e->args[i]->type == NULL || !mill_type_holds(e->args[i]->type, MILL_STRING)) continue;
    outcome o = context_of(w, e->args[i], &x);
    if (o == MERGED && begun) o = merge(w, e, &all, &x);
    if (o != MERGED) return o == APART;
    if (!begun) all = x;
    begun = true;
  }
  if (!begun) return true;
  if (needs_one(e) && undecided(&all)) return indeterminate(w, e);
  for (int i = first; i >= 0 && i < e->nargs; i += step) {
    if (e->args[i]->type == NULL) continue;
    e->args[i] = as_collated(w, e->args[i], &all);
    if (e->args[i] == NULL) return false;
  }
  return true;
}

/* The calls whose texts are to be of one collation; others see them as they are. */
static bool unites(const mill_expr *e) {
  static const char *const names[] = {"=",
                                      "<=>",
                                      "!=",
                                      "<",
                                      "<=",
                                      ">",
                                      ">=",
                                      "in",
                                      "equal_null",
                                      "array",
                                      "array_join",
                                      "concat",
                                      "greatest",
                                      "least",
                                      "coalesce",
                                      "array_contains",
                                      "array_except",
                                      "concat_ws",
                                      "mask",
                                      "replace",
                                      "translate",
                                      "trim",
                                      "ltrim",
                                      "rtrim",
                                      "btrim",
                                      "array_append",
                                      "array_intersect",
                                      "array_position",
                                      "array_remove",
                                      "array_union",
                                      "arrays_overlap",
                                      "contains",
                                      "endswith",
                                      "find_in_set",
                                      "startswith",
                                      "instr",
                                      "to_number",
                                      "try_to_number",
                                      "str_to_map",
                                      "levenshtein",
                                      "split_part",
                                      "lag",
                                      "lead",
                                      "regexp_replace",
                                      "rpad",
                                      "lpad",
                                      "overlay",
                                      "elt",
                                      "substring_index",
                                      "locate",
                                      "if",
                                      NULL};
  return mill_collate_among(e->fn->name, names);
}

/* The arguments at `first` and `second`, at every second one from there on, and the last where it is `other`. */
static bool unify_some(mill_planner *w, mill_expr *e, int first, int second, bool other) {
  mill_expr some = *e;
  some.nargs = 0;
  some.args = mill_w_alloc(w, (size_t)(e->nargs + 1) * sizeof *some.args);
  int *at = mill_w_alloc(w, (size_t)(e->nargs + 1) * sizeof *at);
  if (some.args == NULL || at == NULL) return false;
  if (first != second) at[some.nargs++] = first;
  for (int i = second; i < e->nargs - other; i += 2) at[some.nargs++] = i;
  if (other) at[some.nargs++] = e->nargs - 1;
  for (int i = 0; i < some.nargs; i++) some.args[i] = e->args[at[i]];
  if (!unify(w, &some, 0, 1)) return false;
  for (int i = 0; i < some.nargs; i++) e->args[at[i]] = some.args[i];
  return true;
}

/* decode(x, search, result, .., other): what is compared, and what comes out. Shown as it is written. */
static bool unify_decode(mill_planner *w, mill_expr *e) {
  bool other = e->nargs % 2 == 0;
  mill_expr keys = *e;
  if (e->pretty == NULL) e->pretty = mill_w_sql(w, e);
  keys.nargs -= other;
  return unify_some(w, &keys, 0, 1, false) && unify_some(w, e, 2, 2, other);
}

static bool unify_call(mill_planner *w, mill_expr *e) {
  if (mill_x_is_call(e, "map")) return e->nargs % 2 || (unify(w, e, 0, 2) && unify(w, e, 1, 2));
  if (mill_x_is_call(e, "when")) return unify_some(w, e, 1, 1, e->nargs % 2);
  if (mill_x_is_call(e, "decode") && e->nargs > 2) return unify_decode(w, e);
  if (mill_x_is_call(e, "btrim") && e->pretty == NULL) e->pretty = mill_w_sql(w, e);
  if (mill_collate_text_last(e)) return unify(w, e, 1, -1);
  return !unites(e) || unify(w, e, 0, 1);
}

/* m[k], where the collation of k is another one than that of the map's keys. */
static bool other_key(mill_planner *w, const mill_expr *e) {
  if (strcmp(e->fn->name, "extract_value") != 0 || e->args[0]->type->id != MILL_MAP) return false;
  const mill_type *want = e->args[0]->type->fields[0].type, *t = e->args[1]->type;
  if (want->id != MILL_STRING || t->id != MILL_STRING || t->collation == 0 ||
      t->collation == want->collation)
    return false;
  (void)MILL_W_FAIL_AT(w, e, MILL_E_DATATYPE_MISMATCH_UNEXPECTED_INPUT_TYPE, "sqlExpr",
                       mill_w_quoted_sql(w, e), "paramIndex", "second", "inputSql",
                       mill_w_quoted_sql(w, e->args[1]), "inputType", mill_w_quoted_type(w, t),
                       "requiredType", mill_w_quoted_type(w, want), NULL);
  return true;
}

const mill_expr *mill_collate_call(mill_planner *w, mill_expr *e) {
  bool any = false;
  for (int i = 0; i < e->nargs; i++)
    any = any || (e->args[i]->type && holds_collated(e->args[i]->type, false));
  if (!any || e->fn->kind == MILL_TABLE) return e;
  if (other_key(w, e)) return NULL;
  for (int i = 0; needs_one(e) && i < e->nargs; i++)
    if (e->args[i]->type && holds_collated(e->args[i]->type, true))
      return indeterminate(w, e), NULL;
  return unify_call(w, e) ? mill_collate_search(w, e) : NULL;
}

/* ---- results -------------------------------------------------------------------------------- */

/* Texts that are made of those of the first argument that has some. */
static bool keeps(const char *name) {
  static const char *const names[] = {"lower",
                                      "upper",
                                      "initcap",
                                      "concat",
                                      "concat_ws",
                                      "array_join",
                                      "substring",
                                      "left",
                                      "right",
                                      "lpad",
                                      "rpad",
                                      "repeat",
                                      "reverse",
                                      "overlay",
                                      "split",
                                      "elt",
                                      "str_to_map",
                                      "mask",
                                      "sentences",
                                      "regexp_replace",
                                      "regexp_extract",
                                      "regexp_extract_all",
                                      "regexp_substr",
                                      "listagg",
                                      "split_part",
                                      "substring_index",
                                      "hex",
                                      "conv",
                                      "trim",
                                      "ltrim",
                                      "rtrim",
                                      "btrim",
                                      "make_valid_utf8",
                                      "validate_utf8",
                                      "try_validate_utf8",
                                      NULL};
  return mill_collate_among(name, names);
}

/* What of the values is put into such a text does not say how it is compared. */
static bool keeps_format(const char *name) {
  static const char *const names[] = {"format_string", "printf", NULL};
  return mill_collate_among(name, names);
}

static const mill_type *recollated(mill_planner *w, const mill_type *t, const mill_type *text) {
  if (t->id == MILL_STRING) return t->collation || t->written ? t : text;
  if (t->id == MILL_ARRAY) {
    const mill_type *x = recollated(w, t->fields[0].type, text);
    return x ? mill_type_array(w->ctx->types, x, t->contains_null) : NULL;
  }
  if (t->id != MILL_MAP) return t;
  const mill_type *k = recollated(w, t->fields[0].type, text);
  const mill_type *v = recollated(w, t->fields[1].type, text);
  return k && v ? mill_type_map(w->ctx->types, k, v, t->contains_null) : NULL;
}

bool mill_collate_result(mill_planner *w, const mill_expr *e, mill_binding *b) {
  bool first = keeps_format(e->fn->name);
  int i = 0;
  while (!first && i < e->nargs && !mill_type_holds(b->arg_type[i], MILL_STRING)) i++;
  const mill_type *text = i < e->nargs ? b->arg_type[i] : NULL;
  while (text && text->id == MILL_ARRAY) text = text->fields[0].type;
  if (text == NULL || text->id != MILL_STRING) return true;
  if (text->collation == MILL_UTF8_BINARY && !text->written) return true;
  if (!first && !keeps(e->fn->name)) return true;
  const mill_type *t = recollated(w, b->result, text);
  if (t == NULL) w->status = mill_oom(w->ctx->memory, 1, w->err);
  if (t) b->result = t;
  return t != NULL;
}

/* ---- DEFAULT COLLATION ------------------------------------------------------------------------ */

const mill_type *mill_collate_texts(mill_planner *w, const char *collation) {
  int id;
  if (collation == NULL) return NULL;
  if (!mill_collation_find(collation, strlen(collation), &id))
    return MILL_W_FAIL(w, MILL_E_COLLATION_INVALID_NAME, "collationName", collation, "proposals",
                       "UTF8_BINARY, UTF8_LCASE, UNICODE", NULL);
  w->status = mill_collation_open(id, w->err);
  if (w->status) return NULL;
  const mill_type *t = mill_type_string(w->ctx->types, id, MILL_PLAIN_STRING, 0);
  if (t == NULL) w->status = mill_oom(w->ctx->memory, 1, w->err);
  return t;
}

static const mill_type *default_of_struct(mill_planner *w, const mill_type *t,
                                          const mill_type *texts) {
  mill_field *f = mill_w_alloc(w, ((size_t)t->nfields + 1) * sizeof *f);
  if (f == NULL) return NULL;
  for (uint32_t i = 0; i < t->nfields; i++) {
    f[i] = t->fields[i];
    f[i].type = mill_collate_default(w, f[i].type, texts);
    if (f[i].type == NULL) return NULL;
  }
  return mill_type_struct(w->ctx->types, f, t->nfields);
}

const mill_type *mill_collate_default(mill_planner *w, const mill_type *t, const mill_type *texts) {
  if (texts == NULL || !mill_type_holds(t, MILL_STRING)) return t;
  if (t->id == MILL_STRING) return t == mill_type_of(MILL_STRING) ? texts : t;
  if (t->id == MILL_STRUCT) return default_of_struct(w, t, texts);
  const mill_type *x = mill_collate_default(w, t->fields[0].type, texts);
  if (x == NULL || t->id == MILL_ARRAY)
    return x ? mill_type_array(w->ctx->types, x, t->contains_null) : NULL;
  const mill_type *v = t->id == MILL_MAP ? mill_collate_default(w, t->fields[1].type, texts) : NULL;
  return v ? mill_type_map(w->ctx->types, x, v, t->contains_null) : t;
}

/* ---- before it runs ------------------------------------------------------------------------- */

bool mill_collate_none(const mill_type *t) { return holds_collated(t, true); }

bool mill_collate_check(mill_planner *w, const mill_type *t) {
  if (!holds_collated(t, true)) return true;
  if (w->status == MILL_OK) w->status = mill_fail(w->err, MILL_E_INDETERMINATE_COLLATION, NULL);
  return false;
}

/* These look whether two of their values are the same, or which comes first. */
static bool must_compare(const mill_expr *e, bool by, bool map) {
  static const char *const all[] = {"greatest",
                                    "least",
                                    "map_from_arrays",
                                    "map_from_entries",
                                    "array_contains",
                                    "array_position",
                                    "array_remove",
                                    "array_distinct",
                                    "array_union",
                                    "array_except",
                                    "arrays_overlap",
                                    "array_intersect",
                                    "sort_array",
                                    "array_sort",
                                    "array_max",
                                    "array_min",
                                    "split_part",
                                    "str_to_map",
                                    "max",
                                    "min",
                                    "mode",
                                    "map_concat",
                                    "approx_count_distinct",
                                    NULL};
  return by || map || e->distinct || mill_collate_among(e->fn->name, all);
}

bool mill_collate_check_call(mill_planner *w, const mill_expr *e) {
  static const char *const second[] = {"max_by", "min_by", NULL};
  bool any = false;
  for (int i = 0; i < e->nargs; i++)
    any = any || (e->args[i]->type && holds_collated(e->args[i]->type, true));
  if (!any) return true;
  bool by = mill_collate_among(e->fn->name, second), map = mill_x_is_call(e, "map");
  if (!must_compare(e, by, map)) return true;
  for (int i = by; i < e->nargs; i += 1 + map)
    if (e->args[i]->type && !mill_collate_check(w, e->args[i]->type)) return false;
  return true;
}

/* Where in a type there are such texts: "s.a", "m.key", one after the other. */
static const char *paths_of(mill_planner *w, const mill_type *t, const char *path,
                            const char *list) {
  if (t->id == MILL_STRING && t->collation == MILL_NO_COLLATION)
    return mill_w_printf(w, "%s%s%s", list, *list ? ", " : "", path);
  for (uint32_t i = 0; list && i < t->nfields; i++) {
    const char *below = mill_w_printf(w, "%s.%s", path, t->fields[i].name);
    list = below ? paths_of(w, t->fields[i].type, below, list) : NULL;
  }
  return list;
}

bool mill_collate_check_schema(mill_planner *w, const mill_expr *const *columns, int n) {
  const char *list = "";
  for (int i = 0; list && i < n; i++)
    if (holds_collated(columns[i]->type, true))
      list = paths_of(w, columns[i]->type, columns[i]->name, list);
  if (list == NULL || *list == 0) return list != NULL;
  w->status =
      mill_fail(w->err, MILL_E_INDETERMINATE_COLLATION_IN_SCHEMA, "columnPaths", list, NULL);
  return false;
}
