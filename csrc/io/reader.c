/* Opening a read: options, files, schema, scan; see reader.h. */
#include "io/reader.h"

#include <strings.h>

#include "io/convert_int.h"

static const io_format *const formats[] = {&mill_format_csv, &mill_format_json,
                                           &mill_format_parquet, &mill_format_text,
                                           &mill_format_arrow};

const io_format *mill_io_format(const char *name) {
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (strcasecmp(formats[i]->name, name) == 0) return formats[i];
  return NULL;
}

bool mill_read_known(const char *format) { return mill_io_format(format) != NULL; }

const char *mill_io_conf(const io_job *job, const char *key) {
  return job->conf ? job->conf(job->conf_arg, key) : NULL;
}

bool mill_io_is_set(const io_job *job, const char *key, bool otherwise) {
  const char *v = mill_io_conf(job, key);
  return v && *v ? strcasecmp(v, "true") == 0 : otherwise;
}

/* ---- shared by formats ---------------------------------------------------------------------- */

io_mode mill_io_mode(mill_options o) {
  const char *v = mill_option_text(o, "mode");
  if (v && strcasecmp(v, "DROPMALFORMED") == 0) return IO_DROP_MALFORMED;
  return v && strcasecmp(v, "FAILFAST") == 0 ? IO_FAIL_FAST : IO_PERMISSIVE;
}

mill_status mill_io_separator(io_job *job, io_separator *out, mill_error *err) {
  const char *v = mill_option_text(job->options, "lineSep");
  *out = (io_separator){v, v ? strlen(v) : 0};
  job->look_back = v ? out->size : 1;
  if (v && !*v) return mill_fail(err, MILL_E_INVALID_LINE_SEPARATOR_EMPTY, NULL);
  return MILL_OK;
}

mill_status mill_io_check_sampling(const io_job *job, double share, mill_error *err) {
  if (share > 0) return MILL_OK;
  return mill_fail(err, MILL_E_INVALID_OPTION_VALUE, "paramName", "samplingRatio", "kind",
                   "a share above 0", "value", mill_option_text(job->options, "samplingRatio"),
                   NULL);
}

const char *mill_io_corrupt_name(io_job *job) {
  const char *option = mill_option_text(job->options, "columnNameOfCorruptRecord");
  if (option) return option;
  const char *conf = mill_io_conf(job, "spark.sql.columnNameOfCorruptRecord");
  const char *own = conf ? mill_arena_strndup(&job->arena, conf, strlen(conf)) : NULL;
  return own ? own : "_corrupt_record";
}

bool mill_io_prefers_ntz(const io_job *job) {
  const char *kind = mill_io_conf(job, "spark.sql.timestampType");
  return kind && strcasecmp(kind, "TIMESTAMP_NTZ") == 0;
}

mill_status mill_io_check_corrupt(const io_job *job, const int *columns, int n, const char *name,
                                  mill_error *err) {
  if (n == 1 && strcmp(job->data->fields[columns[0]].name, name) == 0)
    return mill_fail(err, MILL_E_QUERY_ONLY_CORRUPT_RECORD_COLUMN, "columnName", name, NULL);
  return MILL_OK;
}

mill_status mill_io_failed_read(const io_job *job, size_t file, mill_status cause,
                                mill_error *err) {
  const char *path = job->files.file[file].path;
  if (err == NULL || job->texts || cause == MILL_E_FAILED_READ_FILE_NO_HINT ||
      cause == MILL_E_FAILED_READ_FILE_PARQUET_TYPE ||
      cause == MILL_E_INCONSISTENT_READ_ANCIENT_DATETIME ||
      cause == MILL_E_INCONSISTENT_PARSE_DATETIME)
    return cause;
  char why[1024];
  size_t n = strlen(mill_error_message(err));
  if (n >= sizeof why) n = sizeof why - 1;
  memcpy(why, mill_error_message(err), n);
  why[n] = 0;
  mill_error_clear(err);
  mill_fail(err, MILL_E_FAILED_READ_FILE_NO_HINT, "path", mill_error_fmt(err, "%s", path), NULL);
  mill_error_hint(err, "[%s] %s", mill_condition_name(cause), why);
  return MILL_E_FAILED_READ_FILE_NO_HINT;
}

