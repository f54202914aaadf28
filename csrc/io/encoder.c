/* Encoders: what all formats share; see encoder.h. */
#include "io/encoder.h"

#include <strings.h>

#include "base/utf8.h"
#include "io/write_int.h"

static const io_output *const outputs[] = {&mill_output_csv, &mill_output_json, &mill_output_text,
                                           &mill_output_parquet, &mill_output_arrow};

static const io_output *find_output(const char *name) {
  for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++)
    if (strcasecmp(outputs[i]->name, name) == 0) return outputs[i];
  return NULL;
}

const char *mill_write_conf(const mill_write *w, const char *key) {
  return w->conf ? w->conf(w->conf_arg, key) : NULL;
}

mill_status mill_io_utf8(mill_encoder *e, const mill_str *s, const char **p, size_t *n,
                         mill_error *err) {
  *p = mill_str_data(s);
  *n = s->size;
  if (mill_utf8_ascii(*p, *n) || mill_utf8_valid(*p, *n)) return MILL_OK;
  mill_text_reset(&e->scratch);
  MILL_TRY(mill_utf8_repair(*p, *n, &e->scratch, err));
  *p = e->scratch.data;
  *n = e->scratch.size;
  return MILL_OK;
}

/* ---- what a format can hold ----------------------------------------------------------------- */

static bool holds(const io_output *f, const mill_type *t) {
  if (mill_type_is_nanos(t) || mill_type_is_shape(t) || !f->takes(t)) return false;
  for (uint32_t i = 0; i < t->nfields; i++)
    if (!holds(f, t->fields[i].type)) return false;
  return true;
}

static mill_status check_schema(const mill_encoder *e, const mill_write *w, mill_error *err) {
  const mill_type *t = e->schema;
  const char *time = mill_write_conf(w, "spark.sql.timeType.enabled");
  if (t->nfields == 0)
    return mill_fail(err, MILL_E_EMPTY_SCHEMA_NOT_SUPPORTED_FOR_DATASOURCE, "format",
                     e->format->name, NULL);
  for (uint32_t i = 0; i < t->nfields; i++) {
    const mill_field *f = &t->fields[i];
    if (f->type->id == MILL_STRUCT && f->type->nfields == 0)
      return mill_fail(err, MILL_E_EMPTY_SCHEMA_NOT_SUPPORTED_FOR_DATASOURCE, "format",
                       e->format->name, NULL);
    if (!e->format->times && mill_type_holds(f->type, MILL_TIME) &&
        (time == NULL || strcmp(time, "true") != 0))
      return mill_fail(err, MILL_E_UNSUPPORTED_TIME_TYPE, NULL);
    if (!holds(e->format, f->type))
      return mill_fail(err, MILL_E_UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE, "format", e->format->name,
                       "columnName", mill_error_fmt(err, "`%s`", f->name), "columnType",
                       mill_type_quoted(e->memory, f->type, err), NULL);
  }
  return MILL_OK;
}

/* ---- opening -------------------------------------------------------------------------------- */

static mill_status read_codec(mill_encoder *e, mill_options o, mill_error *err) {
  const char *codec = mill_option_text(o, "compression");
  if (codec == NULL && strcmp(e->format->name, "csv") == 0) codec = mill_option_text(o, "codec");
  e->codec = codec ? mill_codec_of_name(codec) : MILL_CODEC_NONE;
  if (e->codec == MILL_CODEC_UNKNOWN) return mill_codec_unknown(codec, err);
  static const mill_packing packings[] = {[MILL_CODEC_GZIP] = MILL_PACK_GZIP,
                                          [MILL_CODEC_ZSTD] = MILL_PACK_ZSTD,
                                          [MILL_CODEC_BZIP2] = MILL_PACK_BZIP2,
                                          [MILL_CODEC_SNAPPY] = MILL_PACK_SNAPPY_HADOOP,
                                          [MILL_CODEC_LZ4] = MILL_PACK_LZ4_HADOOP};
  e->packing = packings[e->codec];
  return MILL_OK;
}

/* Options of reading alone: a writer takes no other values for them. */
static mill_status check_flags(const mill_encoder *e, mill_options o, mill_error *err) {
  static const char *const flags[][2] = {{"csv", "multiLine"},       {"csv", "inferSchema"},
                                         {"csv", "enforceSchema"},   {"csv", "preferDate"},
                                         {"json", "multiLine"},      {"json", "primitivesAsString"},
                                         {"json", "prefersDecimal"}, {"json", "dropFieldIfAllNull"},
                                         {"json", "inferTimestamp"}, {"text", "wholetext"}};
  bool ignored;
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (strcmp(e->format->name, flags[i][0]) == 0)
      MILL_TRY(mill_option_bool(o, flags[i][1], false, &ignored, err));
  return MILL_OK;
}

