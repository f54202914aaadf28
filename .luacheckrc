std = "lua54"
max_line_length = 120
files["spec"] = { std = "+busted" }
files["examples"] = { max_comment_line_length = false, max_string_line_length = false }
