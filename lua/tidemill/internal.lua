--- Keys under which the library's objects keep their private parts, so that every string key of a DataFrame, Column
-- or Row is free for the user's names.
return {
  node = {},    -- Column: its expression, plain tables that csrc/bind/expr.c reads
  plan = {},    -- DataFrame: the analysed plan
  session = {}, -- DataFrame, reader, writer: their session
  handle = {},  -- session, stage: the userdata
  state = {},   -- builders: what has been set
}
