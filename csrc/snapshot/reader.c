/* Opening and reading a container. Nothing of a size that the file states is allocated before that
** size has been held against the file's own:
**
**     file size -> header -> trailer -> footer frame (hash) -> its text: where its blocks lie
**
** Block entries are read with the pull reader, so an open snapshot costs what its footer costs. A
** block is checked by its hash before it is unpacked, and unpacked only at the size it was listed
** with. Reading is thread-safe: pread on one descriptor, no state. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/codec.h"
#include "snapshot/snapshot_int.h"

typedef struct block {
  uint64_t offset, hash;
  uint32_t stored, content;
} block;

typedef struct section {
  const char *name;
  uint64_t size;
  size_t first, nblocks;
} section;

struct mill_snapshot {
  mill_memory *memory;
  mill_file file;
  mill_arena arena;
  const char *path, *kind;
  const mill_json *meta;
  section *section;
  block *block;
  size_t *by_name; /* sections in the order of their names */
  size_t nsections, nblocks, section_capacity, block_capacity;
  uint64_t size, footer; /* of the file, up to its end in force; where its footer is */
  uint64_t live;         /* stored bytes of all blocks */
  uint32_t version;
};

void mill_snapshot_free(mill_snapshot *s) {
  if (!s) return;
  mill_file_clear(&s->file);
  mill_arena_clear(&s->arena);
  mill_free(s->memory, s->section, s->section_capacity * sizeof *s->section);
  mill_free(s->memory, s->block, s->block_capacity * sizeof *s->block);
  mill_free(s->memory, s->by_name, s->nsections * sizeof *s->by_name);
  mill_free(s->memory, s, sizeof *s);
}

mill_status mill_snapshot_damaged(const mill_snapshot *s, mill_error *err, const char *fmt, ...) {
  char reason[400];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(reason, sizeof reason, fmt, ap);
  va_end(ap);
  if (err) mill_error_clear(err);
  return mill_fail(err, MILL_E_CORRUPT_FILE, "path", s->path, "reason", reason, NULL);
}

static mill_status truncated(const mill_snapshot *s, mill_error *err) {
  return mill_snapshot_damaged(s, err, "it is cut off after %" PRIu64 " bytes", s->size);
}

/* All n bytes at `at`, else the file was cut after it had been opened. */
static mill_status read_at(const mill_snapshot *s, uint64_t at, void *p, size_t n,
                           mill_error *err) {
  size_t got;
  mill_file f = s->file;
  MILL_TRY(mill_file_read_at(&f, at, p, n, &got, err));
  if (got == n) return MILL_OK;
  return mill_snapshot_damaged(s, err, "it was cut off at byte %" PRIu64 " while in use", at + got);
}

/* ---- opening -------------------------------------------------------------------------------- */

/* The first n bytes of the header. */
static mill_status read_header(mill_snapshot *s, char header[SNAPSHOT_HEADER], size_t n,
                               mill_error *err) {
  if (n > s->size) n = (size_t)s->size;
  MILL_TRY(read_at(s, 0, header, n, err));
  size_t magic = n < SNAPSHOT_MAGIC_SIZE ? n : SNAPSHOT_MAGIC_SIZE;
  if (memcmp(header, SNAPSHOT_MAGIC, magic) != 0)
    return mill_snapshot_damaged(s, err, "it is not a Tidemill snapshot");
  return n < SNAPSHOT_HEAD ? truncated(s, err) : MILL_OK;
}

