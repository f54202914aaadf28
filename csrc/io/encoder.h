/* Rows in, bytes out: what stands in one file of a format.
**
**     MILL_TRY(mill_encoder_new(ctx, set, &w, schema, &e, err));
**     MILL_TRY(mill_encoder_begin(e, &bytes, err));             (header, byte order mark)
**     MILL_TRY(mill_encoder_rows(e, batch, NULL, batch->n, &bytes, err));   (any number of times)
**     mill_encoder_free(e);
**
** begin opens each further file of the same write. The bytes are not compressed: mill_encoder_codec
** says how they are to be stored, mill_encoder_suffix how the file's name ends (".csv.gz"). Formats:
** csv, json, text. Of mill_write only format, options and conf are looked at. One encoder belongs to
** one thread at a time. */
#ifndef MILL_IO_ENCODER_H
#define MILL_IO_ENCODER_H

#include "base/codec.h"
#include "column/vector.h"
#include "io/writer.h"

typedef struct mill_encoder mill_encoder;

/* `schema`: the columns that go into the files. Refuses columns that the format cannot hold
** (UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE and its kin) and options that make no sense. */
mill_status mill_encoder_new(const mill_context *ctx, const mill_settings *set, const mill_write *w,
                             const mill_type *schema, mill_encoder **out,
                             mill_error *err) MILL_USE_RESULT;
void mill_encoder_free(mill_encoder *e); /* NULL allowed */
const char *mill_encoder_suffix(const mill_encoder *e);
mill_codec mill_encoder_codec(const mill_encoder *e);

mill_status mill_encoder_begin(mill_encoder *e, mill_text *out, mill_error *err) MILL_USE_RESULT;
/* Append the rows at positions at[0, n) of the columns; with `at` NULL the first n that count. */
mill_status mill_encoder_rows(mill_encoder *e, const mill_batch *b, const uint32_t *at, size_t n,
                              mill_text *out, mill_error *err) MILL_USE_RESULT;

#endif
