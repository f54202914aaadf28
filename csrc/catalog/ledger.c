/* The log behind a catalogue (ledger.h): a sorted array in memory, frames on disk. */
#include "catalog/ledger.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "base/uuid.h"

#define MAGIC "MILLCATA"
#define FRAME_MAGIC 0x544d5246u
enum { VERSION = 1, HEADER = 32, FRAME = 24, CHANGE = 13, HASH = 8, MIN_GROWTH = 1 << 20 };
enum { PUT = 1, APPEND, REMOVE };

typedef struct entry {
  char *key;
  mill_text value;
} entry;

struct mill_ledger {
  const mill_files *files;
  mill_memory *memory;
  char *folder;
  mill_text path; /* scratch */
  entry *at;
  size_t n, capacity;
  uint64_t version, epoch, inode, read,
      number;        /* read: bytes of good frames; number: of the next */
  uint64_t base;     /* bytes of the header and the first frame */
  mill_file log;     /* that was read, open, so that `inode` stays its own; fd -1: none */
  bool stale;        /* memory is behind what was committed */
  mill_text changes; /* of the transaction, behind room for its frame */
  mill_file lock;    /* fd -1: not held */
  bool began;
  mill_ledger_wait wait; /* of the transaction */
  void *wait_arg;
};

/* ---- bytes ---------------------------------------------------------------------------------- */

static void put(char *p, uint64_t v, int n) {
  for (int i = 0; i < n; i++) p[i] = (char)(v >> (8 * i));
}

static uint64_t get(const char *p, int n) {
  uint64_t v = 0;
  for (int i = 0; i < n; i++) v |= (uint64_t)(uint8_t)p[i] << (8 * i);
  return v;
}

static uint64_t hash(const char *p, size_t n, uint64_t seed) {
  return (uint64_t)mill_xxh64_bytes(p, n, (int64_t)seed);
}

static mill_status add_change(mill_text *t, int what, const char *key, const char *value, size_t n,
                              mill_error *err) {
  size_t k = strlen(key);
  char head[CHANGE];
  head[0] = (char)what;
  put(head + 1, k, 4);
  put(head + 5, n, 8);
  MILL_TRY(mill_text_reserve(t, CHANGE + k + n, err));
  MILL_TRY(mill_text_add(t, head, CHANGE, err));
  MILL_TRY(mill_text_add(t, key, k, err));
  return n ? mill_text_add(t, value, n, err) : MILL_OK;
}

/* `t` holds room for a frame's head from `from` on, and the changes: make it a frame. */
static mill_status seal(mill_text *t, size_t from, uint64_t number, uint64_t epoch,
                        mill_error *err) {
  char *p = t->data + from, tail[HASH];
  put(p, FRAME_MAGIC, 4);
  put(p + 4, 0, 4);
  put(p + 8, number, 8);
  put(p + 16, t->size - from - FRAME, 8);
  put(tail, hash(p, t->size - from, epoch), HASH);
  return mill_text_add(t, tail, HASH, err);
}

static mill_status damaged(const mill_ledger *s, mill_error *err, const char *reason) {
  return mill_fail(err, MILL_E_CORRUPT_FILE, "path",
                   mill_error_fmt(err, "%s/catalog.log", s->folder), "reason", reason, NULL);
}

static mill_status path_of(mill_ledger *s, const char *name, mill_error *err) {
  mill_text_reset(&s->path);
  return mill_path_join(&s->path, s->folder, name, err);
}

/* ---- the map -------------------------------------------------------------------------------- */

