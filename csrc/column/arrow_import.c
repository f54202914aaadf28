/* Arrow streams as scans; see arrow_c.h.
**
** Schema and arrays become the trees that arrow_read.c reads (built once, shared by all cursors). The C
** interface gives no sizes: those that the offsets imply are taken, so what a producer says of itself
** is checked for sense and cannot be checked for truth. */
#include <errno.h>

#include "base/timezone.h"
#include "column/arrow_c.h"
#include "column/arrow_read.h"

enum { MORSEL_ROWS = 65536, ROWS_MAX = INT32_MAX };

typedef struct piece {
  size_t array;
  int64_t at;
} piece;

typedef struct import_scan {
  mill_scan base;
  mill_memory *memory;
  mill_arena arena; /* trees and dictionaries */
  const struct mill_zone *zone;
  mill_arrow_type type;
  struct ArrowArray *array;
  mill_arrow_array *tree; /* of each array */
  size_t narrays, capacity, tree_capacity;
  piece *piece;
  size_t npieces, piece_capacity;
} import_scan;

static mill_status failed(const char *reason, mill_error *err) {
  return mill_fail(err, MILL_E_ARROW_STREAM_FAILED, "reason", reason, NULL);
}

static mill_status refused(const import_scan *s, int code, struct ArrowArrayStream *in,
                           mill_error *err) {
  if (code == ENOMEM) return mill_oom(s->memory, 0, err);
  const char *why = in->get_last_error ? in->get_last_error(in) : NULL;
  return failed(mill_error_fmt(err, "%s (error %d)", why ? why : "its producer failed", code), err);
}

/* ---- schema --------------------------------------------------------------------------------- */

typedef struct taking {
  import_scan *s;
  uint32_t fields;
  mill_error *err;
} taking;

static mill_status take_schema(taking *t, const struct ArrowSchema *in, int depth,
                               mill_arrow_type *out);

static mill_status take_children(taking *t, const struct ArrowSchema *in, int depth,
                                 mill_arrow_type *out) {
  if (in->n_children < 0 || in->n_children > MILL_ARROW_FIELDS)
    return failed("more than 100000 fields", t->err);
  size_t bytes = ((size_t)in->n_children + 1) * sizeof *out->child;
  out->child = mill_arena_alloc(&t->s->arena, bytes);
  if (out->child == NULL) return mill_oom(t->s->memory, bytes, t->err);
  out->nchildren = (uint32_t)in->n_children;
  for (uint32_t i = 0; i < out->nchildren; i++)
    MILL_TRY(take_schema(t, in->children[i], depth + 1, &out->child[i]));
  return MILL_OK;
}

/* Has the type the children that its kind must have? */
static bool sound(const mill_arrow_type *t) {
  const mill_arrow_type *c = t->child;
  switch (t->kind) {
  case MILL_ARROW_MAP:
    return t->nchildren == 1 && c->kind == MILL_ARROW_STRUCT && c->nchildren == 2;
  case MILL_ARROW_LIST:
  case MILL_ARROW_LIST_VIEW:
  case MILL_ARROW_LIST_FIXED: return t->nchildren == 1;
  case MILL_ARROW_RUN_END:
    return t->nchildren == 2 && c->kind == MILL_ARROW_INT && c->is_signed && c->width > 8 &&
           !c->index_width;
  case MILL_ARROW_STRUCT:
  case MILL_ARROW_UNKNOWN: return true;
  default: return t->nchildren == 0;
  }
}

/* The pairs of a field's metadata: how many, then each text behind its size. */
static bool has_pair(const char *at, const char *key, const char *value) {
  int32_t n, size[2];
  memcpy(&n, at, sizeof n);
  for (at += sizeof n; n > 0; n--) {
    const char *text[2];
    for (int k = 0; k < 2; k++) {
      memcpy(&size[k], at, sizeof *size);
      text[k] = at + sizeof *size;
      at = text[k] + size[k];
    }
    if ((size_t)size[0] == strlen(key) && memcmp(text[0], key, strlen(key)) == 0)
      return (size_t)size[1] == strlen(value) && memcmp(text[1], value, strlen(value)) == 0;
  }
  return false;
}

