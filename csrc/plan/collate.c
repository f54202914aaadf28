/* Which collation a call works by, and what that means for it. A COLLATE that is written counts before the
** collation of a column or result, that before the default of a constant; constants take what the others have.
** Searches by a collation become functions of their own. Spark: CollationTypeCoercion. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/collation.h"
#include "plan/plan_int.h"

/* ---- the collation of a call ---------------------------------------------------------------- */

/* INDETERMINATE: of several implicit ones that differ. */
typedef enum strength { DEFAULT, IMPLICIT, INDETERMINATE, EXPLICIT } strength;

/* The collation that an expression brings into a call, and how much it counts. */
typedef struct context {
  strength strength;
  int collation; /* -1: there are no texts */
} context;

/* The collation of the texts in a type; -1: there are none. */
static int collation_in(const mill_type *t) {
  if (t->id == MILL_STRING) return t->collation;
  if (t->id == MILL_ARRAY) return collation_in(t->fields[0].type);
  return -1;
}

static bool any_collated(const mill_expr *e) {
  for (int i = 0; i < e->nargs; i++)
    if (e->args[i]->type && collation_in(e->args[i]->type) > 0) return true;
  return false;
}

/* Two that are written: 'a' COLLATE x = 'b' COLLATE y. */
static bool mismatch(mill_planner *w, const mill_expr *e, int a, int b) {
  const mill_type *x = mill_type_string(w->ctx->types, a, MILL_PLAIN_STRING, 0);
  const mill_type *y = mill_type_string(w->ctx->types, b, MILL_PLAIN_STRING, 0);
  char one[MILL_COLLATION_NAME], two[MILL_COLLATION_NAME];
  if (x && y)
    (void)MILL_W_FAIL_AT(w, e, MILL_E_COLLATION_MISMATCH_EXPLICIT, "explicitTypes",
                         mill_error_fmt(w->err, "\"STRING COLLATE %s\", \"STRING COLLATE %s\"",
                                        mill_collation_name(a, one), mill_collation_name(b, two)),
                         NULL);
  return false;
}

/* The stronger of two; false: both are written and differ, which is an error of the call `e`. */
static bool merge(mill_planner *w, const mill_expr *e, context *into, context x) {
  if (x.collation < 0 || x.strength < into->strength) return true;
  bool differ = into->collation >= 0 && x.collation != into->collation;
  if (x.strength == EXPLICIT && into->strength == EXPLICIT && differ)
    return mismatch(w, e, into->collation, x.collation);
  if (x.strength == into->strength && x.strength == IMPLICIT && differ)
    into->strength = INDETERMINATE;
  else if (x.strength > into->strength || into->collation < 0)
    *into = x;
  return true;
}

static bool contexts(mill_planner *w, const mill_expr *e, context *into);

/* Do the texts of a call come from its arguments? Not those out of maps and structs. */
static bool passes(const mill_expr *e) {
  bool any = false;
  for (int i = 0; i < e->nargs; i++) {
    const mill_type *t = e->args[i]->type;
    if (t == NULL || t->id == MILL_MAP || t->id == MILL_STRUCT) return false;
    any = any || collation_in(t) >= 0;
  }
  return any;
}

/* The values that a lookup in a map may give, where the map is made on the spot: they pass their collation. */
static const mill_expr *made_map(const mill_expr *e) {
  bool looks_up = mill_x_is_call(e, "extract_value") || mill_x_is_call(e, "element_at");
  return looks_up && mill_x_is_call(e->args[0], "map") ? e->args[0] : NULL;
}

/* What a field is made of, where the struct is made on the spot. */
static const mill_expr *made_field(const mill_expr *e) {
  if (e->kind != MILL_X_FIELD || !mill_x_is_call(e->args[0], "named_struct")) return NULL;
  int at = 2 * e->index + 1;
  return at < e->args[0]->nargs ? e->args[0]->args[at] : NULL;
}

static bool context_of(mill_planner *w, const mill_expr *e, context *out);

static bool values_of(mill_planner *w, const mill_expr *e, const mill_expr *map, context *out) {
  *out = (context){DEFAULT, -1};
  for (int i = 1; i < map->nargs; i += 2) {
    context x;
    if (!context_of(w, map->args[i], &x) || !merge(w, e, out, x)) return false;
  }
  return true;
}