mill_status mill_io_in_file(mill_error *err, const char *path, mill_status s) {
  if (s != MILL_OK && s != MILL_E_OUT_OF_MEMORY && err && !mill_error_hint_text(err) &&
      !strstr(mill_error_message(err), path))
    mill_error_hint(err, "The schema is that of the file %s.", path);
  return s;
}

/* ---- partition columns ---------------------------------------------------------------------- */

/* yyyy-MM-dd HH:mm:ss and perhaps a tenth of a second: the only timestamps that folder names may infer. */
static bool timestamp_layout(const char *s, size_t n) {
  static const char layout[] = "0000-00-00 00:00:00";
  if (n != 19 && (n != 21 || s[19] != '.')) return false;
  for (int i = 0; i < 19; i++)
    if (layout[i] == '0' ? s[i] < '0' || s[i] > '9' : s[i] != layout[i]) return false;
  return true;
}

static const mill_type *type_of_value(io_job *job, const mill_value_rules *r, const char *s) {
  size_t n = strlen(s);
  char buf[16];
  mill_i128 unscaled;
  int precision, scale;
  if (mill_value_parse(r, mill_type_of(MILL_INT), s, n, buf)) return mill_type_of(MILL_INT);
  if (mill_value_parse(r, mill_type_of(MILL_BIGINT), s, n, buf)) return mill_type_of(MILL_BIGINT);
  if (n && !strchr(s, ' ') && mill_decimal_parse_free(s, n, &unscaled, &precision, &scale) &&
      scale <= 0 && precision - scale <= MILL_DECIMAL_MAX)
    return mill_type_decimal(job->context.types, precision - scale, 0);
  if (mill_value_parse(r, mill_type_of(MILL_DOUBLE), s, n, buf)) return mill_type_of(MILL_DOUBLE);
  if (n == 10 && s[4] == '-' && s[7] == '-' &&
      mill_value_parse(r, mill_type_of(MILL_DATE), s, n, buf))
    return mill_type_of(MILL_DATE);
  if (timestamp_layout(s, n) && mill_value_parse(r, mill_type_of(MILL_TIMESTAMP), s, n, buf))
    return mill_type_of(MILL_TIMESTAMP);
  if (n >= 8 && s[2] == ':' && s[5] == ':' &&
      mill_value_parse(r, mill_type_of(MILL_TIME), s, n, buf))
    return mill_type_of(MILL_TIME);
  return mill_type_of(MILL_STRING);
}

static int number_rank(const mill_type *t) {
  return t->id == MILL_INT       ? 1
         : t->id == MILL_BIGINT  ? 2
         : t->id == MILL_DECIMAL ? 3
         : t->id == MILL_DOUBLE  ? 4
                                 : 0;
}

/* Digits of a whole number as a decimal. */
static int digits_of(const mill_type *t) {
  return t->id == MILL_INT ? 10 : t->id == MILL_BIGINT ? 20 : t->precision;
}

static const mill_type *wider_value(io_job *job, const mill_type *a, const mill_type *b) {
  if (a == b || b->id == MILL_NULL) return a;
  if (a->id == MILL_NULL) return b;
  int x = number_rank(a), y = number_rank(b);
  if (x && y && (x > y ? x : y) == 3) {
    int p = digits_of(a), q = digits_of(b);
    return mill_type_decimal(job->context.types, p > q ? p : q, 0);
  }
  if (x && y) return x > y ? a : b;
  bool time = (a->id == MILL_DATE || a->id == MILL_TIMESTAMP) &&
              (b->id == MILL_DATE || b->id == MILL_TIMESTAMP);
  return mill_type_of(time ? MILL_TIMESTAMP : MILL_STRING);
}

