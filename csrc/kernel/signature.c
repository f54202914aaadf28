/* The type language of the catalogue: see function.h for its grammar.
**
** An argument's alternatives are Spark's TypeCollection: a type that is accepted as it is wins;
** else, among the types the argument can be cast to implicitly, the first that reaches all the
** others. */
#include "kernel/coerce.h"
#include "kernel/kernel_int.h"

enum { MAX_ALTERNATIVES = 12, MAX_NESTING = 8 };

typedef struct {
  const char *s;
  size_t n;
} part;

typedef struct {
  part text;   /* the alternatives */
  bool exact;  /* ! */
  bool folded; /* # */
  bool same;   /* = */
  bool optional, repeated;
} entry;

typedef enum {
  K_CONCRETE,
  K_DECIMAL,
  K_NUMERIC,
  K_INTEGRAL,
  K_FRACTIONAL,
  K_ANY,
  K_ARRAY,
  K_MAP,
  K_STRUCT,
  K_DATETIME,
  K_ATOMIC,
  K_ORDERABLE
} kind;

typedef struct {
  const char *name;
  kind kind;
  mill_type_id id; /* the type itself, or what an untyped NULL becomes */
  const char *sql;
} named;

static const named names[] = {
    {"string", K_CONCRETE, MILL_STRING, "STRING"},
    {"binary", K_CONCRETE, MILL_BINARY, "BINARY"},
    {"boolean", K_CONCRETE, MILL_BOOLEAN, "BOOLEAN"},
    {"tinyint", K_CONCRETE, MILL_TINYINT, "TINYINT"},
    {"smallint", K_CONCRETE, MILL_SMALLINT, "SMALLINT"},
    {"int", K_CONCRETE, MILL_INT, "INT"},
    {"bigint", K_CONCRETE, MILL_BIGINT, "BIGINT"},
    {"float", K_CONCRETE, MILL_FLOAT, "FLOAT"},
    {"double", K_CONCRETE, MILL_DOUBLE, "DOUBLE"},
    {"date", K_CONCRETE, MILL_DATE, "DATE"},
    {"timestamp", K_CONCRETE, MILL_TIMESTAMP, "TIMESTAMP"},
    {"timestamp_ntz", K_CONCRETE, MILL_TIMESTAMP_NTZ, "TIMESTAMP_NTZ"},
    {"time", K_CONCRETE, MILL_TIME, "TIME"},
    {"ltz_nanos", K_CONCRETE, MILL_TIMESTAMP_NANOS, "TIMESTAMP_LTZ(7..9)"},
    {"ntz_nanos", K_CONCRETE, MILL_TIMESTAMP_NTZ_NANOS, "TIMESTAMP_NTZ(7..9)"},
    {"ym", K_CONCRETE, MILL_INTERVAL_YM, "INTERVAL YEAR TO MONTH"},
    {"dt", K_CONCRETE, MILL_INTERVAL_DT, "INTERVAL DAY TO SECOND"},
    {"interval", K_CONCRETE, MILL_INTERVAL, "INTERVAL"},
    {"variant", K_CONCRETE, MILL_VARIANT, "VARIANT"},
    {"vector", K_CONCRETE, MILL_VECTOR, "VECTOR"},
    {"geometry", K_CONCRETE, MILL_GEOMETRY, "GEOMETRY"},
    {"geography", K_CONCRETE, MILL_GEOGRAPHY, "GEOGRAPHY"},
    {"null", K_CONCRETE, MILL_NULL, "VOID"},
    {"decimal", K_DECIMAL, MILL_DECIMAL, "DECIMAL"},
    {"numeric", K_NUMERIC, MILL_DOUBLE, "NUMERIC"},
    {"integral", K_INTEGRAL, MILL_INT, "INTEGRAL"},
    {"fractional", K_FRACTIONAL, MILL_DOUBLE, "FRACTIONAL"},
    {"any", K_ANY, MILL_NULL, "ANY"},
    {"array", K_ARRAY, MILL_NULL, "ARRAY"},
    {"map", K_MAP, MILL_NULL, "MAP"},
    {"struct", K_STRUCT, MILL_NULL, "STRUCT"},
    {"datetime", K_DATETIME, MILL_TIMESTAMP, "DATETIME"},
    {"atomic", K_ATOMIC, MILL_NULL, "ATOMIC"},
    {"orderable", K_ORDERABLE, MILL_NULL, "ORDERABLE"},
};

/* ---- reading -------------------------------------------------------------------------------- */