/* Under a name, struct('a' COLLATE x AS f), a COLLATE is no stronger than that of a column. */
static bool field_of(mill_planner *w, const mill_expr *e, context *out) {
  if (!context_of(w, made_field(e), out)) return false;
  if (out->strength == EXPLICIT && e->args[0]->pretty && strncmp(e->name, "col", 3) != 0)
    out->strength = IMPLICIT;
  return true;
}

/* A call has what is strongest among its arguments, also where its own texts have no collation: upper(x COLLATE y)
** and collation(x COLLATE y) are as explicit as x COLLATE y. */
static bool context_of(mill_planner *w, const mill_expr *e, context *out) {
  *out = (context){DEFAULT, collation_in(e->type)};
  if (out->collation < 0) return true;
  bool column = e->kind == MILL_X_COLUMN || e->kind == MILL_X_OUTER;
  column = column || e->kind == MILL_X_SCALAR_QUERY;
  bool cast = e->kind == MILL_X_CAST && collation_in(e->args[0]->type) >= 0;
  if (mill_x_is_call(e, "collate"))
    out->strength = EXPLICIT;
  else if (made_field(e))
    return field_of(w, e, out);
  else if (made_map(e))
    return values_of(w, e, made_map(e), out);
  else if (!column && !cast && passes(e))
    return *out = (context){DEFAULT, -1}, contexts(w, e, out);
  else if (column || cast || out->collation > 0)
    out->strength = IMPLICIT;
  return true;
}

static bool contexts(mill_planner *w, const mill_expr *e, context *into) {
  for (int i = 0; i < e->nargs; i++) {
    context x;
    if (e->args[i]->type == NULL) continue;
    if (!context_of(w, e->args[i], &x) || !merge(w, e, into, x)) return false;
  }
  return true;
}

static bool decide(mill_planner *w, const mill_expr *e, int *out) {
  context all = {DEFAULT, -1};
  if (!contexts(w, e, &all)) return false;
  *out = all.strength == DEFAULT || all.collation < 0 ? 0 : all.collation;
  if (all.strength != INDETERMINATE) return true;
  (void)MILL_W_FAIL_AT(w, e, MILL_E_INDETERMINATE_COLLATION_IN_EXPRESSION, "expr",
                       mill_w_quoted_sql(w, e), NULL);
  return false;
}

/* ---- arguments ------------------------------------------------------------------------------ */

static bool among(const char *name, const char *const *names) {
  for (int i = 0; names[i]; i++)
    if (strcasecmp(names[i], name) == 0) return true;
  return false;
}

/* These see their arguments as they are, or pass them on to calls that are bound by themselves. */
static bool apart(const mill_expr *e) {
  static const char *const names[] = {
      "collate", "collation", "format_string", "printf", "nvl",    "ifnull", "nullif",       "nvl2",
      "btrim",   "between",   "decode",        "typeof", "struct", "map",    "named_struct", NULL};
  bool expanded = e->fn->lowered && e->fn->kernel == NULL && e->fn->aggregate == NULL;
  return expanded || among(e->fn->name, names);
}

/* The text that is searched says how; the collation of the pattern does not matter. */
static bool patterns(const mill_expr *e) {
  static const char *const names[] = {"like",           "ilike",          "rlike",
                                      "regexp_like",    "regexp_extract", "regexp_extract_all",
                                      "regexp_replace", "regexp_count",   "regexp_instr",
                                      "regexp_substr",  "split",          NULL};
  return among(e->fn->name, names);
}

static bool searches(const mill_expr *e) {
  static const char *const names[] = {"contains", "startswith",  "endswith", "instr",
                                      "locate",   "find_in_set", NULL};
  return among(e->fn->name, names);
}

