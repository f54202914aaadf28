/* Helpers for the bind functions of families: constants, texts for messages, common errors; see
** kernel_int.h. */
#include "kernel/cast.h"
#include "kernel/kernel_int.h"

mill_status mill_bind_alloc(mill_binding *b, size_t size, void **out, mill_error *err) {
  *out = mill_arena_alloc(b->arena, size);
  return *out ? MILL_OK : mill_oom(b->arena->memory, size, err);
}

bool mill_bind_literal(const mill_binding *b, int i) {
  return b->arg_literal ? b->arg_literal[i] : b->arg_value[i] != NULL;
}

/* Run a cast on one constant at bind time. */
static mill_status cast_constant(mill_binding *b, int i, mill_vector *out, mill_error *err) {
  mill_binding one = *b;
  const mill_vector *arg = b->arg_value[i];
  one.arg_type = b->arg_type + i;
  one.arg_value = b->arg_value + i;
  one.arg_nullable = b->arg_nullable + i;
  const char *sql = mill_arg_sql(b, i);
  one.arg_sql = &sql;
  one.nargs = 1;
  MILL_TRY(
      mill_cast_bind(&one, b->cast_to[i], b->set->ansi ? MILL_CAST_ANSI : MILL_CAST_LEGACY, err));
  mill_call call = {.ctx = b->ctx,
                    .set = b->set,
                    .result = b->cast_to[i],
                    .arg_type = one.arg_type,
                    .nargs = 1,
                    .state = one.state,
                    .arena = b->arena,
                    .start = -1};
  mill_vector flat;
  MILL_TRY(mill_vector_init(&flat, b->cast_to[i], 1, b->arena, err));
  if (!mill_vector_valid(arg, 0)) {
    mill_vector_null(out, b->cast_to[i]);
    return MILL_OK;
  }
  MILL_TRY(one.kernel(&call, &arg, 1, &flat, err));
  return mill_vector_constant(out, &flat, 0, b->arena, err);
}

mill_status mill_bind_constant(mill_binding *b, int i, mill_vector *out, mill_error *err) {
  *out = (mill_vector){0};
  if (i >= b->nargs || b->arg_value[i] == NULL) return MILL_OK;
  if (b->cast_to[i] == b->arg_type[i]) {
    *out = *b->arg_value[i];
    return MILL_OK;
  }
  return cast_constant(b, i, out, err);
}

/* ---- texts ---------------------------------------------------------------------------------- */

static const char *operator_sign(const char *name) {
  static const char *const word[] = {"and", "or", "not"};
  static const char *const sign[] = {"AND", "OR", "NOT"};
  for (int i = 0; i < 3; i++)
    if (strcmp(name, word[i]) == 0) return sign[i];
  return name;
}

/* The arguments, each after the word that comes before it. */
static const char *worded_args(mill_binding *b, const char *(*word)(const mill_binding *, int),
                               mill_error *err) {
  char list[2048];
  size_t at = 0;
  list[0] = '\0';
  for (int i = 0; i < b->nargs && at < sizeof list - 8; i++) {
    int k = snprintf(list + at, sizeof list - at, "%s%s", word(b, i), mill_arg_sql(b, i));
    at += k > 0 ? (size_t)k : 0;
  }
  return mill_error_fmt(err, "%s", list);
}

static const char *list_word(const mill_binding *b, int i) {
  (void)b;
  return i ? ", " : "";
}

static const char *in_word(const mill_binding *b, int i) {
  (void)b;
  return i == 0 ? "" : i == 1 ? " IN (" : ", ";
}

static const char *case_word(const mill_binding *b, int i) {
  if (i == b->nargs - 1 && i % 2 == 0) return " ELSE ";
  return i % 2 ? " THEN " : " WHEN ";
}

/* explode_outer is explode, where its argument is wrong. */
static const char *inner_generator(const char *name, mill_error *err) {
  size_t n = strlen(name), outer = sizeof "_outer" - 1;
  bool is = n > outer && strcmp(name + n - outer, "_outer") == 0;
  return is ? mill_error_fmt(err, "%.*s", (int)(n - outer), name) : name;
}

