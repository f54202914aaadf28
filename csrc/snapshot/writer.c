/* Writing a container: content gathers in one block, a full block is packed, hashed and written, and
** its entry goes to the footer's text, so memory is bounded by a few blocks and the footer.
**
** A call that failed leaves the writer broken: close refuses then, since what reached the disk is
** unknown.
**
** A writer that grows a file cuts it back to the end in force when it gives up before the new end was set. When
** setting it fails, the old one is put back, so that readers go on with it; what was written stays, in case the
** disk holds the new one. */
#include <inttypes.h>

#include "base/codec.h"
#include "snapshot/snapshot_int.h"

enum { SNAPSHOT_LEVEL = 3 };

struct mill_snapshot_writer {
  mill_memory *memory;
  const mill_files *files;
  char *path;
  mill_text temporary; /* the file's name until it is published; none: it grows in place */
  mill_file file;
  char *block; /* content not yet packed */
  size_t used, pushed;
  mill_text packed, footer;
  mill_names names;
  uint64_t offset, section; /* where the next block goes; bytes in the open section */
  uint64_t
      grown_from; /* the end in force of a file that grows; 0: a new file, or one whose end was set */
  bool open, first_block, broken;
};

/* Leave nothing behind. Nothing more can be done where that fails; the error that led here is told. */
static void give_up(mill_snapshot_writer *w) {
  mill_status s = MILL_OK;
  if (w->grown_from)
    s = mill_file_truncate(&w->file, w->grown_from, NULL);
  else if (w->temporary.size)
    s = mill_file_remove(w->files, w->temporary.data, NULL);
  (void)s;
}

void mill_snapshot_writer_free(mill_snapshot_writer *w) {
  if (!w) return;
  if (w->file.fd >= 0) give_up(w);
  mill_file_clear(&w->file);
  mill_text_clear(&w->temporary);
  mill_text_clear(&w->packed);
  mill_text_clear(&w->footer);
  mill_names_clear(&w->names);
  mill_free(w->memory, w->block, MILL_SNAPSHOT_BLOCK);
  mill_strfree(w->memory, w->path);
  mill_free(w->memory, w, sizeof *w);
}

/* Bytes at the end of the file. */
static mill_status emit(mill_snapshot_writer *w, const void *p, size_t n, mill_error *err) {
  return mill_file_write_at(&w->file, w->offset, p, n, err);
}

static mill_status set_end(mill_snapshot_writer *w, uint64_t end, mill_error *err) {
  char header[SNAPSHOT_HEADER];
  snapshot_header(header, end);
  return mill_file_write_at(&w->file, SNAPSHOT_HEAD, header + SNAPSHOT_HEAD,
                            SNAPSHOT_HEADER - SNAPSHOT_HEAD, err);
}

static mill_status begin_footer(mill_snapshot_writer *w, const char *kind, mill_error *err) {
  MILL_TRY(mill_text_adds(&w->footer, "{\"kind\":", err));
  MILL_TRY(mill_json_quote(kind, strlen(kind), &w->footer, err));
  return mill_text_adds(&w->footer, ",\"sections\":[", err);
}

static mill_status write_header(mill_snapshot_writer *w, mill_error *err) {
  char header[SNAPSHOT_HEADER];
  snapshot_header(header, 0);
  MILL_TRY(emit(w, header, sizeof header, err));
  w->offset = sizeof header;
  return MILL_OK;
}

static mill_status make(const mill_files *fs, mill_memory *m, const char *path,
                        mill_snapshot_writer **out, mill_error *err) {
  mill_snapshot_writer *w = mill_calloc(m, sizeof *w);
  if (!w) return mill_oom(m, sizeof *w, err);
  w->memory = m;
  w->files = fs;
  w->file.fd = -1;
  mill_text_init(&w->temporary, m);
  mill_text_init(&w->packed, m);
  mill_text_init(&w->footer, m);
  mill_names_init(&w->names, m);
  w->path = mill_strdup(m, path);
  w->block = mill_alloc(m, MILL_SNAPSHOT_BLOCK);
  if (!w->path || !w->block) {
    mill_snapshot_writer_free(w);
    return mill_oom(m, MILL_SNAPSHOT_BLOCK, err);
  }
  *out = w;
  return MILL_OK;
}

