/* from_csv, to_csv and schema_of_csv: one record as a struct, and back, by the rules of the reader and the
** writer of CSV files (csv_text.h).
**
** A text is one record, newlines and all. What does not fit is null, as are the fields that it lacks; the column
** of malformed records gets the text of such a one. */
#include "kernel/csv_text.h"

#include "base/timezone.h"
#include "kernel/cast.h"
#include "kernel/format_call.h"
#include "kernel/json_value.h"
#include "kernel/list_int.h"

/* ---- from_csv ------------------------------------------------------------------------------- */

typedef struct from_csv {
  csv_plan plan;
  bool fail_fast;
  int corrupt; /* member for the text of malformed records; -1: none */
} from_csv;

static mill_status read_plan(mill_binding *b, csv_plan *p, mill_options o, mill_error *err) {
  MILL_TRY(mill_csv_options(p, o, err));
  p->times = true;
  return mill_call_rules(b, o, &p->rules, err);
}

static bool csv_type(const mill_type *t) {
  return t->nfields == 0 && t->phys != MILL_PHYS_STRUCT && t->id != MILL_NULL &&
         t->id != MILL_INTERVAL && t->id != MILL_VARIANT;
}

static mill_status check_schema(mill_binding *b, const mill_type *t, mill_error *err) {
  if (t->id != MILL_STRUCT)
    return mill_fail(err, MILL_E_INVALID_SCHEMA_NON_STRUCT_TYPE, "inputSchema",
                     mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, 1)), "dataType",
                     mill_bind_type_sql(b, t, err), NULL);
  for (uint32_t i = 0; i < t->nfields; i++)
    if (!csv_type(t->fields[i].type))
      return mill_fail(err, MILL_E_UNSUPPORTED_DATATYPE, "typeName",
                       mill_bind_type_sql(b, t->fields[i].type, err), NULL);
  return MILL_OK;
}

static mill_status bind_from_csv(mill_binding *b, mill_error *err) {
  from_csv *f;
  mill_options o;
  MILL_TRY(mill_bind_types(b, "!string, any, any? -> string", err));
  BIND_NEW(b, from_csv, f, err);
  MILL_TRY(mill_call_schema(b, 1, &b->result, err));
  MILL_TRY(check_schema(b, b->result, err));
  MILL_TRY(mill_call_options(b, 2, &o, err));
  MILL_TRY(read_plan(b, &f->plan, o, err));
  MILL_TRY(mill_call_mode(b, o, &f->fail_fast, err));
  MILL_TRY(mill_call_corrupt(b, o, b->result, &f->corrupt, err));
  b->shown = mill_error_fmt(err, "from_csv(%s)", mill_arg_sql(b, 0));
  b->state = f;
  b->nullable = true;
  return MILL_OK;
}

static void set_valid(mill_vector *v, uint32_t row) { v->valid[row >> 6] |= 1ull << (row & 63); }

/* A field into row `row` of a member; false: it is none of the type. */
static bool put_field(mill_call *call, const csv_row *r, csv_cell c, json_column *m, uint32_t row,
                      mill_status *status, mill_error *err) {
  const from_csv *f = call->state;
  const char *p = csv_text(r, c);
  if (c.size == CSV_NULL) return true;
  if (f->plan.null_size && f->plan.null_size == c.size &&
      memcmp(p, f->plan.null_value, c.size) == 0)
    return true;
  if (m->type->phys == MILL_PHYS_STR) {
    if (c.at & CSV_SIDE)
      *status = put_copy(call, &m->vector, row, p, c.size, err);
    else
      put_view(&m->vector, row, p, c.size);
  } else if (!mill_value_parse(&f->plan.rules, m->type, p, c.size,
                               (char *)m->vector.data + (size_t)row * m->type->width)) {
    *status = mill_value_check(&f->plan.rules, err);
    return false;
  }
  set_valid(&m->vector, row);
  return true;
}

