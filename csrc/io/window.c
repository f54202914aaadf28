/* Windows on the bytes of a file; see format_int.h.
**
** A plain file is read by pread in its range and then in small steps to the end of the last record;
** a compressed or converted one from its beginning. The buffer grows only when one record does not
** fit, up to IO_RECORD_MAX. */
#include "base/thread.h"
#include "base/utf8.h"
#include "io/ahead.h"
#include "io/format_int.h"

enum { WINDOW_STEP = 64 * 1024, WINDOW_BLOCK = 1 << 20, WINDOW_PAGE = 4096 };
enum { WINDOW_PLAIN = 256 << 10 /* stays in the second cache until it is decoded */ };

void mill_io_window_init(io_window *w, mill_memory *m) {
  *w = (io_window){.memory = m, .file.fd = -1, .block = WINDOW_PLAIN};
}

static void close_source(io_window *w) {
  mill_file_clear(&w->file);
  w->file.fd = -1;
  mill_io_ahead_free(w->ahead);
  mill_reader_free(w->reader);
  w->ahead = NULL;
  w->reader = NULL;
}

void mill_io_window_clear(io_window *w) {
  close_source(w);
  if (w->room) mill_free(w->memory, w->room, w->capacity + WINDOW_PAGE);
  mill_io_window_init(w, w->memory);
}

bool mill_io_plain(const io_job *job, size_t file) {
  return job->charset == IO_UTF8 &&
         mill_codec_of_path(job->files.file[file].path) == MILL_CODEC_NONE;
}

/* A larger buffer, from a page's beginning, for what is left. */
static mill_status grow(io_window *w, size_t need, mill_error *err) {
  size_t left = w->have - w->at, lead = (w->offset + w->at) & (WINDOW_PAGE - 1);
  size_t grown = w->capacity + w->capacity / 2 < need ? need : w->capacity + w->capacity / 2;
  char *p = mill_alloc(w->memory, grown + WINDOW_PAGE);
  if (!p) return mill_oom(w->memory, grown, err);
  char *data = p + (-(uintptr_t)p & (WINDOW_PAGE - 1));
  if (left) memcpy(data + lead, w->data + w->at, left);
  if (w->room) mill_free(w->memory, w->room, w->capacity + WINDOW_PAGE);
  w->room = p;
  w->data = data;
  w->capacity = grown;
  return MILL_OK;
}

/* Room for n more bytes behind `have`, and the padding. What is left lies in its page as it does in the
** file's: the system copies a third faster between places that are alike. */
static mill_status make_room(io_window *w, size_t n, mill_error *err) {
  size_t left = w->have - w->at, lead = (w->offset + w->at) & (WINDOW_PAGE - 1);
  if (lead + left + n + IO_PAD > w->capacity)
    MILL_TRY(grow(w, WINDOW_PAGE + left + n + IO_PAD, err));
  else if (lead != w->at)
    memmove(w->data + lead, w->data + w->at, left);
  w->offset += w->at;
  w->offset -= lead;
  w->at = lead;
  w->have = lead + left;
  return MILL_OK;
}

/* How much to read at least: as much again as a long record has, since it is searched anew each
** time; but no more than shows that it is too long. */
static size_t wanted(const io_window *w, size_t step) {
  size_t have = w->have - w->at, most = IO_RECORD_MAX + WINDOW_STEP - have;
  return have < step ? step : have < most ? have : most;
}

static mill_status read_plain(io_window *w, mill_error *err) {
  size_t want = WINDOW_STEP, got;
  uint64_t left = w->next < w->stop ? w->stop - w->next : 0;
  if (left) want = left < w->block ? (size_t)left + WINDOW_STEP : w->block;
  if (want < w->have - w->at) want = wanted(w, want);
  if (left && left < want)
    want = (size_t)left + WINDOW_STEP; /* no more than a record's tail behind */
  if (want > w->size - w->next) want = (size_t)(w->size - w->next);
  MILL_TRY(make_room(w, want, err));
  MILL_TRY(mill_file_read_at(&w->file, w->next, w->data + w->have, want, &got, err));
  w->have += got;
  w->next += got;
  w->eof = w->next == w->size;
  if (got == want) return MILL_OK;
  return mill_fail(err, MILL_E_CORRUPT_FILE, "path", mill_error_fmt(err, "%s", w->path), "reason",
                   "it has become shorter since it was listed", NULL);
}

