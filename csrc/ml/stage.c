/* Stages: handles with parameters, and what one can do with them: see stage.h.
**
** A stage belongs to its session's thread; models' data (mill_model) is immutable after fit and is
** read by workers. Copies share the model, so copying is cheap. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "ml/state_int.h"

/* ---- making and freeing ------------------------------------------------------------------------ */

/* "StringIndexer_" and 12 hexadecimal digits that no other stage of this process has. */
static mill_status make_uid(mill_stage *s, const char *uid, mill_error *err) {
  static uint64_t made; /* atomic */
  char buf[128];
  if (uid == NULL) {
    uint64_t n = __atomic_add_fetch(&made, 1, __ATOMIC_RELAXED);
    uint64_t h = mill_hash_word((uint64_t)mill_monotonic() ^ mill_hash_word(n << 20));
    snprintf(buf, sizeof buf, "%.100s_%012llx", s->class->name,
             (unsigned long long)(h & 0xffffffffffffull));
    uid = buf;
  }
  s->uid = mill_arena_strndup(&s->arena, uid, strlen(uid));
  return s->uid ? MILL_OK : mill_oom(s->ctx->memory, strlen(uid), err);
}

static mill_status parse_presets(mill_stage *s, mill_error *err) {
  for (int i = 0; i < s->nparams; i++) {
    const char *preset = s->class->params[i].preset;
    char buf[192];
    if (preset == NULL) continue;
    if (strcmp(preset, "uid") == 0) {
      snprintf(buf, sizeof buf, "\"%.150s__output\"", s->uid);
      preset = buf;
    }
    MILL_TRY(mill_json_parse(preset, strlen(preset), &s->arena, &s->preset[i], err));
  }
  return MILL_OK;
}

mill_status mill_stage_new(const mill_context *ctx, const mill_stage_class *c, const char *uid,
                           mill_stage **out, mill_error *err) {
  mill_stage *s = mill_calloc(ctx->memory, sizeof *s);
  *out = NULL;
  if (s == NULL) return mill_oom(ctx->memory, sizeof *s, err);
  s->ctx = ctx;
  s->class = c;
  s->refs = 1;
  mill_arena_init(&s->arena, ctx->memory);
  int n = 0;
  while (mill_stage_class_param(c, n)) n++;
  s->preset = mill_arena_alloc(&s->arena, ((size_t)n + 1) * sizeof *s->preset);
  s->value = mill_arena_alloc(&s->arena, ((size_t)n + 1) * sizeof *s->value);
  mill_status status = s->preset && s->value ? MILL_OK : mill_oom(ctx->memory, (size_t)n, err);
  for (int i = 0; i < n && status == MILL_OK; i++) {
    mill_arena_init(&s->value[i].arena, ctx->memory);
    s->value[i].nstages = -1;
    s->nparams = i + 1;
  }
  if (status == MILL_OK) status = make_uid(s, uid, err);
  if (status == MILL_OK) status = parse_presets(s, err);
  if (status != MILL_OK) {
    mill_stage_unref(s);
    return status;
  }
  *out = s;
  return MILL_OK;
}

static void release_stages(mill_memory *m, mill_stage **list, int n) {
  for (int i = 0; i < n; i++) mill_stage_unref(list[i]);
  if (n > 0) mill_free(m, list, (size_t)n * sizeof *list);
}

void mill_param_value_clear(mill_stage *s, mill_param_value *v) {
  mill_arena_clear(&v->arena);
  release_stages(s->ctx->memory, v->stages, v->nstages);
  *v = (mill_param_value){.arena = v->arena, .nstages = -1};
}

static void model_unref(mill_model *m) {
  if (m == NULL || __atomic_sub_fetch(&m->refs, 1, __ATOMIC_ACQ_REL) != 0) return;
  mill_memory *memory = m->arena.memory;
  release_stages(memory, m->parts, m->nparts);
  release_stages(memory, m->tried, m->ntried);
  mill_arena_clear(&m->arena);
  mill_free(memory, m, sizeof *m);
}

