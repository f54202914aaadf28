/* Writing Arrow IPC files and streams: a draft that makes record batches of its lots, each a task.
**
**     compression   none (or uncompressed), lz4, zstd: of each buffer by itself
**     ipc           file (.arrow) or stream (.arrows)
**
** Types are those that Spark's own Arrow conversion gives (column/arrow_type.h). A record batch has at
** most BATCH_ROWS rows and, as far as the width of its types tells, BATCH_BYTES. */
#include <strings.h>

#include "io/arrow_int.h"
#include "io/write_int.h"

enum { BATCH_ROWS = 65536, BATCH_BYTES = 4 << 20, TEXT_BYTES = 16 };

typedef struct arrow_plan {
  mill_arrow_type schema;
  const char *spark; /* the same as Spark's JSON: what Arrow's types cannot say */
  io_arrow_codec codec;
  bool stream;
  uint32_t batch_rows;
} arrow_plan;

/* A record batch of the round at hand. */
typedef struct arrow_task {
  size_t first, n; /* its lots */
  mill_text head, body;
} arrow_task;

typedef struct arrow_draft {
  io_draft base;
  mill_memory *memory;
  const arrow_plan *plan;
  arrow_task *task;
  size_t ntasks, task_room;
  io_arrow_block *block; /* of a file, for its footer */
  size_t nblocks, block_room;
  uint64_t offset;
  bool begun;
} arrow_draft;

/* ---- options -------------------------------------------------------------------------------- */

static mill_status wrong_option(const char *key, const char *kinds, const char *value,
                                mill_error *err) {
  return mill_fail(err, MILL_E_INVALID_OPTION_VALUE, "paramName", key, "kind", kinds, "value",
                   mill_error_fmt(err, "%s", value), NULL);
}

static mill_status read_codec(const char *v, io_arrow_codec *out, mill_error *err) {
  *out = IO_ARROW_PLAIN;
  if (v == NULL || strcasecmp(v, "none") == 0 || strcasecmp(v, "uncompressed") == 0) return MILL_OK;
  *out = strcasecmp(v, "lz4") == 0 ? IO_ARROW_LZ4 : IO_ARROW_ZSTD;
  return *out == IO_ARROW_LZ4 || strcasecmp(v, "zstd") == 0
             ? MILL_OK
             : wrong_option("compression", "none, lz4 or zstd", v, err);
}

/* Bytes a row, texts and lists by a guess. */
static size_t row_bytes(const mill_type *t) {
  size_t n = t->width + (t->phys == MILL_PHYS_STR ? TEXT_BYTES : 0);
  for (uint32_t i = 0; i < t->nfields; i++) n += row_bytes(t->fields[i].type);
  return n;
}

static uint32_t batch_rows(const mill_type *schema) {
  size_t rows = BATCH_BYTES / (row_bytes(schema) + 1);
  if (rows > BATCH_ROWS) rows = BATCH_ROWS;
  return rows < MILL_BATCH ? MILL_BATCH : (uint32_t)rows / MILL_BATCH * MILL_BATCH;
}

static mill_status spark_schema(mill_encoder *e, const char **out, mill_error *err) {
  mill_text json;
  mill_text_init(&json, e->memory);
  mill_status s = mill_type_json(e->schema, &json, err);
  if (s == MILL_OK) *out = mill_arena_strndup(&e->arena, json.data, json.size);
  if (s == MILL_OK && *out == NULL) s = mill_oom(e->memory, json.size, err);
  mill_text_clear(&json);
  return s;
}

static mill_status configure(mill_encoder *e, const mill_write *w, mill_error *err) {
  const char *codec = mill_option_text(w->options, "compression");
  const char *ipc = mill_option_text(w->options, "ipc");
  const char *zone = e->texts.settings.zone_name ? e->texts.settings.zone_name : "UTC";
  arrow_plan *p = mill_arena_alloc(&e->arena, sizeof *p);
  if (p) zone = mill_arena_strndup(&e->arena, zone, strlen(zone));
  if (p == NULL || zone == NULL) return mill_oom(e->memory, sizeof *p, err);
  if (codec == NULL) codec = mill_option_text(w->options, "codec");
  MILL_TRY(read_codec(codec, &p->codec, err));
  p->stream = ipc && strcasecmp(ipc, "stream") == 0;
  if (ipc && !p->stream && strcasecmp(ipc, "file") != 0)
    return wrong_option("ipc", "file or stream", ipc, err);
  if (p->stream) memcpy(e->suffix, ".arrows", sizeof ".arrows");
  p->batch_rows = batch_rows(e->schema);
  e->plan = p;
  MILL_TRY(spark_schema(e, &p->spark, err));
  return mill_arrow_from_type(&e->arena, e->schema, "", false, zone, &p->schema, err);
}

static bool takes(const mill_type *t) {
  (void)t;
  return true;
}

/* ---- record batches ------------------------------------------------------------------------- */

static mill_status add_task(arrow_draft *d, size_t first, mill_error *err) {
  void *task = d->task;
  mill_status s = mill_grow(d->memory, &task, &d->task_room, d->ntasks + 1, sizeof *d->task, err);
  d->task = task;
  MILL_TRY(s);
  d->task[d->ntasks] = (arrow_task){.first = first};
  mill_text_init(&d->task[d->ntasks].head, d->memory);
  mill_text_init(&d->task[d->ntasks++].body, d->memory);
  return MILL_OK;
}

