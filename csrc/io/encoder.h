/* What stands in the files of one write: a format with its options and the columns.
**
**     MILL_TRY(mill_encoder_new(ctx, set, &w, schema, &e, err));
**     .. drafts of files are made with it (write_int.h) ..
**     mill_encoder_free(e);
**
** mill_encoder_codec says how the bytes that drafts give are to be stored, mill_encoder_suffix how the files'
** names end (".csv.gz"). Formats: csv, json, parquet, text. Of mill_write only format, options and conf
** are looked at. */
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

#endif