static mill_status put_fields(mill_call *call, const csv_row *r, json_column *root, uint32_t row,
                              bool *good, mill_error *err) {
  const from_csv *f = call->state;
  const mill_type *t = call->result;
  mill_status status = MILL_OK;
  size_t k = 0;
  for (uint32_t i = 0; i < t->nfields && status == MILL_OK; i++) {
    if ((int)i == f->corrupt) continue;
    if (k < r->n) *good &= put_field(call, r, r->cell[k], &root->child[i], row, &status, err);
    k++;
  }
  *good &= k == r->n;
  return status;
}

/* Is there no record in the text: nothing at all, or a comment? */
static bool no_record(const csv_plan *p, bytes s) {
  return s.n == 0 || (p->comment != CSV_NONE && (unsigned char)*s.p == p->comment);
}

static mill_status read_row(mill_call *call, csv_row *r, json_column *root, uint32_t row, bytes s,
                            mill_error *err) {
  const from_csv *f = call->state;
  const char *behind;
  bool good = !no_record(&f->plan, s);
  r->base = s.p;
  mill_text_reset(&r->side);
  if (good) {
    MILL_TRY(mill_csv_split(&f->plan, s.p, s.p + s.n, true, NULL, r, &behind, err));
    MILL_TRY(put_fields(call, r, root, row, &good, err));
  }
  set_valid(&root->vector, row);
  if (good) return MILL_OK;
  if (f->fail_fast) return mill_call_malformed(call, s, err);
  if (f->corrupt < 0) return MILL_OK;
  put_view(&root->child[f->corrupt].vector, row, s.p, s.n);
  set_valid(&root->child[f->corrupt].vector, row);
  return MILL_OK;
}

KERNEL_HEAD(k_from_csv) {
  json_column root;
  csv_row r;
  mill_status s = MILL_OK;
  MILL_TRY(mill_json_column(&root, call->result, (uint32_t)n + 1, call->arena, err));
  mill_csv_row_init(&r, call->ctx->memory);
  for (uint32_t i = 0; i < n && s == MILL_OK; i++)
    if (mill_vector_valid(args[0], i)) s = read_row(call, &r, &root, i, bytes_at(args[0], i), err);
  mill_csv_row_clear(&r);
  mill_json_vector(&root);
  *out = root.vector;
  out->size = (uint32_t)n;
  return s;
}

/* ---- to_csv --------------------------------------------------------------------------------- */

typedef struct to_csv {
  csv_writer writer;
  mill_value_texts texts;
} to_csv;

static mill_status bind_to_csv(mill_binding *b, mill_error *err) {
  static const csv_char newline = {"\n", 1};
  const mill_type *t = b->arg_type[0];
  to_csv *c;
  mill_options o;
  b->shown = mill_error_fmt(err, "to_csv(%s)", mill_arg_sql(b, 0));
  MILL_TRY(mill_bind_types(b, "any, any? -> string", err));
  if (t->id != MILL_NULL && (t->id != MILL_STRUCT || mill_type_holds(t, MILL_VARIANT)))
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_UNSUPPORTED_INPUT_TYPE, "sqlExpr",
                     mill_error_fmt(err, "\"%s\"", b->shown), "functionName", "`to_csv`",
                     "dataType", mill_bind_type_sql(b, t, err), NULL);
  BIND_NEW(b, to_csv, c, err);
  MILL_TRY(mill_call_options(b, 1, &o, err));
  MILL_TRY(mill_call_texts(b, o, &c->texts, err));
  bool formats = mill_texts_have_formats(&c->texts);
  MILL_TRY(mill_csv_writer(&c->writer, o, newline, formats, err));
  b->state = c;
  b->nullable = true;
  return MILL_OK;
}

static mill_status nested_text(const to_csv *c, const mill_vector *v, size_t i, mill_text *out,
                               mill_error *err);

/* Values of a list from `from` on: nulls are nothing at all, others have a blank in front. */
static mill_status list_text(const to_csv *c, const mill_vector *v, mill_span s, mill_text *out,
                             mill_error *err) {
  const mill_vector *item = &v->child[0], *value = &v->child[1];
  bool map = v->type->id == MILL_MAP;
  MILL_TRY(mill_text_addc(out, map ? '{' : '[', err));
  for (uint32_t k = s.start; k < s.start + s.size; k++) {
    bool null = !mill_vector_valid(item, k);
    if (k > s.start) MILL_TRY(mill_text_adds(out, null ? "," : ", ", err));
    if (!null) MILL_TRY(nested_text(c, item, k, out, err));
    if (map) MILL_TRY(mill_text_adds(out, " ->", err));
    if (!map || !mill_vector_valid(value, k)) continue;
    MILL_TRY(mill_text_addc(out, ' ', err));
    MILL_TRY(nested_text(c, value, k, out, err));
  }
  return mill_text_addc(out, map ? '}' : ']', err);
}