mill_status mill_snapshot_create(const mill_files *fs, mill_memory *m, const char *path,
                                 const char *kind, mill_snapshot_writer **out, mill_error *err) {
  mill_snapshot_writer *w;
  MILL_TRY(make(fs, m, path, &w, err));
  mill_status s = mill_file_temporary(fs, m, path, &w->temporary, &w->file, err);
  if (s == MILL_OK) s = write_header(w, err);
  if (s == MILL_OK) s = begin_footer(w, kind, err);
  if (s == MILL_OK)
    *out = w;
  else
    mill_snapshot_writer_free(w);
  return s;
}

/* What stands behind the end in force is of a writer that did not come to its end. Before any of it is
** written over, the end that was read must be the one on the disk. */
static mill_status cut_rest(mill_snapshot_writer *w, mill_error *err) {
  uint64_t size;
  MILL_TRY(mill_file_size(&w->file, &size, err));
  if (size == w->offset) return MILL_OK;
  MILL_TRY(mill_file_sync(&w->file, err));
  return mill_file_truncate(&w->file, w->offset, err);
}

mill_status mill_snapshot_extend(mill_file *file, const mill_snapshot *from,
                                 mill_snapshot_writer **out, mill_error *err) {
  mill_snapshot_writer *w;
  mill_file f = *file;
  *file = (mill_file){.fd = -1};
  mill_status s = make(f.files, f.memory, mill_snapshot_path(from), &w, err);
  if (s != MILL_OK) {
    mill_file_clear(&f);
    return s;
  }
  w->file = f;
  w->offset = w->grown_from = mill_snapshot_bytes(from);
  s = cut_rest(w, err);
  if (s == MILL_OK) s = begin_footer(w, mill_snapshot_kind(from), err);
  if (s == MILL_OK)
    *out = w;
  else
    mill_snapshot_writer_free(w);
  return s;
}

static mill_status write_frame(mill_snapshot_writer *w, const void *p, size_t n, mill_error *err) {
  mill_text_reset(&w->packed);
  MILL_TRY(mill_zstd_pack(p, n, SNAPSHOT_LEVEL, &w->packed, err));
  return emit(w, w->packed.data, w->packed.size, err);
}

static mill_status list_at(mill_snapshot_writer *w, uint64_t offset, const snapshot_entry *b,
                           mill_error *err) {
  MILL_TRY(mill_text_printf(&w->footer, err,
                            "%s[%" PRIu64 ",%" PRIu32 ",%" PRIu32 ",\"%016" PRIx64 "\"]",
                            w->first_block ? "" : ",", offset, b->stored, b->content, b->hash));
  w->first_block = false;
  w->section += b->content;
  return MILL_OK;
}

/* The entry of a block that was just written at the end of the file. */
static mill_status list_block(mill_snapshot_writer *w, const snapshot_entry *b, mill_error *err) {
  MILL_TRY(list_at(w, w->offset, b, err));
  mill_file_push(&w->file, b->stored, &w->pushed);
  w->offset += b->stored;
  return MILL_OK;
}

static mill_status write_block(mill_snapshot_writer *w, const void *p, size_t n, mill_error *err) {
  mill_text_reset(&w->packed);
  MILL_TRY(mill_zstd_pack(p, n, SNAPSHOT_LEVEL, &w->packed, err));
  bool smaller = w->packed.size < n;
  size_t stored = smaller ? w->packed.size : n;
  const void *bytes = smaller ? w->packed.data : p;
  MILL_TRY(emit(w, bytes, stored, err));
  snapshot_entry b = {snapshot_hash(bytes, stored), (uint32_t)stored, (uint32_t)n};
  return list_block(w, &b, err);
}

static mill_status end_section(mill_snapshot_writer *w, mill_error *err) {
  if (!w->open) return MILL_OK;
  if (w->used) MILL_TRY(write_block(w, w->block, w->used, err));
  w->used = 0;
  w->open = false;
  return mill_text_printf(&w->footer, err, "],\"size\":%" PRIu64 "}", w->section);
}

static mill_status begin_section(mill_snapshot_writer *w, const char *name, mill_error *err) {
  MILL_TRY(end_section(w, err));
  MILL_TRY(mill_text_adds(&w->footer, w->names.n ? ",{\"name\":" : "{\"name\":", err));
  MILL_TRY(mill_json_quote(name, strlen(name), &w->footer, err));
  MILL_TRY(mill_text_adds(&w->footer, ",\"blocks\":[", err));
  MILL_TRY(mill_names_add(&w->names, name, err));
  w->open = w->first_block = true;
  w->section = 0;
  return MILL_OK;
}