static mill_status read_packed(io_window *w, void *p, size_t n, size_t *got, mill_error *err) {
  return w->ahead ? mill_io_ahead_read(w->ahead, p, n, got, err)
                  : mill_reader_read(w->reader, p, n, got, err);
}

static mill_status read_converted(io_window *w, mill_error *err) {
  unsigned char raw[WINDOW_STEP];
  size_t got, made;
  memcpy(raw, w->raw, w->nraw);
  MILL_TRY(read_packed(w, raw + w->nraw, sizeof raw - w->nraw, &got, err));
  w->eof = got < sizeof raw - w->nraw;
  size_t n = w->nraw + got;
  MILL_TRY(make_room(w, 3 * n + 4, err));
  size_t used = mill_io_charset_decode(w->charset, raw, n, w->eof, w->data + w->have, &made);
  if (w->next == 0 && w->charset == IO_UTF16 && n >= 2)
    w->charset = raw[0] == 0xff && raw[1] == 0xfe ? IO_UTF16LE : IO_UTF16BE;
  if (w->next == 0 && w->charset == IO_UTF32 && n >= 4)
    w->charset = raw[0] == 0xff && raw[1] == 0xfe ? IO_UTF32LE : IO_UTF32BE;
  w->nraw = n - used;
  memcpy(w->raw, raw + used, w->nraw);
  w->have += made;
  w->next += got;
  return MILL_OK;
}

static mill_status read_compressed(io_window *w, mill_error *err) {
  size_t got;
  if (w->charset != IO_UTF8) return read_converted(w, err);
  size_t want = wanted(w, WINDOW_BLOCK);
  MILL_TRY(make_room(w, want, err));
  mill_status s = read_packed(w, w->data + w->have, want, &got, err);
  if (s == MILL_E_CORRUPT_FILE && got) { /* first what came before the damage */
    mill_error_clear(err);
    s = MILL_OK;
  } else {
    w->eof = got < want;
  }
  w->have += got;
  w->next += got;
  return s;
}

mill_status mill_io_fill(io_window *w, mill_error *err) {
  if (w->have - w->at > IO_RECORD_MAX)
    return mill_fail(err, MILL_E_CORRUPT_FILE, "path", mill_error_fmt(err, "%s", w->path), "reason",
                     "a record is longer than 64 MiB", NULL);
  if (w->eof) return MILL_OK;
  MILL_TRY(w->file.fd < 0 ? read_compressed(w, err) : read_plain(w, err));
  memset(w->data + w->have, 0, IO_PAD);
  w->check = w->at;
  w->checked = false;
  w->cr = 0;
  return MILL_OK;
}

bool mill_io_valid(io_window *w) {
  if (w->checked) return w->valid;
  const char *p = w->data + w->check;
  size_t n = w->have - w->check, cut = 0;
  w->checked = true;
  while (!w->eof && cut < 3 && cut < n && ((unsigned char)p[n - cut - 1] & 0xc0) == 0x80) cut++;
  if (!w->eof && cut < n && (unsigned char)p[n - cut - 1] >= 0xc0) /* the window cuts a character */
    n -= cut + 1;
  return w->valid = mill_utf8_check(p, n) != SIZE_MAX;
}

/* A byte order mark at the beginning is no content. */
static void skip_mark(io_window *w) {
  if (w->have - w->at >= 3 && memcmp(w->data + w->at, "\xef\xbb\xbf", 3) == 0) w->at += 3;
}