static part trim(part p) {
  while (p.n && *p.s == ' ') p.s++, p.n--;
  while (p.n && p.s[p.n - 1] == ' ') p.n--;
  return p;
}

/* Cut what stands before the next `stop` outside <> off the front of p. */
static part next_part(part *p, char stop) {
  size_t i = 0;
  for (int depth = 0; i < p->n; i++) {
    char c = p->s[i];
    if (c == '-' && i + 1 < p->n && p->s[i + 1] == '>') break;
    depth += (c == '<') - (c == '>');
    if (c == stop && depth == 0) break;
  }
  part head = trim((part){p->s, i});
  size_t skip = i < p->n && p->s[i] == stop ? i + 1 : i;
  *p = (part){p->s + skip, p->n - skip};
  return head;
}

static entry read_entry(part p) {
  entry e = {.text = p};
  for (; e.text.n && strchr("!#", *e.text.s); e.text.s++, e.text.n--) {
    e.exact |= *e.text.s == '!';
    e.folded |= *e.text.s == '#';
  }
  for (; e.text.n && strchr("?*", e.text.s[e.text.n - 1]); e.text.n--) {
    e.optional |= e.text.s[e.text.n - 1] == '?';
    e.repeated |= e.text.s[e.text.n - 1] == '*';
  }
  e.text = trim(e.text);
  e.same = e.text.n == 1 && *e.text.s == '=';
  return e;
}

static part arguments_of(const char *types, part *result) {
  const char *arrow = types;
  for (; (arrow = strstr(arrow, "->")) != NULL && arrow > types && arrow[-1] == '<';) arrow++;
  part args = {types, arrow ? (size_t)(arrow - types) : strlen(types)};
  *result = arrow ? trim((part){arrow + 2, strlen(arrow + 2)}) : (part){"", 0};
  return trim(args);
}

static bool is(part p, const char *s) { return strlen(s) == p.n && memcmp(p.s, s, p.n) == 0; }

static const named *name_of(part p) {
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (is(p, names[i].name)) return &names[i];
  return NULL;
}

/* "array<int>": true with the inner text when p is `outer` with type arguments. */
static bool nested(part p, const char *outer, part *inner) {
  size_t n = strlen(outer);
  if (p.n < n + 2 || memcmp(p.s, outer, n) != 0 || p.s[n] != '<' || p.s[p.n - 1] != '>')
    return false;
  *inner = (part){p.s + n + 1, p.n - n - 2};
  return true;
}

/* ---- conversion ----------------------------------------------------------------------------- */

bool mill_type_orderable(const mill_type *t) {
  switch (t->id) {
  case MILL_MAP:
  case MILL_VARIANT:
  case MILL_GEOMETRY:
  case MILL_GEOGRAPHY:
  case MILL_INTERVAL: return false;
  case MILL_ARRAY: return mill_type_orderable(t->fields[0].type);
  case MILL_VECTOR: /* as the structs that they are */
  case MILL_MATRIX:
  case MILL_STRUCT:
    for (uint32_t i = 0; i < t->nfields; i++)
      if (!mill_type_orderable(t->fields[i].type)) return false;
    return true;
  default: return true;
  }
}

static bool accepts(const named *k, const mill_type *t) {
  switch (k->kind) {
  case K_CONCRETE: return t->id == k->id;
  case K_DECIMAL: return t->id == MILL_DECIMAL;
  case K_NUMERIC: return mill_type_numeric(t);
  case K_INTEGRAL: return mill_type_integral(t);
  case K_FRACTIONAL: return t->id == MILL_FLOAT || t->id == MILL_DOUBLE || t->id == MILL_DECIMAL;
  case K_ANY: return true;
  case K_ARRAY: return t->id == MILL_ARRAY;
  case K_MAP: return t->id == MILL_MAP;
  case K_STRUCT: return t->id == MILL_STRUCT;
  case K_DATETIME:
    return t->id == MILL_DATE || t->id == MILL_TIMESTAMP || t->id == MILL_TIMESTAMP_NTZ;
  case K_ATOMIC: return t->id >= MILL_BOOLEAN && t->id <= MILL_INTERVAL_DT;
  case K_ORDERABLE: return mill_type_orderable(t);
  }
  return false;
}

static const mill_type *null_as(mill_types *types, const named *k) {
  const mill_type *null = mill_type_of(MILL_NULL);
  switch (k->kind) {
  case K_DECIMAL: return mill_type_decimal(types, 38, 18);
  case K_ARRAY: return mill_type_array(types, null, true);
  case K_MAP: return mill_type_map(types, null, null, true);
  case K_STRUCT: return mill_type_struct(types, NULL, 0);
  default: return mill_type_of(k->id);
  }
}

