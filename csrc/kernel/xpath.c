/* XPath expressions as trees: a parser by recursive descent. Whether a name or `*` is an operator follows from
** where the parser stands, as the specification has it (3.7). */
#include "kernel/xpath_int.h"

#include <string.h>

enum { MAX_DEPTH = 200 };

typedef struct parser {
  const char *start, *p, *end;
  mill_arena *arena;
  mill_error *err;
  mill_status status;
  int depth;
} parser;

static void *fail(parser *s, const char *reason) {
  if (s->status != MILL_OK) return NULL;
  s->status =
      mill_fail(s->err, MILL_E_INVALID_XPATH, "path",
                mill_error_fmt(s->err, "%.*s", (int)(s->end - s->start), s->start), "reason",
                reason, "position", mill_error_fmt(s->err, "%d", (int)(s->p - s->start) + 1), NULL);
  return NULL;
}

static void *get(parser *s, size_t n) {
  void *p = s->status == MILL_OK ? mill_arena_alloc(s->arena, n) : NULL;
  if (p == NULL && s->status == MILL_OK) s->status = mill_oom(s->arena->memory, n, s->err);
  return p;
}

static mill_xpath *new_node(parser *s, xpath_op op, const mill_xpath *a, const mill_xpath *b) {
  mill_xpath *x = get(s, sizeof *x);
  if (x == NULL) return NULL;
  x->op = op;
  x->a = a;
  x->b = b;
  return x;
}

/* ---- tokens --------------------------------------------------------------------------------- */

static void skip_blanks(parser *s) {
  while (s->p < s->end && memchr(" \t\r\n", *s->p, 4)) s->p++;
}

static bool at(parser *s, const char *token) {
  size_t n = strlen(token);
  skip_blanks(s);
  return (size_t)(s->end - s->p) >= n && memcmp(s->p, token, n) == 0;
}

static bool take(parser *s, const char *token) {
  if (!at(s, token)) return false;
  s->p += strlen(token);
  return true;
}

static bool name_start(char c) {
  return (unsigned char)((c | 32) - 'a') < 26 || c == '_' || (unsigned char)c >= 128;
}
static bool digit(char c) { return (unsigned char)(c - '0') < 10; }
static bool name_char(char c) { return name_start(c) || digit(c) || c == '-' || c == '.'; }

/* The length of a name at s->p, with its prefix; 0: there is none. */
static size_t name_length(parser *s) {
  const char *p = s->p;
  if (p == s->end || !name_start(*p)) return 0;
  while (p < s->end && name_char(*p)) p++;
  bool prefix = s->end - p >= 2 && p[0] == ':' && (name_start(p[1]) || p[1] == '*');
  if (!prefix) return (size_t)(p - s->p);
  p++;
  if (*p == '*') return (size_t)(p + 1 - s->p);
  while (p < s->end && name_char(*p)) p++;
  return (size_t)(p - s->p);
}

/* An operator that is a word: no name goes on behind it. */
static bool take_word(parser *s, const char *word) {
  size_t n = strlen(word);
  if (!at(s, word) || ((size_t)(s->end - s->p) > n && name_char(s->p[n]))) return false;
  s->p += n;
  return true;
}

/* ---- steps ---------------------------------------------------------------------------------- */

static const mill_xpath *expression(parser *s);

static const mill_xpath *predicates(parser *s) {
  const mill_xpath *first = NULL;
  mill_xpath *last = NULL;
  while (take(s, "[")) {
    /* a copy, since the same tree may not stand in two lists */
    const mill_xpath *e = expression(s);
    mill_xpath *own = e ? get(s, sizeof *own) : NULL;
    if (own == NULL) return NULL;
    *own = *e;
    own->next = NULL;
    if (!take(s, "]")) return fail(s, "a predicate is not closed by ]");
    if (last)
      last->next = own;
    else
      first = own;
    last = own;
  }
  return first;
}

