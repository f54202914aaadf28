/* The log of a checkpoint (log.h). */
#include "stream/log.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/json.h"
#include "stream/row.h"

#define MAGIC "MILLSTRM"
#define FRAME_MAGIC 0x314d5246u
enum { VERSION = 1, HEADER = 32, FRAME = 32, MIN_GROWTH = 1 << 20 };

static mill_status damaged(const mill_log *l, mill_error *err, const char *reason) {
  return mill_fail(err, MILL_E_CORRUPT_FILE, "path", l->path.data ? l->path.data : "", "reason",
                   reason, NULL);
}

static mill_status path_of(mill_log *l, const char *name, mill_error *err) {
  mill_text_reset(&l->path);
  return mill_path_join(&l->path, l->folder.data, name, err);
}

static mill_status segment_path(mill_log *l, uint32_t epoch, mill_error *err) {
  char name[32];
  snprintf(name, sizeof name, "log/%08u.log", epoch);
  return path_of(l, name, err);
}

/* ---- frames --------------------------------------------------------------------------------- */

static mill_status put_frame(const mill_log *l, mill_record kind, int64_t batch, const char *p,
                             size_t n, mill_text *out, mill_error *err) {
  size_t from = out->size;
  MILL_TRY(mill_put_u32(out, FRAME_MAGIC, err));
  MILL_TRY(mill_put_u32(out, (uint32_t)kind, err));
  MILL_TRY(mill_put_u64(out, l->number, err));
  MILL_TRY(mill_put_u64(out, (uint64_t)batch, err));
  MILL_TRY(mill_put_u64(out, n, err));
  if (n) MILL_TRY(mill_text_add(out, p, n, err));
  uint64_t h = (uint64_t)mill_xxh64_bytes(out->data + from, out->size - from, l->epoch);
  return mill_put_u64(out, h, err);
}

typedef struct frame {
  mill_record kind;
  uint64_t number;
  int64_t batch;
  const char *payload;
  size_t size, whole;
} frame;

static bool read_frame(const mill_log *l, const char *p, size_t n, frame *f) {
  mill_row_reader r = {p, p + n, false};
  if (n < FRAME + 8 || mill_take_u32(&r) != FRAME_MAGIC) return false;
  f->kind = (mill_record)mill_take_u32(&r);
  f->number = mill_take_u64(&r);
  f->batch = (int64_t)mill_take_u64(&r);
  uint64_t size = mill_take_u64(&r);
  if (size > n - FRAME - 8) return false;
  f->payload = r.p;
  f->size = (size_t)size;
  f->whole = FRAME + 8 + f->size;
  r.p += f->size;
  return mill_take_u64(&r) == (uint64_t)mill_xxh64_bytes(p, FRAME + f->size, l->epoch);
}

/* Is there a good frame anywhere in the bytes? */
static bool any_frame(const mill_log *l, const char *p, size_t n) {
  frame f;
  uint32_t magic = FRAME_MAGIC;
  for (const char *end = p + n; (p = memmem(p, (size_t)(end - p), &magic, 4)) != NULL; p++)
    if (read_frame(l, p, (size_t)(end - p), &f)) return true;
  return false;
}

static mill_status read_frames(mill_log *l, const char *p, size_t n, mill_log_see see, void *arg,
                               mill_error *err) {
  frame f;
  int64_t batch = -1;
  for (uint64_t number = 0; n; number++, p += f.whole, n -= f.whole) {
    bool good = read_frame(l, p, n, &f) && f.number == number &&
                (f.kind == MILL_RECORD_BASE) == (number == 0);
    if (!good && (number == 0 || any_frame(l, p + 1, n - 1)))
      return damaged(l, err,
                     number == 0
                         ? "its first record is broken"
                         : mill_error_fmt(err,
                                          "the record behind that of batch %lld is broken, and "
                                          "later ones are not",
                                          (long long)batch));
    l->cut = !good;
    if (!good) return MILL_OK;
    batch = f.batch;
    MILL_TRY(see(arg, f.kind, f.batch, f.payload, f.size, err));
  }
  return MILL_OK;
}

/* ---- segments ------------------------------------------------------------------------------- */

static mill_status put_header(const mill_log *l, mill_text *out, mill_error *err) {
  size_t from = out->size;
  MILL_TRY(mill_text_add(out, MAGIC, 8, err));
  MILL_TRY(mill_put_u32(out, VERSION, err));
  MILL_TRY(mill_put_u32(out, l->epoch, err));
  MILL_TRY(mill_put_u64(out, mill_hash_bytes(l->id, strlen(l->id)), err));
  return mill_put_u64(out, (uint64_t)mill_xxh64_bytes(out->data + from, 24, 0), err);
}