/* The end in force. A writer may be about to set it: what does not fit is looked at again. */
static mill_status read_end(mill_snapshot *s, char header[SNAPSHOT_HEADER], mill_error *err) {
  enum { LOOKS = 5 };
  static const struct timespec pause = {0, 1000000};
  uint64_t end;
  if (s->size < SNAPSHOT_HEADER) return truncated(s, err);
  for (int i = 0;; i++) {
    MILL_TRY(read_header(s, header, SNAPSHOT_HEADER, err));
    end = snapshot_get(header + SNAPSHOT_HEAD, 8);
    if (snapshot_get(header + SNAPSHOT_CHECKED, 8) == snapshot_hash(header, SNAPSHOT_CHECKED))
      break;
    if (i == LOOKS)
      return mill_snapshot_damaged(s, err, "its header (bytes 0 to 31) fails its checksum");
    nanosleep(&pause, NULL);
  }
  MILL_TRY(mill_file_size(&s->file, &s->size, err));
  if (end > s->size) return truncated(s, err);
  s->size = end;
  return MILL_OK;
}

static mill_status check_header(mill_snapshot *s, char header[SNAPSHOT_HEADER], mill_error *err) {
  if (s->size == 0) return mill_snapshot_damaged(s, err, "the file is empty");
  MILL_TRY(read_header(s, header, SNAPSHOT_HEAD, err));
  uint32_t version = (uint32_t)snapshot_get(header + SNAPSHOT_MAGIC_SIZE, 4);
  if (version > MILL_SNAPSHOT_VERSION)
    return mill_fail(err, MILL_E_UNSUPPORTED_SNAPSHOT_VERSION, "path", s->path, "version",
                     mill_error_fmt(err, "%" PRIu32, version), "supported",
                     mill_error_fmt(err, "%d", MILL_SNAPSHOT_VERSION), NULL);
  if (version == 0 || snapshot_get(header + 12, 4) != 0)
    return mill_snapshot_damaged(s, err, "its header (bytes 8 to 15) is none of version %d",
                                 MILL_SNAPSHOT_VERSION);
  s->version = version;
  return version >= 4 ? read_end(s, header, err) : MILL_OK;
}

static size_t header_size(const mill_snapshot *s) {
  return s->version >= 4 ? SNAPSHOT_HEADER : SNAPSHOT_HEAD;
}

typedef struct footer_place {
  uint64_t stored, content, hash;
  char trailer[SNAPSHOT_TRAILER];
} footer_place;

/* Where the footer is, by the trailer: it must end where the trailer begins. */
static mill_status find_footer(mill_snapshot *s, footer_place *f, mill_error *err) {
  if (s->size < header_size(s) + SNAPSHOT_TRAILER) return truncated(s, err);
  uint64_t end = s->size - SNAPSHOT_TRAILER;
  MILL_TRY(read_at(s, end, f->trailer, SNAPSHOT_TRAILER, err));
  if (memcmp(f->trailer + 32, SNAPSHOT_MAGIC, SNAPSHOT_MAGIC_SIZE) != 0)
    return mill_snapshot_damaged(
        s, err, "its last bytes are missing or overwritten (at %" PRIu64 " of %" PRIu64 ")",
        end + 32, s->size);
  s->footer = snapshot_get(f->trailer, 8);
  f->stored = snapshot_get(f->trailer + 8, 8);
  f->content = snapshot_get(f->trailer + 16, 8);
  f->hash = snapshot_get(f->trailer + 24, 8);
  bool fits = s->footer >= header_size(s) && s->footer <= end && f->stored == end - s->footer &&
              f->content > 0 && f->content <= SNAPSHOT_FOOTER_MAX &&
              f->stored <= SNAPSHOT_FOOTER_MAX + (SNAPSHOT_FOOTER_MAX >> 4);
  if (fits) return MILL_OK;
  return mill_snapshot_damaged(s, err, "its trailer at byte %" PRIu64 " does not fit the file",
                               end);
}