static mill_status take_schema(taking *t, const struct ArrowSchema *in, int depth,
                               mill_arrow_type *out) {
  mill_arrow_type index = {0};
  const char *name = in->name ? in->name : "";
  const struct ArrowSchema *value = in->dictionary ? in->dictionary : in;
  if (depth > MILL_ARROW_DEPTH || ++t->fields > MILL_ARROW_FIELDS)
    return failed("its types nest too deep or are too many", t->err);
  if (!mill_arrow_parse_format(&t->s->arena, value->format, out))
    return failed(mill_error_fmt(t->err, "the format %.60s is not known", value->format), t->err);
  if (in->dictionary) {
    if (!mill_arrow_parse_format(&t->s->arena, in->format, &index) ||
        index.kind != MILL_ARROW_INT || value->dictionary)
      return failed("a dictionary's index is no integer", t->err);
    out->index_width = (uint8_t)index.width;
    out->index_signed = index.is_signed;
  }
  out->nullable = (in->flags & ARROW_FLAG_NULLABLE) != 0;
  out->variant = in->metadata && has_pair(in->metadata, "variant", "true");
  out->name = mill_arena_strndup(&t->s->arena, name, strlen(name));
  if (out->name == NULL) return mill_oom(t->s->memory, strlen(name), t->err);
  MILL_TRY(take_children(t, value, depth, out));
  return sound(out) ? MILL_OK : failed("a type has not the children that it must have", t->err);
}

static mill_status read_schema(import_scan *s, const mill_context *ctx, bool ntz,
                               struct ArrowArrayStream *in, mill_error *err) {
  struct ArrowSchema schema = {0};
  taking t = {s, 0, err};
  int code = in->get_schema(in, &schema);
  if (code) return refused(s, code, in, err);
  if (schema.release == NULL) return failed("it gave no schema", err);
  mill_status status = take_schema(&t, &schema, 0, &s->type);
  schema.release(&schema);
  MILL_TRY(status);
  if (s->type.kind != MILL_ARROW_STRUCT || s->type.index_width)
    return failed("its rows are no structs of columns", err);
  return mill_arrow_to_schema(ctx->types, &s->type, ntz, &s->base.schema, err);
}

/* ---- a schema of the caller's --------------------------------------------------------------- */

/* Does `t` forbid nulls within its values that `a` may have? */
static bool forbids_nulls(const mill_arrow_type *a, const mill_type *t) {
  if (a->kind == MILL_ARROW_RUN_END) return forbids_nulls(&a->child[1], t);
  if (a->kind == MILL_ARROW_MAP) a = a->child;
  for (uint32_t i = 0; i < t->nfields && i < a->nchildren; i++) {
    bool nullable = t->id == MILL_STRUCT            ? t->fields[i].nullable
                    : t->id == MILL_ARRAY || i == 1 ? t->contains_null
                                                    : true; /* a key is never null */
    if ((a->child[i].nullable && !nullable) || forbids_nulls(&a->child[i], t->fields[i].type))
      return true;
  }
  return false;
}

static mill_status take_wanted(import_scan *s, mill_types *types, const mill_type *want,
                               mill_error *err) {
  uint32_t n = s->type.nchildren;
  if (n != want->nfields)
    return failed(mill_error_fmt(err, "it has %u columns, the schema %u", n, want->nfields), err);
  mill_field *f = mill_arena_alloc(&s->arena, ((size_t)n + 1) * sizeof *f);
  if (f == NULL) return mill_oom(s->memory, n * sizeof *f, err);
  for (uint32_t i = 0; i < n; i++) {
    const mill_arrow_type *a = &s->type.child[i];
    if (strcmp(a->name, want->fields[i].name) != 0)
      return failed(mill_error_fmt(err, "its column %u is `%.200s`, that of the schema `%.200s`",
                                   i + 1, a->name, want->fields[i].name),
                    err);
    f[i] = want->fields[i];
    if (!mill_arrow_reads_as(a, f[i].type) || forbids_nulls(a, f[i].type))
      f[i].type = s->base.schema->fields[i].type;
  }
  s->base.schema = mill_type_struct(types, f, n);
  return s->base.schema ? MILL_OK : mill_oom(s->memory, n * sizeof *f, err);
}

