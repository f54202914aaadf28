/* Texts with a structure: JSON and CSV by hand-written scanners for the shape that the data has, XML by
** expat. What is written has its escapes.
**
**   js  {"id":123,"name":"abc 7","user":{"v":45},"tags":[1,2,3]}
**   xm  <r><a>123</a><b>abc 7</b></r>
**   cs  123,abc 7,45 */
#include <expat.h>
#include <stdbool.h>
#include <stdio.h>

#include "kernel.h"

/* Behind the JSON value that begins at p. */
static const char *skip(const char *p, const char *e) {
  int depth = 0;
  for (; p < e; p++) {
    if (*p == '"') {
      for (p++; *p != '"'; p++) p += *p == '\\';
    } else if (*p == '{' || *p == '[') {
      depth++;
    } else if (*p == '}' || *p == ']') {
      if (depth == 0) return p;
      depth--;
    } else if (*p == ',' && depth == 0) {
      return p;
    }
  }
  return p;
}

/* The value of an object's member, NULL if it has none. */
static const char *member(const char *p, const char *e, const char *name, size_t n) {
  for (p++; p < e && *p == '"';) {
    const char *key = ++p;
    for (; *p != '"'; p++) p += *p == '\\';
    bool same = (size_t)(p - key) == n && memcmp(key, name, n) == 0;
    p += 2;
    if (same) return p;
    p = skip(p, e);
    p += *p == ',';
  }
  return NULL;
}

static char *put_text(char *w, const char *p) {
  for (p++; *p != '"'; p++) *w++ = *p == '\\' ? *++p : *p;
  return w;
}

/* From a member's value on: does the object go on as one, to its end? If not, the text is malformed and the answer
** null, wherever the member was. */
static bool ends_well(const char *p, const char *e) {
  for (p = skip(p, e); p < e && *p == ','; p = skip(p + 2, e)) {
    if (*++p != '"') return false;
    for (p++; *p != '"'; p++) p += *p == '\\';
  }
  return p < e && *p == '}';
}

EACH_TEXT(k_get_json_object, js, {
  const char *value = member(p, e, "name", 4);
  r->flags[k] = ends_well(value, e);
  w = put_text(w, value);
})

EACH_TEXT(k_get_json_deep, js, {
  const char *user = member(p, e, "user", 4);
  const char *value = member(user, e, "v", 1);
  r->flags[k] = ends_well(value, e) && ends_well(user, e);
  r->values[k] = get_int(value, e);
})

static int32_t elements(const char *p, const char *e) {
  int32_t n = 0;
  for (p++; p < e && *p != ']'; n++) {
    p = skip(p, e);
    p += *p == ',';
  }
  return n;
}

EACH_TEXT(k_json_array_length, js, { r->narrow[k] = elements(member(p, e, "tags", 4), e); })

/* All members, each into a column of its own. */
EACH_TEXT(k_from_json, js, {
  for (p++; p < e && *p == '"'; p += *p == ',') {
    const char *key = ++p;
    for (; *p != '"'; p++) p += *p == '\\';
    size_t n = (size_t)(p - key);
    p += 2;
    if (n == 2 && memcmp(key, "id", 2) == 0)
      r->values[k] = get_int(p, e);
    else if (n == 4 && memcmp(key, "name", 4) == 0)
      w = put_text(w, p);
    else if (n == 4 && memcmp(key, "user", 4) == 0)
      r->more[k] = get_int(p + 5, e);
    p = skip(p, e);
  }
})

EACH_TEXT(k_to_json, s, {
  w = put(w, "{\"i\":", 5);
  w = put_int(w, t->i[k]);
  w = put(w, ",\"s\":\"", 6);
  for (; p < e; p++) {
    if ((unsigned char)*p < ' ') {
      w += sprintf(w, "\\u%04X", (unsigned)*p);
      continue;
    }
    if (*p == '"' || *p == '\\') *w++ = '\\';
    *w++ = *p;
  }
  w = put(w, "\"}", 2);
})

/* An integer and nothing else, or null: then the record is malformed. */
static bool whole(const char *p, const char *e, int64_t *out) {
  *out = get_int(p, e);
  for (p += p < e && *p == '-'; p < e; p++)
    if (*p < '0' || *p > '9') return false;
  return true;
}

