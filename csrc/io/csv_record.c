/* Records of CSV out of the windows on a file: lines, or with multiLine what stands between newlines outside
** of quotes. kernel/csv_split.c takes them apart. */
#include "io/csv_int.h"

io_separator mill_csv_line_end(const csv_plan *plan, const io_window *w) {
  if (plan->line.text) return plan->line;
  for (size_t i = w->at; i < w->have; i++) {
    if (w->data[i] == '\n') return (io_separator){"\n", 1};
    if (w->data[i] == '\r')
      return w->data[i + 1] == '\n' ? (io_separator){"\r\n", 2} : (io_separator){"\r", 1};
  }
  return (io_separator){"\n", 1};
}

mill_status mill_csv_begin(csv_source *s, io_window *w, const csv_plan *plan, bool first,
                           mill_error *err) {
  *s = (csv_source){.window = w, .plan = plan, .newline = plan->line};
  if (plan->multi) s->newline = w->line.text ? w->line : mill_csv_line_end(plan, w);
  bool usual = s->newline.size == 1 ? *s->newline.text == '\n' : plan->multi || !s->newline.text;
  bool pair = s->newline.size == 2 && !plan->line.text && memcmp(s->newline.text, "\r\n", 2) == 0;
  s->fast = plan->simple && usual && (s->newline.size != 2 || pair);
  return first || plan->multi ? MILL_OK : mill_io_first_line(w, plan->line, err);
}

/* Lines to pass over: when names are looked for only those of spaces are. */
static bool blank(const csv_source *s, const char *p, size_t n) {
  while (n && (s->keep_blank ? *p == ' ' : (unsigned char)*p <= ' ')) p++, n--;
  return n == 0;
}

static mill_status line_record(csv_source *s, bool may_fill, csv_row *row, const char **at,
                               size_t *size, bool *found, mill_error *err) {
  const char *behind;
  do {
    MILL_TRY(mill_io_line(s->window, s->plan->line, may_fill, at, size, found, err));
    if (!*found) return MILL_OK;
  } while (blank(s, *at, *size) || (unsigned char)**at == s->plan->comment);
  row->base = s->window->data;
  return mill_csv_split(s->plan, *at, *at + *size, true, NULL, row, &behind, err);
}

/* Pass over empty lines and comments; false: more bytes are needed. */
static bool skip_lines(csv_source *s) {
  io_window *w = s->window;
  while (w->at < w->have) {
    const char *p = w->data + w->at, *end = w->data + w->have;
    size_t n = s->newline.size;
    if ((size_t)(end - p) < n && !w->eof) return false;
    if ((size_t)(end - p) >= n && memcmp(p, s->newline.text, n) == 0) {
      w->at += n;
    } else if ((unsigned char)*p == s->plan->comment) {
      const char *q = memmem(p, (size_t)(end - p), s->newline.text, n);
      if (!q && !w->eof) return false;
      w->at = q ? (size_t)(q - w->data) + n : w->have;
    } else {
      return true;
    }
  }
  return w->eof;
}

static mill_status multi_record(csv_source *s, bool may_fill, csv_row *row, const char **at,
                                size_t *size, bool *found, mill_error *err) {
  io_window *w = s->window;
  *found = false;
  for (;;) {
    const char *behind = NULL;
    bool whole = skip_lines(s);
    if (w->offset + w->at >= w->stop) return MILL_OK;
    if (whole && w->at < w->have) {
      row->base = w->data;
      *at = w->data + w->at;
      MILL_TRY(
          mill_csv_split(s->plan, *at, w->data + w->have, w->eof, &s->newline, row, &behind, err));
    }
    if (behind) {
      *size = (size_t)(behind - *at);
      if (*size >= s->newline.size &&
          memcmp(behind - s->newline.size, s->newline.text, s->newline.size) == 0)
        *size -= s->newline.size;
      w->at = (size_t)(behind - w->data);
      *found = true;
      return MILL_OK;
    }
    if (w->eof || !may_fill) return MILL_OK;
    MILL_TRY(mill_io_fill(w, err));
  }
}

mill_status mill_csv_record(csv_source *s, bool may_fill, csv_row *row, const char **at,
                            size_t *size, bool *found, mill_error *err) {
  if (s->plan->multi) return multi_record(s, may_fill, row, at, size, found, err);
  return line_record(s, may_fill, row, at, size, found, err);
}