size_t mill_ledger_seek(const mill_ledger *s, const char *key) {
  size_t low = 0, high = s->n;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (strcmp(s->at[middle].key, key) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

const char *mill_ledger_key(const mill_ledger *s, size_t i) {
  return i < s->n ? s->at[i].key : NULL;
}

const char *mill_ledger_value(const mill_ledger *s, size_t i, size_t *n) {
  *n = s->at[i].value.size;
  return s->at[i].value.data ? s->at[i].value.data : "";
}

static entry *find(const mill_ledger *s, const char *key) {
  size_t i = mill_ledger_seek(s, key);
  return i < s->n && strcmp(s->at[i].key, key) == 0 ? &s->at[i] : NULL;
}

const char *mill_ledger_get(const mill_ledger *s, const char *key, size_t *n) {
  entry *e = find(s, key);
  *n = e ? e->value.size : 0;
  return e == NULL ? NULL : e->value.data ? e->value.data : "";
}

uint64_t mill_ledger_version(const mill_ledger *s) { return s->version; }

static void entry_clear(mill_ledger *s, entry *e) {
  mill_strfree(s->memory, e->key);
  mill_text_clear(&e->value);
}

static void map_clear(mill_ledger *s) {
  while (s->n > 0) entry_clear(s, &s->at[--s->n]);
}

static mill_status insert(mill_ledger *s, const char *key, size_t k, entry **out, mill_error *err) {
  MILL_TRY(mill_grow(s->memory, (void **)&s->at, &s->capacity, s->n + 1, sizeof *s->at, err));
  char *copy = mill_alloc(s->memory, k + 1);
  if (copy == NULL) return mill_oom(s->memory, k + 1, err);
  memcpy(copy, key, k);
  copy[k] = '\0';
  size_t i = mill_ledger_seek(s, copy);
  memmove(&s->at[i + 1], &s->at[i], (s->n - i) * sizeof *s->at);
  s->at[i].key = copy;
  mill_text_init(&s->at[i].value, s->memory);
  s->n++;
  *out = &s->at[i];
  return MILL_OK;
}

static mill_status apply_one(mill_ledger *s, int what, const char *key, size_t k, const char *value,
                             size_t n, mill_error *err) {
  char *name = mill_alloc(s->memory, k + 1);
  if (name == NULL) return mill_oom(s->memory, k + 1, err);
  memcpy(name, key, k);
  name[k] = '\0';
  entry *e = find(s, name);
  mill_free(s->memory, name, k + 1);
  if (what == REMOVE) {
    if (e == NULL) return MILL_OK;
    size_t i = (size_t)(e - s->at);
    entry_clear(s, e);
    memmove(&s->at[i], &s->at[i + 1], (s->n - i - 1) * sizeof *s->at);
    s->n--;
    return MILL_OK;
  }
  if (e == NULL) MILL_TRY(insert(s, key, k, &e, err));
  if (what == PUT) mill_text_reset(&e->value);
  return n ? mill_text_add(&e->value, value, n, err) : MILL_OK;
}

static mill_status apply(mill_ledger *s, const char *p, size_t n, mill_error *err) {
  while (n > 0) {
    if (n < CHANGE) return damaged(s, err, "a change is cut off");
    int what = p[0];
    uint64_t k = get(p + 1, 4), v = get(p + 5, 8);
    if (what < PUT || what > REMOVE || k > n - CHANGE || v > n - CHANGE - k)
      return damaged(s, err, "a change is larger than its record");
    MILL_TRY(apply_one(s, what, p + CHANGE, (size_t)k, p + CHANGE + k, (size_t)v, err));
    p += CHANGE + k + v;
    n -= (size_t)(CHANGE + k + v);
  }
  return MILL_OK;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* The size of the whole frame at p; 0: there is no good one. */
static size_t frame_at(const mill_ledger *s, const char *p, size_t n) {
  if (n < FRAME + HASH || get(p, 4) != FRAME_MAGIC) return 0;
  uint64_t size = get(p + 16, 8);
  if (size > n - FRAME - HASH) return 0;
  size_t whole = FRAME + (size_t)size;
  return get(p + whole, HASH) == hash(p, whole, s->epoch) ? whole + HASH : 0;
}

static bool any_frame(const mill_ledger *s, const char *p, size_t n) {
  char magic[4];
  put(magic, FRAME_MAGIC, 4);
  for (const char *end = p + n; (p = memmem(p, (size_t)(end - p), magic, 4)) != NULL; p++)
    if (frame_at(s, p, (size_t)(end - p))) return true;
  return false;
}

static mill_status read_frames(mill_ledger *s, const char *p, size_t n, mill_error *err) {
  while (n > 0) {
    size_t whole = frame_at(s, p, n);
    if (whole == 0 && s->number == 0) return damaged(s, err, "its first record is broken");
    if (whole == 0 || get(p + 8, 8) != s->number)
      return any_frame(s, p + 1, n - 1)
                 ? damaged(s, err, "a record is broken, and later ones are not")
                 : MILL_OK;
    MILL_TRY(apply(s, p + FRAME, whole - FRAME - HASH, err));
    if (s->number++ == 0) s->base = HEADER + whole;
    s->read += whole;
    p += whole;
    n -= whole;
  }
  return MILL_OK;
}

static mill_status read_header(mill_ledger *s, const char *p, size_t n, mill_error *err) {
  if (n < HEADER || memcmp(p, MAGIC, 8) != 0 || get(p + 24, 8) != hash(p, 24, 0))
    return damaged(s, err, "it does not begin as a catalogue");
  if (get(p + 8, 4) != VERSION)
    return damaged(
        s, err,
        mill_error_fmt(err, "version %u is not known to this release", (unsigned)get(p + 8, 4)));
  s->epoch = get(p + 16, 8);
  s->number = 0;
  s->read = HEADER;
  return MILL_OK;
}

/* Bytes of the open file from `from` on; memory is behind until they have come in. */
static mill_status take_bytes(mill_ledger *s, uint64_t from, uint64_t size, mill_text *out,
                              mill_error *err) {
  s->stale = true;
  MILL_TRY(mill_text_reserve(out, (size_t)(size - from), err));
  return mill_file_read_at(&s->log, from, out->data, (size_t)(size - from), &out->size, err);
}

static mill_status open_log(mill_ledger *s, uint64_t *size, mill_error *err) {
  mill_file_info info;
  mill_file_clear(&s->log);
  MILL_TRY(mill_file_open(s->files, s->memory, s->path.data, MILL_FILE_READ, &s->log, err));
  MILL_TRY(mill_file_examine(&s->log, &info, err));
  s->inode = info.inode;
  *size = info.size;
  return MILL_OK;
}

static mill_status load(mill_ledger *s, mill_error *err) {
  mill_text t;
  uint64_t size;
  map_clear(s);
  s->version++;
  s->stale = true;
  mill_text_init(&t, s->memory);
  mill_status status = open_log(s, &size, err);
  if (status == MILL_OK) status = take_bytes(s, 0, size, &t, err);
  if (status == MILL_OK) status = read_header(s, t.data, t.size, err);
  if (status == MILL_OK) status = read_frames(s, t.data + HEADER, t.size - HEADER, err);
  s->stale = status != MILL_OK;
  mill_text_clear(&t);
  return status;
}

/* The frames behind those that are known. */
static mill_status read_on(mill_ledger *s, uint64_t size, mill_error *err) {
  mill_text t;
  uint64_t before = s->read;
  mill_text_init(&t, s->memory);
  mill_status status = take_bytes(s, s->read, size, &t, err);
  if (status == MILL_OK) status = read_frames(s, t.data, t.size, err);
  s->stale = status != MILL_OK;
  if (s->read != before) s->version++;
  mill_text_clear(&t);
  return status;
}

mill_status mill_ledger_refresh(mill_ledger *s, mill_error *err) {
  mill_file_info info;
  MILL_TRY(path_of(s, "catalog.log", err));
  MILL_TRY(mill_file_stat(s->files, s->path.data, &info, err));
  if (!info.exists) {
    if (s->n || s->inode) s->version++;
    map_clear(s);
    mill_file_clear(&s->log);
    s->inode = s->read = 0;
    s->stale = false;
    return MILL_OK;
  }
  if (s->stale || info.inode != s->inode || info.size < s->read) return load(s, err);
  if (info.size == s->read) return MILL_OK;
  uint64_t before = s->read;
  MILL_TRY(read_on(s, info.size, err));
  /* A torn commit, or what was read last has been cut off: it could not be flushed. */
  return s->read == before ? load(s, err) : MILL_OK;
}

/* ---- life ----------------------------------------------------------------------------------- */

mill_status mill_ledger_open(const mill_files *fs, mill_memory *m, const char *folder,
                             mill_ledger **out, mill_error *err) {
  mill_ledger *s = mill_calloc(m, sizeof *s);
  if (s == NULL) return mill_oom(m, sizeof *s, err);
  *s = (mill_ledger){.files = fs, .memory = m, .version = 1, .log = {.fd = -1}, .lock = {.fd = -1}};
  mill_text_init(&s->path, m);
  mill_text_init(&s->changes, m);
  s->folder = mill_strdup(m, folder);
  if (s->folder == NULL) {
    mill_free(m, s, sizeof *s);
    return mill_oom(m, strlen(folder), err);
  }
  *out = s;
  return MILL_OK;
}

void mill_ledger_free(mill_ledger *s) {
  if (s == NULL) return;
  mill_file_clear(&s->lock);
  mill_file_clear(&s->log);
  map_clear(s);
  mill_free(s->memory, s->at, s->capacity * sizeof *s->at);
  mill_text_clear(&s->changes);
  mill_text_clear(&s->path);
  mill_strfree(s->memory, s->folder);
  mill_free(s->memory, s, sizeof *s);
}

/* ---- transactions --------------------------------------------------------------------------- */

/* What a torn commit left behind the good frames. */
static mill_status cut_tail(mill_ledger *s, mill_error *err) {
  mill_file_info info;
  mill_file f;
  MILL_TRY(path_of(s, "catalog.log", err));
  MILL_TRY(mill_file_stat(s->files, s->path.data, &info, err));
  if (!info.exists || info.size == s->read) return MILL_OK;
  MILL_TRY(mill_file_open(s->files, s->memory, s->path.data, MILL_FILE_APPEND, &f, err));
  mill_status status = mill_file_truncate(&f, s->read, err);
  mill_file_clear(&f);
  return status;
}

static mill_status take_lock(mill_ledger *s, mill_error *err) {
  struct timespec pause = {.tv_nsec = 5000000};
  bool held;
  MILL_TRY(mill_folder_make(s->files, s->folder, err));
  MILL_TRY(path_of(s, "lock", err));
  for (;;) {
    MILL_TRY(mill_file_lock(s->files, s->memory, s->path.data, &s->lock, &held, err));
    if (!held) return MILL_OK;
    MILL_TRY(s->wait(s->wait_arg, err));
    nanosleep(&pause, NULL);
  }
}

/* Where there is nothing yet, nothing is made before there is something to commit. */
static mill_status start(mill_ledger *s, mill_error *err) {
  static const char room[FRAME];
  mill_file_info info;
  MILL_TRY(mill_text_add(&s->changes, room, FRAME, err));
  MILL_TRY(mill_file_stat(s->files, s->folder, &info, err));
  if (!info.exists) return mill_ledger_refresh(s, err);
  MILL_TRY(take_lock(s, err));
  MILL_TRY(mill_ledger_refresh(s, err));
  return cut_tail(s, err);
}

mill_status mill_ledger_begin(mill_ledger *s, mill_ledger_wait wait, void *arg, mill_error *err) {
  mill_text_reset(&s->changes);
  s->began = true;
  s->wait = wait;
  s->wait_arg = arg;
  mill_status status = start(s, err);
  if (status != MILL_OK) mill_ledger_rollback(s);
  return status;
}

bool mill_ledger_began(const mill_ledger *s) { return s->began; }

mill_status mill_ledger_put(mill_ledger *s, const char *key, const char *value, size_t n,
                            mill_error *err) {
  return add_change(&s->changes, PUT, key, value, n, err);
}

mill_status mill_ledger_append(mill_ledger *s, const char *key, const char *value, size_t n,
                               mill_error *err) {
  return add_change(&s->changes, APPEND, key, value, n, err);
}

mill_status mill_ledger_remove(mill_ledger *s, const char *key, mill_error *err) {
  return add_change(&s->changes, REMOVE, key, NULL, 0, err);
}

void mill_ledger_rollback(mill_ledger *s) {
  s->began = false;
  mill_file_clear(&s->lock);
  mill_text_reset(&s->changes);
}

/* The map as one frame of a new file, behind it the changes as another. */
static mill_status write_anew(mill_ledger *s, mill_error *err) {
  static const char room[HEADER + FRAME];
  char id[MILL_UUID];
  mill_text t;
  mill_text_init(&t, s->memory);
  mill_uuid(id);
  uint64_t epoch = mill_hash_bytes(id, strlen(id));
  mill_status status = mill_text_add(&t, room, sizeof room, err);
  for (size_t i = 0; i < s->n && status == MILL_OK; i++)
    status = add_change(&t, PUT, s->at[i].key, s->at[i].value.data, s->at[i].value.size, err);
  if (status == MILL_OK) {
    memcpy(t.data, MAGIC, 8);
    put(t.data + 8, VERSION, 4);
    put(t.data + 12, 0, 4);
    put(t.data + 16, epoch, 8);
    put(t.data + 24, hash(t.data, 24, 0), 8);
    status = seal(&t, HEADER, 0, epoch, err);
  }
  size_t from = t.size;
  if (status == MILL_OK) status = mill_text_add(&t, s->changes.data, s->changes.size, err);
  if (status == MILL_OK) status = seal(&t, from, 1, epoch, err);
  if (status == MILL_OK) status = path_of(s, "catalog.log", err);
  if (status == MILL_OK)
    status = mill_file_replace(s->files, s->memory, s->path.data, t.data, t.size, err);
  mill_text_clear(&t);
  return status;
}

/* A frame that does not get to the disk whole is taken off again; where that fails too it is torn. */
static mill_status write_on(mill_ledger *s, mill_error *err) {
  mill_file f;
  MILL_TRY(seal(&s->changes, 0, s->number, s->epoch, err));
  MILL_TRY(path_of(s, "catalog.log", err));
  MILL_TRY(mill_file_open(s->files, s->memory, s->path.data, MILL_FILE_APPEND, &f, err));
  mill_status status = mill_file_write(&f, s->changes.data, s->changes.size, err);
  if (status == MILL_OK) status = mill_file_sync(&f, err);
  if (status != MILL_OK && mill_file_truncate(&f, s->read, NULL) != MILL_OK) s->stale = true;
  mill_file_clear(&f);
  return status;
}

/* The lock of a transaction that began before there was a folder: nobody else may have been first. */
static mill_status late_lock(mill_ledger *s, mill_error *err) {
  uint64_t version = s->version;
  if (s->lock.fd >= 0) return MILL_OK;
  MILL_TRY(take_lock(s, err));
  MILL_TRY(mill_ledger_refresh(s, err));
  if (s->version == version) return MILL_OK;
  return mill_fail(err, MILL_E_WAREHOUSE_CHANGED, "path", s->folder, NULL);
}

mill_status mill_ledger_commit(mill_ledger *s, mill_ledger_done done, void *arg, mill_error *err) {
  bool changed = s->changes.size > FRAME;
  mill_status status = changed ? late_lock(s, err) : MILL_OK;
  bool anew = s->inode == 0 || s->read - s->base > s->base + MIN_GROWTH;
  if (changed && status == MILL_OK) {
    status = anew ? write_anew(s, err) : write_on(s, err);
    /* Committed; if memory is too short to take it over, the next refresh reads it again. */
    if (status == MILL_OK && mill_ledger_refresh(s, NULL) != MILL_OK) s->stale = true;
  }
  if (status == MILL_OK && done) done(arg);
  mill_ledger_rollback(s);
  return status;
}