/* A file that is unpacked goes to a thread of its own when there are fewer files than workers: some of
** them would have nothing to do. Not for small ones. */
static mill_status open_packed(io_window *w, const io_job *job, const char *path, mill_error *err) {
  mill_codec codec = mill_codec_of_path(path);
  const mill_pool *pool = job->context.pool;
  MILL_TRY(mill_reader_open(job->context.files, w->memory, path, codec, &w->reader, err));
  bool idle = pool && job->files.n < (size_t)mill_pool_threads(pool);
  if (!idle || codec == MILL_CODEC_NONE || w->size < WINDOW_BLOCK) return MILL_OK;
  mill_io_ahead_open(w->memory, w->reader, &w->ahead);
  if (w->ahead) w->reader = NULL;
  return MILL_OK;
}

mill_status mill_io_window_open(io_window *w, const io_job *job, size_t file, uint64_t from,
                                uint64_t to, mill_error *err) {
  const char *path = job->files.file[file].path;
  close_source(w);
  w->at = w->have = w->nraw = 0;
  w->offset = w->next = from;
  w->size = job->files.file[file].size;
  w->stop = to;
  w->eof = false;
  w->line = (io_separator){NULL, 0};
  w->charset = job->charset;
  w->path = path;
  if (mill_io_plain(job, file))
    MILL_TRY(mill_file_open(job->context.files, w->memory, path, MILL_FILE_READ, &w->file, err));
  else
    MILL_TRY(open_packed(w, job, path, err));
  MILL_TRY(mill_io_fill(w, err));
  if (from == 0) skip_mark(w);
  return MILL_OK;
}

/* ---- lines ---------------------------------------------------------------------------------- */

/* The first \r at or behind p, looked for once: in most files there is none, and lines need not be searched
** for it one by one. */
static const char *next_cr(io_window *w, const char *p) {
  if (w->cr <= (size_t)(p - w->data)) {
    const char *q = memchr(p, '\r', w->have - (size_t)(p - w->data));
    w->cr = q ? (size_t)(q - w->data) : w->have;
  }
  return w->cr < w->have ? w->data + w->cr : NULL;
}

/* The end of the line at p: where its separator begins, and behind it. NULL: not in [p, end), the rest of the
** window. A \r at the very end waits for a \n unless there is nothing more. */
static const char *line_end(io_window *w, const char *p, io_separator sep, const char **behind) {
  const char *end = w->data + w->have;
  if (sep.text) {
    const char *q = memmem(p, (size_t)(end - p), sep.text, sep.size);
    *behind = q ? q + sep.size : NULL;
    return q;
  }
  const char *lf = memchr(p, '\n', (size_t)(end - p)), *cr = next_cr(w, p);
  if (cr && lf && lf < cr) cr = NULL;
  const char *q = cr ? cr : lf;
  if (!q || (cr && cr + 1 == end && !w->eof)) return NULL;
  *behind = q + (cr && cr + 1 < end && cr[1] == '\n' ? 2 : 1);
  return q;
}

mill_status mill_io_line(io_window *w, io_separator sep, bool may_fill, const char **line,
                         size_t *size, bool *found, mill_error *err) {
  *found = false;
  for (;;) {
    if (w->offset + w->at >= w->stop) return MILL_OK;
    const char *p = w->data + w->at, *end = w->data + w->have, *behind;
    const char *q = line_end(w, p, sep, &behind);
    if (!q && w->eof && p < end) q = behind = end;
    if (q) {
      *line = p;
      *size = (size_t)(q - p);
      *found = true;
      w->at = (size_t)(behind - w->data);
      return MILL_OK;
    }
    if (w->eof || !may_fill) return MILL_OK;
    MILL_TRY(mill_io_fill(w, err));
  }
}

mill_status mill_io_first_line(io_window *w, io_separator sep, mill_error *err) {
  const char *line;
  size_t size;
  bool found;
  uint64_t stop = w->stop;
  w->stop = UINT64_MAX; /* the line before may end behind this range */
  mill_status s = mill_io_line(w, sep, true, &line, &size, &found, err);
  w->stop = stop;
  return s;
}