static mill_status check_header(mill_log *l, const mill_text *t, mill_error *err) {
  if (t->size < HEADER + FRAME + 8) return damaged(l, err, "it is cut off");
  mill_row_reader r = {t->data + 8, t->data + HEADER, false};
  uint32_t version = mill_take_u32(&r), epoch = mill_take_u32(&r);
  uint64_t id = mill_take_u64(&r), hash = mill_take_u64(&r);
  if (memcmp(t->data, MAGIC, 8) != 0 || hash != (uint64_t)mill_xxh64_bytes(t->data, 24, 0))
    return damaged(l, err, "it does not begin as a log of a stream");
  if (version != VERSION)
    return damaged(l, err, mill_error_fmt(err, "version %u is not known to this release", version));
  if (epoch != l->epoch) return damaged(l, err, "it stands under another segment's name");
  if (id != mill_hash_bytes(l->id, strlen(l->id)))
    return damaged(l, err, "it belongs to another query than the folder's metadata says");
  return MILL_OK;
}

/* The highest epoch there is; 0: none. */
static mill_status last_segment(mill_log *l, uint32_t *epoch, mill_error *err) {
  mill_names names;
  *epoch = 0;
  MILL_TRY(path_of(l, "log", err));
  MILL_TRY(mill_folder_make(l->files, l->path.data, err));
  MILL_TRY(mill_folder_sweep(l->files, l->memory, l->path.data, err));
  mill_names_init(&names, l->memory);
  mill_status s = mill_folder_list(l->files, l->path.data, &names, err);
  for (size_t i = 0; s == MILL_OK && i < names.n; i++) {
    size_t n = strspn(names.name[i], "0123456789");
    if (n != 8 || strcmp(names.name[i] + n, ".log") != 0) continue;
    uint32_t e = (uint32_t)strtoul(names.name[i], NULL, 10);
    if (e > *epoch) *epoch = e;
  }
  mill_names_clear(&names);
  return s;
}

static mill_status read_segment(mill_log *l, mill_log_see see, void *arg, mill_error *err) {
  mill_text t;
  mill_text_init(&t, l->memory);
  mill_status s = segment_path(l, l->epoch, err);
  if (s == MILL_OK) s = mill_file_load(l->files, l->memory, l->path.data, 0, &t, err);
  if (s == MILL_OK) s = check_header(l, &t, err);
  if (s == MILL_OK) s = read_frames(l, t.data + HEADER, t.size - HEADER, see, arg, err);
  mill_text_clear(&t);
  return s;
}

/* ---- opening -------------------------------------------------------------------------------- */

static mill_status parse_id(mill_log *l, const mill_text *t, mill_error *err) {
  mill_arena a;
  mill_json *j;
  mill_arena_init(&a, l->memory);
  mill_status s = mill_json_parse(t->data ? t->data : "", t->size, &a, &j, err);
  const char *id = s == MILL_OK ? mill_json_text(j, "id", "") : "";
  bool good = strlen(id) == MILL_QUERY_ID - 1;
  if (good) memcpy(l->id, id, MILL_QUERY_ID);
  mill_arena_clear(&a);
  return good ? MILL_OK : damaged(l, err, "it holds no query id");
}

static mill_status read_id(mill_log *l, bool segments, mill_error *err) {
  mill_file_info info;
  mill_text t;
  MILL_TRY(path_of(l, "metadata", err));
  MILL_TRY(mill_file_stat(l->files, l->path.data, &info, err));
  if (!info.exists && segments)
    return mill_fail(err, MILL_E_STREAMING_CHECKPOINT_MISSING_METADATA_FILE, "checkpointLocation",
                     l->folder.data, NULL);
  mill_text_init(&t, l->memory);
  mill_status s;
  if (info.exists) {
    s = mill_file_load(l->files, l->memory, l->path.data, 1 << 16, &t, err);
    if (s == MILL_OK) s = parse_id(l, &t, err);
  } else {
    mill_uuid(l->id);
    s = mill_text_printf(&t, err, "{\"id\":\"%s\"}", l->id);
    if (s == MILL_OK) s = mill_file_replace(l->files, l->memory, l->path.data, t.data, t.size, err);
  }
  mill_text_clear(&t);
  return s;
}

static mill_status take_lock(mill_log *l, mill_error *err) {
  bool held;
  MILL_TRY(mill_folder_make(l->files, l->folder.data, err));
  MILL_TRY(path_of(l, "lock", err));
  MILL_TRY(mill_file_lock(l->files, l->memory, l->path.data, &l->lock, &held, err));
  if (!held) return MILL_OK;
  mill_fail(err, MILL_E_CONCURRENT_QUERY, NULL);
  mill_error_hint(err, "A running query holds %s.", l->path.data);
  return MILL_E_CONCURRENT_QUERY;
}