static mill_status infer_partition(io_job *job, int column, const mill_type **out,
                                   mill_error *err) {
  mill_value_rules rules;
  const char *on = mill_io_conf(job, "spark.sql.sources.partitionColumnTypeInference.enabled");
  *out = mill_type_of(on && strcmp(on, "false") == 0 ? MILL_STRING : MILL_NULL);
  if ((*out)->id == MILL_STRING) return MILL_OK;
  MILL_TRY(mill_io_rules_init(&rules, job, err));
  for (size_t i = 0; i < job->files.n; i++) {
    const char *v = job->files.file[i].values[column];
    const mill_type *t = v ? type_of_value(job, &rules, v) : mill_type_of(MILL_NULL);
    if (!t) return mill_oom(io_memory(job), sizeof *t, err);
    *out = wider_value(job, *out, t);
    if (!*out) return mill_oom(io_memory(job), sizeof *t, err);
  }
  return MILL_OK;
}

static int find_field(const io_job *job, const mill_type *schema, const char *name) {
  for (uint32_t i = 0; schema && i < schema->nfields; i++)
    if ((job->settings.case_sensitive ? strcmp(schema->fields[i].name, name)
                                      : strcasecmp(schema->fields[i].name, name)) == 0)
      return (int)i;
  return -1;
}

/* Columns of the files as in job->data; where a folder says the value its type counts; the folders'
** other columns follow. */
mill_status mill_io_partition(io_job *job, const mill_type *user, mill_error *err) {
  uint32_t n = job->data->nfields;
  size_t bytes = (n + (size_t)job->files.npartitions + 1) * sizeof(mill_field);
  mill_field *f = mill_arena_alloc(&job->arena, bytes);
  if (!f) return mill_oom(io_memory(job), bytes, err);
  for (uint32_t i = 0; i < n; i++) {
    f[i] = job->data->fields[i];
    f[i].nullable = true;
  }
  for (int k = 0; k < job->files.npartitions; k++) {
    const char *name = job->files.names[k];
    int at = find_field(job, job->data, name), given = find_field(job, user, name);
    mill_field *to = at >= 0 ? &f[at] : &f[n++];
    if (at < 0) *to = (mill_field){name, NULL, true, NULL};
    if (given >= 0)
      *to = user->fields[given];
    else
      MILL_TRY(infer_partition(job, k, &to->type, err));
    to->nullable = true;
  }
  job->schema = mill_type_struct(job->context.types, f, n);
  return job->schema ? MILL_OK : mill_oom(io_memory(job), bytes, err);
}

/* The user's columns that are in the files. */
static mill_status data_of_user(io_job *job, const mill_type *user, mill_error *err) {
  size_t bytes = (user->nfields + 1) * sizeof(mill_field);
  mill_field *f = mill_arena_alloc(&job->arena, bytes);
  uint32_t n = 0;
  if (!f) return mill_oom(io_memory(job), bytes, err);
  for (uint32_t i = 0; i < user->nfields; i++) {
    bool folder = false;
    for (int k = 0; k < job->files.npartitions; k++)
      folder |= find_field(job, user, job->files.names[k]) == (int)i;
    if (!folder) f[n++] = user->fields[i];
  }
  job->data = mill_type_struct(job->context.types, f, n);
  return job->data ? MILL_OK : mill_oom(io_memory(job), bytes, err);
}

/* ---- opening -------------------------------------------------------------------------------- */

void mill_io_job_free(io_job *job) {
  mill_memory *m = io_memory(job);
  mill_read_files_clear(&job->files);
  mill_arena_clear(&job->arena);
  mill_free(m, job, sizeof *job);
}

static mill_status copy_options(io_job *job, mill_options o, mill_error *err) {
  mill_option *own = mill_arena_alloc(&job->arena, ((size_t)o.n + 1) * sizeof *own);
  for (int i = 0; own && i < o.n; i++) {
    own[i].key = mill_arena_strndup(&job->arena, o.at[i].key, strlen(o.at[i].key));
    own[i].value = mill_arena_strndup(&job->arena, o.at[i].value, strlen(o.at[i].value));
    if (!own[i].key || !own[i].value) own = NULL;
  }
  if (!own) return mill_oom(io_memory(job), 256, err);
  job->options = (mill_options){own, o.n};
  return MILL_OK;
}

