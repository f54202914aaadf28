/* See xml.h. The functions are those of expat.h (2.1 on), declared here so that the header need not be there. */
#include "base/xml.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "base/codec_memory.h"
#include "base/text.h"

typedef void (*start_handler)(void *, const char *, const char **);
typedef void (*end_handler)(void *, const char *);
typedef void (*text_handler)(void *, const char *, int);
typedef void (*comment_handler)(void *, const char *);
typedef void (*instruction_handler)(void *, const char *, const char *);
typedef void (*entity_handler)(void *, const char *, int, const char *, int, const char *,
                               const char *, const char *, const char *);

typedef struct memory_suite {
  void *(*take)(size_t);
  void *(*grow)(void *, size_t);
  void (*give)(void *);
} memory_suite;

static struct {
  pthread_once_t once;
  bool there;
  void *(*create)(const char *, const memory_suite *, const char *);
  void (*free)(void *);
  int (*parse)(void *, const char *, int, int);
  int (*stop)(void *, unsigned char);
  int (*error)(void *);
  const char *(*message)(int);
  int64_t (*at)(void *); /* XML_GetCurrentByteIndex */
  int (*count)(void *);  /* XML_GetCurrentByteCount */
  void (*user)(void *, void *);
  void (*elements)(void *, start_handler, end_handler);
  void (*texts)(void *, text_handler);
  void (*comments)(void *, comment_handler);
  void (*instructions)(void *, instruction_handler);
  void (*entities)(void *, entity_handler);
} expat = {.once = PTHREAD_ONCE_INIT};

static bool find(void *library, const char *name, void *to) {
  void *f = library ? dlsym(library, name) : NULL;
  memcpy(to, &f, sizeof f);
  return f != NULL;
}

/* The library stays open as long as the process. */
static void open_library(void) {
  void *h = dlopen("libexpat.so.1", RTLD_NOW | RTLD_LOCAL);
  expat.there =
      find(h, "XML_ParserCreate_MM", &expat.create) && find(h, "XML_ParserFree", &expat.free) &&
      find(h, "XML_Parse", &expat.parse) && find(h, "XML_StopParser", &expat.stop) &&
      find(h, "XML_GetErrorCode", &expat.error) && find(h, "XML_ErrorString", &expat.message) &&
      find(h, "XML_GetCurrentByteIndex", &expat.at) &&
      find(h, "XML_GetCurrentByteCount", &expat.count) && find(h, "XML_SetUserData", &expat.user) &&
      find(h, "XML_SetElementHandler", &expat.elements) &&
      find(h, "XML_SetCharacterDataHandler", &expat.texts) &&
      find(h, "XML_SetCommentHandler", &expat.comments) &&
      find(h, "XML_SetProcessingInstructionHandler", &expat.instructions) &&
      find(h, "XML_SetEntityDeclHandler", &expat.entities);
}

/* ---- the parser's memory -------------------------------------------------------------------- */

/* expat's hooks do not say for whom they are called: a parse keeps its thread's funnel here. */
static _Thread_local mill_memory *funnel;

static void *take(size_t n) { return mill_zstd_alloc(funnel, n); }
static void give(void *p) { mill_z_free(funnel, p); }
static void *grow(void *p, size_t n) {
  if (p == NULL) return take(n);
  size_t old = *(size_t *)((char *)p - 16) - 16;
  void *q = take(n);
  if (q == NULL) return NULL;
  memcpy(q, p, old < n ? old : n);
  give(p);
  return q;
}

/* ---- building ------------------------------------------------------------------------------- */

typedef struct builder {
  void *parser;
  mill_arena *arena;
  mill_xml *at; /* the element that is open */
  uint32_t count;
  int depth;
  size_t grown; /* bytes of text so far */
  bool entities, oom;
  const char *refused;
  mill_text text; /* that is still growing; empty: none */
} builder;

static void stop(builder *b, const char *why) {
  if (why)
    b->refused = why;
  else
    b->oom = true;
  expat.stop(b->parser, 0);
}

static mill_xml *new_node(builder *b, mill_xml_kind kind) {
  mill_xml *x = mill_arena_alloc(b->arena, sizeof *x);
  if (x == NULL) {
    stop(b, NULL);
    return NULL;
  }
  x->kind = kind;
  x->order = b->count++;
  x->parent = b->at;
  return x;
}

static void append(builder *b, mill_xml *x) {
  x->prev = b->at->last;
  *(b->at->last ? &b->at->last->next : &b->at->child) = x;
  b->at->last = x;
}

static const char *own(builder *b, const char *p, size_t n) {
  char *q = mill_arena_strndup(b->arena, p, n);
  b->grown += n;
  if (q == NULL) stop(b, NULL);
  if (b->grown > MILL_XML_GROWTH) stop(b, "its texts are longer than 64 MiB");
  return q;
}

/* The text that has been gathered becomes a node. */
static void end_text(builder *b) {
  if (b->text.size == 0 || b->oom) return;
  mill_xml *x = new_node(b, MILL_XML_TEXT);
  const char *p = x ? own(b, b->text.data, b->text.size) : NULL;
  if (p == NULL) return;
  x->text = p;
  x->size = b->text.size;
  append(b, x);
  mill_text_reset(&b->text);
}

