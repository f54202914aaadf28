/* XML 1.0 as a small tree, through the library expat, which is opened at first use: few queries need it. Where
** it is not there a call is LIBRARY_NOT_AVAILABLE and names Debian's package.
**
** What may harm is refused, not followed: external entities, entities that hold others (they could grow without
** bound), elements nested deeper than MILL_XML_DEPTH, more text than a document has any use for.
**
** Threads: any. Memory: the tree is the arena's, the parser's own is from the funnel and given back. */
#ifndef MILL_BASE_XML_H
#define MILL_BASE_XML_H

#include "base/memory.h"

enum { MILL_XML_DEPTH = 1000, MILL_XML_GROWTH = 64 << 20 };

typedef enum mill_xml_kind {
  MILL_XML_ROOT,
  MILL_XML_ELEMENT,
  MILL_XML_ATTRIBUTE,
  MILL_XML_TEXT,
  MILL_XML_COMMENT,
  MILL_XML_INSTRUCTION,
} mill_xml_kind;

/* Names are as they are written, prefix and all; texts side by side are one node. */
typedef struct mill_xml mill_xml;
struct mill_xml {
  mill_xml_kind kind;
  uint32_t order;   /* place in the document: root 0, attributes behind their element */
  const char *name; /* ELEMENT, ATTRIBUTE, INSTRUCTION; NUL-terminated */
  const char *text; /* ATTRIBUTE, TEXT, COMMENT, INSTRUCTION */
  size_t size;      /* of the text */
  size_t from, to;  /* ELEMENT: where its content stands in the document, between its tags */
  mill_xml *parent, *attribute, *child, *last, *prev, *next;
};

/* The tree of a document; *out NULL: it is not well-formed, *reason (static) says why. With `entities` those
** that the document declares are put in place, else they are refused. */
mill_status mill_xml_parse(const char *p, size_t n, bool entities, mill_arena *a, mill_xml **out,
                           const char **reason, mill_error *err) MILL_USE_RESULT;
/* The name without its prefix. */
const char *mill_xml_local(const mill_xml *x);

#endif
