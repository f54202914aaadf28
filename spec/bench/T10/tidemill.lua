local tidemill = require "tidemill"
if arg[2] == "first_row" then
  print(tidemill.session {}.read:option("header", true):csv(arg[1] .. "/mixed.csv"):first())
end
