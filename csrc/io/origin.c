/* The hidden column _metadata of rows that come from files; see format_int.h. Follows Spark's
** FileSourceMetadataAttribute: paths as URIs without an authority, a file as one block. */
#include <unistd.h>

#include "io/format_int.h"

const mill_type *mill_io_origin_type(io_job *job) {
  const mill_type *text = mill_type_of(MILL_STRING), *number = mill_type_of(MILL_BIGINT);
  const mill_field fields[] = {
      {"file_path", text, false, NULL},
      {"file_name", text, false, NULL},
      {"file_size", number, false, NULL},
      {"file_block_start", number, false, NULL},
      {"file_block_length", number, false, NULL},
      {"file_modification_time", mill_type_of(MILL_TIMESTAMP), false, NULL},
      {"row_index", number, false, NULL}};
  return mill_type_struct(job->context.types, fields, job->format->cut ? 7 : 6);
}

mill_status mill_io_origin_init(io_origin *o, const mill_type *t, mill_arena *a, mill_error *err) {
  void *const cells[] = {&o->path,      &o->name,      &o->number[0],
                         &o->number[1], &o->number[2], &o->number[3]};
  *o = (io_origin){.type = t};
  for (int i = 0; i < 6; i++)
    o->child[i] = (mill_vector){.type = t->fields[i].type, .data = cells[i]};
  if (t->nfields < 7) return MILL_OK;
  o->row = mill_arena_alloc(a, MILL_BATCH * sizeof *o->row);
  if (!o->row) return mill_oom(a->memory, MILL_BATCH * sizeof *o->row, err);
  o->child[6] = (mill_vector){.type = t->fields[6].type, .data = o->row, .mask = MILL_FLAT};
  return MILL_OK;
}

/* "file:" and the absolute path, in the arena. */
static mill_status absolute(const char *path, mill_arena *a, mill_str *out, mill_error *err) {
  char here[4096] = "";
  mill_text t;
  mill_text_init(&t, a->memory);
  if (path[0] != '/' && !getcwd(here, sizeof here)) here[0] = 0;
  mill_status s = mill_text_adds(&t, "file:", err);
  if (s == MILL_OK) s = mill_text_adds(&t, here, err);
  if (s == MILL_OK && here[0]) s = mill_text_addc(&t, '/', err);
  if (s == MILL_OK) s = mill_text_adds(&t, path, err);
  char *own = s == MILL_OK ? mill_arena_strndup(a, t.data, t.size) : NULL;
  if (s == MILL_OK && !own) s = mill_oom(a->memory, t.size, err);
  if (own) *out = mill_str_view(own, t.size);
  mill_text_clear(&t);
  return s;
}

mill_status mill_io_origin_file(io_origin *o, const mill_read_file *f, mill_arena *a,
                                mill_error *err) {
  const char *slash = strrchr(f->path, '/'), *name = slash ? slash + 1 : f->path;
  o->name = mill_str_view(name, strlen(name));
  o->number[0] = o->number[2] = (int64_t)f->size;
  o->number[1] = 0;
  o->number[3] = f->mtime_millis * 1000;
  return absolute(f->path, a, &o->path, err);
}

mill_vector mill_io_origin_rows(io_origin *o, uint64_t row) {
  for (uint32_t i = 0; o->row && i < MILL_BATCH; i++) o->row[i] = (int64_t)(row + i);
  return (mill_vector){.type = o->type, .child = o->child, .mask = MILL_FLAT};
}
