/* Stages in snapshot files (snapshot/container.h), kind "stage".
**
** The footer's metadata is the tree of stages; what models learned stands in sections "<id>/<name>",
** little-endian as in memory:
**
**   {"format":1,"stage":{"class":"PipelineModel","uid":"..","id":0,"params":{..},
**     "stages":{"estimator":[stage..]},"parts":[stage..],"pieces":{"labels":"texts","scale":2.5}}}
**
**   doubles, ints, longs   the values
**   texts                  for each: length u32, bytes
**
** Loading goes through the same checks as setting parameters does; the class checks its pieces. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/number.h"
#include "ml/state_int.h"
#include "snapshot/container.h"

enum { FORMAT = 1 };

struct mill_saver {
  mill_snapshot_writer *w;
  mill_text meta;
  int id, next; /* of the stage at hand; of the next one */
  bool first;   /* no piece yet */
};

struct mill_loader {
  const mill_context *ctx;
  const mill_snapshot *file;
  const mill_json *json; /* of the stage at hand */
  mill_stage *stage;
  mill_arena *scratch;
};

/* ---- saving: pieces ------------------------------------------------------------------------------- */

static mill_status piece_name(mill_saver *s, const char *name, mill_error *err) {
  if (!s->first) MILL_TRY(mill_text_addc(&s->meta, ',', err));
  s->first = false;
  MILL_TRY(mill_json_quote(name, strlen(name), &s->meta, err));
  return mill_text_addc(&s->meta, ':', err);
}

static mill_status begin_piece(mill_saver *s, const char *name, const char *kind, mill_error *err) {
  char section[160];
  MILL_TRY(piece_name(s, name, err));
  MILL_TRY(mill_json_quote(kind, strlen(kind), &s->meta, err));
  snprintf(section, sizeof section, "%d/%.100s", s->id, name);
  return mill_snapshot_section(s->w, section, err);
}

static mill_status save_array(mill_saver *s, const char *name, const char *kind, const void *v,
                              size_t bytes, mill_error *err) {
  MILL_TRY(begin_piece(s, name, kind, err));
  return bytes ? mill_snapshot_add(s->w, v, bytes, err) : MILL_OK;
}

mill_status mill_save_doubles(mill_saver *s, const char *name, const double *v, size_t n,
                              mill_error *err) {
  return save_array(s, name, "doubles", v, n * sizeof *v, err);
}

mill_status mill_save_ints(mill_saver *s, const char *name, const int32_t *v, size_t n,
                           mill_error *err) {
  return save_array(s, name, "ints", v, n * sizeof *v, err);
}

mill_status mill_save_longs(mill_saver *s, const char *name, const int64_t *v, size_t n,
                            mill_error *err) {
  return save_array(s, name, "longs", v, n * sizeof *v, err);
}

mill_status mill_save_texts(mill_saver *s, const char *name, const char *const *v, size_t n,
                            mill_error *err) {
  MILL_TRY(begin_piece(s, name, "texts", err));
  for (size_t i = 0; i < n; i++) {
    uint32_t size = (uint32_t)strlen(v[i]);
    MILL_TRY(mill_snapshot_add(s->w, &size, sizeof size, err));
    if (size) MILL_TRY(mill_snapshot_add(s->w, v[i], size, err));
  }
  return MILL_OK;
}

mill_status mill_save_double(mill_saver *s, const char *name, double v, mill_error *err) {
  char buf[MILL_DOUBLE_TEXT];
  MILL_TRY(piece_name(s, name, err));
  mill_double_text(v, buf);
  return mill_json_quote(buf, strlen(buf), &s->meta, err);
}

mill_status mill_save_long(mill_saver *s, const char *name, int64_t v, mill_error *err) {
  MILL_TRY(piece_name(s, name, err));
  return mill_text_printf(&s->meta, err, "%lld", (long long)v);
}

/* ---- saving: stages ------------------------------------------------------------------------------- */

static mill_status save_stage(mill_saver *s, const mill_stage *stage, mill_error *err);

static mill_status save_list(mill_saver *s, mill_stage *const *list, int n, mill_error *err) {
  MILL_TRY(mill_text_addc(&s->meta, '[', err));
  for (int i = 0; i < n; i++) {
    if (i) MILL_TRY(mill_text_addc(&s->meta, ',', err));
    MILL_TRY(save_stage(s, list[i], err));
  }
  return mill_text_addc(&s->meta, ']', err);
}

