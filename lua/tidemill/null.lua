--- tidemill.null: NULL inside lists and maps, and in data handed in. The same light userdata as cjson.null.
return require "tidemill.core".null
