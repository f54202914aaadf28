/* The rows of a scan, morsel after morsel, as a pull reader on the calling thread. */
#include "stream/source.h"

typedef struct scan_rows {
  mill_rows base;
  mill_memory *memory;
  mill_scan *scan;
  mill_cursor *cursor;
  size_t morsel;
  bool open; /* the cursor stands in a morsel */
} scan_rows;

static mill_status next(mill_rows *rows, mill_batch **out, mill_error *err) {
  scan_rows *r = (scan_rows *)rows;
  for (*out = NULL;;) {
    if (!r->open) {
      if (r->morsel == r->scan->morsels) return MILL_OK;
      MILL_TRY(r->cursor->seek(r->cursor, r->morsel++, err));
      r->open = true;
    }
    MILL_TRY(r->cursor->next(r->cursor, out, err));
    if (*out) return MILL_OK;
    r->open = false;
  }
}

static void free_rows(mill_rows *rows) {
  scan_rows *r = (scan_rows *)rows;
  if (r->cursor) r->cursor->free(r->cursor);
  mill_scan_unref(r->scan);
  mill_free(r->memory, r, sizeof *r);
}

mill_status mill_stream_scan_rows(const mill_context *ctx, mill_scan *s, mill_rows **out,
                                  mill_error *err) {
  scan_rows *r = mill_calloc(ctx->memory, sizeof *r);
  mill_status status;
  if (r == NULL) {
    mill_scan_unref(s);
    return mill_oom(ctx->memory, sizeof *r, err);
  }
  *r = (scan_rows){{s->schema, next, free_rows, false}, ctx->memory, s, NULL, 0, false};
  int n = (int)s->schema->nfields;
  int *columns = mill_alloc(ctx->memory, ((size_t)n + 1) * sizeof *columns);
  for (int i = 0; columns && i < n; i++) columns[i] = i;
  status = columns ? s->open(s, ctx, columns, n, &r->cursor, err)
                   : mill_oom(ctx->memory, sizeof *columns, err);
  mill_free(ctx->memory, columns, ((size_t)n + 1) * sizeof *columns);
  if (status == MILL_OK)
    *out = &r->base;
  else
    free_rows(&r->base);
  return status;
}