mill_stage *mill_stage_ref(mill_stage *s) {
  __atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
  return s;
}

void mill_stage_unref(mill_stage *s) {
  if (s == NULL || __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) != 0) return;
  mill_memory *m = s->ctx->memory;
  for (int i = 0; i < s->nparams; i++) mill_param_value_clear(s, &s->value[i]);
  model_unref(s->model);
  mill_arena_clear(&s->arena);
  mill_free(m, s, sizeof *s);
}

const mill_stage_class *mill_stage_class_of(const mill_stage *s) { return s->class; }
const char *mill_stage_uid(const mill_stage *s) { return s->uid; }

/* ---- parameters --------------------------------------------------------------------------------- */

static mill_status find_param(const mill_stage *s, const char *param, int *i, mill_error *err) {
  *i = mill_param_find(s->class, param);
  if (*i >= 0) return MILL_OK;
  return mill_ml_refuse(err, s, "there is no parameter `%s`", param);
}

mill_status mill_stage_set(mill_stage *s, const char *param, const char *json, size_t n,
                           mill_error *err) {
  int i;
  MILL_TRY(find_param(s, param, &i, err));
  mill_param_value v = {.nstages = -1}, before = s->value[i];
  mill_arena_init(&v.arena, s->ctx->memory);
  v.text = mill_arena_strndup(&v.arena, json, n);
  v.size = n;
  mill_status status = v.text ? MILL_OK : mill_oom(s->ctx->memory, n, err);
  if (status == MILL_OK) status = mill_json_parse(v.text, n, &v.arena, &v.json, err);
  if (status == MILL_OK) status = mill_param_check(s, &s->class->params[i], v.json, v.text, err);
  if (status == MILL_OK && s->class->check) {
    s->value[i] = v;
    status = s->class->check(s, param, err);
    s->value[i] = before;
  }
  if (status == MILL_OK) {
    mill_param_value_clear(s, &s->value[i]);
    s->value[i] = v;
  } else {
    mill_arena_clear(&v.arena);
  }
  return status;
}

/* A reference to `stage`; of another session a copy in this one, whose memory may live longer. */
static mill_status adopt(mill_stage *s, mill_stage *stage, mill_stage **out, mill_error *err) {
  if (stage->ctx == s->ctx) {
    *out = mill_stage_ref(stage);
    return MILL_OK;
  }
  if (stage->model)
    return mill_ml_refuse(err, s, "%s belongs to another session; save it and load it here",
                          stage->uid);
  MILL_TRY(mill_stage_new(s->ctx, stage->class, stage->uid, out, err));
  mill_status status = mill_stage_take_params(*out, stage, err);
  if (status != MILL_OK) mill_stage_unref(*out);
  return status;
}

mill_status mill_stage_set_stages(mill_stage *s, const char *param, mill_stage *const *stages,
                                  int n, mill_error *err) {
  int i;
  MILL_TRY(find_param(s, param, &i, err));
  mill_param_kind kind = s->class->params[i].kind;
  if ((kind != MILL_PARAM_STAGES && kind != MILL_PARAM_STAGE) ||
      (kind == MILL_PARAM_STAGE && n != 1))
    return mill_ml_refuse(err, s, "the parameter `%s` does not take %d stages", param, n);
  mill_memory *m = s->ctx->memory;
  mill_stage **list = n ? mill_alloc(m, (size_t)n * sizeof *list) : NULL;
  if (n && list == NULL) return mill_oom(m, (size_t)n * sizeof *list, err);
  for (int k = 0; k < n; k++) {
    mill_status status = adopt(s, stages[k], &list[k], err);
    if (status == MILL_OK) continue;
    for (int j = 0; j < k; j++) mill_stage_unref(list[j]);
    mill_free(m, list, (size_t)n * sizeof *list);
    return status;
  }
  mill_param_value_clear(s, &s->value[i]);
  s->value[i].stages = list;
  s->value[i].nstages = n;
  return MILL_OK;
}