const char *mill_bind_sql(mill_binding *b, mill_error *err) {
  bool reduce =
      strcasecmp(b->name, "reduce") == 0; /* which is shown by the name that was written */
  const char *name = reduce ? "reduce" : mill_function_printed(b->fn, b->fn->name);
  if (b->fn->kind == MILL_GENERATOR) name = inner_generator(name, err);
  bool op = (b->fn->flags & MILL_FN_OPERATOR) != 0;
  if (b->shown) return mill_error_fmt(err, "\"%s\"", b->shown);
  if (strcmp(name, "negative") == 0) return mill_error_fmt(err, "\"(- %s)\"", mill_arg_sql(b, 0));
  if (strcmp(name, "positive") == 0) return mill_error_fmt(err, "\"(+ %s)\"", mill_arg_sql(b, 0));
  if (strcmp(name, "when") == 0)
    return mill_error_fmt(err, "\"CASE%s END\"", worded_args(b, case_word, err));
  if (strcmp(name, "in") == 0)
    return mill_error_fmt(err, "\"(%s))\"", worded_args(b, in_word, err));
  if (strcmp(name, "if") == 0)
    return mill_error_fmt(err, "\"(IF(%s))\"", worded_args(b, list_word, err));
  if (op && b->nargs == 2)
    return mill_error_fmt(err, "\"(%s %s %s)\"", mill_arg_sql(b, 0), operator_sign(name),
                          mill_arg_sql(b, 1));
  if (op && b->nargs == 1)
    return mill_error_fmt(err, "\"(%s %s)\"", operator_sign(name), mill_arg_sql(b, 0));
  return mill_error_fmt(err, "\"%s(%s)\"", name, worded_args(b, list_word, err));
}

const char *mill_bind_type_sql(mill_binding *b, const mill_type *t, mill_error *err) {
  return mill_type_quoted(b->ctx->memory, t, err);
}

/* ---- errors --------------------------------------------------------------------------------- */

static mill_status diff_condition(const mill_binding *b, const bool *same) {
  if (strcmp(b->fn->name, "map") != 0 || same == NULL)
    return MILL_E_DATATYPE_MISMATCH_DATA_DIFF_TYPES;
  return same[0] ? MILL_E_DATATYPE_MISMATCH_CREATE_MAP_KEY_DIFF_TYPES
                 : MILL_E_DATATYPE_MISMATCH_CREATE_MAP_VALUE_DIFF_TYPES;
}

const char *mill_bind_type_list(mill_binding *b, const bool *some, const char *gap,
                                mill_error *err) {
  char list[2048];
  size_t at = 0;
  list[0] = '\0';
  for (int i = 0, count = 0; i < b->nargs && at < sizeof list - 8; i++) {
    if (some && !some[i]) continue;
    int k = snprintf(list + at, sizeof list - at, "%s%s", count++ ? gap : "",
                     mill_bind_type_sql(b, b->arg_type[i], err));
    at += k > 0 ? (size_t)k : 0;
  }
  return mill_error_fmt(err, "%s", list);
}

mill_status mill_bind_diff_types(mill_binding *b, const bool *same, mill_error *err) {
  const char *name = strcmp(b->fn->name, "when") == 0 ? "casewhen" : b->fn->name;
  bool alternatives = strcmp(name, "coalesce") == 0 || strcmp(name, "concat") == 0 ||
                      strcmp(name, "width_bucket") == 0 || strcmp(name, "map_concat") == 0 ||
                      strcmp(name, "array") == 0;
  const char *list = mill_bind_type_list(b, same, alternatives ? " or " : ", ", err);
  return mill_fail(err, diff_condition(b, same), "sqlExpr", mill_bind_sql(b, err), "functionName",
                   mill_error_fmt(err, "`%s`", name), "dataType",
                   mill_error_fmt(err, alternatives ? "(%s)" : "[%s]", list), NULL);
}

mill_status mill_bind_operands_differ(mill_binding *b, mill_error *err) {
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_BINARY_OP_DIFF_TYPES, "sqlExpr",
                   mill_bind_sql(b, err), "left", mill_bind_type_sql(b, b->arg_type[0], err),
                   "right", mill_bind_type_sql(b, b->arg_type[1], err), NULL);
}

mill_status mill_bind_operand_wrong(mill_binding *b, const mill_type *t, const char *required,
                                    mill_error *err) {
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_BINARY_OP_WRONG_TYPE, "sqlExpr",
                   mill_bind_sql(b, err), "inputType", required, "actualDataType",
                   mill_bind_type_sql(b, t, err), NULL);
}

mill_status mill_bind_unordered(mill_binding *b, const char *name, const mill_type *t,
                                mill_error *err) {
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_INVALID_ORDERING_TYPE, "sqlExpr",
                   mill_bind_sql(b, err), "functionName", mill_error_fmt(err, "`%s`", name),
                   "dataType", mill_bind_type_sql(b, t, err), NULL);
}
