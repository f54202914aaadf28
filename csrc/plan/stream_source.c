/* spark.readStream as a plan: the format's name to a source of csrc/stream.
**
** Files must have a schema, except text; it is made nullable, as in Spark. Nothing is read here. */
#include <strings.h>

#include "base/file.h"
#include "io/reader.h"
#include "io/writer.h"
#include "plan/plan_int.h"
#include "plan/stream_plan.h"

static void unref_source(void *s) { mill_stream_source_unref(s); }

/* ---- schemas -------------------------------------------------------------------------------- */

static const mill_type *nullable_struct(mill_planner *w, const mill_type *t);

static const mill_type *nullable_type(mill_planner *w, const mill_type *t) {
  switch (t->id) {
  case MILL_STRUCT: return nullable_struct(w, t);
  case MILL_ARRAY: {
    const mill_type *e = nullable_type(w, t->fields[0].type);
    return e ? mill_type_array(w->ctx->types, e, true) : NULL;
  }
  case MILL_MAP: {
    const mill_type *k = nullable_type(w, t->fields[0].type),
                    *v = k ? nullable_type(w, t->fields[1].type) : NULL;
    return v ? mill_type_map(w->ctx->types, k, v, true) : NULL;
  }
  default: return t;
  }
}

static const mill_type *nullable_struct(mill_planner *w, const mill_type *t) {
  mill_field *f = mill_w_alloc(w, ((size_t)t->nfields + 1) * sizeof *f);
  for (uint32_t i = 0; f && i < t->nfields; i++) {
    f[i] = t->fields[i];
    f[i].nullable = true;
    f[i].type = nullable_type(w, f[i].type);
    if (f[i].type == NULL) return NULL;
  }
  return f ? mill_type_struct(w->ctx->types, f, t->nfields) : NULL;
}

static const mill_type *text_schema(mill_planner *w) {
  const mill_field value = {"value", mill_type_of(MILL_STRING), true, NULL};
  return mill_type_struct(w->ctx->types, &value, 1);
}

/* ---- files ---------------------------------------------------------------------------------- */

const mill_stream_io mill_plan_stream_io = {.list = mill_read_list,
                                            .clear = mill_read_files_clear,
                                            .open = mill_read_open,
                                            .write = mill_write_run};

static bool path_of(mill_planner *w, const mill_source *s, const char **out) {
  mill_options o = {s->options, s->noptions};
  *out = s->npaths ? s->paths[0] : mill_option_text(o, "path");
  if (s->npaths > 1 || *out == NULL) {
    (void)MILL_W_FAIL(w, MILL_E_STREAM_PATH, NULL);
    mill_error_hint(w->err, "%d are given", s->npaths);
    return false;
  }
  return true;
}

static mill_stream_source *file_source(mill_planner *w, const mill_source *s) {
  mill_stream_source *out = NULL;
  const char **path = mill_w_alloc(w, sizeof *path);
  const mill_type *schema = s->schema;
  if (path == NULL || !path_of(w, s, path)) return NULL;
  bool text = strcasecmp(s->format, "text") == 0;
  if (schema == NULL && !text) return MILL_W_FAIL(w, MILL_E_STREAM_SCHEMA, NULL);
  schema = schema ? nullable_struct(w, schema) : text_schema(w);
  if (schema == NULL) {
    w->status = mill_oom(w->ctx->memory, 1, w->err);
    return NULL;
  }
  mill_read r = {.format = s->format,
                 .paths = path,
                 .npaths = 1,
                 .options = {s->options, s->noptions},
                 .schema = schema,
                 .conf = (const char *(*)(void *, const char *))mill_session_get,
                 .conf_arg = w->session};
  w->status = mill_stream_files_new(w->ctx, &mill_plan_stream_io, &r, &out, w->err);
  return w->status ? NULL : out;
}

/* ---- all formats ---------------------------------------------------------------------------- */

static mill_stream_source *rate_source(mill_planner *w, const mill_source *s, bool micro_batch) {
  mill_stream_source *out = NULL;
  if (s->schema)
    return MILL_W_FAIL(w, MILL_E_STREAM_SCHEMA_GIVEN, "provider",
                       micro_batch ? "RatePerMicroBatchProvider" : "RateStreamProvider", NULL);
  w->status = mill_stream_rate_new(w->ctx, micro_batch, (mill_options){s->options, s->noptions},
                                   &out, w->err);
  return w->status ? NULL : out;
}

bool mill_stream_source_open(mill_planner *w, mill_source *s) {
  if (strcasecmp(s->format, "rate") == 0)
    s->stream = rate_source(w, s, false);
  else if (strcasecmp(s->format, "rate-micro-batch") == 0)
    s->stream = rate_source(w, s, true);
  else if (mill_read_known(s->format))
    s->stream = file_source(w, s);
  else
    (void)MILL_W_FAIL(w, MILL_E_DATA_SOURCE_NOT_FOUND, "provider", s->format, NULL);
  if (s->stream == NULL) return false;
  w->status = mill_plan_keep(w->plan, s->stream, unref_source, w->err);
  return w->status == MILL_OK;
}