/* The members of "params" (stages false) or "stages" (true). */
static mill_status save_params(mill_saver *s, const mill_stage *stage, bool stages,
                               mill_error *err) {
  bool first = true;
  for (int i = 0; i < stage->nparams; i++) {
    const mill_param_value *v = &stage->value[i];
    const char *name = stage->class->params[i].name;
    if (stages ? v->nstages < 0 : v->json == NULL) continue;
    if (!first) MILL_TRY(mill_text_addc(&s->meta, ',', err));
    first = false;
    MILL_TRY(mill_json_quote(name, strlen(name), &s->meta, err));
    MILL_TRY(mill_text_addc(&s->meta, ':', err));
    if (stages) {
      MILL_TRY(save_list(s, v->stages, v->nstages, err));
    } else {
      MILL_TRY(mill_json_write(v->json, &s->meta, err));
    }
  }
  return MILL_OK;
}

static mill_status save_stage(mill_saver *s, const mill_stage *stage, mill_error *err) {
  mill_stage *const *parts;
  int id = s->next++, n = mill_stage_parts(stage, &parts);
  MILL_TRY(mill_text_printf(&s->meta, err, "{\"class\":\"%s\",\"uid\":", stage->class->name));
  MILL_TRY(mill_json_quote(stage->uid, strlen(stage->uid), &s->meta, err));
  MILL_TRY(mill_text_printf(&s->meta, err, ",\"id\":%d,\"params\":{", id));
  MILL_TRY(save_params(s, stage, false, err));
  MILL_TRY(mill_text_adds(&s->meta, "},\"stages\":{", err));
  MILL_TRY(save_params(s, stage, true, err));
  MILL_TRY(mill_text_adds(&s->meta, "},\"parts\":", err));
  MILL_TRY(save_list(s, parts, n, err));
  MILL_TRY(mill_text_adds(&s->meta, ",\"pieces\":{", err));
  s->id = id;
  s->first = true;
  if (stage->model && stage->class->save) MILL_TRY(stage->class->save(stage, s, err));
  return mill_text_adds(&s->meta, "}}", err);
}

static mill_status check_free(const mill_context *ctx, const char *path, mill_error *err) {
  mill_file_info info;
  MILL_TRY(mill_file_stat(ctx->files, path, &info, err));
  if (!info.exists) return MILL_OK;
  (void)mill_fail(err, MILL_E_PATH_ALREADY_EXISTS, "outputPath", path, NULL);
  mill_error_hint(err, "stage.write:overwrite():save(path) replaces it");
  return MILL_E_PATH_ALREADY_EXISTS;
}

mill_status mill_stage_save(const mill_stage *s, const mill_context *ctx, const char *path,
                            bool overwrite, mill_error *err) {
  mill_saver saver = {0};
  if (!overwrite) MILL_TRY(check_free(ctx, path, err));
  MILL_TRY(mill_snapshot_create(ctx->files, ctx->memory, path, "stage", &saver.w, err));
  mill_text_init(&saver.meta, ctx->memory);
  mill_status status = mill_text_printf(&saver.meta, err, "{\"format\":%d,\"stage\":", FORMAT);
  if (status == MILL_OK) status = save_stage(&saver, s, err);
  if (status == MILL_OK) status = mill_text_addc(&saver.meta, '}', err);
  if (status == MILL_OK) {
    status = mill_snapshot_close(saver.w, saver.meta.data, saver.meta.size, err);
  } else {
    mill_snapshot_writer_free(saver.w);
  }
  mill_text_clear(&saver.meta);
  return status;
}

/* ---- loading: pieces ----------------------------------------------------------------------------------- */

mill_status mill_load_damaged(mill_loader *r, mill_error *err, const char *fmt, ...) {
  char reason[256];
  va_list args;
  va_start(args, fmt);
  vsnprintf(reason, sizeof reason, fmt, args);
  va_end(args);
  return mill_snapshot_damaged(r->file, err, "%s", reason);
}

static mill_status read_section(mill_loader *r, const char *name, const char *kind, mill_text *out,
                                mill_error *err) {
  char section[160];
  size_t i;
  const char *found = mill_json_text(mill_json_get(r->json, "pieces"), name, NULL);
  snprintf(section, sizeof section, "%lld/%.100s", (long long)mill_json_int(r->json, "id", -1),
           name);
  if (found == NULL || strcmp(found, kind) != 0 || !mill_snapshot_find(r->file, section, &i))
    return mill_load_damaged(r, err, "%s has no `%s`", r->stage->class->name, name);
  return mill_snapshot_read(r->file, i, out, err);
}

