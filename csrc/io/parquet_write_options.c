/* The options of writing Parquet, with the names and defaults of Spark 4.3 and parquet-java 1.17.
**
** Spark hands all options and all settings of the session on to parquet-java, so "parquet.block.size"
** may be either; a name with "#" and a column's path is that column's. */
#include "io/parquet_write_int.h"

#include <stdio.h>
#include <strings.h>

#include "base/number.h"
#include "base/thread.h"

enum { MEBIBYTE = 1 << 20 };

/* ---- reading options ------------------------------------------------------------------------ */

const char *mill_parquet_option(const parquet_plan *p, const char *key) {
  const char *v = mill_option_text(p->write->options, key);
  return v ? v : mill_write_conf(p->write, key);
}

/* The column's own value of an option; NULL: none. */
static mill_status column_option(const parquet_plan *p, const parquet_write_leaf *l,
                                 const char *key, mill_text *name, const char **out,
                                 mill_error *err) {
  mill_text_reset(name);
  MILL_TRY(mill_text_printf(name, err, "%s#", key));
  for (uint32_t i = 0; i < l->npath; i++)
    MILL_TRY(mill_text_printf(name, err, "%s%.*s", i ? "." : "", (int)l->path[i].n, l->path[i].p));
  *out = mill_parquet_option(p, name->data);
  return MILL_OK;
}

static mill_status bad(const char *key, const char *value, const char *kind, mill_error *err) {
  return mill_fail(err, MILL_E_INVALID_OPTION_VALUE, "paramName", mill_error_fmt(err, "%s", key),
                   "value", mill_error_fmt(err, "%s", value), "kind",
                   mill_error_fmt(err, "%s", kind), NULL);
}

static mill_status whole_of(const char *key, const char *v, uint64_t most, uint64_t *out,
                            mill_error *err) {
  int64_t n;
  if (v == NULL) return MILL_OK;
  if (mill_parse_int64(v, strlen(v), 0, (int64_t)most, false, &n) != MILL_PARSED || n == 0)
    return bad(key, v, mill_error_fmt(err, "a number from 1 to %llu", (unsigned long long)most),
               err);
  *out = (uint64_t)n;
  return MILL_OK;
}

static mill_status flag_of(const char *key, const char *v, bool *out, mill_error *err) {
  if (v == NULL) return MILL_OK;
  if (strcasecmp(v, "true") != 0 && strcasecmp(v, "false") != 0)
    return bad(key, v, "true or false", err);
  *out = *v == 't' || *v == 'T';
  return MILL_OK;
}

/* The column's own value, else that of all columns. */
static mill_status column_flag(const parquet_plan *p, const parquet_write_leaf *l, const char *key,
                               mill_text *name, bool *out, mill_error *err) {
  const char *own;
  MILL_TRY(column_option(p, l, key, name, &own, err));
  return flag_of(key, own ? own : mill_parquet_option(p, key), out, err);
}

/* ---- codecs --------------------------------------------------------------------------------- */

static const struct {
  const char *name, *suffix;
  int32_t codec;
  mill_packing packing;
} codecs[] = {{"none", "", PARQUET_UNCOMPRESSED, MILL_PACK_NONE},
              {"uncompressed", "", PARQUET_UNCOMPRESSED, MILL_PACK_NONE},
              {"snappy", ".snappy", PARQUET_SNAPPY, MILL_PACK_SNAPPY},
              {"gzip", ".gz", PARQUET_GZIP, MILL_PACK_GZIP},
              {"lz4", ".lz4hadoop", PARQUET_LZ4, MILL_PACK_LZ4_HADOOP},
              {"lz4_raw", ".lz4raw", PARQUET_LZ4_RAW, MILL_PACK_LZ4},
              {"brotli", ".br", PARQUET_BROTLI, MILL_PACK_BROTLI},
              {"zstd", ".zstd", PARQUET_ZSTD, MILL_PACK_ZSTD}};