static mill_status read_options(io_job *job, mill_error *err) {
  const char *charset = mill_option_text(job->options, "encoding");
  if (!charset) charset = mill_option_text(job->options, "charset");
  job->look_back = 1;
  job->mode = mill_io_mode(job->options);
  job->texts = mill_option_text(job->options, "~texts") != NULL;
  if (charset && !job->format->fixed) MILL_TRY(mill_io_charset_of(charset, &job->charset, err));
  MILL_TRY(mill_option_bool(job->options, "ignoreCorruptFiles",
                            mill_io_is_set(job, "spark.sql.files.ignoreCorruptFiles", false),
                            &job->ignore_corrupt, err));
  MILL_TRY(mill_option_bool(job->options, "ignoreMissingFiles",
                            mill_io_is_set(job, "spark.sql.files.ignoreMissingFiles", false),
                            &job->ignore_missing, err));
  return job->format->configure(job, err);
}

static mill_status check_types(io_job *job, mill_error *err) {
  const char *corrupt = mill_io_corrupt_name(job);
  const char *time = mill_io_conf(job, "spark.sql.timeType.enabled");
  if (job->format->fixed && job->data->nfields != 1)
    return mill_fail(err, MILL_E_TEXT_NEEDS_ONE_COLUMN, "count",
                     mill_error_fmt(err, "%u", job->data->nfields), NULL);
  for (uint32_t i = 0; i < job->data->nfields; i++) {
    const mill_field *f = &job->data->fields[i];
    if (f->type->id == MILL_STRING && f->type->string_kind != MILL_PLAIN_STRING)
      return mill_fail(err, MILL_E_UNSUPPORTED_CHAR_OR_VARCHAR_AS_STRING, NULL);
    if (mill_type_holds(f->type, MILL_TIME) && !job->times && (!time || strcmp(time, "true") != 0))
      return mill_fail(err, MILL_E_UNSUPPORTED_TIME_TYPE, NULL);
    if (strcmp(f->name, corrupt) == 0 && f->type->id != MILL_STRING)
      return mill_fail(err, MILL_E_INVALID_CORRUPT_RECORD_TYPE, "columnName", f->name, "actualType",
                       mill_type_quoted(io_memory(job), f->type, err), NULL);
    if (!job->format->takes(f->type))
      return mill_fail(err, MILL_E_UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE, "format",
                       job->format->name, "columnName", mill_error_fmt(err, "`%s`", f->name),
                       "columnType", mill_type_quoted(io_memory(job), f->type, err), NULL);
  }
  return MILL_OK;
}

/* A CHAR or VARCHAR inside a type. */
static bool has_char(const mill_type *t) {
  if (t->id == MILL_STRING) return t->string_kind != MILL_PLAIN_STRING;
  for (uint32_t i = 0; i < t->nfields; i++)
    if (has_char(t->fields[i].type)) return true;
  return false;
}

/* With singleVariantColumn the schema is that column, alone or with one of corrupt records. */
static mill_status single_schema(io_job *job, const mill_type *user, mill_error *err) {
  const char *corrupt = mill_io_corrupt_name(job);
  mill_field one = {job->single, mill_type_of(MILL_VARIANT), true, NULL};
  uint32_t fit = 0, single = 0;
  if (user == NULL) {
    job->data = mill_type_struct(job->context.types, &one, 1);
    return job->data ? MILL_OK : mill_oom(io_memory(job), sizeof one, err);
  }
  for (uint32_t i = 0; i < user->nfields; i++) {
    const mill_field *f = &user->fields[i];
    bool variant = f->type->id == MILL_VARIANT && strcmp(f->name, job->single) == 0;
    bool text = f->type->id == MILL_STRING && strcmp(f->name, corrupt) == 0;
    fit += f->nullable && (variant || text);
    single += variant;
  }
  if (fit == user->nfields && fit <= 2 && single == 1) return data_of_user(job, user, err);
  return mill_fail(err, MILL_E_INVALID_SINGLE_VARIANT_COLUMN, "schema",
                   mill_type_quoted(io_memory(job), user, err), NULL);
}

