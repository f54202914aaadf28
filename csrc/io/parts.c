/* Part files of a write; see write_int.h.
**
** Each folder of partition values is a part, found by its path in a hash table. Its rows go into a file,
** and on to the next one when that has maxRecordsPerFile rows; the press makes bytes of them. Bytes go
** to disk when a file holds 256 KiB or all hold 64 MiB. Of the open files the one unused for longest is
** closed (and flushed) when there are 64; more bytes are appended. */
#include <stdio.h>

#include "base/hash.h"
#include "base/uuid.h"
#include "io/write_int.h"
#include "kernel/cast.h"

enum {
  PART_BYTES = 256 << 10,
  PARTS_BYTES = 64 << 20,
  PARTS_OPEN = 64,
};
#define NO_PART UINT32_MAX

typedef struct part_file part_file;
struct part_file {
  io_parts *parts;
  part_file *next, *before;
  const char *below; /* "k=v/", in the arena */
  uint32_t sequence;
  uint64_t rows, used;
  io_draft *draft; /* the press's */
  mill_text bytes;
  mill_writer *file; /* NULL: closed */
};

typedef struct part {
  const char *below;
  uint64_t hash;
  uint32_t sequence;   /* of the next file */
  part_file *file;     /* NULL: the next row begins one */
  uint32_t head, tail; /* rows of the batch at hand */
} part;

struct io_parts {
  io_parts_plan plan;
  mill_memory *memory;
  mill_arena arena;
  io_press *press;
  part *part;
  size_t n, capacity;
  uint32_t *slot; /* open addressing; NO_PART: empty */
  size_t nslots;
  part_file *file; /* those that are not complete */
  size_t waiting;  /* bytes in all of them */
  uint64_t clock;  /* of uses */
  int open;
  char id[MILL_UUID];
  mill_text path, below;
  mill_vector *data; /* the columns that go into files */
  uint32_t ndata;
  uint32_t next[MILL_BATCH], row[MILL_BATCH], touched[MILL_BATCH];
};

/* ---- files ---------------------------------------------------------------------------------- */

static mill_status file_path(io_parts *p, const part_file *x, mill_error *err) {
  mill_text_reset(&p->path);
  MILL_TRY(mill_path_join(&p->path, p->plan.folder, x->below, err));
  return mill_text_printf(&p->path, err, "part-00000-%s%cc%03u%s", p->id,
                          p->plan.npartition ? '.' : '-', x->sequence,
                          mill_encoder_suffix(p->plan.encoder));
}

static mill_status close_file(io_parts *p, part_file *x, mill_error *err) {
  mill_writer *w = x->file;
  if (w == NULL) return MILL_OK;
  x->file = NULL;
  p->open--;
  return mill_writer_close(w, err);
}

static mill_status close_oldest(io_parts *p, mill_error *err) {
  part_file *oldest = NULL;
  for (part_file *x = p->file; x; x = x->next)
    if (x->file && (oldest == NULL || x->used < oldest->used)) oldest = x;
  return oldest ? close_file(p, oldest, err) : MILL_OK;
}

static mill_status open_file(io_parts *p, part_file *x, mill_error *err) {
  if (x->file) return MILL_OK;
  if (p->open >= PARTS_OPEN) MILL_TRY(close_oldest(p, err));
  MILL_TRY(file_path(p, x, err));
  MILL_TRY(mill_writer_append(p->plan.ctx->files, p->memory, p->path.data,
                              mill_encoder_codec(p->plan.encoder), &x->file, err));
  p->open++;
  return MILL_OK;
}

static mill_status write_out(io_parts *p, part_file *x, mill_error *err) {
  if (x->bytes.size == 0 && x->file) return MILL_OK;
  MILL_TRY(open_file(p, x, err));
  x->used = ++p->clock;
  MILL_TRY(mill_writer_write(x->file, x->bytes.data, x->bytes.size, err));
  p->waiting -= x->bytes.size;
  mill_text_reset(&x->bytes);
  return MILL_OK;
}