mill_status mill_stage_clear(mill_stage *s, const char *param, mill_error *err) {
  int i;
  MILL_TRY(find_param(s, param, &i, err));
  mill_param_value_clear(s, &s->value[i]);
  return MILL_OK;
}

bool mill_stage_is_set(const mill_stage *s, const char *param) {
  int i = mill_param_find(s->class, param);
  return i >= 0 && (s->value[i].json || s->value[i].nstages >= 0);
}

mill_status mill_stage_get(const mill_stage *s, const char *param, mill_text *out,
                           mill_error *err) {
  int i;
  MILL_TRY(find_param(s, param, &i, err));
  const mill_json *j = mill_param_json(s, i);
  if (j) return mill_json_write(j, out, err);
  return mill_ml_refuse(err, s, "the parameter `%s` is not set and has no default", param);
}

/* ---- copies ------------------------------------------------------------------------------------- */

static mill_status copy_stages(mill_stage *s, const char *param, const mill_param_value *v,
                               const mill_json *map, mill_error *err) {
  mill_memory *m = s->ctx->memory;
  size_t bytes = ((size_t)v->nstages + 1) * sizeof(mill_stage *);
  mill_stage **list = mill_calloc(m, bytes);
  if (list == NULL) return mill_oom(m, bytes, err);
  mill_status status = MILL_OK;
  for (int k = 0; k < v->nstages && status == MILL_OK; k++)
    status = mill_stage_with(v->stages[k], map, &list[k], err);
  if (status == MILL_OK) status = mill_stage_set_stages(s, param, list, v->nstages, err);
  for (int k = 0; k < v->nstages; k++) mill_stage_unref(list[k]);
  mill_free(m, list, bytes);
  return status;
}

mill_status mill_stage_take_params(mill_stage *s, const mill_stage *from, mill_error *err) {
  for (int i = 0; i < from->nparams; i++) {
    const mill_param_value *v = &from->value[i];
    const char *name = from->class->params[i].name;
    if (mill_param_find(s->class, name) < 0) continue;
    if (v->nstages >= 0) MILL_TRY(mill_stage_set_stages(s, name, v->stages, v->nstages, err));
    if (v->json) MILL_TRY(mill_stage_set(s, name, v->text, v->size, err));
  }
  return MILL_OK;
}

mill_status mill_stage_copy(const mill_stage *s, mill_stage **out, mill_error *err) {
  MILL_TRY(mill_stage_new(s->ctx, s->class, s->uid, out, err));
  mill_status status = mill_stage_take_params(*out, s, err);
  if (status == MILL_OK && s->model) {
    __atomic_add_fetch(&s->model->refs, 1, __ATOMIC_RELAXED);
    (*out)->model = s->model;
  }
  if (status == MILL_OK) return MILL_OK;
  mill_stage_unref(*out);
  *out = NULL;
  return status;
}

static mill_status apply_map(mill_stage *s, const mill_json *map, mill_error *err) {
  mill_text text;
  mill_text_init(&text, s->ctx->memory);
  mill_status status = MILL_OK;
  for (const mill_json *c = map->child; c && status == MILL_OK; c = c->next) {
    if (strcmp(mill_json_text(c, "parent", ""), s->uid) != 0) continue;
    mill_text_reset(&text);
    status = mill_json_write(mill_json_get(c, "value"), &text, err);
    if (status == MILL_OK)
      status = mill_stage_set(s, mill_json_text(c, "name", ""), text.data, text.size, err);
  }
  mill_text_clear(&text);
  return status;
}