static const mill_expr *as_collated(mill_planner *w, const mill_expr *e, const mill_type *t) {
  if (e->type == t || e->type->id != MILL_STRING) return e;
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

static bool wrong_type(mill_planner *w, const mill_expr *e) {
  (void)MILL_W_FAIL_AT(w, e, MILL_E_DATATYPE_MISMATCH_UNEXPECTED_INPUT_TYPE, "sqlExpr",
                       mill_w_quoted_sql(w, e), "paramIndex", "first", "inputSql",
                       mill_w_quoted_sql(w, e->args[0]), "inputType",
                       mill_w_quoted_type(w, e->args[0]->type), "requiredType", "\"STRING\"", NULL);
  return false;
}

/* The text to search as the collation sees it, shown as it was. */
static const mill_expr *key(mill_planner *w, const mill_expr *e) {
  const mill_expr *x = mill_x_bound(w, "collated_key", 1, e);
  mill_expr *c = x ? mill_x_copy(w, x) : NULL;
  if (c) c->pretty = mill_w_sql(w, e);
  return c;
}

/* Another function does it: under the name that the user wrote. */
static const mill_expr *by_collation(mill_planner *w, const mill_expr *e, const mill_type *t) {
  static const struct {
    const char *name, *other;
    int ends; /* of trim */
  } all[] = {{"replace", "collated_replace", 0},
             {"translate", "collated_translate", 0},
             {"split_part", "collated_split_part", 0},
             {"substring_index", "collated_substring_index", 0},
             {"trim", "collated_trim", 3},
             {"btrim", "collated_trim", 3},
             {"ltrim", "collated_trim", 1},
             {"rtrim", "collated_trim", 2}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    if (strcmp(e->fn->name, all[i].name) != 0) continue;
    const mill_expr *x;
    if (all[i].ends) {
      /* trim(characters, text) but for btrim(text, characters) */
      bool swapped = strcmp(all[i].name, "btrim") == 0;
      const mill_expr *text = e->nargs < 2 || swapped ? e->args[0] : e->args[1];
      const mill_expr *set = e->nargs < 2 ? mill_x_string(w, " ") : e->args[swapped ? 1 : 0];
      x = mill_x_bound(w, all[i].other, 3, as_collated(w, text, t), as_collated(w, set, t),
                       mill_x_int(w, all[i].ends));
    } else if (e->nargs == 2) {
      x = mill_x_bound(w, all[i].other, 2, e->args[0], e->args[1]);
    } else {
      x = mill_x_bound(w, all[i].other, 3, e->args[0], e->args[1], e->args[2]);
    }
    mill_expr *c = x ? mill_x_copy(w, x) : NULL;
    if (c) c->pretty = mill_w_sql(w, e), c->text = e->text, c->start = e->start, c->stop = e->stop;
    return c;
  }
  return NULL;
}

/* Do texts at the same place in structs differ in their collations? No COLLATE is strong in there. */
static bool fields_differ(const mill_type *a, const mill_type *b, bool inside) {
  if (a->id != b->id) return false;
  if (a->id == MILL_STRING) return inside && a->collation != b->collation;
  if (a->id == MILL_ARRAY) return fields_differ(a->fields[0].type, b->fields[0].type, inside);
  if (a->id != MILL_STRUCT || a->nfields != b->nfields) return false;
  for (uint32_t i = 0; i < a->nfields; i++)
    if (fields_differ(a->fields[i].type, b->fields[i].type, true)) return true;
  return false;
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

/* struct('a', 1): constants without names take the collation of what they are compared with. */
static bool takes_other(const mill_expr *e) {
  if (!mill_x_is_call(e, "named_struct")) return false;
  for (int i = 1; i < e->nargs; i += 2) {
    const mill_type *t = e->args[i]->type;
    char place[16]; /* the name of a field that was given none */
    snprintf(place, sizeof place, "col%d", i / 2 + 1);
    bool unnamed = strcmp(e->type->fields[i / 2].name, place) == 0;
    if (collation_in(t) >= 0 && (e->args[i]->kind != MILL_X_LITERAL || t->collation || !unnamed))
      return false;
  }
  return true;
}

/* The comparison of structs whose texts have no collation in common. */
static bool undecided(mill_planner *w, const mill_expr *e) {
  static const char *const names[] = {"=", "<=>", "!=", "<", "<=", ">", ">=", "in", NULL};
  if (!among(e->fn->name, names)) return false;
  for (int i = 1; i < e->nargs; i++) {
    if (!fields_differ(e->args[0]->type, e->args[i]->type, false)) continue;
    if (takes_other(e->args[0]) || takes_other(e->args[i])) continue;
    (void)MILL_W_FAIL_AT(w, e, MILL_E_INDETERMINATE_COLLATION_IN_EXPRESSION, "expr",
                         mill_w_quoted_sql(w, e), NULL);
    return true;
  }
  return false;
}

/* Calls whose texts need not go together. */
static bool mixes(mill_planner *w, const mill_expr *e) {
  static const char *const names[] = {"levenshtein", "format_string", "printf", "sentences",
                                      "min_by",      "max_by",        NULL};
  context all = {DEFAULT, -1};
  return among(e->fn->name, names) && contexts(w, e, &all) && all.strength == INDETERMINATE;
}

const mill_expr *mill_collate_call(mill_planner *w, mill_expr *e, int *collation) {
  int id;
  *collation = 0;
  if (undecided(w, e) || other_key(w, e)) return NULL;
  if (e->nargs == 0 || e->fn->kind == MILL_TABLE || !any_collated(e) || mixes(w, e)) return e;
  bool collated_trim = strcmp(e->fn->name, "btrim") == 0;
  bool replaces = strcmp(e->fn->name, "regexp_replace") == 0;
  if (patterns(e) && !replaces)
    id = collation_in(e->args[0]->type) > 0 ? collation_in(e->args[0]->type) : 0;
  else if (!decide(w, e, &id))
    return NULL;
  const mill_type *t = mill_type_string(w->ctx->types, id, MILL_PLAIN_STRING, 0);
  if (t == NULL) return NULL;
  bool found = searches(e);
  if (patterns(e) && id > MILL_UTF8_LCASE) return wrong_type(w, e), NULL;
  if (found && (id & MILL_COLLATE_AI) && !(id & MILL_COLLATE_CI)) return wrong_type(w, e), NULL;
  *collation = id;
  if (apart(e) && !collated_trim) return e;
  static const char *const as_given[] = {"like", "ilike", "rlike", "split", NULL};
  bool quiet = among(e->fn->name, as_given);
  for (int i = 0; !quiet && !collated_trim && i < e->nargs; i++) {
    e->args[i] = as_collated(w, e->args[i], t);
    if (e->args[i] == NULL) return NULL;
  }
  if (id == 0) return e;
  const mill_expr *other = by_collation(w, e, t);
  if (other || w->status) return other;
  if (found && e->pretty == NULL) e->pretty = mill_w_sql(w, e);
  for (int i = 0; found && i < e->nargs; i++) {
    if (e->args[i]->type->id == MILL_STRING) e->args[i] = key(w, e->args[i]);
    if (e->args[i] == NULL) return NULL;
  }
  return e;
}

/* ---- results -------------------------------------------------------------------------------- */

/* Texts that are made of their arguments. */
static bool keeps(const char *name) {
  static const char *const names[] = {"lower",
                                      "upper",
                                      "initcap",
                                      "concat",
                                      "concat_ws",
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
                                      "soundex",
                                      "quote",
                                      "regexp_replace",
                                      "regexp_extract",
                                      "regexp_extract_all",
                                      "regexp_substr",
                                      "listagg",
                                      "trim",
                                      "ltrim",
                                      "rtrim",
                                      "btrim",
                                      NULL};
  return among(name, names);
}

static const mill_type *recollated(mill_planner *w, const mill_type *t, const mill_type *text) {
  if (t->id == MILL_STRING) return t->collation ? t : text;
  if (t->id == MILL_ARRAY) {
    const mill_type *x = recollated(w, t->fields[0].type, text);
    return x ? mill_type_array(w->ctx->types, x, t->contains_null) : NULL;
  }
  if (t->id != MILL_MAP) return t;
  const mill_type *k = recollated(w, t->fields[0].type, text);
  const mill_type *v = recollated(w, t->fields[1].type, text);
  return k && v ? mill_type_map(w->ctx->types, k, v, t->contains_null) : NULL;
}

bool mill_collate_result(mill_planner *w, const mill_expr *e, int collation, mill_binding *b) {
  if (collation == 0 || !keeps(e->fn->name)) return true;
  const mill_type *text = mill_type_string(w->ctx->types, collation, MILL_PLAIN_STRING, 0);
  const mill_type *t = text ? recollated(w, b->result, text) : NULL;
  if (t == NULL) w->status = mill_oom(w->ctx->memory, 1, w->err);
  if (t) b->result = t;
  return t != NULL;
}