static const mill_type *convert_named(mill_types *types, const named *k, const mill_type *from,
                                      bool exact) {
  if (accepts(k, from)) return from;
  if (from->id == MILL_NULL) return null_as(types, k);
  if (exact) return NULL;
  bool string = from->id == MILL_STRING;
  switch (k->kind) {
  case K_CONCRETE: {
    const mill_type *to = mill_type_of(k->id);
    bool interval = k->id == MILL_INTERVAL_YM || k->id == MILL_INTERVAL_DT;
    if (string && interval) return NULL; /* which fields, nobody could say */
    return mill_implicit_cast(from, to, false) ? to : NULL;
  }
  case K_DECIMAL:
    if (mill_type_numeric(from)) return mill_decimal_for(types, from);
    return string ? mill_type_decimal(types, 38, 18) : NULL;
  case K_NUMERIC: return string ? mill_type_of(MILL_DOUBLE) : NULL;
  case K_DATETIME: return string ? mill_type_of(MILL_TIMESTAMP) : NULL;
  default: return NULL;
  }
}

static const mill_type *convert(mill_types *types, part alternatives, const mill_type *from,
                                bool exact, int depth);

static const mill_type *convert_one(mill_types *types, part p, const mill_type *from, bool exact,
                                    int depth) {
  part inner;
  const named *k = name_of(p);
  if (k) return convert_named(types, k, from, exact);
  bool list = nested(p, "array", &inner);
  if (!list && !nested(p, "map", &inner)) return NULL;
  const mill_type *null = mill_type_of(MILL_NULL);
  if (from->id != (list ? MILL_ARRAY : MILL_MAP) && from->id != MILL_NULL) return NULL;
  const mill_type *item = from->nfields ? from->fields[0].type : null;
  bool nulls = from->nfields ? from->contains_null : true;
  if (list) {
    const mill_type *t = convert(types, inner, item, exact, depth + 1);
    return t ? mill_type_array(types, t, nulls) : NULL;
  }
  part key = next_part(&inner, ',');
  const mill_type *value = from->nfields ? from->fields[1].type : null;
  const mill_type *kt = convert(types, key, item, exact, depth + 1);
  const mill_type *vt = convert(types, trim(inner), value, exact, depth + 1);
  return kt && vt ? mill_type_map(types, kt, vt, nulls) : NULL;
}

/* The first of the candidates that can become all the others. */
static const mill_type *closest(const mill_type *const *t, int n) {
  bool has_double = false;
  for (int i = 0; i < n; i++) has_double |= t[i]->id == MILL_DOUBLE;
  for (int i = 0; i < n; i++) {
    bool all = true;
    for (int j = 0; j < n; j++) all &= mill_implicit_cast(t[i], t[j], false);
    if (!all) continue;
    return t[i]->id == MILL_FLOAT && has_double ? mill_type_of(MILL_DOUBLE) : t[i];
  }
  return NULL;
}

static const mill_type *convert(mill_types *types, part alternatives, const mill_type *from,
                                bool exact, int depth) {
  const mill_type *candidate[MAX_ALTERNATIVES];
  int n = 0;
  if (depth > MAX_NESTING) return NULL;
  for (part rest = alternatives; rest.n;) {
    const mill_type *t = convert_one(types, next_part(&rest, '|'), from, exact, depth);
    if (t == from) return t;
    if (t && n < MAX_ALTERNATIVES) candidate[n++] = t;
  }
  const mill_type *t = closest(candidate, n);
  return t == NULL && n && from->id == MILL_NULL ? candidate[0] : t;
}

const mill_type *mill_convert_to(mill_types *types, const char *alternatives,
                                 const mill_type *from) {
  return convert(types, (part){alternatives, strlen(alternatives)}, from, false, 0);
}

/* ---- errors --------------------------------------------------------------------------------- */

