/* Variants changed at a path: variant_insert, variant_set, variant_array_append, variant_delete,
** variant_strip_nulls.
**
** A change is one walk: what lies beside the path is copied, what lies on it is built anew. A path
** that ends beside the value makes the objects and arrays that are missing; arrays are filled up with
** nulls. A value of another kind on the way is VARIANT_PATH_TYPE_MISMATCH, a missing one leaves the
** variant as it was where nothing can be made. */
#include "kernel/variant_int.h"

typedef enum change { INSERT, SET, APPEND, DELETE } change;

typedef struct edit_plan {
  change what;
  bool soft; /* try_: null instead of an error of the value */
} edit_plan;

typedef struct editor {
  mill_call *call;
  change what;
  bool create;
  const mill_vector *values; /* row `row` of them is put; of DELETE none */
  size_t row;
  const mill_variant_path *path;
  mill_variant_builder *b;
  mill_error *err;
  mill_variant_checker *c; /* of the row's variant */
  const uint32_t *id;      /* of each step's name in its dictionary; UINT32_MAX: none */
  bool apart;              /* the value has been made already */
  mill_variant value;
} editor;

/* What is kept from row to row. */
typedef struct rows {
  mill_variant_builder b, value; /* what is made; what is put */
  mill_text scratch, names;
  mill_variant_path path; /* of the row before, often that of all .. */
  uint32_t *id;           /* .. and the numbers of its names */
  mill_variant_checker c;
} rows;

/* ---- errors --------------------------------------------------------------------------------- */

static const char *routine(mill_call *call, mill_error *err) {
  return mill_error_fmt(err, "`%s`", call->fn->name);
}

static mill_status bad_path(mill_call *call, const char *p, size_t n, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_INVALID_VARIANT_PATH, "path",
                        mill_error_fmt(err, "%.*s", (int)(n < 500 ? n : 500), p), "functionName",
                        routine(call, err), NULL);
}

static mill_status mismatch(const editor *e, size_t depth) {
  const mill_variant_path *p = e->path;
  size_t n = depth ? p->step[depth - 1].end : 1;
  return mill_call_fail(e->call, e->err, MILL_E_VARIANT_PATH_TYPE_MISMATCH, "path",
                        mill_error_fmt(e->err, "%.*s", (int)p->size, p->text), "failedAt",
                        mill_error_fmt(e->err, "%.*s", (int)n, p->text), "functionName",
                        routine(e->call, e->err), NULL);
}

/* ---- the walk ------------------------------------------------------------------------------- */

/* What has been built, as a variant until the builder's next use. */
static mill_status built(mill_variant_builder *b, mill_text *names, mill_variant *out,
                         mill_error *err) {
  mill_text_reset(names);
  MILL_TRY(mill_variant_metadata(b, names, err));
  *out = (mill_variant){b->out.data, names->data, b->out.size, names->size};
  return MILL_OK;
}

/* A value that may have names is made apart: they come into the dictionary as they do in a copy of it. */
static mill_status make_value(editor *e, rows *r) {
  const mill_type *t = e->values->type;
  e->apart = t->nfields > 0 || t->id == MILL_VARIANT;
  if (!e->apart) return MILL_OK;
  mill_variant_reset(&r->value);
  MILL_TRY(mill_variant_make(&r->value, e->values, e->row, e->err));
  return built(&r->value, &r->names, &e->value, e->err);
}

static mill_status put_value(editor *e) {
  return e->apart ? mill_variant_put(e->b, &e->value, e->err)
                  : mill_variant_make(e->b, e->values, e->row, e->err);
}

static mill_status edit(editor *e, const mill_variant *v, size_t depth);

/* What the path from here on says, around the value. */
static mill_status make_rest(editor *e, size_t depth) {
  mill_variant_frame f;
  if (depth == e->path->n) return put_value(e);
  const mill_variant_step *s = &e->path->step[depth];
  MILL_TRY(mill_variant_begin(e->b, &f, e->err));
  if (s->name) {
    MILL_TRY(mill_variant_name(e->b, &f, s->name, s->n, e->err));
    MILL_TRY(make_rest(e, depth + 1));
    return mill_variant_end_object(e->b, &f, e->err);
  }
  for (size_t i = 0; i <= s->n; i++) {
    MILL_TRY(mill_variant_item_begins(e->b, &f, e->err));
    if (i < s->n) MILL_TRY(mill_variant_put_null(e->b, e->err));
  }
  MILL_TRY(make_rest(e, depth + 1));
  return mill_variant_end_array(e->b, &f, e->err);
}