static mill_status check_column(const import_scan *s, uint32_t k, const mill_arrow_array *tree,
                                mill_arena *a, mill_error *err) {
  mill_arrow_reader r = {a, s->zone, "(Arrow stream)"};
  const mill_field *f = &s->base.schema->fields[k];
  for (int64_t at = 0; at < tree->length; at += MILL_BATCH) {
    mill_vector v;
    int64_t left = tree->length - at;
    uint32_t n = left < MILL_BATCH ? (uint32_t)left : MILL_BATCH;
    mill_arena_reset(a);
    MILL_TRY(mill_arrow_read(&r, &tree->child[k], f->type, tree->offset + at, n, true, &v, err));
    for (uint32_t i = 0; i < n; i++)
      if (!mill_vector_valid(&v, i))
        return mill_fail(err, MILL_E_NOT_NULL_ASSERT_VIOLATION, "walkedTypePath",
                         mill_error_fmt(err, "the column `%.200s` of the Arrow stream", f->name),
                         NULL);
  }
  return MILL_OK;
}

static mill_status check_nulls(const import_scan *s, mill_error *err) {
  mill_arena a;
  mill_status status = MILL_OK;
  mill_arena_init(&a, s->memory);
  for (uint32_t k = 0; k < s->type.nchildren; k++)
    for (size_t i = 0; i < s->narrays && status == MILL_OK && !s->base.schema->fields[k].nullable;
         i++)
      status = check_column(s, k, &s->tree[i], &a, err);
  mill_arena_clear(&a);
  return status;
}

/* ---- arrays --------------------------------------------------------------------------------- */

typedef struct planting {
  import_scan *s;
  mill_error *err;
} planting;

static const void *buffer_of(const struct ArrowArray *in, int64_t i) {
  return i < in->n_buffers ? in->buffers[i] : NULL;
}

static size_t bits_to_bytes(size_t bits) { return (bits + 7) / 8; }

/* The last offset, which is how many bytes of data there are. */
static size_t last_offset(const void *offsets, size_t n, uint16_t width) {
  int32_t i32;
  int64_t i64;
  if (offsets == NULL || n == 0) return 0;
  memcpy(&i32, (const char *)offsets + n * 4, sizeof i32);
  if (width == 32) return i32 > 0 ? (size_t)i32 : 0;
  memcpy(&i64, (const char *)offsets + n * 8, sizeof i64);
  return i64 > 0 ? (size_t)i64 : 0;
}

static mill_arrow_buffer sized(const void *p, size_t n) {
  return (mill_arrow_buffer){p, p ? n : 0};
}

static mill_status plant_views(planting *p, const struct ArrowArray *in, size_t n,
                               mill_arrow_array *out) {
  int64_t views = in->n_buffers - 3;
  const int64_t *sizes = views > 0 ? buffer_of(in, in->n_buffers - 1) : NULL;
  out->buffer[0] = sized(buffer_of(in, 1), n * 16);
  if (views <= 0) return MILL_OK;
  out->views = mill_arena_alloc(&p->s->arena, (size_t)views * sizeof *out->views);
  if (out->views == NULL) return mill_oom(p->s->memory, (size_t)views * 16, p->err);
  out->nviews = (size_t)views;
  for (int64_t i = 0; i < views && sizes; i++)
    out->views[i] = sized(buffer_of(in, i + 2), sizes[i] > 0 ? (size_t)sizes[i] : 0);
  return MILL_OK;
}