/* A name that two members of one struct have, at any depth; NULL: there is none. */
static const char *repeated_name(const io_job *job, const mill_type *t) {
  for (uint32_t i = 0; i < t->nfields; i++) {
    const mill_field *f = &t->fields[i];
    if (t->id == MILL_STRUCT && find_field(job, t, f->name) != (int)i) return f->name;
    const char *inner = repeated_name(job, f->type);
    if (inner) return inner;
  }
  return NULL;
}

static mill_status find_schema(io_job *job, const mill_read *r, mill_error *err) {
  if (job->format->variants) job->single = mill_option_text(job->options, "singleVariantColumn");
  if (job->single) {
    MILL_TRY(single_schema(job, r->schema, err));
  } else if (r->schema) {
    if (has_char(r->schema))
      return mill_fail(err, MILL_E_UNSUPPORTED_CHAR_OR_VARCHAR_AS_STRING, NULL);
    MILL_TRY(data_of_user(job, r->schema, err));
  } else {
    if (job->files.n == 0 && !job->format->fixed)
      return mill_fail(err, MILL_E_UNABLE_TO_INFER_SCHEMA, "format", job->format->title, NULL);
    MILL_TRY(job->format->infer(job, err));
  }
  MILL_TRY(check_types(job, err));
  MILL_TRY(mill_io_partition(job, r->schema, err));
  const char *twice = repeated_name(job, job->schema);
  if (!twice) return MILL_OK;
  char *name = mill_arena_strndup(&job->arena, twice, strlen(twice));
  if (!name) return mill_oom(io_memory(job), strlen(twice), err);
  for (char *c = name; *c && !job->settings.case_sensitive; c++)
    if (*c >= 'A' && *c <= 'Z') *c |= 32;
  mill_status s = mill_fail(err, MILL_E_COLUMN_ALREADY_EXISTS, "columnName",
                            mill_error_fmt(err, "`%s`", name), NULL);
  return r->schema || !job->files.n ? s : mill_io_in_file(err, job->files.file[0].path, s);
}

static mill_status new_job(const mill_context *ctx, const mill_settings *set, const mill_read *r,
                           io_job **out, mill_error *err) {
  const io_format *format = mill_io_format(r->format);
  if (!format)
    return mill_fail(err, MILL_E_DATA_SOURCE_NOT_FOUND, "provider",
                     mill_error_fmt(err, "%s", r->format), NULL);
  io_job *job = mill_calloc(ctx->memory, sizeof *job);
  if (!job) return mill_oom(ctx->memory, sizeof *job, err);
  job->context = *ctx;
  job->settings = *set;
  job->format = format;
  job->conf = r->conf;
  job->conf_arg = r->conf_arg;
  job->guessed = r->schema == NULL;
  mill_arena_init(&job->arena, ctx->memory);
  mill_arena_init(&job->files.arena, ctx->memory);
  mill_status s = copy_options(job, r->options, err);
  if (s == MILL_OK) s = read_options(job, err);
  if (s == MILL_OK) s = mill_io_discover(job, r, err);
  if (s == MILL_OK) s = find_schema(job, r, err);
  if (s != MILL_OK)
    mill_io_job_free(job);
  else
    *out = job;
  return s;
}

mill_status mill_read_open(const mill_context *ctx, const mill_settings *set, const mill_read *r,
                           mill_scan **out, mill_error *err) {
  io_job *job;
  MILL_TRY(new_job(ctx, set, r, &job, err));
  MILL_TRY(mill_io_scan(job, out, err));
  job->conf = NULL; /* the caller's, gone after this call */
  return MILL_OK;
}

mill_status mill_read_schema(const mill_context *ctx, const mill_settings *set, const mill_read *r,
                             const mill_type **out, mill_error *err) {
  io_job *job;
  MILL_TRY(new_job(ctx, set, r, &job, err));
  *out = job->schema;
  mill_io_job_free(job);
  return MILL_OK;
}