static mill_status struct_text(const to_csv *c, const mill_vector *v, uint32_t k, mill_text *out,
                               mill_error *err) {
  MILL_TRY(mill_text_addc(out, '{', err));
  for (uint32_t i = 0; i < v->type->nfields; i++) {
    bool null = !mill_vector_valid(&v->child[i], k);
    if (i) MILL_TRY(mill_text_adds(out, null ? "," : ", ", err));
    if (!null) MILL_TRY(nested_text(c, &v->child[i], k, out, err));
  }
  return mill_text_addc(out, '}', err);
}

/* The text of value i, no null, that is or stands inside a list, map or struct: that of a cast, without the
** nulls. */
static mill_status nested_text(const to_csv *c, const mill_vector *v, size_t i, mill_text *out,
                               mill_error *err) {
  uint32_t k = mill_vector_at(v, i);
  switch (v->type->id) {
  case MILL_ARRAY:
  case MILL_MAP: return list_text(c, v, ((const mill_span *)v->data)[k], out, err);
  case MILL_STRUCT: return struct_text(c, v, k, out, err);
  case MILL_NULL: return MILL_OK;
  default: return mill_value_text(&c->texts.settings, v, i, out, err);
  }
}

/* The text of a member, in its vector or in `own`. */
static mill_status member_text(const to_csv *c, const mill_vector *v, size_t i, mill_text *own,
                               bytes *out, mill_error *err) {
  uint32_t k = mill_vector_at(v, i);
  mill_status s;
  mill_text_reset(own);
  if (v->type->id == MILL_STRING) {
    const mill_str *text = (const mill_str *)v->data + k;
    *out = (bytes){mill_str_data(text), text->size};
    return MILL_OK;
  }
  if (v->type->id == MILL_BINARY)
    s = mill_csv_bytes((const mill_str *)v->data + k, own, err);
  else if (v->type->nfields || v->type->id == MILL_INTERVAL)
    s = nested_text(c, v, i, own, err);
  else
    s = mill_value_put(&c->texts, v, k, own, err);
  *out = (bytes){own->data ? own->data : "", own->size};
  return s;
}

static mill_status write_row(const to_csv *c, const mill_vector *v, size_t i, mill_text *out,
                             mill_text *scratch, mill_error *err) {
  uint32_t k = mill_vector_at(v, i);
  mill_text_reset(out);
  for (uint32_t m = 0; m < v->type->nfields; m++) {
    const mill_vector *child = &v->child[m];
    bool null = child->type->id == MILL_NULL || !mill_vector_valid(child, k);
    if (m) MILL_TRY(mill_text_add(out, c->writer.sep, c->writer.nsep, err));
    if (null) {
      MILL_TRY(mill_csv_put_null(&c->writer, m == 0, out, err));
      continue;
    }
    if (c->writer.plain && mill_value_short(child->type)) {
      MILL_TRY(mill_value_put(&c->texts, child, mill_vector_at(child, k), out, err));
      continue;
    }
    bytes text;
    MILL_TRY(member_text(c, child, k, scratch, &text, err));
    MILL_TRY(mill_csv_put(&c->writer, text.p, text.p + text.n, false, m == 0, out, err));
  }
  return MILL_OK;
}

/* A row without any byte is null, as the writer of files leaves such a line out. */
KERNEL_HEAD(k_to_csv) {
  mill_text text, scratch;
  mill_status s = MILL_OK;
  mill_text_init(&text, call->ctx->memory);
  mill_text_init(&scratch, call->ctx->memory);
  for (size_t i = 0; i < n && s == MILL_OK; i++) {
    if (!mill_valid_bit(out->valid, i)) continue;
    s = write_row(call->state, args[0], i, &text, &scratch, err);
    if (s == MILL_OK)
      s = text.size ? put_text(call, out, i, &text, err) : mill_set_null(call, out, i, err);
  }
  mill_text_clear(&text);
  mill_text_clear(&scratch);
  return s;
}

