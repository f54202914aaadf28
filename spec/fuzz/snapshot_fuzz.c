/* Snapshots: an input is a file. Bytes changed at random would fail a checksum and show nothing, so the
** mutator takes a file apart, changes the content of one section, or the list of sections and metadata,
** and seals what it made: blocks and footer get the checksums that fit. The table is read by batches, as
** kept chunks and whole; all must agree. */
#include <inttypes.h>

#include "base/codec.h"
#include "fuzz.h"
#include "snapshot/snapshot_int.h"
#include "snapshot/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

static const mill_files files;

/* ---- reading -------------------------------------------------------------------------------- */

static mill_status hash_table(const mill_table *t, fuzz_result *out, mill_error *err) {
  mill_scan *s;
  mill_cursor *c = NULL;
  mill_context ctx = {.memory = t->memory, .files = &files};
  int columns[256];
  for (int i = 0; i < 256; i++) columns[i] = i;
  if (t->schema->nfields > 256) return MILL_OK;
  MILL_TRY(mill_scan_table((mill_table *)(uintptr_t)t, &s, err));
  mill_status status = s->open(s, &ctx, columns, (int)t->schema->nfields, &c, err);
  if (status == MILL_OK) status = fuzz_rows(c, s->morsels, out, err);
  if (c) c->free(c);
  mill_scan_unref(s);
  return status;
}

static mill_status take_chunks(mill_cursor *c, const mill_scan *s, mill_table *t, mill_error *err) {
  for (size_t i = 0; i < s->morsels; i++) {
    mill_chunk *chunk;
    MILL_TRY(c->seek(c, i, err));
    MILL_TRY(c->chunk(c, &chunk, err));
    if (chunk) MILL_TRY(mill_table_add_move(t, chunk, err));
  }
  return MILL_OK;
}

/* By batches, or as chunks to keep. */
static fuzz_result scan(const char *path, bool kept) {
  fuzz_result out = {0};
  mill_error err;
  mill_scan *s = NULL;
  mill_cursor *c = NULL;
  mill_table *t = NULL;
  mill_memory *m = mill_memory_new(256 << 20);
  mill_types *types = mill_types_new(m);
  mill_context ctx = {.memory = m, .types = types, .files = &files};
  int columns[256];
  for (int i = 0; i < 256; i++) columns[i] = i;
  mill_error_clear(&err);
  out.status = mill_table_scan(&ctx, &path, 1, &s, &err);
  if (out.status == MILL_OK && s->schema->nfields <= 256) {
    out.status = s->open(s, &ctx, columns, (int)s->schema->nfields, &c, &err);
    if (out.status == MILL_OK && kept) out.status = mill_table_new(m, s->schema, &t, &err);
    if (out.status == MILL_OK)
      out.status = kept ? take_chunks(c, s, t, &err) : fuzz_rows(c, s->morsels, &out, &err);
    if (out.status == MILL_OK && kept) out.status = hash_table(t, &out, &err);
  }
  if (c) c->free(c);
  mill_table_unref(t);
  if (s) mill_scan_unref(s);
  mill_types_free(types);
  if (mill_memory_read(m).used != 0) abort(); /* a leak */
  mill_memory_free(m);
  return out;
}

static fuzz_result load(const char *path) {
  fuzz_result out = {0};
  mill_error err;
  mill_table *t = NULL;
  mill_memory *m = mill_memory_new(256 << 20);
  mill_types *types = mill_types_new(m);
  mill_error_clear(&err);
  out.status = mill_table_load(&files, m, types, path, &t, &err);
  if (out.status == MILL_OK) out.status = hash_table(t, &out, &err);
  mill_table_unref(t);
  mill_types_free(types);
  if (mill_memory_read(m).used != 0) abort(); /* a leak */
  mill_memory_free(m);
  return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *path = fuzz_file(data, size);
  fuzz_result batches = scan(path, false), kept = scan(path, true), whole = load(path);
  bool full = kept.status == MILL_E_OUT_OF_MEMORY || whole.status == MILL_E_OUT_OF_MEMORY;
  /* a dictionary with an entry twice is bad for chunks that are kept alone */
  if (!full && kept.status != MILL_E_CORRUPT_FILE) fuzz_agree(batches, kept);
  if (!full) fuzz_agree(batches, whole);
  return 0;
}

/* ---- changing ------------------------------------------------------------------------------- */

static void mutate(mill_text *t, mill_error *err) {
  if (mill_text_reserve(t, 32, err) != MILL_OK) abort();
  t->size = LLVMFuzzerMutate((uint8_t *)t->data, t->size, t->size + 16);
}

static void put(uint8_t *to, size_t *at, const void *p, size_t n) {
  memcpy(to + *at, p, n);
  *at += n;
}