/* Fill the block; whole blocks of `p` are packed where they are. */
static mill_status add(mill_snapshot_writer *w, const char *p, size_t n, mill_error *err) {
  while (n) {
    size_t room = MILL_SNAPSHOT_BLOCK - w->used, take = n < room ? n : room;
    if (take == MILL_SNAPSHOT_BLOCK) {
      MILL_TRY(write_block(w, p, take, err));
    } else {
      memcpy(w->block + w->used, p, take);
      w->used += take;
    }
    if (w->used == MILL_SNAPSHOT_BLOCK) {
      MILL_TRY(write_block(w, w->block, w->used, err));
      w->used = 0;
    }
    p += take;
    n -= take;
  }
  return MILL_OK;
}

static mill_status misused(mill_error *err, const char *what) {
  return mill_fail(err, MILL_E_INTERNAL_ERROR, "message", what, NULL);
}

mill_status mill_snapshot_section(mill_snapshot_writer *w, const char *name, mill_error *err) {
  mill_status s = *name ? begin_section(w, name, err) : misused(err, "a section without a name");
  if (s != MILL_OK) w->broken = true;
  return s;
}

mill_status mill_snapshot_add(mill_snapshot_writer *w, const void *p, size_t n, mill_error *err) {
  mill_status s = w->open ? add(w, p, n, err) : misused(err, "content outside of sections");
  if (s != MILL_OK) w->broken = true;
  return s;
}

mill_status mill_snapshot_keep(mill_snapshot_writer *w, const mill_snapshot *from, size_t i,
                               mill_error *err) {
  mill_status s = begin_section(w, mill_snapshot_name(from, i), err);
  for (size_t k = 0; k < mill_snapshot_blocks(from, i) && s == MILL_OK; k++) {
    uint64_t offset;
    snapshot_entry b = mill_snapshot_block(from, i, k, &offset);
    s = list_at(w, offset, &b, err);
  }
  if (s != MILL_OK) w->broken = true;
  return s;
}

/* ---- sections packed ahead ------------------------------------------------------------------ */

void mill_snapshot_packed_init(mill_snapshot_packed *p, mill_memory *m) {
  mill_text_init(&p->blocks, m);
  mill_text_init(&p->entries, m);
}

void mill_snapshot_packed_clear(mill_snapshot_packed *p) {
  mill_text_clear(&p->blocks);
  mill_text_clear(&p->entries);
}

/* Is it worth packing? Two slices of a long block tell; they are packed behind out's end. */
static mill_status tempting(mill_packer *z, const char *p, size_t n, mill_text *out, bool *yes,
                            mill_error *err) {
  enum { SLICE = 4096 };
  char sample[2 * SLICE];
  size_t before = out->size;
  *yes = true;
  if (n < 8 * SLICE) return MILL_OK;
  memcpy(sample, p + n / 4, SLICE);
  memcpy(sample + SLICE, p + n / 4 * 3, SLICE);
  MILL_TRY(mill_packer_add(z, sample, sizeof sample, out, err));
  *yes = out->size - before < sizeof sample / 4 * 3;
  out->size = before;
  return MILL_OK;
}

static mill_status pack_block(mill_packer *z, const char *p, size_t n, mill_text *out,
                              mill_error *err) {
  size_t before = out->size;
  bool yes;
  MILL_TRY(tempting(z, p, n, out, &yes, err));
  if (yes) MILL_TRY(mill_packer_add(z, p, n, out, err));
  if (yes && out->size - before < n) return MILL_OK;
  out->size = before;
  return mill_text_add(out, p, n, err);
}

mill_status mill_snapshot_pack(mill_packer *z, const void *p, size_t n, mill_snapshot_packed *out,
                               mill_error *err) {
  for (size_t at = 0; at < n; at += MILL_SNAPSHOT_BLOCK) {
    size_t part = n - at < MILL_SNAPSHOT_BLOCK ? n - at : MILL_SNAPSHOT_BLOCK;
    size_t before = out->blocks.size;
    MILL_TRY(pack_block(z, (const char *)p + at, part, &out->blocks, err));
    size_t stored = out->blocks.size - before;
    snapshot_entry b = {snapshot_hash(out->blocks.data + before, stored), (uint32_t)stored,
                        (uint32_t)part};
    MILL_TRY(mill_text_add(&out->entries, (const char *)&b, sizeof b, err));
  }
  return MILL_OK;
}

static mill_status put_packed(mill_snapshot_writer *w, const mill_snapshot_packed *p,
                              mill_error *err) {
  MILL_TRY(emit(w, p->blocks.data, p->blocks.size, err));
  for (size_t at = 0; at < p->entries.size; at += sizeof(snapshot_entry)) {
    snapshot_entry b;
    memcpy(&b, p->entries.data + at, sizeof b);
    MILL_TRY(list_block(w, &b, err));
  }
  return MILL_OK;
}