/* Buffers with the sizes that n rows must have. */
static mill_status plant_buffers(planting *p, const mill_arrow_type *t, const struct ArrowArray *in,
                                 size_t n, mill_arrow_array *out) {
  size_t width = t->index_width ? t->index_width : t->width;
  int first = mill_arrow_has_validity(t);
  if (first && in->null_count != 0) out->valid = sized(buffer_of(in, 0), bits_to_bytes(n));
  if (t->kind == MILL_ARROW_BYTES_VIEW && !t->index_width) return plant_views(p, in, n, out);
  if (mill_arrow_buffers(t) == 0) return MILL_OK;
  const void *values = buffer_of(in, first);
  if (!t->index_width) {
    if (t->kind == MILL_ARROW_BYTES_FIXED) width = (size_t)t->size * 8;
    if (t->kind == MILL_ARROW_LIST_VIEW)
      out->buffer[1] = sized(buffer_of(in, first + 1), n * width / 8);
    if (t->kind == MILL_ARROW_BYTES)
      out->buffer[1] = sized(buffer_of(in, first + 1), last_offset(values, n, t->width));
    if (t->kind == MILL_ARROW_BYTES || t->kind == MILL_ARROW_LIST || t->kind == MILL_ARROW_MAP) {
      out->buffer[0] = sized(values, (n + 1) * width / 8);
      return MILL_OK;
    }
  }
  out->buffer[0] = sized(values, bits_to_bytes(n * width));
  return MILL_OK;
}

static mill_status plant(planting *p, const mill_arrow_type *t, const mill_type *as,
                         const struct ArrowArray *in, mill_arrow_array *out);

static mill_status plant_dictionary(planting *p, const mill_arrow_type *t, const mill_type *as,
                                    const struct ArrowArray *in, mill_arrow_array *out) {
  import_scan *s = p->s;
  mill_arrow_reader r = {&s->arena, s->zone, "(Arrow stream)"};
  mill_arrow_array values;
  mill_arrow_type *value = mill_arena_alloc(&s->arena, sizeof *value);
  mill_vector *v = mill_arena_alloc(&s->arena, sizeof *v);
  if (value == NULL || v == NULL) return mill_oom(s->memory, sizeof *v, p->err);
  if (in->dictionary == NULL) return failed("an array has no dictionary", p->err);
  *value = *t;
  value->index_width = 0;
  MILL_TRY(plant(p, value, as, in->dictionary, &values));
  MILL_TRY(mill_arrow_dictionary_add(&r, &values, as, v, p->err));
  out->dictionary = v;
  return MILL_OK;
}

/* The wanted type of a child. */
static const mill_type *child_type(const mill_arrow_type *t, const mill_type *as, uint32_t i) {
  if (t->kind == MILL_ARROW_MAP || t->kind == MILL_ARROW_RUN_END) return as;
  return as->fields[i].type;
}

static mill_status plant(planting *p, const mill_arrow_type *t, const mill_type *as,
                         const struct ArrowArray *in, mill_arrow_array *out) {
  *out = (mill_arrow_array){.type = t, .length = in->length, .offset = in->offset};
  if (in->length < 0 || in->offset < 0 || in->length > INT64_MAX / 4096 - in->offset)
    return failed("an array's length is out of range", p->err);
  MILL_TRY(plant_buffers(p, t, in, (size_t)(in->offset + in->length), out));
  if (t->index_width) return plant_dictionary(p, t, as, in, out);
  if (in->n_children != t->nchildren) return failed("an array does not fit its schema", p->err);
  out->child = mill_arena_alloc(&p->s->arena, ((size_t)t->nchildren + 1) * sizeof *out->child);
  if (out->child == NULL) return mill_oom(p->s->memory, t->nchildren * sizeof *out, p->err);
  for (uint32_t i = 0; i < t->nchildren; i++)
    MILL_TRY(plant(p, &t->child[i], child_type(t, as, i), in->children[i], &out->child[i]));
  return MILL_OK;
}

/* ---- all arrays ----------------------------------------------------------------------------- */

static mill_status add_pieces(import_scan *s, size_t array, int64_t rows, mill_error *err) {
  for (int64_t at = 0; at < rows; at += MORSEL_ROWS) {
    void *p = s->piece;
    mill_status status =
        mill_grow(s->memory, &p, &s->piece_capacity, s->npieces + 1, sizeof *s->piece, err);
    s->piece = p;
    MILL_TRY(status);
    s->piece[s->npieces++] = (piece){array, at};
  }
  return MILL_OK;
}