static bool axis_of(const char *p, size_t n, xpath_axis *out) {
  static const struct {
    const char *name;
    xpath_axis axis;
  } axes[] = {{"child", AXIS_CHILD},
              {"descendant", AXIS_DESCENDANT},
              {"descendant-or-self", AXIS_DESCENDANT_OR_SELF},
              {"parent", AXIS_PARENT},
              {"ancestor", AXIS_ANCESTOR},
              {"ancestor-or-self", AXIS_ANCESTOR_OR_SELF},
              {"following-sibling", AXIS_FOLLOWING_SIBLING},
              {"preceding-sibling", AXIS_PRECEDING_SIBLING},
              {"following", AXIS_FOLLOWING},
              {"preceding", AXIS_PRECEDING},
              {"attribute", AXIS_ATTRIBUTE},
              {"namespace", AXIS_NAMESPACE},
              {"self", AXIS_SELF}};
  for (size_t i = 0; i < sizeof axes / sizeof *axes; i++) {
    if (strlen(axes[i].name) != n || memcmp(axes[i].name, p, n) != 0) continue;
    *out = axes[i].axis;
    return true;
  }
  return false;
}

static bool is(const char *p, size_t n, const char *word) {
  return strlen(word) == n && memcmp(p, word, n) == 0;
}

static const char *literal(parser *s, size_t *n) {
  char quote = *s->p++;
  const char *from = s->p, *to = memchr(from, quote, (size_t)(s->end - from));
  if (to == NULL) return fail(s, "a text is not closed");
  s->p = to + 1;
  *n = (size_t)(to - from);
  return from;
}

/* node(), text(), comment(), processing-instruction('x'); s->p is behind the bracket. */
static bool kind_test(parser *s, const char *p, size_t n, xpath_step *step) {
  size_t size;
  if (is(p, n, "processing-instruction") && (at(s, "'") || at(s, "\""))) {
    const char *name = literal(s, &size);
    step->name = name ? mill_arena_strndup(s->arena, name, size) : NULL;
    if (step->name == NULL) return false;
  }
  step->test = is(p, n, "node")      ? TEST_NODE
               : is(p, n, "text")    ? TEST_TEXT
               : is(p, n, "comment") ? TEST_COMMENT
                                     : TEST_PI;
  if (take(s, ")")) return true;
  fail(s, "a test of nodes is not closed by )");
  return false;
}

static bool is_kind(const char *p, size_t n) {
  return is(p, n, "node") || is(p, n, "text") || is(p, n, "comment") ||
         is(p, n, "processing-instruction");
}

static bool node_test(parser *s, xpath_step *step) {
  skip_blanks(s);
  if (take(s, "*")) {
    step->test = TEST_ANY;
    return true;
  }
  const char *p = s->p;
  size_t n = name_length(s);
  if (n == 0) {
    fail(s, s->p == s->end ? "a step is missing at the end" : "a step is expected here");
    return false;
  }
  s->p += n;
  if (is_kind(p, n) && take(s, "(")) return kind_test(s, p, n, step);
  step->test = TEST_NAME;
  step->name = mill_arena_strndup(s->arena, p, n);
  if (step->name) return true;
  s->status = mill_oom(s->arena->memory, n, s->err);
  return false;
}

static bool read_axis(parser *s, xpath_step *step) {
  skip_blanks(s);
  const char *before = s->p;
  size_t n = name_length(s);
  step->axis = AXIS_CHILD;
  if (take(s, "@")) {
    step->axis = AXIS_ATTRIBUTE;
    return true;
  }
  s->p += n;
  if (n == 0 || !take(s, "::")) {
    s->p = before;
    return true;
  }
  if (axis_of(before, n, &step->axis)) return true;
  s->p = before;
  fail(s, "there is no such axis");
  return false;
}

static xpath_step *any_step(parser *s, xpath_axis axis) {
  xpath_step *step = get(s, sizeof *step);
  if (step == NULL) return NULL;
  step->axis = axis;
  step->test = TEST_NODE;
  return step;
}

static xpath_step *one_step(parser *s) {
  if (take(s, "..")) return any_step(s, AXIS_PARENT);
  if (take(s, ".")) return any_step(s, AXIS_SELF);
  xpath_step *step = get(s, sizeof *step);
  if (step == NULL || !read_axis(s, step) || !node_test(s, step)) return NULL;
  step->predicates = predicates(s);
  return s->status == MILL_OK ? step : NULL;
}