static mill_status write_all_out(io_parts *p, mill_error *err) {
  for (part_file *x = p->file; x; x = x->next) {
    if (x->bytes.size == 0) continue;
    MILL_TRY(write_out(p, x, err));
    mill_text_clear(&x->bytes);
  }
  return MILL_OK;
}

/* Bytes from the press. Many at once go to disk as they are. */
static mill_status put_bytes(void *arg, const char *bytes, size_t n, mill_error *err) {
  part_file *x = arg;
  io_parts *p = x->parts;
  if (x->bytes.size + n >= PART_BYTES) {
    MILL_TRY(write_out(p, x, err));
    return mill_writer_write(x->file, bytes, n, err);
  }
  MILL_TRY(mill_text_add(&x->bytes, bytes, n, err));
  p->waiting += n;
  return p->waiting > PARTS_BYTES ? write_all_out(p, err) : MILL_OK;
}

static void free_file(part_file *x) {
  io_parts *p = x->parts;
  if (x->next) x->next->before = x->before;
  if (x->before)
    x->before->next = x->next;
  else
    p->file = x->next;
  mill_writer_free(x->file);
  mill_text_clear(&x->bytes);
  mill_free(p->memory, x, sizeof *x);
}

static mill_status file_done(void *arg, mill_error *err) {
  part_file *x = arg;
  MILL_TRY(write_out(x->parts, x, err));
  MILL_TRY(close_file(x->parts, x, err));
  free_file(x);
  return MILL_OK;
}

static mill_status begin_file(io_parts *p, part *to, mill_error *err) {
  if (to->file) return MILL_OK;
  part_file *x = mill_calloc(p->memory, sizeof *x);
  if (x == NULL) return mill_oom(p->memory, sizeof *x, err);
  *x = (part_file){.parts = p, .next = p->file, .below = to->below, .sequence = to->sequence};
  mill_text_init(&x->bytes, p->memory);
  if (p->file) p->file->before = x;
  p->file = x;
  mill_status s = mill_io_press_open(p->press, (io_sink){put_bytes, file_done, x}, &x->draft, err);
  if (s != MILL_OK) {
    free_file(x);
    return s;
  }
  to->sequence++;
  to->file = x;
  return MILL_OK;
}

/* The file gets no more rows: the next ones go to one with the next number. */
static void finish_file(part *to) {
  mill_io_press_last(to->file->draft);
  to->file = NULL;
}

/* ---- finding parts -------------------------------------------------------------------------- */

static mill_status escape(mill_text *out, const char *s, size_t n, mill_error *err) {
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)s[i];
    bool plain = c >= ' ' && c != 127 && strchr("\"#%'*/:=?\\{[]^", c) == NULL;
    MILL_TRY(plain ? mill_text_addc(out, s[i], err) : mill_text_printf(out, err, "%%%02X", c));
  }
  return MILL_OK;
}

/* "k=v/l=w/" for a row, into p->below. Null and an empty text are the default partition. */
static mill_status folder_of(io_parts *p, const mill_batch *b, uint32_t row, mill_error *err) {
  mill_text_reset(&p->below);
  for (int i = 0; i < p->plan.npartition; i++) {
    int c = p->plan.partition[i];
    const char *name = p->plan.name[i];
    MILL_TRY(escape(&p->below, name, strlen(name), err));
    MILL_TRY(mill_text_addc(&p->below, '=', err));
    mill_text_reset(&p->path);
    if (mill_vector_valid(&b->col[c], row))
      MILL_TRY(mill_value_text(p->plan.settings, &b->col[c], row, &p->path, err));
    MILL_TRY(p->path.size ? escape(&p->below, p->path.data, p->path.size, err)
                          : mill_text_adds(&p->below, "__HIVE_DEFAULT_PARTITION__", err));
    MILL_TRY(mill_text_addc(&p->below, '/', err));
  }
  return MILL_OK;
}

static mill_status make_slots(io_parts *p, size_t n, mill_error *err) {
  uint32_t *slot = mill_alloc(p->memory, n * sizeof *slot);
  if (slot == NULL) return mill_oom(p->memory, n * sizeof *slot, err);
  memset(slot, 0xff, n * sizeof *slot);
  for (size_t i = 0; i < p->n; i++) {
    size_t k = p->part[i].hash & (n - 1);
    while (slot[k] != NO_PART) k = (k + 1) & (n - 1);
    slot[k] = (uint32_t)i;
  }
  if (p->slot) mill_free(p->memory, p->slot, p->nslots * sizeof *slot);
  p->slot = slot;
  p->nslots = n;
  return MILL_OK;
}

