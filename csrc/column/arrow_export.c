/* Tables as Arrow streams; see arrow_c.h.
**
** Each exported struct has an arena of its own for what it points at, so that children can be moved
** out and released by themselves. The values of a batch are held together by one count: the chunk that
** some arrays point into, the columns that were made for others. */
#include <errno.h>

#include "column/arrow_c.h"
#include "column/arrow_write.h"

/* What every exported struct has in private_data. */
typedef struct owned {
  mill_memory *memory;
  mill_arena arena;
  struct held *held; /* arrays: their values */
} owned;

typedef struct made_column {
  mill_arrow_column column;
  struct made_column *next;
} made_column;

typedef struct held {
  mill_memory *memory;
  mill_chunk *chunk;
  made_column *made;
  int refs; /* atomic */
} held;

typedef struct exported {
  mill_memory *memory;
  mill_types *types;
  mill_table *table;
  mill_arena arena;
  mill_arrow_type schema; /* a STRUCT; names and zone in the arena */
  size_t next;
  mill_error err;
} exported;

static owned *owned_new(mill_memory *m) {
  owned *o = mill_calloc(m, sizeof *o);
  if (o == NULL) return NULL;
  o->memory = mill_memory_ref(m);
  mill_arena_init(&o->arena, m);
  return o;
}

static void held_unref(held *h) {
  if (h == NULL || __atomic_sub_fetch(&h->refs, 1, __ATOMIC_ACQ_REL) != 0) return;
  mill_memory *m = h->memory;
  while (h->made) {
    made_column *c = h->made;
    h->made = c->next;
    mill_arrow_column_clear(&c->column);
    mill_free(m, c, sizeof *c);
  }
  mill_chunk_unref(h->chunk);
  mill_free(m, h, sizeof *h);
  mill_memory_free(m);
}

static void owned_free(owned *o) {
  mill_memory *m = o->memory;
  held_unref(o->held);
  mill_arena_clear(&o->arena);
  mill_free(m, o, sizeof *o);
  mill_memory_free(m);
}

/* ---- schemas -------------------------------------------------------------------------------- */

static void release_schema(struct ArrowSchema *s) {
  for (int64_t i = 0; i < s->n_children; i++)
    if (s->children[i]->release) s->children[i]->release(s->children[i]);
  owned_free(s->private_data);
  s->release = NULL;
}

/* variant=true as the metadata of a field: its number of pairs, then each text behind its size. */
static const char *variant_mark(mill_arena *a) {
  static const int32_t numbers[] = {1, 7, 4};
  char *p = mill_arena_alloc(a, sizeof numbers + 7 + 4);
  if (p == NULL) return NULL;
  memcpy(p, numbers, 8);
  memcpy(p + 8, "variant", 7);
  memcpy(p + 15, &numbers[2], 4);
  memcpy(p + 19, "true", 4);
  return p;
}

/* On failure what was made is released. */
static bool export_schema(mill_memory *m, const mill_arrow_type *t, struct ArrowSchema *out) {
  const char *name = t->name ? t->name : "";
  owned *o = owned_new(m);
  *out = (struct ArrowSchema){0};
  if (o == NULL) return false;
  *out = (struct ArrowSchema){
      .flags = t->nullable ? ARROW_FLAG_NULLABLE : 0, .private_data = o, .release = release_schema};
  out->format = mill_arrow_format(&o->arena, t);
  out->name = mill_arena_strndup(&o->arena, name, strlen(name));
  out->children = mill_arena_alloc(&o->arena, ((size_t)t->nchildren + 1) * sizeof *out->children);
  struct ArrowSchema *child =
      mill_arena_alloc(&o->arena, ((size_t)t->nchildren + 1) * sizeof *child);
  if (t->variant) out->metadata = variant_mark(&o->arena);
  bool ok = out->format && out->name && out->children && child && (!t->variant || out->metadata);
  for (uint32_t i = 0; ok && i < t->nchildren; i++) {
    out->children[i] = &child[i];
    ok = export_schema(m, &t->child[i], &child[i]);
    if (ok) out->n_children++;
  }
  if (!ok) release_schema(out);
  return ok;
}