/* step/step//step into *to; returns where the next would go. */
static xpath_step **steps(parser *s, xpath_step **to) {
  for (;;) {
    xpath_step *step = one_step(s);
    if (step == NULL) return NULL;
    *to = step;
    to = &step->next;
    bool deep = take(s, "//");
    if (!deep && !take(s, "/")) return to;
    if (!deep) continue;
    if ((*to = any_step(s, AXIS_DESCENDANT_OR_SELF)) == NULL) return NULL;
    to = &(*to)->next;
  }
}

/* Can a step begin here? */
static bool step_ahead(parser *s) {
  skip_blanks(s);
  return s->p < s->end && (name_start(*s->p) || memchr("*@.", *s->p, 3));
}

static const mill_xpath *location_path(parser *s) {
  mill_xpath *x = new_node(s, OP_PATH, NULL, NULL);
  xpath_step *first = NULL, **to = &first;
  if (x == NULL) return NULL;
  bool deep = take(s, "//");
  x->absolute = deep || take(s, "/");
  if (deep) {
    if ((first = any_step(s, AXIS_DESCENDANT_OR_SELF)) == NULL) return NULL;
    to = &first->next;
  }
  if ((!x->absolute || deep || step_ahead(s)) && steps(s, to) == NULL) return NULL;
  x->steps = first;
  return x;
}

/* ---- primary expressions -------------------------------------------------------------------- */

static const mill_xpath *call(parser *s, const char *p, size_t n) {
  int least, most;
  mill_xpath *x = new_node(s, OP_CALL, NULL, NULL), *last = NULL;
  if (x == NULL) return NULL;
  x->function = mill_xpath_function(p, n, &least, &most);
  if (x->function < 0) return fail(s, "there is no such function");
  while (!take(s, ")")) {
    if (x->nargs && !take(s, ",")) return fail(s, "a call is not closed by )");
    const mill_xpath *e = expression(s);
    mill_xpath *own = e ? get(s, sizeof *own) : NULL;
    if (own == NULL) return NULL;
    *own = *e;
    own->next = NULL;
    if (last)
      last->next = own;
    else
      x->a = own;
    last = own;
    x->nargs++;
  }
  if (x->nargs < least || x->nargs > most)
    return fail(s, "a function has too few or many arguments");
  return x;
}

static const mill_xpath *number(parser *s) {
  const char *from = s->p;
  mill_xpath *x = new_node(s, OP_NUMBER, NULL, NULL);
  while (s->p < s->end && digit(*s->p)) s->p++;
  if (s->p < s->end && *s->p == '.') s->p++;
  while (s->p < s->end && digit(*s->p)) s->p++;
  if (x) x->number = mill_xpath_read(from, (size_t)(s->p - from));
  return x;
}

static const mill_xpath *text(parser *s) {
  mill_xpath *x = new_node(s, OP_TEXT, NULL, NULL);
  size_t n = 0;
  const char *p = x ? literal(s, &n) : NULL;
  if (p == NULL) return NULL;
  x->text = mill_arena_strndup(s->arena, p, n);
  x->size = n;
  if (x->text == NULL) s->status = mill_oom(s->arena->memory, n, s->err);
  return x->text ? x : NULL;
}

/* A primary expression, or NULL with s->status unchanged where a path begins. */
static const mill_xpath *primary(parser *s) {
  skip_blanks(s);
  if (s->p == s->end) return fail(s, "an expression is missing at the end");
  if (*s->p == '$') return fail(s, "there are no variables here");
  if (take(s, "(")) {
    const mill_xpath *e = expression(s);
    if (e && !take(s, ")")) return fail(s, "a bracket is not closed by )");
    return e;
  }
  if (*s->p == '"' || *s->p == '\'') return text(s);
  bool point = *s->p == '.' && s->end - s->p > 1 && digit(s->p[1]);
  if (digit(*s->p) || point) return number(s);
  const char *p = s->p;
  size_t n = name_length(s);
  if (n == 0 || is_kind(p, n)) return NULL;
  s->p += n;
  if (take(s, "(")) return call(s, p, n);
  s->p = p;
  return NULL;
}