static mill_status add_part(io_parts *p, const char *below, uint64_t hash, mill_error *err) {
  if (2 * (p->n + 1) > p->nslots) MILL_TRY(make_slots(p, p->nslots ? 2 * p->nslots : 64, err));
  MILL_TRY(mill_grow(p->memory, (void **)&p->part, &p->capacity, p->n + 1, sizeof *p->part, err));
  part *x = &p->part[p->n];
  *x = (part){.hash = hash, .head = NO_PART};
  x->below = mill_arena_strndup(&p->arena, below, strlen(below));
  if (x->below == NULL) return mill_oom(p->memory, strlen(below), err);
  size_t k = hash & (p->nslots - 1);
  while (p->slot[k] != NO_PART) k = (k + 1) & (p->nslots - 1);
  p->slot[k] = (uint32_t)p->n++;
  if (*below == 0) return MILL_OK;
  mill_text_reset(&p->path);
  MILL_TRY(mill_path_join(&p->path, p->plan.folder, below, err));
  p->path.data[p->path.size - 1] = 0;
  return mill_folder_make(p->plan.ctx->files, p->path.data, err);
}

static mill_status find_part(io_parts *p, const char *below, uint32_t *out, mill_error *err) {
  uint64_t hash = mill_hash_bytes(below, strlen(below));
  for (size_t k = hash; p->nslots; k++) {
    uint32_t at = p->slot[k & (p->nslots - 1)];
    if (at == NO_PART) break;
    if (p->part[at].hash == hash && strcmp(p->part[at].below, below) == 0) {
      *out = at;
      return MILL_OK;
    }
  }
  *out = (uint32_t)p->n;
  return add_part(p, below, hash, err);
}

/* ---- rows ----------------------------------------------------------------------------------- */

static bool same_values(const io_parts *p, const mill_batch *b, uint32_t i, uint32_t k) {
  for (int c = 0; c < p->plan.npartition; c++) {
    const mill_vector *v = &b->col[p->plan.partition[c]];
    if (v->type->id == MILL_DOUBLE || v->type->id == MILL_FLOAT || !mill_vector_equal(v, i, v, k))
      return false;
  }
  return true;
}

/* Chain the batch's rows by part; the parts with rows are listed in p->touched. */
static mill_status distribute(io_parts *p, const mill_batch *b, uint32_t *ntouched,
                              mill_error *err) {
  uint32_t at = NO_PART;
  *ntouched = 0;
  for (uint32_t i = 0; i < b->n; i++) {
    uint32_t row = mill_batch_row(b, i);
    if (i == 0 || !same_values(p, b, mill_batch_row(b, i - 1), row)) {
      MILL_TRY(folder_of(p, b, row, err));
      MILL_TRY(find_part(p, p->below.size ? p->below.data : "", &at, err));
    }
    part *x = &p->part[at];
    p->next[i] = NO_PART;
    if (x->head == NO_PART)
      p->touched[(*ntouched)++] = at;
    else
      p->next[x->tail] = i;
    if (x->head == NO_PART) x->head = i;
    x->tail = i;
  }
  return MILL_OK;
}

static mill_status put_rows(io_parts *p, part *x, const uint32_t *row, uint32_t n,
                            mill_error *err) {
  uint64_t limit = p->plan.max_records;
  for (uint32_t done = 0; done < n;) {
    uint32_t take = n - done;
    if (limit && x->file && x->file->rows == limit) finish_file(x);
    MILL_TRY(begin_file(p, x, err));
    if (limit && take > limit - x->file->rows) take = (uint32_t)(limit - x->file->rows);
    x->file->rows += take;
    MILL_TRY(mill_io_press_add(p->press, x->file->draft, p->data, p->ndata, row ? row + done : NULL,
                               take, err));
    done += take;
  }
  return MILL_OK;
}