static mill_status tasks(io_draft *base, int round, size_t *n, mill_error *err) {
  arrow_draft *d = (arrow_draft *)base;
  uint64_t rows = 0;
  (void)round;
  for (size_t i = 0; i < base->nlots; i++) {
    if (d->ntasks == 0 || rows + base->lot[i].n > d->plan->batch_rows) {
      MILL_TRY(add_task(d, i, err));
      rows = 0;
    }
    d->task[d->ntasks - 1].n++;
    rows += base->lot[i].n;
  }
  *n = d->ntasks;
  return MILL_OK;
}

static mill_status fill(const arrow_draft *d, const arrow_task *t, mill_arrow_column *c,
                        uint64_t *rows, mill_error *err) {
  const mill_arrow_type *schema = &d->plan->schema;
  const mill_type *from = d->base.encoder->schema;
  for (uint32_t k = 0; k < schema->nchildren; k++)
    MILL_TRY(
        mill_arrow_column_init(&c[k], d->memory, &schema->child[k], from->fields[k].type, err));
  for (size_t i = 0; i < t->n; i++) {
    const io_lot *p = &d->base.lot[t->first + i];
    for (uint32_t k = 0; k < schema->nchildren; k++)
      MILL_TRY(mill_arrow_column_append(&c[k], &p->col[k], p->at, p->n, err));
    *rows += p->n;
  }
  return MILL_OK;
}

static mill_status work(io_draft *base, int round, size_t number, int worker, mill_error *err) {
  arrow_draft *d = (arrow_draft *)base;
  arrow_task *t = &d->task[number];
  uint32_t n = d->plan->schema.nchildren;
  uint64_t rows = 0;
  mill_arrow_column *c = mill_calloc(d->memory, n * sizeof *c);
  (void)round;
  (void)worker;
  if (c == NULL) return mill_oom(d->memory, n * sizeof *c, err);
  mill_status s = fill(d, t, c, &rows, err);
  if (s == MILL_OK) s = mill_arrow_put_batch(c, n, rows, d->plan->codec, &t->head, &t->body, err);
  for (uint32_t k = 0; k < n; k++) mill_arrow_column_clear(&c[k]);
  mill_free(d->memory, c, n * sizeof *c);
  return s;
}

/* ---- files ---------------------------------------------------------------------------------- */

static mill_status put_move(arrow_draft *d, mill_text *t, mill_error *err) {
  d->offset += t->size;
  return mill_io_press_put_move(&d->base, t, err);
}

static mill_status note_block(arrow_draft *d, const arrow_task *t, mill_error *err) {
  void *block = d->block;
  mill_status s =
      mill_grow(d->memory, &block, &d->block_room, d->nblocks + 1, sizeof *d->block, err);
  d->block = block;
  MILL_TRY(s);
  d->block[d->nblocks++] =
      (io_arrow_block){.at = d->offset, .meta = (uint32_t)t->head.size, .body = t->body.size};
  return MILL_OK;
}

static mill_status put_begin(arrow_draft *d, mill_text *t, mill_error *err) {
  if (!d->plan->stream) MILL_TRY(mill_arrow_put_magic(t, err));
  MILL_TRY(mill_arrow_put_schema(&d->plan->schema, d->plan->spark, t, err));
  d->begun = true;
  return put_move(d, t, err);
}

static mill_status put_end(arrow_draft *d, mill_text *t, mill_error *err) {
  MILL_TRY(mill_arrow_put_end(t, err));
  if (!d->plan->stream)
    MILL_TRY(mill_arrow_put_footer(&d->plan->schema, d->plan->spark, d->block, d->nblocks, t, err));
  return put_move(d, t, err);
}

static void drop_tasks(arrow_draft *d) {
  for (size_t i = 0; i < d->ntasks; i++) {
    mill_text_clear(&d->task[i].head);
    mill_text_clear(&d->task[i].body);
  }
  d->ntasks = 0;
}

static mill_status put_all(arrow_draft *d, mill_text *t, mill_error *err) {
  if (!d->begun) MILL_TRY(put_begin(d, t, err));
  for (size_t i = 0; i < d->ntasks; i++) {
    if (!d->plan->stream) MILL_TRY(note_block(d, &d->task[i], err));
    MILL_TRY(put_move(d, &d->task[i].head, err));
    MILL_TRY(put_move(d, &d->task[i].body, err));
  }
  return d->base.last ? put_end(d, t, err) : MILL_OK;
}

static mill_status take(io_draft *base, mill_error *err) {
  arrow_draft *d = (arrow_draft *)base;
  mill_text t;
  mill_text_init(&t, d->memory);
  mill_status s = put_all(d, &t, err);
  mill_text_clear(&t);
  drop_tasks(d);
  return s;
}

/* ---- life ----------------------------------------------------------------------------------- */

static void free_draft(io_draft *base) {
  arrow_draft *d = (arrow_draft *)base;
  mill_memory *m = d->memory;
  drop_tasks(d);
  if (d->task) mill_free(m, d->task, d->task_room * sizeof *d->task);
  if (d->block) mill_free(m, d->block, d->block_room * sizeof *d->block);
  mill_free(m, d, sizeof *d);
}

static mill_status draft_new(mill_encoder *e, io_draft **out, mill_error *err) {
  static const io_drafting drafting = {1, tasks, work, take, free_draft};
  arrow_draft *d = mill_calloc(e->memory, sizeof *d);
  if (d == NULL) return mill_oom(e->memory, sizeof *d, err);
  d->base = (io_draft){.is = &drafting, .room = UINT64_MAX};
  d->memory = e->memory;
  d->plan = e->plan;
  *out = &d->base;
  return MILL_OK;
}

const io_output mill_output_arrow = {.name = "arrow",
                                     .suffix = ".arrow",
                                     .packs = true,
                                     .times = true,
                                     .takes = takes,
                                     .configure = configure,
                                     .draft = draft_new};