/* The footer's text, appended to `out`; `stored` is where header, frame and numbers are hashed. */
static mill_status unpack_footer(mill_snapshot *s, const char *header, const footer_place *f,
                                 mill_text *stored, mill_text *out, mill_error *err) {
  size_t n = (size_t)f->stored, all = SNAPSHOT_HEAD + n + SNAPSHOT_TRAILER_SUMMED;
  MILL_TRY(mill_text_reserve(stored, all, err));
  memcpy(stored->data, header, SNAPSHOT_HEAD);
  char *frame = stored->data + SNAPSHOT_HEAD;
  MILL_TRY(read_at(s, s->footer, frame, n, err));
  memcpy(frame + n, f->trailer, SNAPSHOT_TRAILER_SUMMED);
  if (snapshot_hash(stored->data, all) != f->hash)
    return mill_snapshot_damaged(s, err, "its footer at byte %" PRIu64 " fails its checksum",
                                 s->footer);
  mill_status status = mill_zstd_unpack_exact(frame, n, (size_t)f->content, out, err);
  if (status != MILL_E_CORRUPT_FILE) return status;
  return mill_snapshot_damaged(s, err, "its footer at byte %" PRIu64 " cannot be unpacked",
                               s->footer);
}

/* ---- the footer's text ---------------------------------------------------------------------- */

/* A walk through the footer in the one order that writers use. */
typedef struct footer_reader {
  mill_snapshot *s;
  mill_json_reader json;
  mill_text text; /* an unescaped name */
  uint64_t at;    /* where the next block must stand */
  mill_error *err;
} footer_reader;

static mill_status bad_footer(footer_reader *r, const char *what) {
  return mill_snapshot_damaged(r->s, r->err, "its footer at byte %" PRIu64 ": %s", r->s->footer,
                               what);
}

static mill_status expect(footer_reader *r, mill_json_token t) {
  return mill_json_next(&r->json) == t ? MILL_OK : bad_footer(r, "not as this version writes it");
}

static mill_status expect_name(footer_reader *r, const char *name) {
  MILL_TRY(expect(r, MILL_JSON_NAME));
  if (r->json.size == strlen(name) && memcmp(r->json.text, name, r->json.size) == 0) return MILL_OK;
  return bad_footer(r, "not as this version writes it");
}

static mill_status expect_text(footer_reader *r, const char **out) {
  MILL_TRY(expect(r, MILL_JSON_TEXT));
  mill_text_reset(&r->text);
  MILL_TRY(mill_json_unescape(r->json.text, r->json.size, &r->text, r->err));
  if (memchr(r->text.data, 0, r->text.size)) return bad_footer(r, "a name with a NUL");
  *out = mill_arena_strndup(&r->s->arena, r->text.data, r->text.size);
  return *out ? MILL_OK : mill_oom(r->s->memory, r->text.size, r->err);
}

/* A number without sign below 2^63. */
static mill_status expect_number(footer_reader *r, uint64_t *out) {
  MILL_TRY(expect(r, MILL_JSON_INTEGER));
  uint64_t v = 0;
  if (r->json.size > 18) return bad_footer(r, "a number out of range");
  for (size_t i = 0; i < r->json.size; i++) {
    char c = r->json.text[i];
    if (c < '0' || c > '9') return bad_footer(r, "a number out of range");
    v = v * 10 + (uint64_t)(c - '0');
  }
  *out = v;
  return MILL_OK;
}

static mill_status expect_hash(footer_reader *r, uint64_t *out) {
  MILL_TRY(expect(r, MILL_JSON_TEXT));
  char text[17], *end;
  if (r->json.size != 16) return bad_footer(r, "a malformed checksum");
  memcpy(text, r->json.text, 16);
  text[16] = 0;
  *out = strtoull(text, &end, 16);
  return end == text + 16 ? MILL_OK : bad_footer(r, "a malformed checksum");
}