static mill_status open_folder(mill_log *l, const char *folder, mill_log_see see, void *arg,
                               mill_error *err) {
  MILL_TRY(mill_text_adds(&l->folder, folder, err));
  MILL_TRY(take_lock(l, err));
  MILL_TRY(mill_folder_sweep(l->files, l->memory, folder, err));
  MILL_TRY(last_segment(l, &l->epoch, err));
  MILL_TRY(read_id(l, l->epoch > 0, err));
  return l->epoch ? read_segment(l, see, arg, err) : MILL_OK;
}

mill_status mill_log_open(mill_log *l, const mill_files *fs, mill_memory *m, const char *folder,
                          mill_log_see see, void *arg, mill_error *err) {
  *l = (mill_log){.files = fs, .memory = m};
  l->lock.fd = l->file.fd = -1;
  mill_text_init(&l->folder, m);
  mill_text_init(&l->path, m);
  if (folder) return open_folder(l, folder, see, arg, err);
  mill_uuid(l->id);
  return MILL_OK;
}

void mill_log_clear(mill_log *l) {
  mill_file_clear(&l->file);
  mill_file_clear(&l->lock);
  mill_text_clear(&l->folder);
  mill_text_clear(&l->path);
}

/* ---- writing -------------------------------------------------------------------------------- */

static mill_status write_segment(mill_log *l, int64_t batch, const mill_text *base,
                                 mill_error *err) {
  mill_text t;
  mill_text_init(&t, l->memory);
  mill_status s = put_header(l, &t, err);
  if (s == MILL_OK) s = put_frame(l, MILL_RECORD_BASE, batch, base->data, base->size, &t, err);
  if (s == MILL_OK) s = segment_path(l, l->epoch, err);
  if (s == MILL_OK) s = mill_file_replace(l->files, l->memory, l->path.data, t.data, t.size, err);
  mill_text_clear(&t);
  return s;
}

/* Keep the segment before the current one, in case someone looks for what a start found. */
static mill_status drop_old(mill_log *l, mill_error *err) {
  if (l->epoch < 3) return MILL_OK;
  MILL_TRY(segment_path(l, l->epoch - 2, err));
  return mill_file_remove(l->files, l->path.data, err);
}

mill_status mill_log_begin(mill_log *l, int64_t batch, const mill_text *base, mill_error *err) {
  if (l->folder.data == NULL) return MILL_OK;
  mill_file_clear(&l->file);
  l->broken = true;
  l->epoch++;
  l->number = 0;
  MILL_TRY(write_segment(l, batch, base, err));
  MILL_TRY(drop_old(l, err));
  MILL_TRY(segment_path(l, l->epoch, err));
  MILL_TRY(mill_file_open(l->files, l->memory, l->path.data, MILL_FILE_APPEND, &l->file, err));
  l->base = base->size;
  l->written = 0;
  l->number = 1;
  l->broken = false;
  return MILL_OK;
}

/* A newer segment than ours: someone else runs this query now. */
static mill_status check_newer(mill_log *l, int64_t batch, mill_error *err) {
  mill_file_info info;
  MILL_TRY(segment_path(l, l->epoch + 1, err));
  MILL_TRY(mill_file_stat(l->files, l->path.data, &info, err));
  if (!info.exists) return MILL_OK;
  return mill_fail(err, MILL_E_CONCURRENT_STREAM_LOG_UPDATE, "batchId",
                   mill_error_fmt(err, "%lld", (long long)batch), "path", l->folder.data, NULL);
}

mill_status mill_log_append(mill_log *l, mill_record kind, int64_t batch, const mill_text *payload,
                            mill_error *err) {
  if (l->folder.data == NULL) return MILL_OK;
  if (l->broken) return damaged(l, err, "an earlier write failed; start the query again");
  MILL_TRY(check_newer(l, batch, err));
  mill_text t;
  mill_text_init(&t, l->memory);
  mill_status s = put_frame(l, kind, batch, payload->data, payload->size, &t, err);
  l->broken = true; /* until it is known to be on the disk */
  if (s == MILL_OK) s = mill_file_write(&l->file, t.data, t.size, err);
  if (s == MILL_OK) s = mill_file_sync(&l->file, err);
  l->broken = s != MILL_OK;
  l->written += t.size;
  l->number++;
  mill_text_clear(&t);
  return s;
}

bool mill_log_grown(const mill_log *l) {
  return l->written > MIN_GROWTH && l->written > 2 * l->base;
}