/* What an entry requires, as Spark words it: "NUMERIC", ("STRING" or "BINARY"). */
static const char *required_text(mill_binding *b, part alternatives, mill_error *err) {
  char out[512];
  size_t at = 0, count = 0;
  for (part rest = alternatives; rest.n && at < sizeof out - 80; count++) {
    part p = next_part(&rest, '|');
    const named *k = name_of(p);
    at += (size_t)snprintf(out + at, sizeof out - at, "%s\"", count ? " or " : "");
    if (k) {
      at += (size_t)snprintf(out + at, sizeof out - at, "%s\"", k->sql);
      continue;
    }
    for (size_t i = 0; i < p.n && at < sizeof out - 80; i++)
      out[at++] = p.s[i] >= 'a' && p.s[i] <= 'z' ? (char)(p.s[i] - 32) : p.s[i];
    at += (size_t)snprintf(out + at, sizeof out - at, "\"");
  }
  (void)b;
  return mill_error_fmt(err, count > 1 ? "(%.*s)" : "%.*s", (int)at, out);
}

const char *mill_ordinal(int i) {
  static const char *const word[] = {"first", "second",  "third",  "fourth", "fifth",
                                     "sixth", "seventh", "eighth", "ninth",  "tenth"};
  return word[i < 10 ? i : 9];
}

mill_status mill_bind_wrong_type(mill_binding *b, int i, const char *required, mill_error *err) {
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_UNEXPECTED_INPUT_TYPE, "sqlExpr",
                   mill_bind_sql(b, err), "paramIndex", mill_ordinal(i), "requiredType", required,
                   "inputSql", mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, i)), "inputType",
                   mill_bind_type_sql(b, b->arg_type[i], err), NULL);
}

/* Spark takes any date or time for any other and finds out behind it that there is no such cast,
** as of a TIME to a DATE. */
static mill_status no_such_cast(mill_binding *b, int i, mill_type_id to, mill_error *err) {
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_CAST_WITHOUT_SUGGESTION, "sqlExpr",
                   mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, i)), "srcType",
                   mill_bind_type_sql(b, b->arg_type[i], err), "targetType",
                   mill_bind_type_sql(b, mill_type_of(to), err), NULL);
}

static mill_status refuse_entry(mill_binding *b, int i, const entry *e, mill_error *err) {
  mill_type_id from = b->arg_type[i]->id;
  if (!e->exact && from == MILL_TIME && is(e->text, "date"))
    return no_such_cast(b, i, MILL_DATE, err);
  if (!e->exact && from == MILL_DATE && is(e->text, "time"))
    return no_such_cast(b, i, MILL_TIME, err);
  return mill_bind_wrong_type(b, i, required_text(b, e->text, err), err);
}

static mill_status wrong_count(mill_binding *b, int least, int most, mill_error *err) {
  if (strcmp(b->fn->name, "count") == 0)
    return mill_fail(err, MILL_E_WRONG_NUM_ARGS_WITH_SUGGESTION, "functionName", "`count`",
                     "expectedNum", " >= 1", "actualNum", "0", "legacyNum", "0", "legacyConfKey",
                     "\"spark.sql.legacy.allowParameterlessCount\"", "legacyConfValue", "\"true\"",
                     NULL);
  const char *want = most < 0        ? mill_error_fmt(err, "> %d", least - 1)
                     : most == least ? mill_error_fmt(err, "%d", least)
                                     : NULL;
  /* Spark makes these by hand, and says so of the two arguments alone. */
  const char *name = b->name;
  if (strcmp(b->fn->name, "ceil") == 0 || strcmp(b->fn->name, "floor") == 0 ||
      strcmp(b->fn->name, "decode") == 0) {
    name = strcasecmp(name, "ceiling") ? b->fn->name : "ceiling";
    want = "2";
  }
  if (want == NULL) {
    char list[128];
    size_t at = 0;
    for (int i = least; i <= most && at < sizeof list - 16; i++)
      at += (size_t)snprintf(list + at, sizeof list - at, i > least ? ", %d" : "%d", i);
    want = mill_error_fmt(err, "[%s]", list);
  }
  return mill_fail(err, MILL_E_WRONG_NUM_ARGS_WITHOUT_SUGGESTION, "functionName",
                   mill_error_fmt(err, "`%s`", name), "expectedNum", want, "actualNum",
                   mill_error_fmt(err, "%d", b->nargs), "docroot",
                   "https://spark.apache.org/docs/latest", NULL);
}

/* A function that takes arguments by name misses the first that was not given. */
static mill_status missing(mill_binding *b, mill_error *err) {
  const char *at = strchr(b->fn->usage, '(');
  size_t n = 0;
  for (int i = 0; i <= b->nargs; i++, at += n) {
    at += strcspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    n = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
  }
  return mill_fail(err, MILL_E_REQUIRED_PARAMETER_NOT_FOUND, "routineName",
                   mill_error_fmt(err, "`%s`", b->name), "parameterName",
                   mill_error_fmt(err, "`%.*s`", (int)n, at - n), "index",
                   mill_error_fmt(err, "%d", b->nargs), NULL);
}

