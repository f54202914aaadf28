/* xpath, xpath_string, xpath_int and their kin: what an XPath expression finds in a document. The expression is
** constant and compiled once. A document or an expression of no characters is null; one that is none is an
** error. */
#include <math.h>

#include "base/xml.h"
#include "kernel/bytes_int.h"
#include "kernel/xpath.h"

static mill_status bind_xpath(mill_binding *b, mill_error *err) {
  const mill_xpath *x;
  mill_vector v = {0};
  const char *types = b->fn->types;
  MILL_TRY(mill_bind_types(b, types, err));
  MILL_TRY(mill_bind_constant(b, 1, &v, err));
  if (v.type == NULL)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                     mill_bind_sql(b, err), "inputName", "`path`", "inputType", "\"STRING\"",
                     "inputExpr", mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, 1)), NULL);
  b->nullable = true;
  bytes s = bytes_of(&v);
  if (s.n == 0) return MILL_OK; /* the state stays NULL: all rows are null */
  MILL_TRY(mill_xpath_new(b->arena, s.p, s.n, &x, err));
  b->state = (void *)x;
  return MILL_OK;
}

static mill_status not_xml(mill_call *call, const char *reason, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_MALFORMED_XML, "reason", reason, NULL);
}

typedef mill_status (*put)(mill_call *call, const mill_xpath_value *v, mill_arena *a,
                           mill_vector *out, size_t i, mill_error *err);

static mill_status one_row(mill_call *call, bytes s, put store, mill_arena *scratch,
                           mill_vector *out, size_t i, mill_error *err) {
  mill_xml *root;
  const char *reason;
  mill_xpath_value v;
  if (s.n == 0 || call->state == NULL) return mill_set_null(call, out, i, err);
  MILL_TRY(mill_xml_parse(s.p, s.n, true, scratch, &root, &reason, err));
  if (root == NULL) return not_xml(call, reason, err);
  MILL_TRY(mill_xpath_run(call->state, root, scratch, &v, err));
  return store(call, &v, scratch, out, i, err);
}

static mill_status all_rows(mill_call *call, const mill_vector *const *args, size_t n, put store,
                            mill_vector *out, mill_error *err) {
  mill_arena scratch;
  mill_status s = MILL_OK;
  mill_arena_init(&scratch, call->ctx->memory);
  for (size_t i = 0; i < n && s == MILL_OK; i++) {
    if (!mill_valid_bit(out->valid, i)) continue;
    s = one_row(call, bytes_at(args[0], i), store, &scratch, out, i, err);
    mill_arena_reset(&scratch);
  }
  mill_arena_clear(&scratch);
  return s;
}

/* ---- results -------------------------------------------------------------------------------- */

static mill_status put_string(mill_call *call, const mill_xpath_value *v, mill_arena *a,
                              mill_vector *out, size_t i, mill_error *err) {
  const char *p;
  size_t n;
  MILL_TRY(mill_xpath_text(v, a, &p, &n, err));
  return put_copy(call, out, i, p, n, err);
}

static mill_status put_boolean(mill_call *call, const mill_xpath_value *v, mill_arena *a,
                               mill_vector *out, size_t i, mill_error *err) {
  (void)call, (void)a, (void)err;
  ((uint8_t *)out->data)[i] = mill_xpath_bool(v);
  return MILL_OK;
}

/* As Java casts a double: NaN is 0, what is too large the largest. */
static int64_t whole(double d, double least, double most) {
  if (isnan(d)) return 0;
  if (d <= least) return most > 3e9 ? INT64_MIN : INT32_MIN;
  if (d >= most) return most > 3e9 ? INT64_MAX : INT32_MAX;
  return (int64_t)d;
}

static mill_status put_number(mill_call *call, const mill_xpath_value *v, mill_arena *a,
                              mill_vector *out, size_t i, mill_error *err) {
  double d;
  (void)call;
  MILL_TRY(mill_xpath_number(v, a, &d, err));
  int32_t small = (int32_t)whole(d, -2147483648.0, 2147483647.0);
  switch (out->type->id) {
  case MILL_DOUBLE: ((double *)out->data)[i] = d; break;
  case MILL_FLOAT: ((float *)out->data)[i] = (float)d; break;
  case MILL_BIGINT:
    ((int64_t *)out->data)[i] = whole(d, -9223372036854775808.0, 9223372036854775807.0);
    break;
  case MILL_INT: ((int32_t *)out->data)[i] = small; break;
  default: ((int16_t *)out->data)[i] = (int16_t)small; break;
  }
  return MILL_OK;
}