/* [offset, stored, content, hash]; the opening bracket is read. */
static mill_status read_block_entry(footer_reader *r, section *sec) {
  mill_snapshot *s = r->s;
  uint64_t offset, stored, content, hash = 0;
  MILL_TRY(expect_number(r, &offset));
  MILL_TRY(expect_number(r, &stored));
  MILL_TRY(expect_number(r, &content));
  MILL_TRY(expect_hash(r, &hash));
  MILL_TRY(expect(r, MILL_JSON_ARRAY_END));
  bool placed = s->version >= 4 ? offset >= r->at && offset <= s->footer : offset == r->at;
  if (!placed || stored == 0 || stored > s->footer - offset)
    return bad_footer(r, "its blocks do not lie one after the other");
  if (content == 0 || content > MILL_SNAPSHOT_BLOCK || stored > 2 * MILL_SNAPSHOT_BLOCK ||
      content / stored > 1 << 15) /* more than zstd can do: codec.c */
    return bad_footer(r, "a block of an impossible size");
  void *p = s->block;
  mill_status status =
      mill_grow(s->memory, &p, &s->block_capacity, s->nblocks + 1, sizeof *s->block, r->err);
  s->block = p;
  if (status != MILL_OK) return status;
  s->block[s->nblocks++] = (block){offset, hash, (uint32_t)stored, (uint32_t)content};
  sec->size += content;
  sec->nblocks++;
  s->live += stored;
  r->at = offset + stored;
  return MILL_OK;
}

/* A section; its opening brace is read. */
static mill_status read_section_entry(footer_reader *r) {
  mill_snapshot *s = r->s;
  section sec = {.first = s->nblocks};
  uint64_t size;
  mill_json_token t;
  MILL_TRY(expect_name(r, "name"));
  MILL_TRY(expect_text(r, &sec.name));
  if (*sec.name == 0) return bad_footer(r, "a section without a name");
  MILL_TRY(expect_name(r, "blocks"));
  MILL_TRY(expect(r, MILL_JSON_ARRAY));
  while ((t = mill_json_next(&r->json)) == MILL_JSON_ARRAY) MILL_TRY(read_block_entry(r, &sec));
  if (t != MILL_JSON_ARRAY_END) return bad_footer(r, "not as this version writes it");
  MILL_TRY(expect_name(r, "size"));
  MILL_TRY(expect_number(r, &size));
  MILL_TRY(expect(r, MILL_JSON_OBJECT_END));
  if (size != sec.size) return bad_footer(r, "a section's size is not that of its blocks");
  void *p = s->section;
  mill_status status =
      mill_grow(s->memory, &p, &s->section_capacity, s->nsections + 1, sizeof *s->section, r->err);
  s->section = p;
  if (status == MILL_OK) s->section[s->nsections++] = sec;
  return status;
}

static mill_status read_meta(footer_reader *r) {
  mill_json *meta;
  const char *from = r->json.p;
  if (!mill_json_skip(&r->json, mill_json_next(&r->json)))
    return bad_footer(r, "malformed metadata");
  mill_status status =
      mill_json_parse(from, (size_t)(r->json.p - from), &r->s->arena, &meta, r->err);
  if (status == MILL_E_MALFORMED_JSON) return bad_footer(r, "malformed metadata");
  r->s->meta = meta;
  return status;
}

static mill_status read_footer(footer_reader *r) {
  mill_json_token t;
  MILL_TRY(expect(r, MILL_JSON_OBJECT));
  MILL_TRY(expect_name(r, "kind"));
  MILL_TRY(expect_text(r, &r->s->kind));
  MILL_TRY(expect_name(r, "sections"));
  MILL_TRY(expect(r, MILL_JSON_ARRAY));
  while ((t = mill_json_next(&r->json)) == MILL_JSON_OBJECT) MILL_TRY(read_section_entry(r));
  if (t != MILL_JSON_ARRAY_END) return bad_footer(r, "not as this version writes it");
  MILL_TRY(expect_name(r, "meta"));
  MILL_TRY(read_meta(r));
  MILL_TRY(expect(r, MILL_JSON_OBJECT_END));
  if (!mill_json_at_end(&r->json)) return bad_footer(r, "more text behind its end");
  if (r->s->version < 4 && r->at != r->s->footer)
    return bad_footer(r, "its blocks do not fill the file");
  return MILL_OK;
}

static int by_name(const void *a, const void *b, void *sections) {
  const section *s = sections;
  return strcmp(s[*(const size_t *)a].name, s[*(const size_t *)b].name);
}