mill_status mill_snapshot_put(mill_snapshot_writer *w, const char *name,
                              const mill_snapshot_packed *p, mill_error *err) {
  MILL_TRY(mill_snapshot_section(w, name, err));
  mill_status s = put_packed(w, p, err);
  if (s != MILL_OK) w->broken = true;
  return s;
}

/* ---- the end -------------------------------------------------------------------------------- */

static mill_status check_names(mill_snapshot_writer *w, mill_error *err) {
  mill_names_sort(&w->names);
  for (size_t i = 1; i < w->names.n; i++)
    if (strcmp(w->names.name[i - 1], w->names.name[i]) == 0)
      return misused(err, mill_error_fmt(err, "two sections named %s", w->names.name[i]));
  return MILL_OK;
}

static mill_status check_meta(const char *meta, size_t n, mill_error *err) {
  mill_json_reader r;
  mill_json_start(&r, meta, n, 0);
  if (mill_json_skip(&r, mill_json_next(&r)) && mill_json_at_end(&r)) return MILL_OK;
  return misused(err, "the metadata of a snapshot is no JSON value");
}

/* footer frame, trailer */
static mill_status write_end(mill_snapshot_writer *w, mill_error *err) {
  char tail[SNAPSHOT_TRAILER], header[SNAPSHOT_HEADER];
  if (w->footer.size > SNAPSHOT_FOOTER_MAX)
    return mill_fail(err, MILL_E_FILE_ACCESS, "operation", "write", "path", w->path, "reason",
                     "a snapshot's list of sections may take up to 64 MiB", NULL);
  snapshot_header(header, 0);
  MILL_TRY(write_frame(w, w->footer.data, w->footer.size, err));
  snapshot_put(tail, w->offset, 8);
  snapshot_put(tail + 8, w->packed.size, 8);
  snapshot_put(tail + 16, w->footer.size, 8);
  mill_text_reset(&w->footer);
  MILL_TRY(mill_text_add(&w->footer, header, SNAPSHOT_HEAD, err));
  MILL_TRY(mill_text_add(&w->footer, w->packed.data, w->packed.size, err));
  MILL_TRY(mill_text_add(&w->footer, tail, SNAPSHOT_TRAILER_SUMMED, err));
  snapshot_put(tail + 24, snapshot_hash(w->footer.data, w->footer.size), 8);
  memcpy(tail + 32, SNAPSHOT_MAGIC, SNAPSHOT_MAGIC_SIZE);
  w->offset += w->packed.size;
  MILL_TRY(emit(w, tail, sizeof tail, err));
  w->offset += sizeof tail;
  return MILL_OK;
}

static mill_status publish(mill_snapshot_writer *w, mill_error *err) {
  MILL_TRY(set_end(w, w->offset, err));
  MILL_TRY(mill_file_sync(&w->file, err));
  return mill_file_publish(w->files, w->memory, w->temporary.data, w->path, err);
}

static mill_status commit(mill_snapshot_writer *w, mill_error *err) {
  uint64_t before = w->grown_from;
  MILL_TRY(mill_file_sync(&w->file, err));
  w->grown_from = 0;
  mill_status s = set_end(w, w->offset, err);
  if (s == MILL_OK) s = mill_file_sync(&w->file, err);
  mill_status back = s == MILL_OK ? MILL_OK : set_end(w, before, NULL);
  (void)back; /* the error that led here is told */
  return s;
}

static mill_status finish(mill_snapshot_writer *w, const char *meta, size_t n, mill_error *err) {
  if (w->broken) return misused(err, "closing a snapshot that could not be written");
  MILL_TRY(check_meta(meta, n, err));
  MILL_TRY(end_section(w, err));
  MILL_TRY(check_names(w, err));
  MILL_TRY(mill_text_adds(&w->footer, "],\"meta\":", err));
  MILL_TRY(mill_text_add(&w->footer, meta, n, err));
  MILL_TRY(mill_text_addc(&w->footer, '}', err));
  MILL_TRY(write_end(w, err));
  return w->grown_from ? commit(w, err) : publish(w, err);
}

mill_status mill_snapshot_close(mill_snapshot_writer *w, const char *meta, size_t n,
                                mill_error *err) {
  mill_status s = meta ? finish(w, meta, n, err) : finish(w, "{}", 2, err);
  if (s == MILL_OK) mill_file_clear(&w->file);
  mill_snapshot_writer_free(w);
  return s;
}