static mill_status load_array(mill_loader *r, const char *name, const char *kind, size_t item,
                              const void **v, size_t *n, mill_error *err) {
  mill_text text;
  mill_text_init(&text, r->ctx->memory);
  mill_status status = read_section(r, name, kind, &text, err);
  if (status == MILL_OK && text.size % item)
    status = mill_load_damaged(r, err, "`%s` has a torn value", name);
  void *copy = NULL;
  if (status == MILL_OK) {
    copy = mill_arena_alloc(mill_model_arena(r->stage), text.size + item);
    if (copy == NULL) status = mill_oom(r->ctx->memory, text.size, err);
  }
  if (status == MILL_OK && text.size) memcpy(copy, text.data, text.size);
  *v = copy;
  *n = text.size / item;
  mill_text_clear(&text);
  return status;
}

mill_status mill_load_doubles(mill_loader *r, const char *name, const double **v, size_t *n,
                              mill_error *err) {
  return load_array(r, name, "doubles", sizeof **v, (const void **)v, n, err);
}

mill_status mill_load_ints(mill_loader *r, const char *name, const int32_t **v, size_t *n,
                           mill_error *err) {
  return load_array(r, name, "ints", sizeof **v, (const void **)v, n, err);
}

mill_status mill_load_longs(mill_loader *r, const char *name, const int64_t **v, size_t *n,
                            mill_error *err) {
  return load_array(r, name, "longs", sizeof **v, (const void **)v, n, err);
}

/* Number of texts in a section, or SIZE_MAX when it is torn. */
static size_t count_texts(const mill_text *t) {
  size_t n = 0;
  for (size_t at = 0; at < t->size; n++) {
    uint32_t size;
    if (t->size - at < sizeof size) return SIZE_MAX;
    memcpy(&size, t->data + at, sizeof size);
    at += sizeof size;
    if (t->size - at < size) return SIZE_MAX;
    at += size;
  }
  return n;
}

static mill_status split_texts(mill_loader *r, const mill_text *t, size_t n, const char **out,
                               mill_error *err) {
  size_t at = 0;
  for (size_t i = 0; i < n; i++) {
    uint32_t size;
    memcpy(&size, t->data + at, sizeof size);
    at += sizeof size;
    out[i] = mill_arena_strndup(mill_model_arena(r->stage), t->data + at, size);
    if (out[i] == NULL) return mill_oom(r->ctx->memory, size, err);
    at += size;
  }
  return MILL_OK;
}

mill_status mill_load_texts(mill_loader *r, const char *name, const char *const **v, size_t *n,
                            mill_error *err) {
  mill_text text;
  mill_text_init(&text, r->ctx->memory);
  const char **list = NULL;
  mill_status status = read_section(r, name, "texts", &text, err);
  *n = status == MILL_OK ? count_texts(&text) : 0;
  if (*n == SIZE_MAX) status = mill_load_damaged(r, err, "`%s` has a torn text", name);
  if (status == MILL_OK) {
    list = mill_arena_alloc(mill_model_arena(r->stage), (*n + 1) * sizeof *list);
    status = list ? split_texts(r, &text, *n, list, err) : mill_oom(r->ctx->memory, *n, err);
  }
  *v = list;
  mill_text_clear(&text);
  return status;
}

mill_status mill_load_double(mill_loader *r, const char *name, double *v, mill_error *err) {
  const char *text = mill_json_text(mill_json_get(r->json, "pieces"), name, NULL);
  if (text && mill_parse_double(text, strlen(text), v)) return MILL_OK;
  return mill_load_damaged(r, err, "%s has no `%s`", r->stage->class->name, name);
}

mill_status mill_load_long(mill_loader *r, const char *name, int64_t *v, mill_error *err) {
  const mill_json *j = mill_json_get(mill_json_get(r->json, "pieces"), name);
  if (j && j->kind == MILL_JSON_INTEGER &&
      mill_parse_int64(j->text, j->size, INT64_MIN, INT64_MAX, false, v) == MILL_PARSED)
    return MILL_OK;
  return mill_load_damaged(r, err, "%s has no `%s`", r->stage->class->name, name);
}

/* ---- loading: stages ----------------------------------------------------------------------------------- */

static mill_status load_stage(mill_loader *r, const mill_json *json, mill_stage **out,
                              mill_error *err);