/* The index of names, which must differ. */
static mill_status sort_names(mill_snapshot *s, mill_error *err) {
  if (s->nsections == 0) return MILL_OK;
  s->by_name = mill_alloc(s->memory, s->nsections * sizeof *s->by_name);
  if (!s->by_name) return mill_oom(s->memory, s->nsections * sizeof *s->by_name, err);
  for (size_t i = 0; i < s->nsections; i++) s->by_name[i] = i;
  qsort_r(s->by_name, s->nsections, sizeof *s->by_name, by_name, s->section);
  for (size_t i = 1; i < s->nsections; i++)
    if (by_name(&s->by_name[i - 1], &s->by_name[i], s->section) == 0)
      return mill_snapshot_damaged(s, err, "two sections are named %s",
                                   s->section[s->by_name[i]].name);
  return MILL_OK;
}

static mill_status load_footer(mill_snapshot *s, mill_text *stored, mill_text *text,
                               mill_error *err) {
  char header[SNAPSHOT_HEADER];
  footer_place place;
  MILL_TRY(check_header(s, header, err));
  MILL_TRY(find_footer(s, &place, err));
  MILL_TRY(unpack_footer(s, header, &place, stored, text, err));
  footer_reader r = {.s = s, .at = header_size(s), .err = err};
  mill_text_init(&r.text, s->memory);
  mill_json_start(&r.json, text->data, text->size, 0);
  mill_status status = read_footer(&r);
  mill_text_clear(&r.text);
  return status == MILL_OK ? sort_names(s, err) : status;
}

static mill_status open_file(mill_snapshot *s, const mill_files *fs, const char *path,
                             mill_error *err) {
  mill_file_info info;
  s->path = mill_arena_strndup(&s->arena, path, strlen(path));
  if (!s->path) return mill_oom(s->memory, strlen(path), err);
  MILL_TRY(mill_file_stat(fs, path, &info, err));
  if (info.folder) return mill_snapshot_damaged(s, err, "it is a folder, not a Tidemill snapshot");
  MILL_TRY(mill_file_open(fs, s->memory, path, MILL_FILE_READ, &s->file, err));
  MILL_TRY(mill_file_size(&s->file, &s->size, err));
  mill_text stored, text;
  mill_text_init(&stored, s->memory);
  mill_text_init(&text, s->memory);
  mill_status status = load_footer(s, &stored, &text, err);
  mill_text_clear(&stored);
  mill_text_clear(&text);
  return status;
}

mill_status mill_snapshot_open(const mill_files *fs, mill_memory *m, const char *path,
                               mill_snapshot **out, mill_error *err) {
  mill_snapshot *s = mill_calloc(m, sizeof *s);
  if (!s) return mill_oom(m, sizeof *s, err);
  s->memory = m;
  s->file.fd = -1;
  mill_arena_init(&s->arena, m);
  mill_status status = open_file(s, fs, path, err);
  if (status != MILL_OK) {
    mill_snapshot_free(s);
    return status;
  }
  *out = s;
  return MILL_OK;
}

/* ---- an open snapshot ----------------------------------------------------------------------- */

const char *mill_snapshot_path(const mill_snapshot *s) { return s->path; }
const char *mill_snapshot_kind(const mill_snapshot *s) { return s->kind; }
const mill_json *mill_snapshot_meta(const mill_snapshot *s) { return s->meta; }

uint32_t mill_snapshot_version(const mill_snapshot *s) { return s->version; }

bool mill_snapshot_is_of(const mill_snapshot *s, const mill_file *f) {
  return mill_file_same(&s->file, f);
}

uint64_t mill_snapshot_bytes(const mill_snapshot *s) { return s->size; }

uint64_t mill_snapshot_live(const mill_snapshot *s) { return s->live; }
size_t mill_snapshot_sections(const mill_snapshot *s) { return s->nsections; }
const char *mill_snapshot_name(const mill_snapshot *s, size_t i) { return s->section[i].name; }
uint64_t mill_snapshot_size(const mill_snapshot *s, size_t i) { return s->section[i].size; }

