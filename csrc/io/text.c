/* Text files: one STRING column "value", a line a row, or a file a row with wholetext. */
#include "base/utf8.h"
#include "io/format_int.h"

typedef struct text_plan {
  io_separator separator;
  bool whole;
} text_plan;

typedef struct text_decoder {
  io_decoder base;
  mill_memory *memory;
  const text_plan *plan;
  bool wanted, done;
} text_decoder;

/* The option encoding is that of the option lineSep alone, with Java's byte order mark. */
static mill_status encode_separator(io_job *job, io_separator *s, mill_error *err) {
  const char *name = mill_option_text(job->options, "encoding");
  io_charset charset = IO_UTF8;
  mill_text bytes;
  if (name) MILL_TRY(mill_io_charset_of(name, &charset, err));
  if (charset == IO_UTF8) return MILL_OK;
  mill_text_init(&bytes, io_memory(job));
  mill_status status = charset == IO_UTF16 ? mill_text_add(&bytes, "\xfe\xff", 2, err) : MILL_OK;
  if (status == MILL_OK) status = mill_io_charset_encode(charset, s->text, s->size, &bytes, err);
  if (status == MILL_OK) {
    *s = (io_separator){mill_arena_strndup(&job->arena, bytes.data, bytes.size), bytes.size};
    if (s->text == NULL) status = mill_oom(io_memory(job), bytes.size, err);
  }
  mill_text_clear(&bytes);
  return status;
}

static mill_status text_configure(io_job *job, mill_error *err) {
  text_plan *p = mill_arena_alloc(&job->arena, sizeof *p);
  if (!p) return mill_oom(io_memory(job), sizeof *p, err);
  job->plan = p;
  MILL_TRY(mill_option_bool(job->options, "wholetext", false, &p->whole, err));
  MILL_TRY(mill_io_separator(job, &p->separator, err));
  if (p->separator.text) MILL_TRY(encode_separator(job, &p->separator, err));
  job->look_back = p->separator.text ? p->separator.size : 1;
  job->charset = IO_UTF8; /* bytes are kept as they are */
  return MILL_OK;
}

static mill_status text_infer(io_job *job, mill_error *err) {
  mill_field f = {"value", mill_type_of(MILL_STRING), true, NULL};
  job->data = mill_type_struct(job->context.types, &f, 1);
  return job->data ? MILL_OK : mill_oom(io_memory(job), sizeof f, err);
}

static bool text_takes(const mill_type *t) { return t->id == MILL_STRING; }
static bool text_whole(const io_job *job) { return ((const text_plan *)job->plan)->whole; }

static mill_status text_start(io_decoder *base, io_window *w, bool first, mill_error *err) {
  text_decoder *d = (text_decoder *)base;
  d->done = false;
  if (d->plan->whole) w->at = 0; /* a byte order mark is a part of the text */
  return first || d->plan->whole ? MILL_OK : mill_io_first_line(w, d->plan->separator, err);
}

static mill_status whole_next(text_decoder *d, io_window *w, mill_str *out, uint32_t *n,
                              mill_error *err) {
  if (d->done) return MILL_OK;
  while (!w->eof) MILL_TRY(mill_io_fill(w, err));
  if (out) out[0] = mill_str_view(w->data + w->at, w->have - w->at);
  d->done = true;
  *n = 1;
  return MILL_OK;
}

static mill_status text_next(io_decoder *base, io_window *w, mill_vector *cols, uint32_t *n,
                             const uint32_t **sel, mill_error *err) {
  text_decoder *d = (text_decoder *)base;
  mill_str *out = d->wanted ? cols[0].data : NULL;
  (void)sel;
  if (d->plan->whole) return whole_next(d, w, out, n, err);
  while (*n < MILL_BATCH) {
    const char *line;
    size_t size;
    bool found;
    MILL_TRY(mill_io_line(w, d->plan->separator, *n == 0, &line, &size, &found, err));
    if (!found) break;
    if (out) out[*n] = mill_str_view(line, size);
    ++*n;
  }
  return MILL_OK;
}

static void text_free(io_decoder *base) {
  text_decoder *d = (text_decoder *)base;
  mill_free(d->memory, d, sizeof *d);
}

static mill_status text_decoder_new(const io_job *job, const int *columns, int n, io_decoder **out,
                                    mill_error *err) {
  (void)columns;
  text_decoder *d = mill_calloc(io_memory(job), sizeof *d);
  if (!d) return mill_oom(io_memory(job), sizeof *d, err);
  d->base = (io_decoder){text_start, text_next, text_free, NULL, 0, NULL};
  d->memory = io_memory(job);
  d->plan = job->plan;
  d->wanted = n > 0;
  *out = &d->base;
  return MILL_OK;
}

const io_format mill_format_text = {.name = "text",
                                    .title = "Text",
                                    .configure = text_configure,
                                    .infer = text_infer,
                                    .takes = text_takes,
                                    .whole = text_whole,
                                    .fixed = true,
                                    .decoder = text_decoder_new};