static mill_status read_options(mill_encoder *e, const mill_write *w, mill_error *err) {
  mill_options o = w->options;
  MILL_TRY(check_flags(e, o, err));
  const char *charset = mill_option_text(o, "encoding"), *end = mill_option_text(o, "lineSep");
  if (charset == NULL) charset = mill_option_text(o, "charset");
  if (!e->format->packs) MILL_TRY(read_codec(e, o, err));
  if (charset && e->format->charsets) MILL_TRY(mill_io_charset_of(charset, &e->charset, err));
  if (end && !*end) return mill_fail(err, MILL_E_INVALID_LINE_SEPARATOR_EMPTY, NULL);
  if (end == NULL) end = "\n";
  e->nline_end = strlen(end);
  e->line_end = mill_arena_strndup(&e->arena, end, e->nline_end);
  if (e->line_end == NULL) return mill_oom(e->memory, e->nline_end, err);
  memcpy(e->suffix, e->format->suffix, strlen(e->format->suffix) + 1);
  return mill_io_texts_init(&e->texts, e, w, err);
}

/* The caller's options may go: what a format keeps of them is copied. */
static mill_status copy_options(mill_encoder *e, mill_options in, mill_options *out,
                                mill_error *err) {
  mill_option *own = mill_arena_alloc(&e->arena, ((size_t)in.n + 1) * sizeof *own);
  for (int i = 0; own && i < in.n; i++) {
    own[i].key = mill_arena_strndup(&e->arena, in.at[i].key, strlen(in.at[i].key));
    own[i].value = mill_arena_strndup(&e->arena, in.at[i].value, strlen(in.at[i].value));
    if (own[i].key == NULL || own[i].value == NULL) own = NULL;
  }
  if (own == NULL) return mill_oom(e->memory, 256, err);
  *out = (mill_options){own, in.n};
  return MILL_OK;
}

static mill_status configure(mill_encoder *e, const mill_write *given, mill_error *err) {
  mill_write w = *given;
  MILL_TRY(copy_options(e, given->options, &w.options, err));
  MILL_TRY(check_schema(e, &w, err));
  MILL_TRY(read_options(e, &w, err));
  MILL_TRY(e->format->configure(e, &w, err));
  size_t n = strlen(e->suffix);
  memcpy(e->suffix + n, mill_codec_suffix(e->codec), strlen(mill_codec_suffix(e->codec)) + 1);
  return MILL_OK;
}

mill_status mill_encoder_new(const mill_context *ctx, const mill_settings *set, const mill_write *w,
                             const mill_type *schema, mill_encoder **out, mill_error *err) {
  const io_output *format = find_output(w->format);
  if (format == NULL)
    return mill_fail(err, MILL_E_DATA_SOURCE_NOT_FOUND, "provider",
                     mill_error_fmt(err, "%s", w->format), NULL);
  mill_encoder *e = mill_calloc(ctx->memory, sizeof *e);
  if (e == NULL) return mill_oom(ctx->memory, sizeof *e, err);
  e->format = format;
  e->context = ctx;
  e->memory = ctx->memory;
  e->schema = schema;
  e->texts = (mill_value_texts){.settings = *set, .zones = ctx->zones};
  mill_arena_init(&e->arena, ctx->memory);
  mill_text_init(&e->scratch, ctx->memory);
  mill_text_init(&e->narrow, ctx->memory);
  mill_status s = configure(e, w, err);
  if (s == MILL_OK)
    *out = e;
  else
    mill_encoder_free(e);
  return s;
}

void mill_encoder_free(mill_encoder *e) {
  if (e == NULL) return;
  mill_text_clear(&e->narrow);
  mill_text_clear(&e->scratch);
  mill_arena_clear(&e->arena); /* what formats keep beside it ends with it */
  mill_free(e->memory, e, sizeof *e);
}

const char *mill_encoder_suffix(const mill_encoder *e) { return e->suffix; }
mill_codec mill_encoder_codec(const mill_encoder *e) {
  return e->packing == MILL_PACK_NONE ? e->codec : MILL_CODEC_NONE;
}

mill_status mill_io_draft_new(mill_encoder *e, io_draft **out, mill_error *err) {
  MILL_TRY(e->format->draft ? e->format->draft(e, out, err) : mill_io_rows_draft(e, out, err));
  (*out)->encoder = e;
  return MILL_OK;
}