/* Takes the array over, also on failure. */
static mill_status add_array(import_scan *s, struct ArrowArray *in, mill_error *err) {
  void *array = s->array, *tree = s->tree;
  mill_arrow_reader r = {&s->arena, s->zone, "(Arrow stream)"};
  planting p = {s, err};
  mill_status status =
      mill_grow(s->memory, &array, &s->capacity, s->narrays + 1, sizeof *s->array, err);
  s->array = array;
  if (status == MILL_OK)
    status = mill_grow(s->memory, &tree, &s->tree_capacity, s->narrays + 1, sizeof *s->tree, err);
  s->tree = tree;
  if (status != MILL_OK) {
    in->release(in);
    return status;
  }
  s->array[s->narrays++] = *in;
  mill_arrow_array *out = &s->tree[s->narrays - 1];
  MILL_TRY(plant(&p, &s->type, s->base.schema, in, out));
  MILL_TRY(mill_arrow_check(&r, out, err));
  if (out->valid.data && in->null_count > 0) return failed("whole rows are null", err);
  if (out->length > ROWS_MAX) return failed("an array of more than 2^31 rows", err);
  s->base.rows += (double)out->length;
  return add_pieces(s, s->narrays - 1, out->length, err);
}

static mill_status read_arrays(import_scan *s, struct ArrowArrayStream *in, mill_error *err) {
  for (;;) {
    struct ArrowArray a = {0};
    int code = in->get_next(in, &a);
    if (code) return refused(s, code, in, err);
    if (a.release == NULL) return MILL_OK;
    MILL_TRY(add_array(s, &a, err));
  }
}

/* ---- the scan ------------------------------------------------------------------------------- */

typedef struct import_cursor {
  mill_cursor base;
  mill_memory *memory;
  mill_arena arena; /* of the batch */
  const mill_arrow_array *tree;
  int64_t at, stop;
  uint32_t first;
  int n;
  int *columns;
  mill_vector *out;
  mill_batch batch;
} import_cursor;

static mill_status import_seek(mill_cursor *base, size_t morsel, mill_error *err) {
  import_cursor *c = (import_cursor *)base;
  const import_scan *s = (const import_scan *)base->scan;
  const piece *p = &s->piece[morsel];
  (void)err;
  c->tree = &s->tree[p->array];
  c->at = p->at;
  c->stop = c->tree->length - p->at < MORSEL_ROWS ? c->tree->length : p->at + MORSEL_ROWS;
  c->first = 0;
  return MILL_OK;
}

static mill_status import_next(mill_cursor *base, mill_batch **out, mill_error *err) {
  import_cursor *c = (import_cursor *)base;
  const import_scan *s = (const import_scan *)base->scan;
  mill_arrow_reader r = {&c->arena, s->zone, "(Arrow stream)"};
  *out = NULL;
  if (c->at >= c->stop) return MILL_OK;
  uint32_t n = c->stop - c->at < MILL_BATCH ? (uint32_t)(c->stop - c->at) : MILL_BATCH;
  mill_arena_reset(&c->arena);
  for (int k = 0; k < c->n; k++) /* a struct's children begin at its offset */
    MILL_TRY(mill_arrow_read(&r, &c->tree->child[c->columns[k]],
                             s->base.schema->fields[c->columns[k]].type, c->tree->offset + c->at, n,
                             true, &c->out[k], err));
  c->batch = (mill_batch){.n = n, .ncols = (uint32_t)c->n, .col = c->out, .first = c->first};
  c->at += n;
  c->first += n;
  *out = &c->batch;
  return MILL_OK;
}

static void import_cursor_free(mill_cursor *base) {
  import_cursor *c = (import_cursor *)base;
  mill_memory *m = c->memory;
  mill_arena_clear(&c->arena);
  if (c->columns) mill_free(m, c->columns, ((size_t)c->n + 1) * sizeof *c->columns);
  if (c->out) mill_free(m, c->out, ((size_t)c->n + 1) * sizeof *c->out);
  mill_free(m, c, sizeof *c);
}

static mill_status import_open(const mill_scan *s, const mill_context *ctx, const int *columns,
                               int n, mill_cursor **out, mill_error *err) {
  mill_memory *m = ctx->memory;
  import_cursor *c = mill_calloc(m, sizeof *c);
  if (c == NULL) return mill_oom(m, sizeof *c, err);
  c->base = (mill_cursor){s, import_seek, import_next, import_cursor_free, NULL};
  c->memory = m;
  c->n = n;
  mill_arena_init(&c->arena, m);
  c->columns = mill_calloc(m, ((size_t)n + 1) * sizeof *c->columns);
  c->out = mill_calloc(m, ((size_t)n + 1) * sizeof *c->out);
  if (c->columns == NULL || c->out == NULL) {
    import_cursor_free(&c->base);
    return mill_oom(m, (size_t)n * sizeof *c->out, err);
  }
  for (int k = 0; k < n; k++) c->columns[k] = columns[k];
  *out = &c->base;
  return MILL_OK;
}