/* May what is missing be made? */
static bool makes(const editor *e) { return e->what == INSERT || (e->what == SET && e->create); }

/* What becomes of a member that the path leads to, behind its name. */
static mill_status edit_member(editor *e, const mill_variant *part, size_t depth) {
  bool last = depth + 1 == e->path->n;
  if (last && e->what == SET) return put_value(e);
  if (last && e->what == INSERT) /* once more behind all others, which is an error */
    return mill_variant_put(e->b, part, e->err);
  return edit(e, part, depth + 1);
}

/* Behind all members, of which one (`there`) is the path's: what is missing. */
static mill_status end_object(editor *e, const mill_variant_frame *f, bool there, size_t depth) {
  const mill_variant_step *s = &e->path->step[depth];
  bool last = depth + 1 == e->path->n;
  if (there ? last && e->what == INSERT : makes(e)) {
    MILL_TRY(mill_variant_name(e->b, f, s->name, s->n, e->err));
    MILL_TRY(make_rest(e, depth + 1));
  }
  return mill_variant_end_object(e->b, f, e->err);
}

/* An object whose names have the numbers of its dictionary: members beside the path are copied together. */
static mill_status edit_small(editor *e, const mill_variant *v, const mill_variant_small *x,
                              size_t depth) {
  const mill_variant_step *s = &e->path->step[depth];
  mill_variant_frame f;
  uint32_t at = 0;
  while (at < x->count && x->ids[at] != e->id[depth]) at++;
  MILL_TRY(mill_variant_begin(e->b, &f, e->err));
  MILL_TRY(mill_variant_put_members(e->b, &f, e->c, x, 0, at, e->err));
  if (at < x->count) {
    size_t from = x->offsets[at];
    mill_variant part = {(const char *)x->data + from, v->metadata, x->room - from,
                         v->metadata_size};
    if (from >= x->room) return mill_variant_fail(v, e->err);
    MILL_TRY(mill_variant_name(e->b, &f, s->name, s->n, e->err));
    MILL_TRY(edit_member(e, &part, depth));
    MILL_TRY(mill_variant_put_members(e->b, &f, e->c, x, at + 1, x->count, e->err));
  }
  return end_object(e, &f, at < x->count, depth);
}

static mill_status edit_object(editor *e, const mill_variant *v, const mill_variant_item *x,
                               size_t depth) {
  const mill_variant_step *s = &e->path->step[depth];
  bool last = depth + 1 == e->path->n;
  uint32_t at = mill_variant_find(v, x, s->name, s->n);
  mill_variant_frame f;
  MILL_TRY(mill_variant_begin(e->b, &f, e->err));
  for (uint32_t i = 0; i < x->count; i++) {
    const char *name;
    size_t n;
    mill_variant part;
    if (!mill_variant_member(v, x, i, &name, &n, &part)) return mill_variant_fail(v, e->err);
    if (i == at && last && e->what == DELETE) continue;
    MILL_TRY(mill_variant_name_again(e->b, &f, v, x, i, name, n, e->err));
    if (i != at)
      MILL_TRY(mill_variant_put_part(e->b, e->c, &part, e->err));
    else
      MILL_TRY(edit_member(e, &part, depth));
  }
  return end_object(e, &f, at != UINT32_MAX, depth);
}

static mill_status edit_array(editor *e, const mill_variant *v, const mill_variant_item *x,
                              size_t depth) {
  const mill_variant_step *s = &e->path->step[depth];
  bool last = depth + 1 == e->path->n;
  mill_variant_frame f;
  mill_variant part;
  MILL_TRY(mill_variant_begin(e->b, &f, e->err));
  for (uint32_t i = 0; i < x->count; i++) {
    if (!mill_variant_element(v, x, i, &part)) return mill_variant_fail(v, e->err);
    bool here = i == s->n;
    if (here && last && e->what == DELETE) continue;
    MILL_TRY(mill_variant_item_begins(e->b, &f, e->err));
    if (here && last && (e->what == SET || e->what == INSERT)) {
      MILL_TRY(put_value(e));
      if (e->what == SET) continue;
      MILL_TRY(mill_variant_item_begins(e->b, &f, e->err));
      here = false;
    }
    MILL_TRY(here ? edit(e, &part, depth + 1) : mill_variant_put_part(e->b, e->c, &part, e->err));
  }
  for (size_t i = x->count; makes(e) && i <= s->n; i++) {
    MILL_TRY(mill_variant_item_begins(e->b, &f, e->err));
    MILL_TRY(i < s->n ? mill_variant_put_null(e->b, e->err) : make_rest(e, depth + 1));
  }
  return mill_variant_end_array(e->b, &f, e->err);
}