/* Without folders and limits a batch goes on as it is. */
static mill_status put_batch(io_parts *p, const mill_batch *b, mill_error *err) {
  uint32_t at;
  MILL_TRY(find_part(p, "", &at, err));
  return put_rows(p, &p->part[at], b->sel, b->n, err);
}

mill_status mill_io_parts_add(io_parts *p, const mill_batch *b, mill_error *err) {
  uint32_t ntouched;
  p->ndata = 0;
  for (uint32_t i = 0; i < b->ncols; i++) {
    bool folder = false;
    for (int c = 0; c < p->plan.npartition; c++) folder |= p->plan.partition[c] == (int)i;
    if (!folder) p->data[p->ndata++] = b->col[i];
  }
  if (p->plan.npartition == 0 && p->plan.max_records == 0) return put_batch(p, b, err);
  MILL_TRY(distribute(p, b, &ntouched, err));
  for (uint32_t t = 0; t < ntouched; t++) {
    part *x = &p->part[p->touched[t]];
    uint32_t n = 0;
    for (uint32_t i = x->head; i != NO_PART; i = p->next[i]) p->row[n++] = mill_batch_row(b, i);
    x->head = NO_PART;
    MILL_TRY(put_rows(p, x, p->row, n, err));
  }
  return MILL_OK;
}

/* ---- life ----------------------------------------------------------------------------------- */

mill_status mill_io_parts_new(const io_parts_plan *plan, io_parts **out, mill_error *err) {
  mill_memory *m = plan->ctx->memory;
  io_parts *p = mill_calloc(m, sizeof *p);
  if (p == NULL) return mill_oom(m, sizeof *p, err);
  p->plan = *plan;
  p->memory = m;
  mill_arena_init(&p->arena, m);
  mill_text_init(&p->path, m);
  mill_text_init(&p->below, m);
  mill_uuid(p->id);
  p->data = mill_arena_alloc(&p->arena, (plan->schema->nfields + 1) * sizeof *p->data);
  if (p->data == NULL) {
    mill_io_parts_free(p);
    return mill_oom(m, 1024, err);
  }
  mill_status s = mill_io_press_new(plan->ctx, plan->encoder, plan->lasting, &p->press, err);
  if (s == MILL_OK)
    *out = p;
  else
    mill_io_parts_free(p);
  return s;
}

/* Flush a folder of partition values and those above it, up to the staging folder. */
static mill_status sync_folders(io_parts *p, const char *below, mill_error *err) {
  mill_text_reset(&p->path);
  MILL_TRY(mill_path_join(&p->path, p->plan.folder, below, err));
  size_t root = strlen(p->plan.folder);
  while (p->path.size > root) {
    p->path.data[--p->path.size] = 0;
    MILL_TRY(mill_folder_sync(p->plan.ctx->files, p->path.data, err));
    while (p->path.size > root && p->path.data[p->path.size - 1] != '/') p->path.size--;
  }
  return MILL_OK;
}

mill_status mill_io_parts_end(io_parts *p, mill_error *err) {
  uint32_t at;
  if (p->n == 0 && p->plan.npartition == 0) MILL_TRY(find_part(p, "", &at, err));
  for (size_t i = 0; i < p->n; i++) {
    MILL_TRY(begin_file(p, &p->part[i], err));
    finish_file(&p->part[i]);
  }
  MILL_TRY(mill_io_press_end(p->press, err));
  for (size_t i = 0; i < p->n; i++) MILL_TRY(sync_folders(p, p->part[i].below, err));
  return mill_folder_sync(p->plan.ctx->files, p->plan.folder, err);
}

void mill_io_parts_free(io_parts *p) {
  if (p == NULL) return;
  mill_io_press_free(p->press);
  while (p->file) free_file(p->file);
  if (p->part) mill_free(p->memory, p->part, p->capacity * sizeof *p->part);
  if (p->slot) mill_free(p->memory, p->slot, p->nslots * sizeof *p->slot);
  mill_text_clear(&p->path);
  mill_text_clear(&p->below);
  mill_arena_clear(&p->arena);
  mill_free(p->memory, p, sizeof *p);
}
