/* See parquet_footer.h. */
#include "io/parquet_footer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIRST_READ = 32 << 10, TREE_DEPTH = 200, LEVEL_MAX = 250 };

mill_status mill_parquet_damaged(const char *path, mill_error *err, const char *fmt, ...) {
  char reason[300];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(reason, sizeof reason, fmt, ap);
  va_end(ap);
  if (err) mill_error_clear(err);
  return mill_fail(err, MILL_E_CORRUPT_FILE, "path", path, "reason", reason, NULL);
}

void mill_parquet_footer_free(parquet_footer *f) {
  if (!f) return;
  mill_memory *m = f->arena.memory;
  mill_arena_clear(&f->arena);
  mill_free(m, f, sizeof *f);
}

/* ---- the schema ----------------------------------------------------------------------------- */

typedef struct builder {
  parquet_footer *footer;
  parquet_field *field; /* all, in preorder by breadth of each group */
  uint32_t next, used;  /* elements read; fields taken */
  mill_error *err;
} builder;

static mill_status bad_schema(builder *b, const char *why) {
  return mill_parquet_damaged(b->footer->path, b->err, "its schema is broken: %s", why);
}

static mill_status take_name(builder *b, parquet_field *f) {
  const thrift_bytes *name = &f->element->name;
  if (name->n && memchr(name->p, 0, name->n)) return bad_schema(b, "a name holds a NUL byte");
  f->name = mill_arena_strndup(&b->footer->arena, name->p ? name->p : "", name->n);
  return f->name ? MILL_OK : mill_oom(b->footer->arena.memory, name->n, b->err);
}

static mill_status take_levels(builder *b, parquet_field *f) {
  int32_t r = f->parent ? f->element->repetition : PARQUET_REQUIRED;
  if (f->parent && !(f->element->has & THRIFT_HAS(3))) return bad_schema(b, "no repetition");
  if (r < PARQUET_REQUIRED || r > PARQUET_REPEATED) return bad_schema(b, "an unknown repetition");
  int def = (f->parent ? f->parent->def : 0) + (r != PARQUET_REQUIRED);
  int rep = (f->parent ? f->parent->rep : 0) + (r == PARQUET_REPEATED);
  if (def > LEVEL_MAX) return bad_schema(b, "it nests too deep");
  f->def = (uint8_t)def;
  f->rep = (uint8_t)rep;
  return MILL_OK;
}