static mill_status append(editor *e, const mill_variant *v, const mill_variant_item *x) {
  mill_variant_frame f;
  mill_variant part;
  MILL_TRY(mill_variant_begin(e->b, &f, e->err));
  for (uint32_t i = 0; i < x->count; i++) {
    if (!mill_variant_element(v, x, i, &part)) return mill_variant_fail(v, e->err);
    MILL_TRY(mill_variant_item_begins(e->b, &f, e->err));
    MILL_TRY(mill_variant_put(e->b, &part, e->err));
  }
  MILL_TRY(mill_variant_item_begins(e->b, &f, e->err));
  MILL_TRY(put_value(e));
  return mill_variant_end_array(e->b, &f, e->err);
}

static mill_status edit(editor *e, const mill_variant *v, size_t depth) {
  mill_variant_item x;
  mill_variant_small few;
  bool member = depth < e->path->n && e->path->step[depth].name != NULL;
  if (member && mill_variant_adopted(e->b, v) && mill_variant_small_read(v, true, &few))
    return edit_small(e, v, &few, depth);
  if (!mill_variant_read(v, &x)) return mill_variant_fail(v, e->err);
  if (depth == e->path->n) /* of APPEND alone: all others end beside a value */
    return x.kind == MILL_VARIANT_ARRAY ? append(e, v, &x) : mismatch(e, depth);
  if (x.kind != (member ? MILL_VARIANT_OBJECT : MILL_VARIANT_ARRAY))
    return e->what == DELETE ? mill_variant_put(e->b, v, e->err) : mismatch(e, depth);
  return member ? edit_object(e, v, &x, depth) : edit_array(e, v, &x, depth);
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* The path of row i: `$` alone is one for APPEND only. */
static mill_status path_of(mill_call *call, const mill_vector *v, size_t i, mill_variant_path *out,
                           mill_error *err) {
  const edit_plan *plan = call->state;
  bool good;
  bytes p = bytes_at(v, i);
  MILL_TRY(mill_variant_path_read(call->arena, p.p, p.n, out, &good, err));
  if (good && (out->n || plan->what == APPEND)) return MILL_OK;
  return bad_path(call, p.p, p.n, err);
}

static void rows_open(rows *r, mill_memory *m) {
  r->path = (mill_variant_path){0};
  r->c = (mill_variant_checker){.left = 0};
  r->id = NULL;
  mill_variant_open(&r->b, m);
  mill_variant_open(&r->value, m);
  mill_text_init(&r->scratch, m);
  mill_text_init(&r->names, m);
}

static void rows_close(rows *r) {
  mill_variant_close(&r->b);
  mill_variant_close(&r->value);
  mill_text_clear(&r->scratch);
  mill_text_clear(&r->names);
}

static uint32_t id_of(const mill_variant *v, const char *name, size_t n) {
  const char *p;
  size_t size;
  for (uint32_t i = 0; mill_variant_name_at(v, i, &p, &size); i++)
    if (size == n && memcmp(p, name, n) == 0) return i;
  return UINT32_MAX;
}

/* The row's path, and the numbers of its names in the dictionary of v; those of the row before where both are as they
** were there. */
static mill_status begin_path(mill_call *call, const mill_vector *paths, size_t i,
                              const mill_variant *v, rows *r, mill_error *err) {
  bool again = r->path.text && r->path.text == bytes_at(paths, i).p;
  if (!again) {
    MILL_TRY(path_of(call, paths, i, &r->path, err));
    r->id = mill_arena_take(call->arena, (r->path.n + 1) * sizeof *r->id);
    if (r->id == NULL) return mill_oom(call->arena->memory, r->path.n * sizeof *r->id, err);
  }
  if (again && r->c.again) return MILL_OK;
  for (size_t k = 0; k < r->path.n; k++) {
    const mill_variant_step *s = &r->path.step[k];
    r->id[k] = s->name ? id_of(v, s->name, s->n) : UINT32_MAX;
  }
  return MILL_OK;
}

static mill_status edit_row(mill_call *call, const mill_vector *const *args, size_t i, rows *r,
                            mill_vector *out, mill_error *err) {
  const edit_plan *plan = call->state;
  mill_variant v = mill_variant_at(args[0], i);
  editor e = {.call = call,
              .what = plan->what,
              .create = true,
              .values = args[2],
              .row = i,
              .path = &r->path,
              .b = &r->b,
              .c = &r->c,
              .err = err};
  if (call->nargs > 3) e.create = MILL_AT(uint8_t, args[3], i);
  bool good = mill_variant_check(&r->c, &v);
  MILL_TRY(begin_path(call, args[1], i, &v, r, err));
  e.id = r->id;
  MILL_TRY(mill_variant_adopt(&r->b, &v, err));
  MILL_TRY(make_value(&e, r));
  mill_status s = good ? edit(&e, &v, 0) : mill_variant_fail(&v, err);
  if (s == MILL_OK) return mill_variant_store(call, out, i, &r->b, err);
  if (!plan->soft || s == MILL_E_OUT_OF_MEMORY) return s;
  mill_error_clear(err);
  return mill_set_null(call, out, i, err);
}

KERNEL_HEAD(k_edit) {
  rows r;
  mill_status s = MILL_OK;
  rows_open(&r, call->ctx->memory);
  for (size_t i = 0; i < n && s == MILL_OK; i++)
    if (mill_valid_bit(out->valid, i)) s = edit_row(call, args, i, &r, out, err);
  rows_close(&r);
  return s;
}

/* Paths one after the other; a null is none. */
static mill_status delete_row(mill_call *call, const mill_vector *const *args, size_t i, rows *r,
                              mill_vector *out, mill_error *err) {
  mill_variant v = mill_variant_at(args[0], i);
  mill_variant_path path;
  mill_variant_builder *b = &r->b;
  mill_text *names = &r->names;
  mill_variant_reset(b);
  MILL_TRY(mill_variant_put(b, &v, err));
  for (int k = 1; k < call->nargs; k++) {
    if (args[k]->type->phys == MILL_PHYS_NONE || !mill_vector_valid(args[k], i)) continue;
    MILL_TRY(path_of(call, args[k], i, &path, err));
    MILL_TRY(built(b, names, &v, err));
    b = b == &r->b ? &r->value : &r->b;
    names = names == &r->names ? &r->scratch : &r->names;
    mill_variant_reset(b);
    editor e = {.call = call, .what = DELETE, .row = i, .path = &path, .b = b, .err = err};
    MILL_TRY(edit(&e, &v, 0));
  }
  return mill_variant_store(call, out, i, b, err);
}

KERNEL_HEAD(k_delete) {
  rows r;
  mill_status s = MILL_OK;
  rows_open(&r, call->ctx->memory);
  for (size_t i = 0; i < n && s == MILL_OK; i++) {
    bool null = args[0]->type->phys == MILL_PHYS_NONE || !mill_vector_valid(args[0], i);
    s = null ? mill_set_null(call, out, i, err) : delete_row(call, args, i, &r, out, err);
  }
  rows_close(&r);
  return s;
}

/* ---- variant_strip_nulls -------------------------------------------------------------------- */

static mill_status strip(const mill_variant *v, bool arrays, mill_variant_builder *b,
                         mill_error *err) {
  mill_variant_item x;
  mill_variant_frame f;
  mill_variant part;
  const char *name = "";
  size_t n = 0;
  if (!mill_variant_read(v, &x)) return mill_variant_fail(v, err);
  bool object = x.kind == MILL_VARIANT_OBJECT;
  if (!object && x.kind != MILL_VARIANT_ARRAY) return mill_variant_put(b, v, err);
  MILL_TRY(mill_variant_begin(b, &f, err));
  for (uint32_t i = 0; i < x.count; i++) {
    if (!(object ? mill_variant_member(v, &x, i, &name, &n, &part)
                 : mill_variant_element(v, &x, i, &part)))
      return mill_variant_fail(v, err);
    if (part.value[0] == 0 && (object || arrays)) continue;
    MILL_TRY(object ? mill_variant_name(b, &f, name, n, err)
                    : mill_variant_item_begins(b, &f, err));
    MILL_TRY(strip(&part, arrays, b, err));
  }
  return object ? mill_variant_end_object(b, &f, err) : mill_variant_end_array(b, &f, err);
}

KERNEL_HEAD(k_strip_nulls) {
  rows r;
  mill_status s = MILL_OK;
  rows_open(&r, call->ctx->memory);
  for (size_t i = 0; i < n && s == MILL_OK; i++) {
    if (!mill_valid_bit(out->valid, i)) continue;
    mill_variant v = mill_variant_at(args[0], i);
    mill_variant_reset(&r.b);
    s = mill_variant_valid(&v) ? strip(&v, MILL_AT(uint8_t, args[1], i), &r.b, err)
                               : mill_variant_fail(&v, err);
    if (s == MILL_OK) s = mill_variant_store(call, out, i, &r.b, err);
  }
  rows_close(&r);
  return s;
}

/* ---- binding -------------------------------------------------------------------------------- */

static mill_status bind_edit(mill_binding *b, mill_error *err) {
  edit_plan *plan;
  MILL_TRY(mill_bind_types(b, b->fn->types, err));
  BIND_NEW(b, edit_plan, plan, err);
  plan->soft = strncmp(b->fn->name, "try_", 4) == 0;
  const char *name = b->fn->name + (plan->soft ? 4 : 0);
  plan->what = strcmp(name, "variant_insert") == 0   ? INSERT
               : strcmp(name, "variant_set") == 0    ? SET
               : strcmp(name, "variant_delete") == 0 ? DELETE
                                                     : APPEND;
  b->state = plan;
  b->nullable |= plan->soft;
  if (plan->what == DELETE || b->arg_type[2]->id == MILL_NULL) return MILL_OK;
  if (!mill_variant_takes(b->arg_type[2], false))
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_CAST_WITHOUT_SUGGESTION, "sqlExpr",
                     mill_bind_sql(b, err), "srcType", mill_bind_type_sql(b, b->arg_type[2], err),
                     "targetType", "\"VARIANT\"", NULL);
  return MILL_OK;
}