static mill_status load_params(mill_loader *r, mill_stage *s, const mill_json *params,
                               mill_error *err) {
  mill_text text;
  mill_text_init(&text, r->ctx->memory);
  mill_status status = MILL_OK;
  for (const mill_json *c = params ? params->child : NULL; c && status == MILL_OK; c = c->next) {
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)c->name_size, c->name);
    mill_text_reset(&text);
    status = mill_json_write(c, &text, err);
    if (status == MILL_OK) status = mill_stage_set(s, name, text.data, text.size, err);
  }
  mill_text_clear(&text);
  return status;
}

/* The stages of a list, each with a reference that the caller gives back. */
static mill_status load_list(mill_loader *r, const mill_json *list, mill_stage ***out, int *n,
                             mill_error *err) {
  *n = 0;
  *out = mill_arena_alloc(r->scratch, ((list ? list->n : 0) + 1) * sizeof **out);
  if (*out == NULL) return mill_oom(r->ctx->memory, sizeof **out, err);
  for (const mill_json *c = list ? list->child : NULL; c; c = c->next) {
    MILL_TRY(load_stage(r, c, &(*out)[*n], err));
    (*n)++;
  }
  return MILL_OK;
}

static mill_status load_stage_params(mill_loader *r, mill_stage *s, const mill_json *params,
                                     mill_error *err) {
  mill_status status = MILL_OK;
  for (const mill_json *c = params ? params->child : NULL; c && status == MILL_OK; c = c->next) {
    mill_stage **list = NULL;
    int n;
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)c->name_size, c->name);
    status = load_list(r, c, &list, &n, err);
    if (status == MILL_OK) status = mill_stage_set_stages(s, name, list, n, err);
    for (int i = 0; i < n; i++) mill_stage_unref(list[i]);
  }
  return status;
}

static mill_status load_model(mill_loader *r, mill_stage *s, const mill_json *json,
                              mill_error *err) {
  mill_stage **list = NULL;
  int n;
  if (s->class->role != MILL_MODEL) return MILL_OK;
  MILL_TRY(mill_stage_need_model(s, err));
  mill_status status = load_list(r, mill_json_get(json, "parts"), &list, &n, err);
  if (status == MILL_OK) status = mill_model_parts(s, list, n, err);
  for (int i = 0; i < n; i++) mill_stage_unref(list[i]);
  if (status != MILL_OK || s->class->load == NULL) return status;
  mill_loader own = {r->ctx, r->file, json, s, r->scratch};
  return s->class->load(s, &own, err);
}

static mill_status load_stage(mill_loader *r, const mill_json *json, mill_stage **out,
                              mill_error *err) {
  const char *name = mill_json_text(json, "class", "?"), *uid = mill_json_text(json, "uid", NULL);
  const mill_stage_class *c = mill_stage_class_find(name, strlen(name));
  *out = NULL;
  if (c == NULL || uid == NULL)
    return mill_load_damaged(r, err, "it holds a stage of an unknown class, `%s`", name);
  mill_stage *s;
  MILL_TRY(mill_stage_new(r->ctx, c, uid, &s, err));
  mill_status status = load_params(r, s, mill_json_get(json, "params"), err);
  if (status == MILL_OK) status = load_stage_params(r, s, mill_json_get(json, "stages"), err);
  if (status == MILL_OK) status = load_model(r, s, json, err);
  if (status == MILL_OK) {
    *out = s;
    return MILL_OK;
  }
  mill_stage_unref(s);
  return status;
}

mill_status mill_stage_load(const mill_context *ctx, const char *path, mill_stage **out,
                            mill_error *err) {
  mill_snapshot *file;
  mill_arena scratch;
  *out = NULL;
  MILL_TRY(mill_snapshot_open(ctx->files, ctx->memory, path, &file, err));
  mill_arena_init(&scratch, ctx->memory);
  mill_loader r = {ctx, file, NULL, NULL, &scratch};
  const mill_json *meta = mill_snapshot_meta(file);
  mill_status status;
  if (strcmp(mill_snapshot_kind(file), "stage") != 0) {
    status = mill_load_damaged(&r, err, "it holds a %s, not a stage", mill_snapshot_kind(file));
  } else if (mill_json_int(meta, "format", 0) > FORMAT) {
    status = mill_fail(err, MILL_E_UNSUPPORTED_SNAPSHOT_VERSION, "path", path, "version",
                       mill_error_fmt(err, "%d", (int)mill_json_int(meta, "format", 0)), NULL);
  } else {
    status = load_stage(&r, mill_json_get(meta, "stage"), out, err);
  }
  mill_arena_clear(&scratch);
  mill_snapshot_free(file);
  return status;
}