static void import_free(mill_scan *base) {
  import_scan *s = (import_scan *)base;
  mill_memory *m = s->memory;
  for (size_t i = 0; i < s->narrays; i++) s->array[i].release(&s->array[i]);
  if (s->array) mill_free(m, s->array, s->capacity * sizeof *s->array);
  if (s->tree) mill_free(m, s->tree, s->tree_capacity * sizeof *s->tree);
  if (s->piece) mill_free(m, s->piece, s->piece_capacity * sizeof *s->piece);
  mill_arena_clear(&s->arena);
  mill_free(m, s, sizeof *s);
}

static mill_status import(const mill_context *ctx, const mill_settings *set, bool ntz,
                          const mill_type *want, struct ArrowArrayStream *in, mill_scan **out,
                          mill_error *err) {
  mill_memory *m = ctx->memory;
  import_scan *s = mill_calloc(m, sizeof *s);
  if (s == NULL) return mill_oom(m, sizeof *s, err);
  s->base = (mill_scan){.refs = 1, .name = "arrow", .open = import_open, .free = import_free};
  s->memory = m;
  s->zone = set->zone;
  mill_arena_init(&s->arena, m);
  mill_status status = read_schema(s, ctx, ntz, in, err);
  if (status == MILL_OK && want) status = take_wanted(s, ctx->types, want, err);
  if (status == MILL_OK) status = read_arrays(s, in, err);
  if (status == MILL_OK && want) status = check_nulls(s, err);
  if (status != MILL_OK) {
    import_free(&s->base);
    return status;
  }
  s->base.morsels = s->npieces;
  *out = &s->base;
  return MILL_OK;
}

mill_status mill_arrow_import(const mill_context *ctx, const mill_settings *set, bool ntz,
                              const mill_type *want, struct ArrowArrayStream *in, mill_scan **out,
                              mill_error *err) {
  if (in->release == NULL) return failed("it was released or moved before", err);
  mill_status s = import(ctx, set, ntz, want, in, out, err);
  if (in->release) in->release(in);
  return s;
}

/* ---- a single array as a stream ------------------------------------------------------------- */

typedef struct single {
  mill_memory *memory;
  struct ArrowArray array;
  struct ArrowSchema schema;
} single;

static int single_schema(struct ArrowArrayStream *s, struct ArrowSchema *out) {
  single *x = s->private_data;
  *out = x->schema;
  x->schema.release = NULL;
  return 0;
}

static int single_next(struct ArrowArrayStream *s, struct ArrowArray *out) {
  single *x = s->private_data;
  *out = x->array;
  x->array.release = NULL;
  return 0;
}

static const char *single_error(struct ArrowArrayStream *s) {
  (void)s;
  return NULL;
}

static void single_release(struct ArrowArrayStream *s) {
  single *x = s->private_data;
  if (x->array.release) x->array.release(&x->array);
  if (x->schema.release) x->schema.release(&x->schema);
  mill_free(x->memory, x, sizeof *x);
  s->release = NULL;
}

mill_status mill_arrow_stream_of(mill_memory *m, struct ArrowArray *array,
                                 struct ArrowSchema *schema, struct ArrowArrayStream *out,
                                 mill_error *err) {
  single *x = mill_calloc(m, sizeof *x);
  *out = (struct ArrowArrayStream){0};
  if (x == NULL) {
    if (array->release) array->release(array);
    if (schema->release) schema->release(schema);
    return mill_oom(m, sizeof *x, err);
  }
  *x = (single){m, *array, *schema};
  array->release = NULL;
  schema->release = NULL;
  *out = (struct ArrowArrayStream){single_schema, single_next, single_error, single_release, x};
  return MILL_OK;
}