/* Where the field at p ends; without its quotes and with its escapes resolved it is copied to *w. */
static const char *csv_field(const char *p, const char *e, char **w) {
  if (p == e || *p != '"') {
    const char *stop = memchr(p, ',', (size_t)(e - p));
    if (stop == NULL) stop = e;
    *w = put(*w, p, (size_t)(stop - p));
    return stop;
  }
  for (p++; p < e && *p != '"'; p++) {
    p += *p == '\\';
    *(*w)++ = *p;
  }
  return p < e ? p + 1 : e;
}

EACH_TEXT(k_from_csv, cs, {
  char number[LONGEST];
  char *to = number;
  p = csv_field(p, e, &to);
  r->flags[k] = whole(number, to, &r->values[k]);
  p = csv_field(p + 1, e, &w);
  to = number;
  p = csv_field(p + 1, e, &to);
  r->flags[k] &= whole(number, to, &r->more[k]);
})

/* Quoted where a character needs it, without blanks at its ends. */
static char *put_csv(char *w, const char *p, const char *e) {
  while (p < e && (unsigned char)*p <= ' ') p++;
  while (p < e && (unsigned char)e[-1] <= ' ') e--;
  bool odd = p == e;
  for (const char *q = p; q < e; q++) odd |= *q == ',' || *q == '"' || *q == '\n' || *q == '\r';
  if (!odd) return put(w, p, (size_t)(e - p));
  *w++ = '"';
  for (; p < e; p++) {
    if (*p == '"' || *p == '\\') *w++ = '\\';
    *w++ = *p;
  }
  *w++ = '"';
  return w;
}

EACH_TEXT(k_to_csv, s, {
  w = put_int(w, t->i[k]);
  *w++ = ',';
  w = put_csv(w, p, e);
})

EACH_TEXT(k_to_xml, s, {
  w = put(w, "<ROW>\n    <i>", 13);
  w = put_int(w, t->i[k]);
  w = put(w, "</i>\n    <s>", 12);
  for (; p < e; p++) {
    if (*p == '&')
      w = put(w, "&amp;", 5);
    else if (*p == '<')
      w = put(w, "&lt;", 4);
    else
      *w++ = *p;
  }
  w = put(w, "</s>\n</ROW>", 11);
})

/* Character data of elements `a` and `b`. */
typedef struct xml_row {
  char at;
  char text[2][LONGEST];
  size_t n[2];
} xml_row;

static void opens(void *data, const XML_Char *name, const XML_Char **attributes) {
  (void)attributes;
  ((xml_row *)data)->at = name[0];
}

static void closes(void *data, const XML_Char *name) {
  (void)name;
  ((xml_row *)data)->at = 0;
}

static void characters(void *data, const XML_Char *p, int n) {
  xml_row *x = data;
  if (x->at != 'a' && x->at != 'b') return;
  memcpy(x->text[x->at == 'b'] + x->n[x->at == 'b'], p, (size_t)n);
  x->n[x->at == 'b'] += (size_t)n;
}

static void k_xml(const table *t, result *r) {
  XML_Parser parser = XML_ParserCreate("UTF-8");
  xml_row row;
  char *w = r->bytes;
  for (size_t k = 0; k < t->rows; k++) {
    int64_t from = text_from(&t->xm, k);
    XML_ParserReset(parser, "UTF-8");
    XML_SetUserData(parser, &row);
    XML_SetElementHandler(parser, opens, closes);
    XML_SetCharacterDataHandler(parser, characters);
    row.at = 0;
    row.n[0] = row.n[1] = 0;
    XML_Parse(parser, t->xm.bytes + from, (int)(t->xm.end[k] - from), 1);
    r->values[k] = get_int(row.text[0], row.text[0] + row.n[0]);
    w = put(w, row.text[1], row.n[1]);
    r->end[k] = w - r->bytes;
  }
  XML_ParserFree(parser);
}

const kernel_case parse_cases[] = {{"json.get_json_object", k_get_json_object, TEXT},
                                   {"json.get_json_deep", k_get_json_deep, INT64},
                                   {"json.json_array_length", k_json_array_length, INT32},
                                   {"json_convert.from_json", k_from_json, INT64},
                                   {"json_convert.to_json", k_to_json, TEXT},
                                   {"csv_convert.from_csv", k_from_csv, INT64},
                                   {"csv_convert.to_csv", k_to_csv, TEXT},
                                   {"xpath_text.xpath_int", k_xml, INT64},
                                   {"xml_read.from_xml", k_xml, INT64},
                                   {"xml_write.to_xml", k_to_xml, TEXT},
                                   {NULL, NULL, NOTHING}};