mill_status mill_stage_with(const mill_stage *stage, const mill_json *map, mill_stage **out,
                            mill_error *err) {
  MILL_TRY(mill_stage_copy(stage, out, err));
  mill_status status = apply_map(*out, map, err);
  for (int i = 0; i < stage->nparams && status == MILL_OK; i++)
    if (stage->value[i].nstages > 0)
      status = copy_stages(*out, stage->class->params[i].name, &stage->value[i], map, err);
  if (status == MILL_OK) return MILL_OK;
  mill_stage_unref(*out);
  *out = NULL;
  return status;
}

/* ---- models --------------------------------------------------------------------------------------- */

mill_status mill_stage_need_model(mill_stage *s, mill_error *err) {
  mill_memory *m = s->ctx->memory;
  s->model = mill_calloc(m, sizeof *s->model);
  if (s->model == NULL) return mill_oom(m, sizeof *s->model, err);
  s->model->refs = 1;
  mill_arena_init(&s->model->arena, m);
  return MILL_OK;
}

mill_arena *mill_model_arena(mill_stage *model) { return &model->model->arena; }

void *mill_model_new(mill_stage *model, size_t size) {
  model->model->data = mill_arena_alloc(&model->model->arena, size);
  return model->model->data;
}

const void *mill_model_data(const mill_stage *model) {
  return model->model ? model->model->data : NULL;
}

double *mill_model_doubles(mill_stage *model, const double *p, size_t n) {
  double *copy = mill_arena_alloc(&model->model->arena, (n + 1) * sizeof *copy);
  if (copy && n) memcpy(copy, p, n * sizeof *copy);
  return copy;
}

static mill_status keep_stages(mill_stage *model, mill_stage *const *from, int n,
                               mill_stage ***list, int *count, mill_error *err) {
  mill_memory *m = model->ctx->memory;
  if (n == 0) return MILL_OK;
  *list = mill_alloc(m, (size_t)n * sizeof **list);
  if (*list == NULL) return mill_oom(m, (size_t)n * sizeof **list, err);
  for (int i = 0; i < n; i++) (*list)[i] = mill_stage_ref(from[i]);
  *count = n;
  return MILL_OK;
}

mill_status mill_model_parts(mill_stage *model, mill_stage *const *parts, int n, mill_error *err) {
  return keep_stages(model, parts, n, &model->model->parts, &model->model->nparts, err);
}

mill_status mill_model_tried(mill_stage *model, mill_stage *const *tried, int n, mill_error *err) {
  return keep_stages(model, tried, n, &model->model->tried, &model->model->ntried, err);
}

int mill_stage_tried(const mill_stage *s, mill_stage *const **tried) {
  *tried = s->model ? s->model->tried : NULL;
  return s->model ? s->model->ntried : 0;
}

int mill_stage_parts(const mill_stage *s, mill_stage *const **parts) {
  *parts = s->model ? s->model->parts : NULL;
  return s->model ? s->model->nparts : 0;
}

mill_status mill_stage_make(const mill_context *ctx, const mill_stage_class *c, const char *json,
                            size_t n, mill_stage **out, mill_error *err) {
  mill_json *values;
  mill_arena a;
  MILL_TRY(mill_stage_new(ctx, c, NULL, out, err));
  mill_arena_init(&a, ctx->memory);
  mill_status status = c->make ? MILL_OK : mill_ml_refuse(err, *out, "it is made by fit alone");
  if (status == MILL_OK) status = mill_json_parse(json, n, &a, &values, err);
  if (status == MILL_OK) status = mill_stage_need_model(*out, err);
  if (status == MILL_OK) status = c->make(*out, values, err);
  mill_arena_clear(&a);
  if (status == MILL_OK) return MILL_OK;
  mill_stage_unref(*out);
  *out = NULL;
  return status;
}

/* ---- fit, evaluate ---------------------------------------------------------------------------------- */

