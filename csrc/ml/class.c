/* The table of classes: class.def as an array. */
#include <string.h>

#include "ml/state_int.h"

static const mill_stage_class *const classes[] = {
#define MILL_CLASS(name) &mill_class_##name,
#include "ml/class.def"
#undef MILL_CLASS
};

const mill_stage_class *mill_stage_class_at(size_t i) {
  return i < sizeof classes / sizeof *classes ? classes[i] : NULL;
}

const mill_stage_class *mill_stage_class_find(const char *name, size_t n) {
  const mill_stage_class *c;
  for (size_t i = 0; (c = mill_stage_class_at(i)) != NULL; i++)
    if (strlen(c->name) == n && memcmp(c->name, name, n) == 0) return c;
  return NULL;
}

const char *mill_stage_class_name(const mill_stage_class *c) { return c->name; }
const char *mill_stage_class_package(const mill_stage_class *c) { return c->package; }
const char *mill_stage_class_doc(const mill_stage_class *c) { return c->doc; }
const char *mill_stage_class_example(const mill_stage_class *c) { return c->example; }
const char *mill_stage_class_model(const mill_stage_class *c) { return c->model; }
bool mill_stage_class_summarises(const mill_stage_class *c) { return c->summarise != NULL; }
mill_stage_role mill_stage_class_role(const mill_stage_class *c) { return c->role; }

const mill_param *mill_stage_class_param(const mill_stage_class *c, int i) {
  for (int k = 0; c->params && c->params[k].name; k++)
    if (k == i) return &c->params[k];
  return NULL;
}

const char *mill_stage_class_attribute(const mill_stage_class *c, int i) {
  for (int k = 0; c->attributes && c->attributes[k]; k++)
    if (k == i) return c->attributes[k];
  return NULL;
}

int mill_param_find(const mill_stage_class *c, const char *name) {
  for (int k = 0; c->params && c->params[k].name; k++)
    if (strcmp(c->params[k].name, name) == 0) return k;
  return -1;
}
