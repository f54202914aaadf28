/* Functions whose work is done by what is not here: reflect and its kin call methods of a Java machine; those of
** Avro and Protobuf are in modules that Spark itself loads only when asked. Calls are checked as Spark checks
** them, and then refused with one sentence. */
#include "kernel/bytes_int.h"

/* ---- reflect -------------------------------------------------------------------------------- */

static mill_status need_text(mill_binding *b, int i, const char *name, mill_error *err) {
  const mill_vector *v = b->arg_value[i];
  if (v && v->type->id == MILL_STRING && mill_vector_valid(v, 0)) return MILL_OK;
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                   mill_bind_sql(b, err), "inputName", name, "inputType", "\"STRING\"", "inputExpr",
                   mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, i)), NULL);
}

static bool takes(const mill_type *t) {
  switch (t->id) {
  case MILL_BOOLEAN:
  case MILL_TINYINT:
  case MILL_SMALLINT:
  case MILL_INT:
  case MILL_BIGINT:
  case MILL_FLOAT:
  case MILL_DOUBLE:
  case MILL_STRING: return true;
  default: return false;
  }
}

static mill_status bind_reflect(mill_binding *b, mill_error *err) {
  MILL_TRY(need_text(b, 0, "`class`", err));
  MILL_TRY(need_text(b, 1, "`method`", err));
  for (int i = 2; i < b->nargs; i++)
    if (!takes(b->arg_type[i]))
      return mill_bind_wrong_type(b, i,
                                  "(\"BOOLEAN\" or \"TINYINT\" or \"SMALLINT\" or \"INT\" or "
                                  "\"BIGINT\" or \"FLOAT\" or \"DOUBLE\" or \"STRING\")",
                                  err);
  b->result = mill_type_of(MILL_STRING);
  b->nullable = true;
  return MILL_OK;
}

/* No row gets by: with none of them there is nothing to call. */
KERNEL_HEAD(k_reflect) {
  bytes name = bytes_at(args[0], 0);
  (void)out;
  if (n == 0) return MILL_OK;
  const char *class = mill_error_fmt(err, "%.*s", (int)name.n, name.p);
  mill_status s =
      mill_call_fail(call, err, MILL_E_DATATYPE_MISMATCH_UNEXPECTED_CLASS_TYPE, "sqlExpr",
                     mill_error_fmt(err, "\"%s\"", call->fn->name), "className", class, NULL);
  mill_error_hint(err, "No Java runs here: there are no classes to call.");
  return s;
}

/* ---- avro and protobuf ---------------------------------------------------------------------- */

static const char *upper(mill_binding *b, mill_error *err) {
  char name[32];
  size_t n = 0;
  for (const char *p = b->fn->name; *p && n < sizeof name - 1; p++)
    name[n++] = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
  return mill_error_fmt(err, "%.*s", (int)n, name);
}

static mill_status need_schema(mill_binding *b, int i, mill_error *err) {
  const mill_vector *v = b->arg_value[i];
  if (v && v->type->id == MILL_STRING && mill_vector_valid(v, 0)) return MILL_OK;
  const char *message = mill_error_fmt(
      err, "The %s argument of %s must be a constant text with an Avro schema in JSON",
      mill_ordinal(i), upper(b, err));
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_TYPE_CHECK_FAILURE_WITH_HINT, "sqlExpr",
                   mill_bind_sql(b, err), "msg", message, "hint", "", NULL);
}

static mill_status bind_avro(mill_binding *b, mill_error *err) {
  bool sample = strcmp(b->fn->name, "schema_of_avro") == 0;
  if (sample && (b->arg_type[0]->id != MILL_NULL || b->arg_value[0] == NULL))
    MILL_TRY(need_schema(b, 0, err));
  if (sample && b->nargs > 1 && b->arg_type[1]->id != MILL_MAP && b->arg_type[1]->id != MILL_NULL)
    return need_schema(b, 1, err);
  if (strcmp(b->fn->name, "from_avro") == 0) MILL_TRY(need_schema(b, 1, err));
  return mill_fail(err, MILL_E_AVRO_NOT_LOADED_SQL_FUNCTIONS_UNUSABLE, "functionName",
                   upper(b, err), NULL);
}

/* The file of descriptors is looked for first; there are no bytes of one here that could be read. */
static mill_status bind_protobuf(mill_binding *b, mill_error *err) {
  const mill_vector *path = b->nargs > 2 ? b->arg_value[2] : NULL;
  if (path && path->type->id == MILL_STRING && mill_vector_valid(path, 0)) {
    bytes s = bytes_of(path);
    return mill_fail(err, MILL_E_PROTOBUF_DESCRIPTOR_FILE_NOT_FOUND, "filePath",
                     mill_error_fmt(err, "%.*s", (int)s.n, s.p), NULL);
  }
  return mill_fail(err, MILL_E_PROTOBUF_NOT_LOADED_SQL_FUNCTIONS_UNUSABLE, "functionName",
                   upper(b, err), NULL);
}

#define FOREIGN(NAME, TYPES, BIND, USAGE, DOC, EXAMPLE)                                            \
  {                                                                                                \
    .name = NAME, .types = TYPES, .bind = BIND, .flags = MILL_FN_NONDETERMINISTIC, .usage = USAGE, \
    .doc = DOC, .example = EXAMPLE                                                                 \
  }
#define REFLECT(NAME)                                                                              \
  {                                                                                                \
    .name = NAME, .types = "any, any, any*", .bind = bind_reflect, .kernel = k_reflect,            \
    .flags = MILL_FN_NONDETERMINISTIC | MILL_FN_NULLS,                                             \
    .usage = NAME "(class, method[, arg1[, arg2 ..]])",                                            \
    .doc = "Calls a method of a Java class on Spark; here there are no classes.",                  \
    .example = "SELECT 1 -> 1"                                                                     \
  }

const mill_function mill_family_foreign[] = {
    REFLECT("reflect"),
    REFLECT("java_method"),
    REFLECT("try_reflect"),
    FOREIGN(
        "from_avro", "any, any, any?", bind_avro, "from_avro(child, jsonFormatSchema[, options])",
        "Reads Avro where Spark has loaded its module; here it is not loaded.", "SELECT 1 -> 1"),
    FOREIGN("to_avro", "any, any?", bind_avro, "to_avro(child[, jsonFormatSchema])",
            "Writes Avro where Spark has loaded its module; here it is not loaded.",
            "SELECT 1 -> 1"),
    FOREIGN("schema_of_avro", "any, any?", bind_avro, "schema_of_avro(jsonFormatSchema[, options])",
            "The type of an Avro schema where Spark has loaded its module; here it is not loaded.",
            "SELECT 1 -> 1"),
    FOREIGN("from_protobuf", "any, any, any?, any?", bind_protobuf,
            "from_protobuf(data, messageName, descFilePath[, options])",
            "Reads Protobuf where Spark has loaded its module; here it is not loaded.",
            "SELECT 1 -> 1"),
    FOREIGN("to_protobuf", "any, any, any?, any?", bind_protobuf,
            "to_protobuf(data, messageName, descFilePath[, options])",
            "Writes Protobuf where Spark has loaded its module; here it is not loaded.",
            "SELECT 1 -> 1"),
    {0}};