/* ---- schema_of_csv -------------------------------------------------------------------------- */

static mill_status guess_fields(mill_binding *b, const csv_plan *p, const csv_row *r,
                                const mill_type **out, mill_error *err) {
  void *mem;
  MILL_TRY(mill_bind_alloc(b, (r->n + 1) * sizeof(mill_field), &mem, err));
  mill_field *f = mem;
  for (size_t i = 0; i < r->n; i++) {
    csv_cell c = r->cell[i];
    char name[32];
    int n = snprintf(name, sizeof name, "_c%zu", i);
    const char *s = csv_text(r, c);
    bool null = c.size == CSV_NULL || c.size == 0 ||
                (c.size == p->null_size && memcmp(s, p->null_value, c.size) == 0);
    const mill_type *t =
        null ? mill_type_of(MILL_STRING) : mill_csv_guess(p, b->ctx->types, s, c.size);
    f[i] = (mill_field){mill_arena_strndup(b->arena, name, (size_t)n), t, true, NULL};
    if (f[i].name == NULL || t == NULL) return mill_oom(b->arena->memory, sizeof *f, err);
  }
  *out = mill_type_struct(b->ctx->types, f, (uint32_t)r->n);
  return *out ? MILL_OK : mill_oom(b->arena->memory, r->n * sizeof *f, err);
}

static mill_status bind_schema_of_csv(mill_binding *b, mill_error *err) {
  csv_plan *p;
  mill_options o;
  bytes s = {"", 0};
  const mill_type *t = NULL;
  const char *behind;
  b->shown = mill_error_fmt(err, "schema_of_csv(%s)", mill_arg_sql(b, 0));
  MILL_TRY(mill_bind_types(b, "!string, any? -> string", err));
  MILL_TRY(mill_call_options(b, 1, &o, err));
  MILL_TRY(mill_call_sample(b, "csv", &s, err));
  BIND_NEW(b, csv_plan, p, err);
  MILL_TRY(read_plan(b, p, o, err));
  csv_row r;
  mill_csv_row_init(&r, b->ctx->memory);
  r.base = s.p;
  mill_status status = MILL_OK;
  if (!no_record(p, s)) status = mill_csv_split(p, s.p, s.p + s.n, true, NULL, &r, &behind, err);
  if (status == MILL_OK) status = guess_fields(b, p, &r, &t, err);
  mill_csv_row_clear(&r);
  b->state = (void *)t;
  b->nullable = false;
  return status;
}

KERNEL_HEAD(k_schema) {
  (void)args;
  return mill_call_ddl(call, call->state, out, n, err);
}

const mill_function mill_family_csv_convert[] = {
    {.name = "from_csv",
     .types = "!string, any, any?",
     .kernel = k_from_csv,
     .bind = bind_from_csv,
     .flags = MILL_FN_NULLS | MILL_FN_NULLABLE,
     .usage = "from_csv(csvStr, schema[, options])",
     .doc = "The struct of a schema that a record of CSV says.",
     .example = "SELECT from_csv('1, 0.8', 'a INT, b DOUBLE') -> {\"a\":1,\"b\":0.8}"},
    {.name = "to_csv",
     .types = "any, any?",
     .kernel = k_to_csv,
     .bind = bind_to_csv,
     .flags = MILL_FN_NULLABLE,
     .usage = "to_csv(expr[, options])",
     .doc = "A struct as a record of CSV.",
     .example = "SELECT to_csv(named_struct('a', 1, 'b', 2)) -> 1,2"},
    {.name = "schema_of_csv",
     .types = "!string, any?",
     .kernel = k_schema,
     .bind = bind_schema_of_csv,
     .usage = "schema_of_csv(csv[, options])",
     .doc = "The schema that a record of CSV suggests, as DDL.",
     .example = "SELECT schema_of_csv('1,abc') -> STRUCT<_c0: INT, _c1: STRING>"},
    {0}};