static void add_attributes(builder *b, mill_xml *element, const char **pairs) {
  mill_xml **to = &element->attribute;
  for (; pairs[0]; pairs += 2) {
    mill_xml *x = new_node(b, MILL_XML_ATTRIBUTE);
    if (x == NULL) return;
    x->name = own(b, pairs[0], strlen(pairs[0]));
    x->size = strlen(pairs[1]);
    x->text = own(b, pairs[1], x->size);
    if (x->name == NULL || x->text == NULL) return;
    x->parent = element;
    *to = x;
    to = &x->next;
  }
}

static void on_start(void *arg, const char *name, const char **pairs) {
  builder *b = arg;
  end_text(b);
  mill_xml *x = b->oom ? NULL : new_node(b, MILL_XML_ELEMENT);
  if (x == NULL) return;
  if (++b->depth > MILL_XML_DEPTH) stop(b, "its elements nest deeper than 1,000 levels");
  x->name = own(b, name, strlen(name));
  if (x->name == NULL) return;
  x->from = (size_t)(expat.at(b->parser) + expat.count(b->parser));
  append(b, x);
  add_attributes(b, x, pairs);
  b->at = x;
}

static void on_end(void *arg, const char *name) {
  builder *b = arg;
  (void)name;
  end_text(b);
  if (b->oom || b->refused) return;
  b->at->to = (size_t)expat.at(b->parser);
  if (b->at->to < b->at->from) b->at->to = b->at->from; /* <a/> is one tag */
  b->at = b->at->parent;
  b->depth--;
}

static void on_text(void *arg, const char *p, int n) {
  builder *b = arg;
  mill_error ignored;
  mill_error_clear(&ignored);
  if (b->oom || b->refused) return;
  if (b->grown + b->text.size > MILL_XML_GROWTH) stop(b, "its texts are longer than 64 MiB");
  if (mill_text_add(&b->text, p, (size_t)n, &ignored) != MILL_OK) stop(b, NULL);
}

static void on_comment(void *arg, const char *p) {
  builder *b = arg;
  end_text(b);
  mill_xml *x = b->oom ? NULL : new_node(b, MILL_XML_COMMENT);
  if (x == NULL) return;
  x->size = strlen(p);
  x->text = own(b, p, x->size);
  if (x->text) append(b, x);
}

static void on_instruction(void *arg, const char *target, const char *p) {
  builder *b = arg;
  end_text(b);
  mill_xml *x = b->oom ? NULL : new_node(b, MILL_XML_INSTRUCTION);
  if (x == NULL) return;
  x->name = own(b, target, strlen(target));
  x->size = strlen(p);
  x->text = own(b, p, x->size);
  if (x->name && x->text) append(b, x);
}

static void on_entity(void *arg, const char *name, int parameter, const char *value, int n,
                      const char *base, const char *system, const char *public,
                      const char *notation) {
  builder *b = arg;
  (void)name, (void)base, (void)system, (void)public, (void)notation;
  if (!b->entities) stop(b, "it declares entities");
  if (parameter || value == NULL) return; /* nothing reads external ones */
  if (memchr(value, '&', (size_t)n)) stop(b, "it declares entities made of others");
}

/* ---- parsing -------------------------------------------------------------------------------- */

static mill_status absent(mill_error *err) {
  return mill_fail(err, MILL_E_LIBRARY_NOT_AVAILABLE, "feature", "XML", "library", "libexpat",
                   "package", "libexpat1", NULL);
}

static mill_status parse(builder *b, const char *p, size_t n, const char **reason,
                         mill_error *err) {
  static const memory_suite suite = {take, grow, give};
  b->parser = expat.create("UTF-8", &suite, NULL);
  if (b->parser == NULL) return mill_oom(funnel, 1 << 12, err);
  expat.user(b->parser, b);
  expat.elements(b->parser, on_start, on_end);
  expat.texts(b->parser, on_text);
  expat.comments(b->parser, on_comment);
  expat.instructions(b->parser, on_instruction);
  expat.entities(b->parser, on_entity);
  bool ok = expat.parse(b->parser, p, (int)n, 1) == 1;
  int code = ok ? 0 : expat.error(b->parser);
  const char *why = ok ? NULL : expat.message(code);
  expat.free(b->parser);
  enum { NO_MEMORY = 1 };
  if (b->oom || code == NO_MEMORY) return mill_oom(funnel, n, err);
  *reason = b->refused ? b->refused : why;
  return MILL_OK;
}

mill_status mill_xml_parse(const char *p, size_t n, bool entities, mill_arena *a, mill_xml **out,
                           const char **reason, mill_error *err) {
  builder b = {.arena = a, .entities = entities};
  mill_memory *before = funnel;
  pthread_once(&expat.once, open_library);
  *out = NULL;
  *reason = NULL;
  if (!expat.there) return absent(err);
  if (n > MILL_XML_GROWTH) {
    *reason = "it is longer than 64 MiB";
    return MILL_OK;
  }
  funnel = a->memory;
  mill_text_init(&b.text, a->memory);
  mill_xml *root = mill_arena_alloc(a, sizeof *root);
  b.at = root;
  b.count = 1;
  mill_status s = root ? parse(&b, p, n, reason, err) : mill_oom(a->memory, sizeof *root, err);
  mill_text_clear(&b.text);
  funnel = before;
  if (s == MILL_OK && *reason == NULL) *out = root;
  return s;
}

const char *mill_xml_local(const mill_xml *x) {
  const char *colon = x->name ? strrchr(x->name, ':') : NULL;
  return colon ? colon + 1 : x->name ? x->name : "";
}