mill_status mill_bind_count(mill_binding *b, const char *types, mill_error *err) {
  part result, args;
  int least = 0, most = 0;
  if (types == NULL) return MILL_OK;
  for (args = arguments_of(types, &result); args.n; most++) {
    entry e = read_entry(next_part(&args, ','));
    args = trim(args);
    if (!e.optional && !e.repeated) least = most + 1;
    if (!e.repeated) continue;
    most = -1;
    break;
  }
  if (b->nargs >= least && (most < 0 || b->nargs <= most)) return MILL_OK;
  if ((b->fn->flags & MILL_FN_NAMED) && b->nargs < least) return missing(b, err);
  return wrong_count(b, least, most, err);
}

/* ---- binding -------------------------------------------------------------------------------- */

static const mill_type *result_type(mill_binding *b, part p, int depth) {
  part inner;
  if (p.n && *p.s == '$') {
    int i = p.n > 1 ? p.s[1] - '1' : 0;
    const mill_type *t = i < b->nargs ? b->cast_to[i] : mill_type_of(MILL_NULL);
    part field = {p.s + 2, p.n > 2 ? p.n - 2 : 0};
    if (field.n == 0) return t;
    if (t->nfields == 0) return mill_type_of(MILL_NULL);
    return t->fields[is(field, ".value") ? 1 : 0].type;
  }
  if (depth < MAX_NESTING && nested(p, "array", &inner)) {
    const mill_type *t = result_type(b, trim(inner), depth + 1);
    return t ? mill_type_array(b->ctx->types, t, true) : NULL;
  }
  if (depth < MAX_NESTING && nested(p, "map", &inner)) {
    part key = next_part(&inner, ',');
    const mill_type *k = result_type(b, key, depth + 1);
    const mill_type *v = result_type(b, trim(inner), depth + 1);
    return k && v ? mill_type_map(b->ctx->types, k, v, true) : NULL;
  }
  const named *k = name_of(p);
  return k ? mill_type_of(k->id) : NULL;
}

static mill_status bind_entry(mill_binding *b, int i, const entry *e, mill_error *err) {
  if (e->folded && b->arg_value[i] == NULL)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                     mill_bind_sql(b, err), "inputName", mill_ordinal(i), "inputType",
                     required_text(b, e->text, err), "inputExpr",
                     mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, i)), NULL);
  if (e->same) return MILL_OK;
  const mill_type *t = convert(b->ctx->types, e->text, b->arg_type[i], e->exact, 0);
  if (t == NULL) return refuse_entry(b, i, e, err);
  b->cast_to[i] = t;
  bool any = t->id == MILL_NULL;
  bool exact = e->exact || is(e->text, "integral");
  if (exact && b->arg_type[i]->id == MILL_NULL && !any && i < 64) b->voids |= 1ull << i;
  return MILL_OK;
}

/* Widen the arguments marked in `same` (a null pointer: all of them) to their common type. */
mill_status mill_bind_common(mill_binding *b, const bool *same, mill_error *err) {
  const mill_type *t = NULL;
  for (int i = 0; i < b->nargs; i++) {
    if (same && !same[i]) continue;
    t = t ? mill_common_type(b->ctx->types, t, b->cast_to[i]) : b->cast_to[i];
    if (t == NULL) return mill_bind_diff_types(b, same, err);
  }
  for (int i = 0; i < b->nargs; i++)
    if (same == NULL || same[i]) b->cast_to[i] = t;
  return MILL_OK;
}

mill_status mill_bind_types(mill_binding *b, const char *types, mill_error *err) {
  part result, args = arguments_of(types, &result);
  bool *same = mill_arena_alloc(b->arena, (size_t)b->nargs + 1), any = false;
  if (same == NULL) return mill_oom(b->arena->memory, (size_t)b->nargs, err);
  entry e = {.text = args};
  for (int i = 0; i < b->nargs; i++) {
    if (!e.repeated) e = read_entry(next_part(&args, ','));
    args = trim(args);
    MILL_TRY(bind_entry(b, i, &e, err));
    any |= same[i] = e.same;
  }
  if (any) MILL_TRY(mill_bind_common(b, same, err));
  mill_bind_nullable(b);
  b->result = result_type(b, result, 0);
  return b->result ? MILL_OK : mill_oom(b->arena->memory, sizeof *b->result, err);
}