static const char *codec_name(const parquet_plan *p) {
  const char *v = mill_option_text(p->write->options, "compression");
  if (v == NULL) v = mill_option_text(p->write->options, "parquet.compression");
  if (v == NULL) v = mill_write_conf(p->write, "spark.sql.parquet.compression.codec");
  return v ? v : "snappy";
}

static mill_status find_codec(mill_encoder *e, parquet_plan *p, mill_packing *packing,
                              mill_error *err) {
  const char *name = codec_name(p);
  for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) {
    if (strcasecmp(codecs[i].name, name) != 0) continue;
    p->codec = codecs[i].codec;
    *packing = codecs[i].packing;
    snprintf(e->suffix, sizeof e->suffix, "%s.parquet", codecs[i].suffix);
    return MILL_OK;
  }
  return mill_fail(err, MILL_E_CODEC_NOT_AVAILABLE, "codecName", mill_error_fmt(err, "%s", name),
                   "availableCodecs",
                   "none, uncompressed, snappy, gzip, lz4, lz4_raw, brotli and zstd", NULL);
}

static void free_workers(void *plan) {
  parquet_plan *p = plan;
  for (int i = 0; i < p->nworkers; i++) {
    mill_packer_free(p->worker[i].packer);
    mill_arena_clear(&p->worker[i].arena);
    mill_text_clear(&p->worker[i].bytes);
  }
}

static mill_status make_workers(mill_encoder *e, parquet_plan *p, mill_packing packing,
                                mill_error *err) {
  int n = mill_pool_threads(e->context->pool);
  uint64_t zstd = 3, brotli = 1;
  const char *key = "parquet.compression.codec.zstd.level", *quality = "compression.brotli.quality";
  MILL_TRY(whole_of(key, mill_parquet_option(p, key), 22, &zstd, err));
  MILL_TRY(whole_of(quality, mill_parquet_option(p, quality), 11, &brotli, err));
  int level = packing == MILL_PACK_ZSTD     ? (int)zstd
              : packing == MILL_PACK_BROTLI ? (int)brotli
                                            : -1;
  p->worker = mill_arena_alloc(&e->arena, (size_t)n * sizeof *p->worker);
  if (p->worker == NULL || !mill_arena_at_end(&e->arena, free_workers, p))
    return mill_oom(e->memory, (size_t)n * sizeof *p->worker, err);
  for (; p->nworkers < n; p->nworkers++) {
    parquet_worker *w = &p->worker[p->nworkers];
    mill_arena_init(&w->arena, e->memory);
    mill_text_init(&w->bytes, e->memory);
    MILL_TRY(mill_packer_new(e->memory, packing, level, &w->packer, err));
  }
  return MILL_OK;
}

/* ---- the write ------------------------------------------------------------------------------ */

static mill_status read_sizes(parquet_plan *p, mill_error *err) {
  uint64_t index = 64, bound = INT32_MAX;
  const struct {
    const char *key;
    uint64_t *to;
  } sizes[] = {{"parquet.block.size", &p->block_size},
               {"parquet.page.size", &p->page_size},
               {"parquet.dictionary.page.size", &p->dictionary_size},
               {"parquet.block.row.count.limit", &p->block_rows},
               {"parquet.page.row.count.limit", &p->page_rows},
               {"parquet.columnindex.truncate.length", &index},
               {"parquet.statistics.truncate.length", &bound}};
  p->block_size = 128 * MEBIBYTE;
  p->page_size = p->dictionary_size = MEBIBYTE;
  p->block_rows = INT32_MAX;
  p->page_rows = 20000;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    uint64_t most = i == 0 ? INT64_MAX : INT32_MAX;
    const char *v = mill_parquet_option(p, sizes[i].key);
    MILL_TRY(whole_of(sizes[i].key, v, most, sizes[i].to, err));
  }
  p->index_bytes = index < PARQUET_BOUND - 1 ? index : PARQUET_BOUND - 1;
  p->bound_bytes = bound;
  return MILL_OK;
}

