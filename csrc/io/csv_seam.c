/* Where a record of multiLine CSV begins, found by walking over line ends outside of quotes (csv_marks.h) from
** one that is known: the structure alone, nothing is converted. A record that is not of the common form is split
** by mill_csv_split. */
#include "io/csv_marks.h"

typedef enum csv_seen {
  CSV_SEEN,
  CSV_SLOW, /* not of the common form: the long way */
  CSV_MORE, /* bytes behind the window decide */
} csv_seen;

/* From the record at *line to the first one that begins at or behind `to`: *line. */
CSV_INLINE csv_seen walk(csv_marks *m, csv_form f, uint32_t *line, uint64_t to) {
  csv_block b;
  csv_walk w = marks_from(*line);
  while (*line < to && marks_block(m, f, &w, &b)) {
    uint64_t lines = b.lines;
    if (w.at <= to && lines) lines = 1ull << (63 - __builtin_clzll(lines)); /* the last will do */
    for (; lines && *line < to; lines &= lines - 1)
      *line = b.at + (uint32_t)__builtin_ctzll(lines) + 1;
    if (b.wrong && *line < to) return CSV_SLOW;
  }
  return *line < to ? CSV_MORE : CSV_SEEN;
}

static csv_seen walk_multi(csv_marks *m, uint32_t *line, uint64_t to) {
  return walk(m, (csv_form){.multi = true, .doubled = true}, line, to);
}

static csv_seen walk_form(csv_marks *m, uint32_t *line, uint64_t to) {
  bool usual = m->form.doubled && !m->form.pair && !m->form.either;
  return usual ? walk_multi(m, line, to) : walk(m, m->form, line, to);
}

/* The record at w->data + *line by the long way. */
static mill_status pass_slow(csv_source *s, csv_row *row, uint32_t *line, csv_seen *seen,
                             mill_error *err) {
  const io_window *w = s->window;
  const char *behind;
  row->base = w->data;
  mill_text_reset(&row->side);
  MILL_TRY(mill_csv_split(s->plan, w->data + *line, w->data + w->have, w->eof, &s->newline, row,
                          &behind, err));
  *seen = behind ? CSV_SEEN : CSV_MORE;
  if (behind) *line = (uint32_t)(behind - w->data);
  return MILL_OK;
}

/* By masks. The window keeps what it has from w->at on, unless that would become too much. */
static mill_status find(csv_source *s, csv_row *row, uint64_t to, uint64_t *next, mill_error *err) {
  io_window *w = s->window;
  csv_marks m;
  for (uint64_t at = w->offset + w->at;;) { /* the record at hand */
    uint32_t line = (uint32_t)(at - w->offset);
    marks_begin(&m, s);
    csv_seen seen = walk_form(&m, &line, to - w->offset);
    if (seen == CSV_SLOW) MILL_TRY(pass_slow(s, row, &line, &seen, err));
    at = w->offset + line;
    *next = seen == CSV_MORE && w->eof ? UINT64_MAX : at;
    if (*next >= to) return MILL_OK;
    if (seen != CSV_MORE) continue;
    if (w->have - w->at > 2 * IO_MORSEL) w->at = line;
    MILL_TRY(mill_io_fill(w, err));
  }
}

/* Record by record, when the file's line ends are not those of the common form. */
static mill_status find_slowly(csv_source *s, csv_row *row, uint64_t to, uint64_t *next,
                               mill_error *err) {
  io_window *w = s->window;
  const char *p;
  size_t size;
  for (bool found = true; found;) {
    mill_text_reset(&row->side);
    MILL_TRY(mill_csv_record(s, true, row, &p, &size, &found, err));
  }
  *next = w->offset + w->at >= to ? w->offset + w->at : UINT64_MAX;
  return MILL_OK;
}

mill_status mill_csv_seam(const io_job *job, io_window *w, uint64_t to, uint64_t *next,
                          mill_error *err) {
  csv_source s;
  csv_row row;
  MILL_TRY(mill_csv_begin(&s, w, job->plan, true, err));
  mill_csv_row_init(&row, io_memory(job));
  mill_status status =
      s.fast ? find(&s, &row, to, next, err) : find_slowly(&s, &row, to, next, err);
  mill_csv_row_clear(&row);
  return status;
}
