/* Tokens of Spark SQL (SqlBaseLexer.g4).
**
** The whole text becomes an array of tokens before parsing, so that the parser can look ahead and
** go back freely. Longest match wins; blanks and comments vanish, hints (between the two halves of
** a comment that begins with a plus) stay. `>` is always one token: the parser joins `>>` where it
** wants a shift. A byte that begins no token becomes MILL_T_BAD, which no rule accepts. */
#ifndef MILL_SQL_LEXER_INT_H
#define MILL_SQL_LEXER_INT_H

#include "base/memory.h"

typedef enum mill_token_kind {
  MILL_T_EOF,
  MILL_T_BAD,
  MILL_T_IDENTIFIER,
  MILL_T_BACKQUOTED,
  MILL_T_STRING,        /* '..', r'..', r".." */
  MILL_T_DOUBLE_QUOTED, /* ".." */
  MILL_T_INTEGER,
  MILL_T_BIGINT,      /* 1L */
  MILL_T_SMALLINT,    /* 1S */
  MILL_T_TINYINT,     /* 1Y */
  MILL_T_EXPONENT,    /* 1e5 */
  MILL_T_DECIMAL,     /* 1.5 */
  MILL_T_FLOAT,       /* 1F */
  MILL_T_DOUBLE,      /* 1D */
  MILL_T_BIG_DECIMAL, /* 1BD */
  MILL_T_SEMICOLON,
  MILL_T_LPAREN,
  MILL_T_RPAREN,
  MILL_T_COMMA,
  MILL_T_DOT,
  MILL_T_LBRACKET,
  MILL_T_RBRACKET,
  MILL_T_BANG,
  MILL_T_EQ,
  MILL_T_NSEQ,
  MILL_T_NEQ,  /* <> */
  MILL_T_NEQJ, /* != */
  MILL_T_LT,
  MILL_T_LTE,
  MILL_T_GT,
  MILL_T_GTE,
  MILL_T_SHIFT_LEFT,
  MILL_T_PLUS,
  MILL_T_MINUS,
  MILL_T_ASTERISK,
  MILL_T_SLASH,
  MILL_T_PERCENT,
  MILL_T_TILDE,
  MILL_T_AMPERSAND,
  MILL_T_PIPE,
  MILL_T_CONCAT,
  MILL_T_OPERATOR_PIPE,
  MILL_T_HAT,
  MILL_T_COLON,
  MILL_T_DOUBLE_COLON,
  MILL_T_ARROW,
  MILL_T_FAT_ARROW,
  MILL_T_HINT_START,
  MILL_T_HINT_END,
  MILL_T_QUESTION,
  MILL_T_KEYWORD, /* the first keyword follows */
#define MILL_KEYWORD(word, strict, reserved) MILL_K_##word,
#include "plan/keyword.def"
#undef MILL_KEYWORD
  MILL_T_COUNT
} mill_token_kind;

typedef struct mill_token {
  uint16_t kind;       /* mill_token_kind */
  int32_t start, stop; /* half-open byte range */
} mill_token;

typedef struct mill_tokens {
  mill_token *token; /* ends in MILL_T_EOF */
  size_t n, capacity;
} mill_tokens;

/* Split `text`; the array comes from `m`. On failure nothing is left to free. */
mill_status mill_lex(mill_memory *m, const char *text, size_t n, mill_tokens *out,
                     mill_error *err) MILL_USE_RESULT;
void mill_tokens_clear(mill_tokens *t, mill_memory *m);

/* Of a keyword; false for other tokens. */
bool mill_token_strict(int kind);
bool mill_token_reserved(int kind);
/* A keyword of that text in any case, or MILL_T_IDENTIFIER. */
int mill_keyword_find(const char *s, size_t n);
const char *mill_keyword_text(int kind);

#endif
