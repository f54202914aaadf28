/* Parts of the core that the binding reaches directly. */
#ifndef MILL_BIND_LINK_H
#define MILL_BIND_LINK_H

#include <lua.h>

#include "io/reader.h"
#include "io/writer.h"
#include "sql/parse.h"

#endif