/* ---- arrays --------------------------------------------------------------------------------- */

static void release_array(struct ArrowArray *a) {
  for (int64_t i = 0; i < a->n_children; i++)
    if (a->children[i]->release) a->children[i]->release(a->children[i]);
  owned_free(a->private_data);
  a->release = NULL;
}

static mill_status array_new(held *h, uint64_t rows, int buffers, uint32_t children,
                             struct ArrowArray *out, mill_error *err) {
  owned *o = owned_new(h->memory);
  *out = (struct ArrowArray){0};
  if (o == NULL) return mill_oom(h->memory, sizeof *o, err);
  __atomic_add_fetch(&h->refs, 1, __ATOMIC_RELAXED);
  o->held = h;
  *out = (struct ArrowArray){
      .length = (int64_t)rows, .n_buffers = buffers, .private_data = o, .release = release_array};
  out->buffers = mill_arena_alloc(&o->arena, ((size_t)buffers + 1) * sizeof *out->buffers);
  out->children = mill_arena_alloc(&o->arena, ((size_t)children + 1) * sizeof *out->children);
  struct ArrowArray *child = mill_arena_alloc(&o->arena, ((size_t)children + 1) * sizeof *child);
  if (out->buffers && out->children && child) {
    for (uint32_t i = 0; i < children; i++) out->children[i] = &child[i];
    return MILL_OK;
  }
  release_array(out);
  return mill_oom(h->memory, children * sizeof *child, err);
}

/* An array over a column's buffers; an empty one has a place all the same. */
static mill_status from_column(held *h, const mill_arrow_column *c, struct ArrowArray *out,
                               mill_error *err) {
  static const uint64_t nothing[2];
  int first = mill_arrow_has_validity(c->type), n = mill_arrow_buffers(c->type);
  MILL_TRY(array_new(h, c->rows, first + n, c->type->nchildren, out, err));
  out->null_count = (int64_t)c->nulls;
  if (first) out->buffers[0] = c->nulls ? c->valid.data : NULL;
  for (int i = 0; i < n; i++)
    out->buffers[first + i] = c->buffer[i].size ? (const void *)c->buffer[i].data : nothing;
  for (uint32_t i = 0; i < c->type->nchildren; i++) {
    mill_status s = from_column(h, &c->child[i], out->children[i], err);
    if (s != MILL_OK) {
      release_array(out);
      return s;
    }
    out->n_children++;
  }
  return MILL_OK;
}

static mill_status make_column(held *h, const mill_arrow_type *t, const mill_type *from,
                               const mill_vector *v, uint32_t rows, struct ArrowArray *out,
                               mill_error *err) {
  made_column *c = mill_calloc(h->memory, sizeof *c);
  if (c == NULL) return mill_oom(h->memory, sizeof *c, err);
  c->next = h->made;
  h->made = c;
  MILL_TRY(mill_arrow_column_init(&c->column, h->memory, t, from, err));
  MILL_TRY(mill_arrow_column_append(&c->column, v, NULL, rows, err));
  return from_column(h, &c->column, out, err);
}

/* Are the vector's values and nulls laid out as Arrow's are? */
static bool as_it_lies(const mill_arrow_type *t, const mill_vector *v) {
  if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ && v->valid) return false;
  if (v->index || v->mask != MILL_FLAT) return false;
  switch (t->kind) {
  case MILL_ARROW_INT:
  case MILL_ARROW_FLOAT:
  case MILL_ARROW_DATE:
  case MILL_ARROW_TIME:
  case MILL_ARROW_TIMESTAMP:
  case MILL_ARROW_DURATION:
  case MILL_ARROW_STRUCT: return true;
  case MILL_ARROW_INTERVAL: return t->width == 32;
  case MILL_ARROW_DECIMAL: return v->type->width == 16;
  default: return false;
  }
}

