/* XPath 1.0 (W3C, 1999) over the trees of base/xml.h.
**
** All axes, node tests, operators and core functions; variables and the namespace axis have nothing to find.
** Prefixes are part of names, as with a parser that does not know of namespaces: a test without one matches by
** what stands behind the colon, a test with one nothing. */
#ifndef MILL_KERNEL_XPATH_H
#define MILL_KERNEL_XPATH_H

#include "base/text.h"
#include "base/xml.h"

typedef struct mill_xpath mill_xpath;

typedef enum mill_xpath_kind { XPATH_NODES, XPATH_NUMBER, XPATH_TEXT, XPATH_BOOL } mill_xpath_kind;

typedef struct mill_xpath_value {
  mill_xpath_kind kind;
  const mill_xml **node; /* NODES, in document order */
  size_t n;              /* how many; bytes of a TEXT */
  const char *text;
  double number; /* BOOL: 0 or 1 */
} mill_xpath_value;

/* Compile; all of it is in the arena. INVALID_XPATH. */
mill_status mill_xpath_new(mill_arena *a, const char *p, size_t n, const mill_xpath **out,
                           mill_error *err) MILL_USE_RESULT;
/* The value with the root as context; what it needs is in the arena. */
mill_status mill_xpath_run(const mill_xpath *x, const mill_xml *root, mill_arena *a,
                           mill_xpath_value *out, mill_error *err) MILL_USE_RESULT;

/* The text that it was made of. */
const char *mill_xpath_source(const mill_xpath *x);

/* Conversions of the core functions boolean, number and string. */
bool mill_xpath_bool(const mill_xpath_value *v);
mill_status mill_xpath_number(const mill_xpath_value *v, mill_arena *a, double *out,
                              mill_error *err) MILL_USE_RESULT;
mill_status mill_xpath_text(const mill_xpath_value *v, mill_arena *a, const char **p, size_t *n,
                            mill_error *err) MILL_USE_RESULT;

#endif