/* Footer and trailer behind the `at` bytes that are there; 0: no room. */
static size_t seal(uint8_t *to, size_t at, size_t most, const mill_text *footer, mill_error *err) {
  mill_text frame;
  char tail[SNAPSHOT_TRAILER];
  size_t n = 0;
  mill_text_init(&frame, footer->memory);
  if (mill_zstd_pack(footer->data, footer->size, 1, &frame, err) != MILL_OK) abort();
  if (at + frame.size + sizeof tail <= most) {
    snapshot_put(tail, at, 8);
    snapshot_put(tail + 8, frame.size, 8);
    snapshot_put(tail + 16, footer->size, 8);
    size_t summed = SNAPSHOT_HEADER + frame.size + SNAPSHOT_TRAILER_SUMMED, k = 0;
    uint8_t *all = malloc(summed);
    if (!all) abort();
    put(all, &k, to, SNAPSHOT_HEADER);
    put(all, &k, frame.data, frame.size);
    put(all, &k, tail, SNAPSHOT_TRAILER_SUMMED);
    snapshot_put(tail + 24, snapshot_hash(all, summed), 8);
    free(all);
    memcpy(tail + 32, SNAPSHOT_MAGIC, SNAPSHOT_MAGIC_SIZE);
    n = at;
    put(to, &n, frame.data, frame.size);
    put(to, &n, tail, sizeof tail);
  }
  mill_text_clear(&frame);
  return n;
}

/* The list of sections and the metadata, changed as text. */
static size_t change_footer(uint8_t *data, size_t size, size_t most, mill_memory *m,
                            mill_error *err) {
  mill_text text;
  uint64_t at = snapshot_get(data + size - SNAPSHOT_TRAILER, 8);
  uint64_t stored = snapshot_get(data + size - SNAPSHOT_TRAILER + 8, 8);
  mill_text_init(&text, m);
  size_t n = 0;
  if (at >= SNAPSHOT_HEADER && at < size && stored < size - at &&
      mill_zstd_unpack(data + at, (size_t)stored, 1 << 16, &text, err) == MILL_OK) {
    mutate(&text, err);
    n = seal(data, (size_t)at, most, &text, err);
  }
  mill_text_clear(&text);
  return n;
}

/* A section of one block behind the others, and its entry. */
static bool add_section(uint8_t *to, size_t *at, size_t most, const char *name,
                        const mill_text *content, mill_text *footer, mill_error *err) {
  mill_text stored;
  bool first = footer->data[footer->size - 1] == '[', raw = to[8] >= 3;
  mill_text_init(&stored, content->memory);
  mill_status s = raw ? mill_text_add(&stored, content->data, content->size, err)
                      : mill_zstd_pack(content->data, content->size, 1, &stored, err);
  bool fits = s == MILL_OK && *at + stored.size <= most && content->size <= MILL_SNAPSHOT_BLOCK;
  if (fits) {
    if (mill_text_adds(footer, first ? "{\"name\":" : ",{\"name\":", err) != MILL_OK ||
        mill_json_quote(name, strlen(name), footer, err) != MILL_OK ||
        mill_text_printf(footer, err,
                         ",\"blocks\":[[%zu,%zu,%zu,\"%016" PRIx64 "\"]],\"size\":%zu}", *at,
                         stored.size, content->size, snapshot_hash(stored.data, stored.size),
                         content->size) != MILL_OK)
      abort();
    put(to, at, stored.data, stored.size);
  }
  mill_text_clear(&stored);
  return fits;
}

/* Section `which` is changed, the others are as they were. */
static size_t rebuild(const mill_snapshot *s, size_t which, uint8_t *to, size_t most,
                      mill_memory *m, mill_error *err) {
  mill_text content, footer;
  size_t at = SNAPSHOT_HEADER;
  bool fits = true;
  mill_text_init(&content, m);
  mill_text_init(&footer, m);
  if (mill_text_adds(&footer, "{\"kind\":\"table\",\"sections\":[", err) != MILL_OK) abort();
  for (size_t i = 0; i < mill_snapshot_sections(s) && fits; i++) {
    mill_text_reset(&content);
    fits = mill_snapshot_read(s, i, &content, err) == MILL_OK;
    if (fits && i == which) mutate(&content, err);
    fits = fits && content.size &&
           add_section(to, &at, most, mill_snapshot_name(s, i), &content, &footer, err);
  }
  if (mill_text_adds(&footer, "],\"meta\":", err) != MILL_OK ||
      mill_json_write(mill_snapshot_meta(s), &footer, err) != MILL_OK ||
      mill_text_addc(&footer, '}', err) != MILL_OK)
    abort();
  size_t n = fits ? seal(to, at, most, &footer, err) : 0;
  mill_text_clear(&content);
  mill_text_clear(&footer);
  return n;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
  mill_error err;
  mill_snapshot *s;
  size_t n = 0;
  if (size < SNAPSHOT_HEADER + SNAPSHOT_TRAILER || seed % 16 == 0)
    return LLVMFuzzerMutate(data, size, most);
  mill_memory *m = mill_memory_new(64 << 20);
  mill_error_clear(&err);
  if (seed % 8 == 1) {
    n = change_footer(data, size, most, m, &err);
  } else if (mill_snapshot_open(&files, m, fuzz_file(data, size), &s, &err) == MILL_OK) {
    size_t sections = mill_snapshot_sections(s);
    if (sections) n = rebuild(s, seed / 8 % sections, data, most, m, &err);
    mill_snapshot_free(s);
  }
  mill_memory_free(m);
  return n ? n : LLVMFuzzerMutate(data, size, most);
}