/* A value that is one of some words, by its number. */
static mill_status word_of(const parquet_plan *p, const char *key, const char *const *words,
                           const char *kind, int *out, mill_error *err) {
  const char *v = mill_parquet_option(p, key);
  if (v == NULL) return MILL_OK;
  for (int i = 0; words[i]; i++)
    if (strcasecmp(words[i], v) == 0) {
      *out = i;
      return MILL_OK;
    }
  return bad(key, v, kind, err);
}

static mill_status read_rebase(parquet_plan *p, mill_error *err) {
  static const char *const modes[] = {"CORRECTED", "LEGACY", "EXCEPTION", NULL};
  int dates = 0, int96 = 0;
  MILL_TRY(word_of(p, "spark.sql.parquet.datetimeRebaseModeInWrite", modes,
                   "CORRECTED, LEGACY or EXCEPTION", &dates, err));
  MILL_TRY(word_of(p, "spark.sql.parquet.int96RebaseModeInWrite", modes,
                   "CORRECTED, LEGACY or EXCEPTION", &int96, err));
  p->rebase = (parquet_rebase)dates;
  p->rebase_int96 = (parquet_rebase)int96;
  return MILL_OK;
}

static mill_status read_forms(parquet_plan *p, mill_error *err) {
  static const char *const versions[] = {"v1", "PARQUET_1_0", "v2", "PARQUET_2_0", NULL};
  static const char *const units[] = {"INT96", "TIMESTAMP_MILLIS", "TIMESTAMP_MICROS", NULL};
  const char *legacy = "spark.sql.parquet.writeLegacyFormat",
             *ids = "spark.sql.parquet.fieldId.write.enabled",
             *crc = "parquet.page.write-checksum.enabled";
  int version = 0;
  MILL_TRY(word_of(p, "parquet.writer.version", versions, "v1 or v2", &version, err));
  p->v2 = version >= 2;
  MILL_TRY(word_of(p, "spark.sql.parquet.outputTimestampType", units,
                   "INT96, TIMESTAMP_MICROS or TIMESTAMP_MILLIS", &p->timestamp_unit, err));
  p->field_ids = p->checksum = true;
  MILL_TRY(flag_of(legacy, mill_parquet_option(p, legacy), &p->legacy, err));
  MILL_TRY(flag_of(ids, mill_parquet_option(p, ids), &p->field_ids, err));
  return flag_of(crc, mill_parquet_option(p, crc), &p->checksum, err);
}

static mill_status check_names(const mill_encoder *e, mill_error *err) {
  const mill_type *t = e->schema;
  bool exact = e->texts.settings.case_sensitive;
  for (uint32_t i = 0; i < t->nfields; i++)
    for (uint32_t k = 0; k < i; k++) {
      const char *a = t->fields[i].name, *b = t->fields[k].name;
      if ((exact ? strcmp(a, b) : strcasecmp(a, b)) == 0)
        return mill_fail(err, MILL_E_COLUMN_ALREADY_EXISTS, "columnName",
                         mill_error_fmt(err, "`%s`", a), NULL);
    }
  return MILL_OK;
}

mill_status mill_parquet_write_configure(mill_encoder *e, const mill_write *w, mill_error *err) {
  mill_packing packing = MILL_PACK_NONE;
  parquet_plan *p = mill_arena_alloc(&e->arena, sizeof *p);
  if (p == NULL) return mill_oom(e->memory, sizeof *p, err);
  e->plan = p;
  p->write = w;
  p->settings = &e->texts.settings;
  MILL_TRY(check_names(e, err));
  MILL_TRY(find_codec(e, p, &packing, err));
  MILL_TRY(read_sizes(p, err));
  MILL_TRY(read_forms(p, err));
  MILL_TRY(read_rebase(p, err));
  MILL_TRY(mill_parquet_write_schema(e, p, err));
  MILL_TRY(make_workers(e, p, packing, err));
  p->write = NULL; /* the caller's */
  e->lot_bytes = p->block_size;
  return MILL_OK;
}