/* Spark's transformSchema: the errors about columns, before any row is read. Of a pipeline as far as
** its last estimator, which PySpark does not go beyond either: what follows may fail in transform. */
static mill_status check_schema(mill_stage *s, mill_dataset *d, mill_arena *a, mill_error *err) {
  const mill_type *after = d->schema;
  mill_stage *const *inner;
  if (mill_param_find(s->class, "stages") < 0)
    return mill_stage_schema(s, d->ctx, d->set, d->schema, a, &after, err);
  int n = mill_get_stages(s, "stages", &inner);
  while (n > 0 && inner[n - 1]->class->role != MILL_ESTIMATOR) n--;
  for (int i = 0; i < n; i++)
    MILL_TRY(mill_stage_schema(inner[i], d->ctx, d->set, after, a, &after, err));
  return MILL_OK;
}

static mill_status new_model(const mill_stage *s, mill_stage **out, mill_error *err) {
  const char *name = s->class->model;
  const mill_stage_class *c = mill_stage_class_find(name, strlen(name));
  MILL_TRY(mill_stage_new(s->ctx, c, s->uid, out, err));
  mill_status status = mill_stage_take_params(*out, s, err);
  if (status == MILL_OK) status = mill_stage_need_model(*out, err);
  return status;
}

mill_status mill_stage_fit(mill_stage *s, mill_dataset *d, mill_stage **model, mill_error *err) {
  *model = NULL;
  if (s->class->fit == NULL) return mill_ml_refuse(err, s, "this stage cannot be fitted");
  mill_arena scratch;
  mill_arena_init(&scratch, d->ctx->memory);
  mill_work w = {s, d, d->ctx, d->set, &scratch, NULL};
  mill_status status = check_schema(s, d, &scratch, err);
  if (status == MILL_OK) status = new_model(s, &w.model, err);
  if (status == MILL_OK) status = s->class->fit(&w, err);
  mill_arena_clear(&scratch);
  if (status == MILL_OK) {
    *model = w.model;
    return MILL_OK;
  }
  mill_stage_unref(w.model);
  return status;
}

mill_status mill_stage_evaluate(mill_stage *s, mill_dataset *d, double *metric,
                                bool *larger_is_better, mill_error *err) {
  if (s->class->evaluate == NULL) return mill_ml_refuse(err, s, "this stage is no evaluator");
  mill_arena scratch;
  mill_arena_init(&scratch, d->ctx->memory);
  mill_work w = {s, d, d->ctx, d->set, &scratch, NULL};
  mill_status status = s->class->evaluate(&w, metric, larger_is_better, err);
  mill_arena_clear(&scratch);
  return status;
}

mill_status mill_stage_summarise(mill_stage *s, mill_dataset *d, mill_stage **out,
                                 mill_error *err) {
  *out = NULL;
  if (s->class->summarise == NULL || s->model == NULL)
    return mill_ml_refuse(err, s, "this stage has no summary of other rows");
  mill_stage *copy;
  mill_arena scratch;
  MILL_TRY(mill_stage_new(s->ctx, s->class, s->uid, &copy, err));
  mill_arena_init(&scratch, d->ctx->memory);
  mill_work w = {s, d, d->ctx, d->set, &scratch, copy};
  mill_status status = mill_stage_take_params(copy, s, err);
  if (status == MILL_OK) status = mill_stage_need_model(copy, err);
  if (status == MILL_OK) status = s->class->summarise(&w, err);
  mill_arena_clear(&scratch);
  if (status == MILL_OK)
    *out = copy;
  else
    mill_stage_unref(copy);
  return status;
}

/* ---- attributes --------------------------------------------------------------------------------------- */

const char *mill_stage_attribute_at(const mill_stage *s, int i) {
  const char *const *names = s->class->attributes;
  for (int k = 0; names && names[k]; k++) {
    if (s->class->has_attribute && !s->class->has_attribute(s, names[k])) continue;
    if (i-- == 0) return names[k];
  }
  return NULL;
}