static mill_status export_vector(held *h, const mill_arrow_type *t, const mill_type *from,
                                 const mill_vector *v, uint32_t rows, struct ArrowArray *out,
                                 mill_error *err) {
  *out = (struct ArrowArray){0};
  if (!as_it_lies(t, v)) return make_column(h, t, from, v, rows, out, err);
  bool is_struct = t->kind == MILL_ARROW_STRUCT;
  MILL_TRY(array_new(h, rows, is_struct ? 1 : 2, t->nchildren, out, err));
  out->null_count = v->valid ? -1 : 0;
  out->buffers[0] = v->valid;
  if (!is_struct) out->buffers[1] = v->data;
  for (uint32_t i = 0; i < t->nchildren; i++) {
    mill_status s = export_vector(h, &t->child[i], from->fields[i].type, &v->child[i], rows,
                                  out->children[i], err);
    if (s != MILL_OK) {
      release_array(out);
      return s;
    }
    out->n_children++;
  }
  return MILL_OK;
}

static mill_status export_chunk(exported *x, mill_chunk *chunk, struct ArrowArray *out) {
  mill_error *err = &x->err;
  held *h = mill_calloc(x->memory, sizeof *h);
  if (h == NULL) return mill_oom(x->memory, sizeof *h, err);
  *h = (held){.memory = mill_memory_ref(x->memory), .chunk = mill_chunk_ref(chunk), .refs = 1};
  mill_vector all = {.type = x->table->schema, .child = chunk->col, .mask = MILL_FLAT};
  mill_status s = export_vector(h, &x->schema, x->table->schema, &all, chunk->n, out, err);
  held_unref(h);
  return s;
}

/* ---- streams -------------------------------------------------------------------------------- */

static int errno_of(mill_status s) {
  return s == MILL_OK ? 0 : s == MILL_E_OUT_OF_MEMORY ? ENOMEM : EINVAL;
}

static int get_schema(struct ArrowArrayStream *s, struct ArrowSchema *out) {
  exported *x = s->private_data;
  mill_error_clear(&x->err);
  if (export_schema(x->memory, &x->schema, out)) return 0;
  return errno_of(mill_oom(x->memory, sizeof *out, &x->err));
}

static int get_next(struct ArrowArrayStream *s, struct ArrowArray *out) {
  exported *x = s->private_data;
  mill_error_clear(&x->err);
  *out = (struct ArrowArray){0};
  while (x->next < x->table->nchunks && x->table->chunk[x->next]->n == 0) x->next++;
  if (x->next == x->table->nchunks) return 0;
  mill_status status = export_chunk(x, x->table->chunk[x->next], out);
  if (status == MILL_OK) x->next++;
  if (status != MILL_OK) *out = (struct ArrowArray){0};
  return errno_of(status);
}

static const char *get_last_error(struct ArrowArrayStream *s) {
  exported *x = s->private_data;
  return x->err.condition == MILL_OK ? NULL : mill_error_message(&x->err);
}

static void exported_free(exported *x) {
  mill_memory *m = x->memory;
  mill_table_unref(x->table);
  mill_arena_clear(&x->arena);
  mill_types_free(x->types);
  mill_free(m, x, sizeof *x);
  mill_memory_free(m);
}

static void release_stream(struct ArrowArrayStream *s) {
  exported_free(s->private_data);
  s->release = NULL;
}

/* The zone's text is the session's. */
static mill_status own_zone(mill_arena *a, const char **zone, mill_error *err) {
  if (*zone == NULL) return MILL_OK;
  *zone = mill_arena_strndup(a, *zone, strlen(*zone));
  return *zone ? MILL_OK : mill_oom(a->memory, 64, err);
}

mill_status mill_arrow_export(mill_table *t, mill_types *types, const char *zone,
                              struct ArrowArrayStream *out, mill_error *err) {
  mill_memory *m = t->memory;
  exported *x = mill_calloc(m, sizeof *x);
  *out = (struct ArrowArrayStream){0};
  if (x == NULL) return mill_oom(m, sizeof *x, err);
  x->memory = mill_memory_ref(m);
  x->types = mill_types_ref(types);
  x->table = mill_table_ref(t);
  mill_arena_init(&x->arena, m);
  mill_status s = own_zone(&x->arena, &zone, err);
  if (s == MILL_OK)
    s = mill_arrow_from_type(&x->arena, t->schema, "", false, zone, &x->schema, err);
  if (s != MILL_OK) {
    exported_free(x);
    return s;
  }
  *out = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, x};
  return MILL_OK;
}