/* The nodes' own texts: that of an element is null. */
static mill_status put_nodes(mill_call *call, const mill_xpath_value *v, mill_arena *a,
                             mill_vector *out, size_t i, mill_error *err) {
  mill_vector *list = &out->child[0];
  uint32_t start = list->size;
  (void)a;
  if (v->kind != XPATH_NODES)
    return mill_call_fail(call, err, MILL_E_INVALID_XPATH, "path", mill_xpath_source(call->state),
                          "reason", "xpath needs an expression that finds nodes", "position", "1",
                          NULL);
  MILL_TRY(mill_vector_reserve(list, start + (uint32_t)v->n, call->arena, err));
  for (size_t k = 0; k < v->n; k++) {
    const mill_xml *x = v->node[k];
    uint32_t at = list->size++;
    if (x->text)
      MILL_TRY(put_copy(call, list, at, x->text, x->size, err));
    else
      MILL_TRY(mill_set_null(call, list, at, err));
  }
  ((mill_span *)out->data)[i] = (mill_span){start, list->size - start};
  return MILL_OK;
}

KERNEL_HEAD(k_nodes) { return all_rows(call, args, n, put_nodes, out, err); }
KERNEL_HEAD(k_string) { return all_rows(call, args, n, put_string, out, err); }
KERNEL_HEAD(k_boolean) { return all_rows(call, args, n, put_boolean, out, err); }
KERNEL_HEAD(k_number) { return all_rows(call, args, n, put_number, out, err); }

#define XPATH(NAME, RESULT, KERNEL, DOC, EXAMPLE)                                                  \
  {                                                                                                \
    .name = NAME, .types = "!string, !string -> " RESULT, .kernel = KERNEL, .bind = bind_xpath,    \
    .flags = MILL_FN_NULLABLE, .usage = NAME "(xml, xpath)", .doc = DOC,                           \
    .example = "SELECT " NAME EXAMPLE                                                              \
  }

const mill_function mill_family_xpath_text[] = {
    XPATH("xpath", "array<string>", k_nodes, "The texts of the nodes that an XPath finds.",
          "('<a><b>b1</b><b>b2</b></a>', 'a/b/text()') -> [\"b1\",\"b2\"]"),
    XPATH("xpath_string", "string", k_string, "The text that an XPath comes to.",
          "('<a><b>b</b><c>cc</c></a>', 'a/c') -> cc"),
    XPATH("xpath_boolean", "boolean", k_boolean,
          "Whether an XPath finds something, or comes to true.",
          "('<a><b>1</b></a>', 'a/b') -> true"),
    XPATH("xpath_double", "double", k_number, "The number that an XPath comes to.",
          "('<a><b>1</b><b>2</b></a>', 'sum(a/b)') -> 3.0"),
    XPATH("xpath_number", "double", k_number, "The number that an XPath comes to.",
          "('<a><b>1</b><b>2</b></a>', 'sum(a/b)') -> 3.0"),
    XPATH("xpath_float", "float", k_number, "The number that an XPath comes to.",
          "('<a><b>1</b><b>2</b></a>', 'sum(a/b)') -> 3.0"),
    XPATH("xpath_long", "bigint", k_number,
          "The number that an XPath comes to, cut to a whole one.",
          "('<a><b>1</b><b>2</b></a>', 'sum(a/b)') -> 3"),
    XPATH("xpath_int", "int", k_number, "The number that an XPath comes to, cut to a whole one.",
          "('<a><b>1</b><b>2</b></a>', 'sum(a/b)') -> 3"),
    XPATH("xpath_short", "smallint", k_number,
          "The number that an XPath comes to, cut to a whole one.",
          "('<a><b>1</b><b>2</b></a>', 'sum(a/b)') -> 3"),
    {0}};
