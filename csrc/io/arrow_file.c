/* Arrow files and streams as lists of blocks; see arrow_int.h.
**
** Places and lengths are checked against the file's size before anything is read or allocated. Of a
** stream each message's head is read, its body passed over. */
#include "io/arrow_int.h"

static const char magic[] = "ARROW1";
enum { MAGIC = 6, CONTINUES = 8, BLOCK = 24 };

void mill_arrow_file_init(io_arrow_file *f, mill_memory *m) {
  *f = (io_arrow_file){.memory = m, .file.fd = -1};
  mill_arena_init(&f->arena, m);
  mill_text_init(&f->bytes, m);
  mill_text_init(&f->message, m);
}

void mill_arrow_file_clear(io_arrow_file *f) {
  mill_memory *m = f->memory;
  mill_file_clear(&f->file);
  mill_text_clear(&f->bytes);
  mill_text_clear(&f->message);
  if (f->block) mill_free(m, f->block, f->capacity * sizeof *f->block);
  mill_arena_clear(&f->arena);
  mill_arrow_file_init(f, m);
}

mill_status mill_arrow_file_corrupt(const io_arrow_file *f, const char *reason, mill_error *err) {
  mill_arrow_reader r = {.path = f->path};
  return mill_arrow_corrupt(&r, reason, err);
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static bool within(const io_arrow_file *f, uint64_t at, uint64_t n) {
  return at <= f->size && n <= f->size - at;
}

mill_status mill_arrow_file_read(io_arrow_file *f, uint64_t at, void *p, size_t n,
                                 mill_error *err) {
  size_t got = n;
  if (!within(f, at, n)) return mill_arrow_file_corrupt(f, "it ends too early", err);
  if (n == 0) return MILL_OK;
  if (f->bytes.data)
    memcpy(p, f->bytes.data + at, n);
  else
    MILL_TRY(mill_file_read_at(&f->file, at, p, n, &got, err));
  return got == n ? MILL_OK : mill_arrow_file_corrupt(f, "it ends too early", err);
}

static mill_status unpack_all(io_arrow_file *f, const io_job *job, mill_codec codec,
                              mill_error *err) {
  mill_reader *r;
  size_t got = 1;
  MILL_TRY(mill_reader_open(job->context.files, f->memory, f->path, codec, &r, err));
  mill_status s = MILL_OK;
  while (s == MILL_OK && got) {
    size_t room = f->bytes.size < (1 << 20) ? 1 << 20 : f->bytes.size;
    s = mill_text_reserve(&f->bytes, room, err);
    if (s == MILL_OK) s = mill_reader_read(r, f->bytes.data + f->bytes.size, room, &got, err);
    if (s == MILL_OK) f->bytes.size += got;
  }
  mill_reader_free(r);
  f->size = f->bytes.size;
  return s;
}

static mill_status open_bytes(io_arrow_file *f, const io_job *job, size_t number, mill_error *err) {
  mill_codec codec = mill_codec_of_path(job->files.file[number].path);
  f->path = job->files.file[number].path;
  f->size = job->files.file[number].size;
  if (codec != MILL_CODEC_NONE && codec != MILL_CODEC_UNKNOWN)
    return unpack_all(f, job, codec, err);
  return mill_file_open(job->context.files, f->memory, f->path, MILL_FILE_READ, &f->file, err);
}

static uint32_t get32(const unsigned char *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* ---- messages ------------------------------------------------------------------------------- */

/* Where a message's metadata lies: behind one or two words. `meta` 0: the end of a stream. */
static mill_status read_head(io_arrow_file *f, io_arrow_block *b, mill_error *err) {
  unsigned char head[8];
  uint64_t left = f->size - b->at;
  *head = 0;
  b->meta = 0;
  if (left == 0 && f->stream) return MILL_OK;
  MILL_TRY(mill_arrow_file_read(f, b->at, head, left < 8 ? 4 : 8, err));
  bool continues = get32(head) == UINT32_MAX;
  if (continues && left < 8) return mill_arrow_file_corrupt(f, "it ends too early", err);
  b->meta = get32(head + (continues ? 4 : 0));
  b->meta_at = b->at + (continues ? 8 : 4);
  if (b->meta > IO_ARROW_META_MAX)
    return mill_arrow_file_corrupt(f, "a message's metadata is longer than 64 MiB", err);
  return within(f, b->meta_at, b->meta)
             ? MILL_OK
             : mill_arrow_file_corrupt(f, "a message's metadata ends behind the file", err);
}

/* The Message table. */
static mill_status read_message(io_arrow_file *f, const io_arrow_block *b, io_flat *flat,
                                io_flat_table *out, mill_error *err) {
  mill_text_reset(&f->message);
  MILL_TRY(mill_text_reserve(&f->message, b->meta, err));
  MILL_TRY(mill_arrow_file_read(f, b->meta_at, f->message.data, b->meta, err));
  *flat = (io_flat){(const unsigned char *)f->message.data, b->meta, false};
  *out = mill_flat_root(flat);
  if (out->at == 0) return mill_arrow_file_corrupt(f, "malformed metadata", err);
  int64_t version = mill_flat_int(*out, 0, 2, 0);
  if (version != 3 && version != 4)
    return mill_fail(err, MILL_E_NOT_IMPLEMENTED, "feature",
                     mill_error_fmt(err, "Arrow's metadata version V%d", (int)version + 1), NULL);
  return MILL_OK;
}

mill_status mill_arrow_file_message(io_arrow_file *f, const io_arrow_block *b, int kind,
                                    io_flat *flat, io_flat_table *out, mill_error *err) {
  io_flat_table message;
  MILL_TRY(read_message(f, b, flat, &message, err));
  *out = mill_flat_sub(message, 2);
  if (mill_flat_int(message, 1, 1, 0) != kind || out->at == 0)
    return mill_arrow_file_corrupt(f, "a message is of another kind than it should be", err);
  return MILL_OK;
}

static mill_status add_block(io_arrow_file *f, const io_arrow_block *b, mill_error *err) {
  void *p = f->block;
  mill_status s = mill_grow(f->memory, &p, &f->capacity, f->nblocks + 1, sizeof *b, err);
  f->block = p;
  if (s == MILL_OK) f->block[f->nblocks++] = *b;
  return s;
}

static void note_dictionary(io_arrow_block *b, io_flat_table header) {
  b->dictionary = true;
  b->id = mill_flat_int(header, 0, 8, 0);
  b->delta = mill_flat_int(header, 2, 1, 0) != 0;
}

static mill_status take_schema(io_arrow_file *f, io_flat_table schema, mill_error *err) {
  mill_arrow_reader r = {.arena = &f->arena, .path = f->path};
  return mill_arrow_read_schema(&r, schema, &f->schema, &f->spark, err);
}

/* ---- streams -------------------------------------------------------------------------------- */

static mill_status take_message(io_arrow_file *f, io_arrow_block *b, bool first, mill_error *err) {
  io_flat flat;
  io_flat_table message;
  MILL_TRY(read_message(f, b, &flat, &message, err));
  int64_t kind = mill_flat_int(message, 1, 1, 0), body = mill_flat_int(message, 3, 8, 0);
  io_flat_table header = mill_flat_sub(message, 2);
  b->body_at = b->meta_at + b->meta;
  b->body = (uint64_t)body;
  if (flat.bad || header.at == 0 || body < 0)
    return mill_arrow_file_corrupt(f, "malformed metadata", err);
  if (!within(f, b->body_at, b->body))
    return mill_arrow_file_corrupt(f, "a message's body ends behind the file", err);
  if (first != (kind == IO_ARROW_SCHEMA))
    return mill_arrow_file_corrupt(f, "its schema is not its first message", err);
  if (first) return take_schema(f, header, err);
  if (kind == IO_ARROW_DICTIONARY) note_dictionary(b, header);
  if (flat.bad) return mill_arrow_file_corrupt(f, "malformed metadata", err);
  if (kind != IO_ARROW_DICTIONARY && kind != IO_ARROW_BATCH)
    return mill_arrow_file_corrupt(f, "a message is of a kind that files do not hold", err);
  return add_block(f, b, err);
}

static mill_status open_stream(io_arrow_file *f, bool heads, mill_error *err) {
  uint64_t at = 0;
  for (bool first = true;; first = false) {
    io_arrow_block b = {.at = at};
    MILL_TRY(read_head(f, &b, err));
    if (b.meta == 0) return first ? mill_arrow_file_corrupt(f, "it has no schema", err) : MILL_OK;
    MILL_TRY(take_message(f, &b, first, err));
    if (heads) return MILL_OK;
    at = b.body_at + b.body;
  }
}

/* ---- files ---------------------------------------------------------------------------------- */

/* A list of blocks in the footer. */
static mill_status take_blocks(io_arrow_file *f, io_flat_table footer, int field, bool dictionary,
                               mill_error *err) {
  io_flat_vector v = mill_flat_list(footer, field, BLOCK);
  for (uint32_t i = 0; i < v.n; i++) {
    int64_t at = mill_flat_number(v, (size_t)i * BLOCK, 8);
    int64_t meta = mill_flat_number(v, (size_t)i * BLOCK + 8, 4);
    int64_t body = mill_flat_number(v, (size_t)i * BLOCK + 16, 8);
    io_arrow_block b = {.at = (uint64_t)at, .body = (uint64_t)body};
    if (at < 0 || meta < 4 || body < 0 || !within(f, b.at, (uint64_t)meta) ||
        !within(f, b.at + (uint64_t)meta, b.body))
      return mill_arrow_file_corrupt(f, "its footer names a block behind its end", err);
    MILL_TRY(read_head(f, &b, err));
    if (b.meta == 0 || b.meta_at + b.meta > b.at + (uint64_t)meta)
      return mill_arrow_file_corrupt(f, "a block is longer than its footer says", err);
    b.body_at = b.at + (uint64_t)meta;
    b.dictionary = dictionary;
    MILL_TRY(add_block(f, &b, err));
  }
  return MILL_OK;
}

static mill_status read_footer(io_arrow_file *f, mill_text *bytes, bool heads, mill_error *err) {
  unsigned char tail[4 + MAGIC];
  MILL_TRY(mill_arrow_file_read(f, f->size - sizeof tail, tail, sizeof tail, err));
  uint64_t n = get32(tail);
  if (memcmp(tail + 4, magic, MAGIC) != 0)
    return mill_arrow_file_corrupt(f, "it has no footer: was it cut off?", err);
  if (n > IO_ARROW_META_MAX || n + sizeof tail + CONTINUES > f->size)
    return mill_arrow_file_corrupt(f, "its footer is longer than the file", err);
  MILL_TRY(mill_text_reserve(bytes, n, err));
  MILL_TRY(mill_arrow_file_read(f, f->size - sizeof tail - n, bytes->data, n, err));
  io_flat flat = {(const unsigned char *)bytes->data, n, false};
  io_flat_table footer = mill_flat_root(&flat);
  MILL_TRY(take_schema(f, mill_flat_sub(footer, 1), err));
  if (heads) return MILL_OK;
  MILL_TRY(take_blocks(f, footer, 2, true, err));
  MILL_TRY(take_blocks(f, footer, 3, false, err));
  return flat.bad ? mill_arrow_file_corrupt(f, "malformed footer", err) : MILL_OK;
}

static mill_status open_file(io_arrow_file *f, bool heads, mill_error *err) {
  mill_text footer;
  mill_text_init(&footer, f->memory);
  mill_status s = f->size < 4 + MAGIC + CONTINUES
                      ? mill_arrow_file_corrupt(f, "it has no footer: was it cut off?", err)
                      : read_footer(f, &footer, heads, err);
  mill_text_clear(&footer);
  for (size_t i = 0; s == MILL_OK && i < f->nblocks && f->block[i].dictionary; i++) {
    io_flat flat;
    io_flat_table header;
    s = mill_arrow_file_message(f, &f->block[i], IO_ARROW_DICTIONARY, &flat, &header, err);
    if (s == MILL_OK) note_dictionary(&f->block[i], header);
  }
  return s;
}

static mill_status open_either(io_arrow_file *f, bool heads, mill_error *err) {
  char start[8] = {0};
  MILL_TRY(mill_arrow_file_read(f, 0, start, f->size < 8 ? (size_t)f->size : 8, err));
  if (memcmp(start, magic, MAGIC) == 0) return open_file(f, heads, err);
  if (memcmp(start, "FEA1", 4) == 0)
    return mill_fail(err, MILL_E_NOT_IMPLEMENTED, "feature",
                     "Reading Feather files of version 1 (write them as version 2)", NULL);
  uint32_t first = get32((const unsigned char *)start);
  if (first != UINT32_MAX && (first == 0 || first >= f->size))
    return mill_arrow_file_corrupt(f, "it is neither an Arrow file nor an Arrow stream", err);
  f->stream = true;
  return open_stream(f, heads, err);
}

mill_status mill_arrow_file_open(io_arrow_file *f, const io_job *job, size_t number, bool heads,
                                 mill_error *err) {
  mill_arrow_file_clear(f);
  mill_status s = open_bytes(f, job, number, err);
  if (s == MILL_OK) s = open_either(f, heads, err);
  if (s != MILL_OK) mill_arrow_file_clear(f);
  return s;
}