/* primary[predicate]/step/step, or a location path. */
static const mill_xpath *path(parser *s) {
  const mill_xpath *from = primary(s);
  if (s->status != MILL_OK) return NULL;
  if (from == NULL) return location_path(s);
  const mill_xpath *filter = at(s, "[") ? predicates(s) : NULL;
  bool deep = false, more = s->status == MILL_OK && ((deep = take(s, "//")) || take(s, "/"));
  if (s->status != MILL_OK || (filter == NULL && !more)) return s->status == MILL_OK ? from : NULL;
  mill_xpath *x = new_node(s, OP_PATH, from, NULL);
  xpath_step *first = NULL, **to = &first;
  if (filter) {
    if ((first = any_step(s, AXIS_FILTER)) == NULL) return NULL;
    first->predicates = filter;
    to = &first->next;
  }
  if (deep) {
    if ((*to = any_step(s, AXIS_DESCENDANT_OR_SELF)) == NULL) return NULL;
    to = &(*to)->next;
  }
  if (x == NULL || (more && steps(s, to) == NULL)) return NULL;
  x->steps = first;
  return x;
}

/* ---- operators ------------------------------------------------------------------------------ */

static const mill_xpath *unions(parser *s) {
  const mill_xpath *a = path(s);
  while (a && take(s, "|")) {
    const mill_xpath *b = path(s);
    a = b ? new_node(s, OP_UNION, a, b) : NULL;
  }
  return a;
}

static const mill_xpath *unary(parser *s) {
  int signs = 0;
  while (take(s, "-")) signs++;
  const mill_xpath *a = unions(s);
  for (; a && signs; signs--) a = new_node(s, OP_NEGATE, a, NULL);
  return a;
}

typedef struct op_name {
  const char *name;
  xpath_op op;
  bool word;
} op_name;

/* By strength, weakest first; longer names of a level before those they begin with. */
static const op_name levels[][5] = {
    {{"or", OP_OR, true}},
    {{"and", OP_AND, true}},
    {{"=", OP_EQ, false}, {"!=", OP_NE, false}},
    {{"<=", OP_LE, false}, {">=", OP_GE, false}, {"<", OP_LT, false}, {">", OP_GT, false}},
    {{"+", OP_ADD, false}, {"-", OP_SUB, false}},
    {{"*", OP_MUL, false}, {"div", OP_DIV, true}, {"mod", OP_MOD, true}},
};
enum { NLEVELS = sizeof levels / sizeof *levels };

static const op_name *operator_at(parser *s, int level) {
  for (const op_name *o = levels[level]; o->name; o++)
    if (o->word ? take_word(s, o->name) : take(s, o->name)) return o;
  return NULL;
}

static const mill_xpath *binary(parser *s, int level) {
  if (level == NLEVELS) return unary(s);
  const mill_xpath *a = binary(s, level + 1);
  const op_name *o;
  while (a && (o = operator_at(s, level)) != NULL) {
    const mill_xpath *b = binary(s, level + 1);
    a = b ? new_node(s, o->op, a, b) : NULL;
  }
  return a;
}

static const mill_xpath *expression(parser *s) {
  if (++s->depth > MAX_DEPTH) return fail(s, "it nests too deep");
  const mill_xpath *x = binary(s, 0);
  s->depth--;
  return x;
}

mill_status mill_xpath_new(mill_arena *a, const char *p, size_t n, const mill_xpath **out,
                           mill_error *err) {
  parser s = {.start = p, .p = p, .end = p + n, .arena = a, .err = err};
  const mill_xpath *x = expression(&s);
  skip_blanks(&s);
  if (x && s.p < s.end) fail(&s, "something is left behind the expression");
  mill_xpath *root = get(&s, sizeof *root);
  if (root == NULL) return s.status;
  *root = *x;
  root->source = mill_arena_strndup(a, p, n);
  *out = root;
  return root->source ? MILL_OK : mill_oom(a->memory, n, err);
}

const char *mill_xpath_source(const mill_xpath *x) { return x->source; }