/* ---- columns -------------------------------------------------------------------------------- */

/* As parquet-java's factories of values writers have it. */
static int32_t plain_encoding(const parquet_plan *p, const parquet_write_leaf *l, bool split) {
  switch (l->physical) {
  case PARQUET_FLOAT:
  case PARQUET_DOUBLE: return split ? PARQUET_BYTE_STREAM_SPLIT : PARQUET_PLAIN;
  case PARQUET_BOOLEAN: return p->v2 ? PARQUET_RLE : PARQUET_PLAIN;
  case PARQUET_INT32:
  case PARQUET_INT64: return p->v2 ? PARQUET_DELTA_BINARY_PACKED : PARQUET_PLAIN;
  case PARQUET_BYTE_ARRAY:
  case PARQUET_FIXED: return p->v2 ? PARQUET_DELTA_BYTE_ARRAY : PARQUET_PLAIN;
  default: return PARQUET_PLAIN;
  }
}

static mill_status read_bloom(const parquet_plan *p, parquet_write_leaf *l, mill_text *name,
                              mill_error *err) {
  bool on = false, adaptive = false;
  uint64_t most = MEBIBYTE, values = 0;
  double fpp = 0.01;
  const char *bytes = "parquet.bloom.filter.max.bytes", *share = "parquet.bloom.filter.fpp",
             *distinct = "parquet.bloom.filter.expected.ndv", *v;
  MILL_TRY(column_flag(p, l, "parquet.bloom.filter.enabled", name, &on, err));
  if (!on || l->physical == PARQUET_BOOLEAN) return MILL_OK;
  MILL_TRY(column_flag(p, l, "parquet.bloom.filter.adaptive.enabled", name, &adaptive, err));
  MILL_TRY(whole_of(bytes, mill_parquet_option(p, bytes), 1 << 30, &most, err));
  MILL_TRY(column_option(p, l, distinct, name, &v, err));
  MILL_TRY(whole_of(distinct, v, INT64_MAX, &values, err));
  MILL_TRY(column_option(p, l, share, name, &v, err));
  if (v == NULL) v = mill_parquet_option(p, share);
  if (v && (!mill_parse_double(v, strlen(v), &fpp) || !(fpp > 0 && fpp < 1)))
    return bad(share, v, "a number between 0 and 1", err);
  uint64_t expected = values && !adaptive ? values : (uint64_t)1 << 62;
  l->bloom_bytes = mill_parquet_bloom_size(expected, fpp, (uint32_t)most);
  l->bloom_fpp = adaptive ? fpp : 0;
  return MILL_OK;
}

mill_status mill_parquet_leaf_options(mill_encoder *e, parquet_plan *p, parquet_write_leaf *l,
                                      mill_error *err) {
  bool dictionary = true, split = false, bounds = true;
  mill_text name;
  mill_text_init(&name, e->memory);
  mill_status s = column_flag(p, l, "parquet.enable.dictionary", &name, &dictionary, err);
  if (s == MILL_OK) s = column_flag(p, l, "parquet.enable.bytestreamsplit", &name, &split, err);
  if (s == MILL_OK) s = column_flag(p, l, "parquet.column.statistics.enabled", &name, &bounds, err);
  if (s == MILL_OK) s = read_bloom(p, l, &name, err);
  mill_text_clear(&name);
  bool words = l->physical != PARQUET_BOOLEAN && (p->v2 || l->physical != PARQUET_FIXED);
  l->dictionary = dictionary && words;
  l->bounds = bounds && l->order != PARQUET_ORDER_NONE;
  l->encoding = plain_encoding(p, l, split);
  return s;
}