bool mill_snapshot_find(const mill_snapshot *s, const char *name, size_t *i) {
  size_t low = 0, high = s->nsections;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int c = strcmp(s->section[s->by_name[middle]].name, name);
    if (c == 0) {
      *i = s->by_name[middle];
      return true;
    }
    if (c < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return false;
}

/* The stored bytes of block k, verified. */
static mill_status fetch_block(const mill_snapshot *s, const section *sec, size_t k, void *to,
                               mill_error *err) {
  const block *b = &s->block[sec->first + k];
  MILL_TRY(read_at(s, b->offset, to, b->stored, err));
  if (snapshot_hash(to, b->stored) == b->hash) return MILL_OK;
  return mill_snapshot_damaged(s, err,
                               "block %zu of section %s at byte %" PRIu64 " fails its checksum", k,
                               sec->name, b->offset);
}

static mill_status read_block(const mill_snapshot *s, const section *sec, size_t k,
                              mill_text *stored, char *out, mill_error *err) {
  const block *b = &s->block[sec->first + k];
  if (s->version >= 3 && b->stored == b->content) return fetch_block(s, sec, k, out, err);
  mill_text_reset(stored);
  MILL_TRY(mill_text_reserve(stored, b->stored, err));
  MILL_TRY(fetch_block(s, sec, k, stored->data, err));
  mill_status status =
      mill_zstd_unpack_exact_into(s->memory, stored->data, b->stored, out, b->content, err);
  if (status != MILL_E_CORRUPT_FILE) return status;
  return mill_snapshot_damaged(s, err,
                               "block %zu of section %s at byte %" PRIu64 " cannot be unpacked", k,
                               sec->name, b->offset);
}

mill_status mill_snapshot_read_into(const mill_snapshot *s, size_t i, void *out, mill_text *stored,
                                    mill_error *err) {
  const section *sec = &s->section[i];
  char *to = out;
  for (size_t k = 0; k < sec->nblocks; k++) {
    MILL_TRY(read_block(s, sec, k, stored, to, err));
    to += s->block[sec->first + k].content;
  }
  return MILL_OK;
}

mill_status mill_snapshot_read(const mill_snapshot *s, size_t i, mill_text *out, mill_error *err) {
  uint64_t size = s->section[i].size;
  if (size > SIZE_MAX / 2) return mill_oom(s->memory, SIZE_MAX, err);
  mill_text stored;
  mill_text_init(&stored, s->memory);
  mill_status status = mill_text_reserve(out, (size_t)size, err);
  if (status == MILL_OK)
    status = mill_snapshot_read_into(s, i, out->data + out->size, &stored, err);
  mill_text_clear(&stored);
  MILL_TRY(status);
  out->size += (size_t)size;
  out->data[out->size] = 0;
  return MILL_OK;
}

size_t mill_snapshot_blocks(const mill_snapshot *s, size_t i) { return s->section[i].nblocks; }

snapshot_entry mill_snapshot_block(const mill_snapshot *s, size_t i, size_t k, uint64_t *offset) {
  const block *b = &s->block[s->section[i].first + k];
  *offset = b->offset;
  return (snapshot_entry){b->hash, b->stored, b->content};
}

mill_status mill_snapshot_fetch(const mill_snapshot *s, size_t i, mill_snapshot_packed *out,
                                mill_error *err) {
  const section *sec = &s->section[i];
  for (size_t k = 0; k < sec->nblocks; k++) {
    const block *b = &s->block[sec->first + k];
    snapshot_entry e = {b->hash, b->stored, b->content};
    MILL_TRY(mill_text_reserve(&out->blocks, b->stored, err));
    MILL_TRY(fetch_block(s, sec, k, out->blocks.data + out->blocks.size, err));
    out->blocks.size += b->stored;
    MILL_TRY(mill_text_add(&out->entries, (const char *)&e, sizeof e, err));
  }
  return MILL_OK;
}