static int by_name(const void *a, const void *b) {
  return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* Are the names of a group's members distinct in any case? */
static mill_status note_distinct(builder *b, parquet_field *f) {
  mill_memory *m = b->footer->arena.memory;
  size_t bytes = (f->n + 1ull) * sizeof(char *);
  const char **names = mill_alloc(m, bytes);
  if (!names) return mill_oom(m, bytes, b->err);
  for (uint32_t i = 0; i < f->n; i++) names[i] = f->child[i].name;
  qsort(names, f->n, sizeof *names, by_name);
  f->distinct = true;
  for (uint32_t i = 1; i < f->n; i++) f->distinct &= strcasecmp(names[i - 1], names[i]) != 0;
  mill_free(m, names, bytes);
  return MILL_OK;
}

static mill_status take_field(builder *b, parquet_field *f, int depth) {
  parquet_footer *o = b->footer;
  if (b->next >= o->meta.schema.n) return bad_schema(b, "it ends too early");
  f->element = &o->meta.schema.at[b->next++];
  bool group = !(f->element->has & THRIFT_HAS(1));
  uint32_t n = group ? (uint32_t)f->element->children : 0;
  MILL_TRY(take_name(b, f));
  MILL_TRY(take_levels(b, f));
  if (depth > TREE_DEPTH) return bad_schema(b, "it nests too deep");
  if (!group) {
    if (f->element->type < 0 || f->element->type > PARQUET_FIXED)
      return bad_schema(b, "an unknown type");
    if (f->element->type == PARQUET_FIXED &&
        (f->element->type_length <= 0 || f->element->type_length > 1 << 20))
      return bad_schema(b, "the length of fixed values");
    f->leaf = (int)o->leaves;
    o->leaf[o->leaves++] = f;
    return MILL_OK;
  }
  if (n > o->meta.schema.n - b->used || (n == 0 && f->parent && !(f->element->has & THRIFT_HAS(5))))
    return bad_schema(b, "a count of children");
  f->child = b->field + b->used;
  f->n = n;
  f->leaf = -1;
  b->used += n;
  for (uint32_t i = 0; i < n; i++) {
    f->child[i].parent = f;
    MILL_TRY(take_field(b, &f->child[i], depth + 1));
    if (f->leaf < 0) f->leaf = f->child[i].leaf;
  }
  return note_distinct(b, f);
}

static mill_status build_tree(parquet_footer *f, mill_error *err) {
  uint32_t n = f->meta.schema.n;
  builder b = {.footer = f, .used = 1, .err = err};
  if (n == 0) return mill_parquet_damaged(f->path, err, "it has no schema");
  b.field = mill_arena_alloc(&f->arena, n * sizeof *b.field);
  f->leaf = mill_arena_alloc(&f->arena, n * sizeof *f->leaf);
  if (!b.field || !f->leaf) return mill_oom(f->arena.memory, n * sizeof *b.field, err);
  f->root = b.field;
  if (f->meta.schema.at[0].has & THRIFT_HAS(1)) return bad_schema(&b, "its root is no group");
  MILL_TRY(take_field(&b, f->root, 0));
  return b.next == n ? MILL_OK : bad_schema(&b, "it has more fields than its tree");
}

/* ---- row groups ----------------------------------------------------------------------------- */

/* Leaves that do not repeat have a value or null in each row, the others one at least: so a number of
** rows cannot be made up, which nothing else would hold against the pages when no column is read. */
static const char *chunk_fault(const parquet_footer *f, const parquet_chunk *c, uint32_t leaf,
                               int64_t rows) {
  const parquet_chunk_meta *m = &c->meta;
  if (c->has & THRIFT_HAS(1) && c->file_path.n) return "a column lies in another file";
  if (!(c->has & THRIFT_HAS(3)))
    return c->has & THRIFT_HAS(8) ? NULL : "a column chunk has no metadata";
  if (m->type != f->leaf[leaf]->element->type) return "a column chunk has another type";
  if (m->values < 0 || m->compressed < 0 || m->data_page < 0 || m->dictionary_page < 0)
    return "a negative size";
  if (f->leaf[leaf]->rep ? m->values < rows : m->values != rows)
    return "a column chunk does not have a value for each row";
  uint64_t start = parquet_chunk_start(m);
  if (start > f->size || (uint64_t)m->compressed > f->size - start)
    return "a column chunk lies beyond its end";
  return NULL;
}

static mill_status check_groups(parquet_footer *f, mill_error *err) {
  uint32_t n = f->meta.groups.n;
  uint64_t rows = 0;
  f->first = mill_arena_alloc(&f->arena, (n + 1ull) * sizeof *f->first);
  if (!f->first) return mill_oom(f->arena.memory, n * sizeof *f->first, err);
  for (uint32_t i = 0; i < n; i++) {
    const parquet_group *g = &f->meta.groups.at[i];
    if (g->chunks.n != f->leaves)
      return mill_parquet_damaged(f->path, err, "row group %u has %u columns, not %u", i,
                                  g->chunks.n, f->leaves);
    if (g->rows < 0 || g->rows > INT64_MAX / 4 || rows > INT64_MAX / 4)
      return mill_parquet_damaged(f->path, err, "row group %u has no number of rows", i);
    f->first[i] = rows;
    rows += (uint64_t)g->rows;
    for (uint32_t k = 0; k < f->leaves; k++) {
      const char *why = chunk_fault(f, &g->chunks.at[k], k, g->rows);
      if (why) return mill_parquet_damaged(f->path, err, "row group %u: %s", i, why);
    }
  }
  f->first[n] = rows;
  return MILL_OK;
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static mill_status read_all(mill_file *file, uint64_t at, char *p, size_t n, const char *path,
                            mill_error *err) {
  size_t got;
  MILL_TRY(mill_file_read_at(file, at, p, n, &got, err));
  return got == n ? MILL_OK : mill_parquet_damaged(path, err, "it was cut while it was read");
}

static mill_status check_tail(const char *tail, uint64_t size, const char *path, uint64_t *length,
                              mill_error *err) {
  uint32_t n;
  if (memcmp(tail + 4, PARQUET_MAGIC_ENCRYPTED, 4) == 0)
    return mill_parquet_damaged(path, err, "its footer is encrypted, which cannot be read here");
  if (memcmp(tail + 4, PARQUET_MAGIC, 4) != 0)
    return mill_parquet_damaged(path, err, "it is not a Parquet file: it does not end in PAR1");
  memcpy(&n, tail, 4);
  if (n > PARQUET_FOOTER_MAX || n > size - PARQUET_TAIL - 4)
    return mill_parquet_damaged(path, err, "its footer cannot have %u bytes", n);
  *length = n;
  return MILL_OK;
}

/* The footer's bytes, in the arena. */
static mill_status load(parquet_footer *f, mill_file *file, const char **bytes, uint64_t *length,
                        mill_error *err) {
  uint64_t n = f->size < FIRST_READ ? f->size : FIRST_READ;
  if (f->size < 2 * 4 + PARQUET_TAIL)
    return mill_parquet_damaged(f->path, err, "it is too short for a Parquet file");
  char *p = mill_arena_take(&f->arena, n);
  if (!p) return mill_oom(f->arena.memory, n, err);
  MILL_TRY(read_all(file, f->size - n, p, n, f->path, err));
  MILL_TRY(check_tail(p + n - PARQUET_TAIL, f->size, f->path, length, err));
  if (*length + PARQUET_TAIL <= n) {
    *bytes = p + n - PARQUET_TAIL - *length;
    return MILL_OK;
  }
  p = mill_arena_take(&f->arena, *length);
  if (!p) return mill_oom(f->arena.memory, *length, err);
  *bytes = p;
  return read_all(file, f->size - PARQUET_TAIL - *length, p, *length, f->path, err);
}

static mill_status fill(parquet_footer *f, const mill_files *fs, mill_error *err) {
  mill_file_info info;
  mill_file file = {.fd = -1};
  const char *bytes = NULL;
  uint64_t length = 0;
  size_t used;
  MILL_TRY(mill_file_stat(fs, f->path, &info, err));
  if (!info.exists)
    return mill_fail(err, MILL_E_PATH_NOT_FOUND, "path", mill_error_fmt(err, "%s", f->path), NULL);
  f->size = info.size;
  MILL_TRY(mill_file_open(fs, f->arena.memory, f->path, MILL_FILE_READ, &file, err));
  mill_status s = load(f, &file, &bytes, &length, err);
  mill_file_clear(&file);
  if (s != MILL_OK) return s;
  MILL_TRY(mill_thrift_read(&mill_parquet_file, bytes, length, f->path, &f->arena, &f->meta, &used,
                            err));
  MILL_TRY(build_tree(f, err));
  return check_groups(f, err);
}

mill_status mill_parquet_footer_read(const mill_files *fs, mill_memory *m, const char *path,
                                     parquet_footer **out, mill_error *err) {
  parquet_footer *f = mill_calloc(m, sizeof *f);
  if (!f) return mill_oom(m, sizeof *f, err);
  mill_arena_init(&f->arena, m);
  f->path = mill_arena_strndup(&f->arena, path, strlen(path));
  mill_status s = f->path ? fill(f, fs, err) : mill_oom(m, strlen(path), err);
  if (s != MILL_OK)
    mill_parquet_footer_free(f);
  else
    *out = f;
  return s;
}

const thrift_bytes *mill_parquet_key(const parquet_footer *f, const char *key) {
  size_t n = strlen(key);
  for (uint32_t i = 0; i < f->meta.key_values.n; i++) {
    const parquet_key_value *k = &f->meta.key_values.at[i];
    if (k->key.n == n && memcmp(k->key.p, key, n) == 0) return &k->value;
  }
  return NULL;
}

size_t mill_parquet_group_of(const parquet_footer *f, uint64_t row) {
  size_t low = 0, high = f->meta.groups.n;
  while (high - low > 1) {
    size_t mid = low + (high - low) / 2;
    if (f->first[mid] <= row)
      low = mid;
    else
      high = mid;
  }
  return low;
}