#define EDIT(NAME, TYPES, FLAGS, FILL, USAGE, DOC, EXAMPLE)                                        \
  {                                                                                                \
    .name = NAME, .types = TYPES, .kernel = k_edit, .bind = bind_edit, .flags = FLAGS,             \
    .fill = FILL, .usage = USAGE, .doc = DOC, .example = EXAMPLE                                   \
  }

const mill_function mill_family_variant_edit[] = {
    EDIT("variant_insert", "!variant, !string, any -> variant", 0, NULL,
         "variant_insert(v, path, val)", "A variant with a value more at a path.",
         "SELECT variant_insert(parse_json('{\"a\":6}'), '$.b', 2) -> {\"a\":6,\"b\":2}"),
    EDIT("try_variant_insert", "!variant, !string, any -> variant", MILL_FN_NULLABLE, NULL,
         "try_variant_insert(v, path, val)", "As variant_insert, null where the path does not fit.",
         "SELECT try_variant_insert(parse_json('1'), '$.b', 2) -> NULL"),
    EDIT("variant_set", "!variant, !string, any, !boolean? -> variant", MILL_FN_NAMED, ", , , true",
         "variant_set(v, path, val[, create_if_missing])",
         "A variant with another value at a path.",
         "SELECT variant_set(parse_json('{\"a\":6}'), '$.a', 2) -> {\"a\":2}"),
    EDIT("try_variant_set", "!variant, !string, any, !boolean? -> variant",
         MILL_FN_NAMED | MILL_FN_NULLABLE, ", , , true",
         "try_variant_set(v, path, val[, create_if_missing])",
         "As variant_set, null where the path does not fit.",
         "SELECT try_variant_set(parse_json('1'), '$.a', 2) -> NULL"),
    EDIT("variant_array_append", "!variant, !string, any -> variant", 0, NULL,
         "variant_array_append(v, path, val)",
         "A variant with an element more in the array at a path.",
         "SELECT variant_array_append(parse_json('[1]'), '$', 2) -> [1,2]"),
    EDIT("try_variant_array_append", "!variant, !string, any -> variant", MILL_FN_NULLABLE, NULL,
         "try_variant_array_append(v, path, val)",
         "As variant_array_append, null where there is no array.",
         "SELECT try_variant_array_append(parse_json('5'), '$', 2) -> NULL"),
    {.name = "variant_delete",
     .types = "!variant, !string, !string* -> variant",
     .kernel = k_delete,
     .bind = bind_edit,
     .flags = MILL_FN_NULLS,
     .usage = "variant_delete(v, path, ...)",
     .doc = "A variant without what paths lead to.",
     .example = "SELECT variant_delete(parse_json('{\"a\":1,\"b\":2}'), '$.a') -> {\"b\":2}"},
    {.name = "variant_strip_nulls",
     .types = "!variant, !boolean? -> variant",
     .kernel = k_strip_nulls,
     .flags = MILL_FN_NAMED,
     .fill = ", true",
     .usage = "variant_strip_nulls(v[, include_arrays])",
     .doc = "A variant without members that are null, and elements where include_arrays is true.",
     .example =
         "SELECT variant_strip_nulls(parse_json('{\"a\":null,\"b\":[1,null]}')) -> {\"b\":[1]}"},
    {0}};
